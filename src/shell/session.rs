//! A session: one incident, opened or taken up again, with everything an engine needs. And which face it wears.
//!
//! Must not know: where the key came from, or whether there is a world beside it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::{App, Setup};
use crate::base::fault::Result;
use crate::base::{Clock, Fault, SecretRef};
use crate::config::{Hooks, ThemeName};
use crate::incident::playbook::Playbook;
use crate::incident::{Incident, Mode, Opened, Record};
use crate::providers::{self, prices::Prices};
use crate::ui::{Look, Palette, Theme};

use super::background::Background;
use super::endpoints::Endpoints;
use super::engine::{Beside, Engine, Parts};
use super::exec::Hands;
use super::files::Files;
use super::front;
use super::git::GitJobs;
use super::http::Http;
use super::journal::{Journal, Store, Tail, who};
use super::settings::Settings;
use super::terminal::Modes;
use super::tui::Front;
use super::vault::Vault;

/// Which journal.
#[derive(Debug)]
pub enum Which {
    New(Box<Opened>),
    Again(String),
    /// Only look; another process may hold it.
    Observe(String),
}

/// What a session is opened with.
#[derive(Debug)]
pub struct Wanted<'a> {
    pub store: &'a Store,
    pub which: Which,
    pub vault: Vault,
    pub clock: Clock,
    /// The provider's address.
    pub base: String,
    pub base_configured: bool,
    pub hooks: Vec<Hooks>,
    pub prices: Option<PathBuf>,
    pub playbook: Option<PathBuf>,
    /// What stands in the header.
    pub label: String,
}

/// A port of this machine that nobody listens on.
const NOWHERE: &str = "http://127.0.0.1:9/v1";

/// Opens the journal and builds the engine.
pub fn open(wanted: Wanted<'_>, beside: Option<Box<dyn Beside>>) -> Result<Engine> {
    let observe = matches!(wanted.which, Which::Observe(_));
    let (playbooks, prices) = (playbooks(wanted.playbook.as_deref())?, prices(wanted.prices.as_deref())?);
    if let Which::New(opened) = &wanted.which {
        // Before anything is written: what can't be worked on is not opened.
        Endpoints::new(opened.mode, &wanted.base, wanted.base_configured)?;
    }
    let (journal, records) = journal(&wanted)?;
    let tail = match &wanted.which {
        Which::Observe(id) => Some(Tail::new(&wanted.store.journal(id), records.len() as u64)),
        _ => None,
    };
    let incident = Incident::fold(&records)?;
    let provider = providers::by_id(&incident.opened.provider).ok_or_else(|| {
        Fault::input(
            "this incident can't be worked on",
            format!("its provider {} is not known here", incident.opened.provider),
        )
    })?;
    let folder = folder(wanted.store, &incident.opened.incident);
    // Whoever only looks asks nobody; a drill's server is not even there.
    let base = if observe && incident.opened.mode == Mode::Drill { NOWHERE } else { &wanted.base };
    let endpoints = Endpoints::new(incident.opened.mode, base, wanted.base_configured)?;
    let http = Http::new(endpoints, wanted.vault.clone(), wanted.clock.clone())?;
    let files = Files::new(wanted.vault.clone(), wanted.hooks, folder.join("backups")).with_clock(wanted.clock.clone());
    let git = GitJobs::new(wanted.vault.clone(), folder.join("git"));
    let hands = Hands {
        http: Arc::new(http),
        files: Arc::new(files),
        git: Arc::new(git),
        clock: wanted.clock.clone(),
        background: Background::new(),
    };
    let setup = Setup { provider, playbooks, prices, label: wanted.label, observe, pace: wanted.clock.pace() };
    let held = [SecretRef::Leaked, SecretRef::Replacement, SecretRef::Admin];
    let held = held.into_iter().filter(|role| wanted.vault.has(*role)).collect();
    let app = App::new(incident, setup, held, wanted.clock.now());
    Engine::new(Parts { app, clock: wanted.clock, vault: wanted.vault, hands, journal, tail, folder }, beside)
}

/// Where an incident's own things are.
pub fn folder(store: &Store, incident: &str) -> PathBuf {
    store.journal(incident).parent().map(PathBuf::from).unwrap_or_default()
}

fn journal(wanted: &Wanted<'_>) -> Result<(Option<Journal>, Vec<Record>)> {
    let (mut journal, records) = match &wanted.which {
        Which::New(opened) => {
            let (journal, record) = Journal::create(wanted.store, (**opened).clone(), wanted.clock.clone(), &who())?;
            (journal, vec![record])
        }
        Which::Again(incident) => {
            let again = Journal::open(wanted.store, incident, wanted.clock.clone(), &who())?;
            (again.journal, again.records)
        }
        Which::Observe(incident) => {
            return Ok((None, super::journal::read(&wanted.store.journal(incident))?.records));
        }
    };
    journal.guard(wanted.vault.clone());
    Ok((Some(journal), records))
}

fn playbooks(own: Option<&std::path::Path>) -> Result<Vec<Playbook>> {
    let mut books = Playbook::built_in()?;
    if let Some(path) = own {
        let book = Playbook::parse(&super::settings::text_file(path)?, &path.display().to_string())?;
        books.retain(|known| known.id != book.id);
        books.insert(0, book);
    }
    Ok(books)
}

fn prices(own: Option<&std::path::Path>) -> Result<Prices> {
    match own {
        Some(path) => Prices::parse(&super::settings::text_file(path)?, path),
        None => Prices::built_in(),
    }
}

/// The look the terminal and the settings call for.
pub fn look(settings: &Settings) -> Front {
    let env = |name: &str| std::env::var(name).ok();
    let term = env("TERM");
    let palette = match settings.config.screen.theme {
        ThemeName::Auto => front::is_light(env("COLORFGBG").as_deref()).then_some(Palette::Light),
        ThemeName::Dark => Some(Palette::Dark),
        ThemeName::Light => Some(Palette::Light),
        ThemeName::Mono => Some(Palette::Mono),
    };
    let theme = Theme::pick(palette, front::no_color(), matches!(term.as_deref(), Some("dumb")));
    let modes =
        Modes { mouse: settings.config.screen.mouse, paste: true, repeats: front::marks_repeats(term.as_deref()) };
    Front { look: Look::new(theme, settings.config.screen.ascii), modes }
}

/// An incident's number and salt, random.
pub fn new_opened(mode: Mode, at: crate::base::Stamp) -> Result<(String, String)> {
    let mut random = [0_u8; 18];
    getrandom::fill(&mut random).map_err(|e| Fault::machine("no random numbers can be had", e))?;
    let id = crate::base::id::incident_id(at, [random[0], random[1]]);
    let id = if mode == Mode::Drill { format!("{id}-drill") } else { id };
    Ok((id, crate::base::id::hex(&random[2..])))
}
