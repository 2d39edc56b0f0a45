//! `respond` and `resume`: a live incident, new or taken up again.
//!
//! Must not know: what the incident will ask for.

mod places;
mod secrets;
mod which;

use std::path::PathBuf;

use crate::base::fault::Result;
use crate::base::{Clock, Fault, SecretRef, Stamp};
use crate::incident::{Mode, Opened};
use crate::providers;
use crate::shell::engine::Engine;
use crate::shell::session::{self, Wanted, Which};
use crate::shell::vault::Vault;

use places::{places, repositories};
use secrets::{admin, answerable, key_again};
use which::{again, same_key};

use super::args::{Respond, Resume};
use super::key::{Meant, key};
use super::{Context, drill, run, say};

pub(super) use which::{opened, which};

/// An address of this machine where nobody answers.
const NOWHERE: &str = "http://127.0.0.1:9/v1";

pub(super) async fn respond(args: Respond, context: Context) -> Result<u8> {
    let engine = open(args, &context)?;
    let (app, code) = run::run(engine, None, &context).await?;
    say(&format!("stanch resume {}", crate::base::id::short(&app.incident.opened.incident)))?;
    Ok(code)
}

fn open(args: Respond, context: &Context) -> Result<Engine> {
    if providers::by_id(&args.provider).is_none() {
        let known: Vec<&str> = providers::ALL.iter().map(|p| p.id()).collect();
        let why = format!("there is no provider {}", args.provider);
        return Err(Fault::input("no incident was opened", why).hint(format!("known: {}", known.join(", "))));
    }
    let since = args.since.as_deref().map(time).transpose()?;
    let clock = Clock::real();
    let repos = repositories(&args.repo, &context.settings.config.repos)?;
    let roots = places(&args.env_root, &context.settings.config.env_roots)?;
    let (incident, salt) = session::new_opened(Mode::Live, clock.now())?;
    let secret = key(&args.key, &args.provider, &salt, Meant::Provider)?;
    answerable(&args.key)?;
    if let Some((id, opened)) = same_key(&secret, context)
        && again(&id, &args.key)?
    {
        let vault = Vault::new(&opened.salt);
        vault.put(SecretRef::Leaked, secret);
        admin(&vault, context)?;
        return live(Which::Again(id), vault, clock, args.playbook, context);
    }
    let vault = Vault::new(&salt);
    let key = vault.put(SecretRef::Leaked, secret);
    let has_admin = admin(&vault, context)?;
    let opened = Opened {
        incident,
        mode: Mode::Live,
        provider: args.provider,
        key,
        salt,
        found_by: args.found_by,
        exposed_since: since.unwrap_or_else(|| clock.now()),
        exposed_known: since.is_some(),
        repos,
        roots,
        has_admin,
        drill: None,
    };
    live(Which::New(Box::new(opened)), vault, clock, args.playbook, context)
}

fn live(which: Which, vault: Vault, clock: Clock, playbook: Option<PathBuf>, context: &Context) -> Result<Engine> {
    let config = &context.settings.config;
    let wanted = Wanted {
        store: &context.settings.store,
        which,
        vault,
        clock,
        base: config.openai.base_url.clone(),
        base_configured: context.settings.base_configured,
        hooks: config.targets.clone(),
        prices: config.prices.clone(),
        playbook,
        label: String::new(),
    };
    session::open(wanted, None)
}

pub(super) async fn resume(args: Resume, context: Context) -> Result<u8> {
    let store = &context.settings.store;
    let id = which(args.id.as_deref(), &context)?;
    let opened = opened(&store.journal(&id))?;
    if opened.drill.is_some() && !args.observe {
        return drill::again(&id, &opened, context).await;
    }
    let vault = Vault::new(&opened.salt);
    if !args.observe {
        if let Some(secret) = key_again(&args.key, &opened)? {
            vault.put(SecretRef::Leaked, secret);
        }
        answerable(&args.key)?;
        admin(&vault, &context)?;
    }
    let chosen = if args.observe { Which::Observe(id) } else { Which::Again(id) };
    let mut context = context;
    if opened.drill.is_some() {
        // Nothing is sent while only looking; a drill's address must be one of this machine all the same.
        context.settings.config.openai.base_url = NOWHERE.into();
    }
    let engine = live(chosen, vault, Clock::real(), None, &context)?;
    Ok(run::run(engine, None, &context).await?.1)
}

fn time(text: &str) -> Result<Stamp> {
    Stamp::parse(text).ok_or_else(|| {
        Fault::input(format!("--since {text} is not a time"), "it can't be read").hint("UTC: 2026-11-20 13:52")
    })
}
