//! `drill`: a world, the same program in front of it, and the score at the end.
//!
//! Must not know: how the world is simulated.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::app::report::{Report, StageReport};
use crate::app::{App, Msg};
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::base::{Clock, Fault, Secret, SecretRef, Stamp};
use crate::drill::score::Sheet;
use crate::drill::{Brief, Colleague, Scenario, Script, World, open_clock, score};
use crate::incident::{DrillRef, Event, Mode, Opened, Record};
use crate::shell::engine::{Beside, Deed, Engine};
use crate::shell::operator::{Move, Operator};
use crate::shell::session::{self, Wanted, Which};
use crate::shell::vault::Vault;
use crate::shell::{journal, settings};

use super::args::Drill;
use super::{Context, exit, run, say, say_json};

/// The result of a drill, `--json`.
#[derive(Debug, Serialize)]
struct Played {
    scenario: String,
    seed: u64,
    incident: String,
    stages: Vec<StageReport>,
    time_to_contain_s: Option<i64>,
    burned_usd: f64,
    open: Vec<String>,
    score: Sheet,
}

pub(super) async fn drill(args: Drill, context: Context) -> Result<u8> {
    if args.list {
        return list(args.json);
    }
    if args.json && args.script.is_none() {
        return Err(Fault::input(
            "no drill was started",
            "--json prints one document, and a drill by hand prints more",
        )
        .hint("add --script reference, or leave --json away: `stanch status --json` tells the rest"));
    }
    let scenario = Scenario::load(&args.scenario)?;
    let moves = args.script.as_deref().map(|script| moves(script, &scenario)).transpose()?;
    let seed = args.seed.map_or_else(random_seed, Ok)?;
    // A script needs no time to pass: the clock moves when the operator waits.
    let pace = if moves.is_some() { 0 } else { args.pace };
    let drill = DrillRef { scenario: args.scenario.clone(), seed, pace };
    // The machine's time in the name, so that two runs never share a folder.
    let (random, salt) = session::new_opened(Mode::Drill, machine_now())?;
    let incident = named(seed, &context).unwrap_or(random);
    let folder = world_folder(&incident, &context);
    std::fs::create_dir_all(&folder).map_err(|e| {
        Fault::machine(format!("{} can't be made", folder.display()), e)
            .hint("set STANCH_STATE_DIR to a folder you can write")
    })?;
    // A script plays without a screen; a person gets one at once, not after the world is made.
    let screen = match moves {
        Some(_) => None,
        None => run::curtain(&context, &scenario.id, &scenario.story)?,
    };
    let clock = open_clock(&scenario, &folder, pace, None)?;
    let world = Arc::new(World::open(scenario, seed, &folder, clock.clone()).await?);
    let vault = Vault::new(&salt);
    let key = secrets(&world, &vault)?;
    let brief = world.brief()?;
    let opened = Opened {
        incident,
        mode: Mode::Drill,
        provider: "openai".into(),
        key,
        salt,
        found_by: brief.found_by.clone(),
        exposed_since: brief.exposed_since,
        exposed_known: true,
        repos: brief.repos.clone(),
        roots: brief.roots.clone(),
        has_admin: brief.has_admin,
        drill: Some(drill),
    };
    let mut engine =
        engine(Which::New(Box::new(opened)), vault, clock, Beyond { world: world.clone(), told: 0 }, &context)?;
    if let Some(moves) = moves {
        let quiet = args.json;
        let app = Operator::new(engine, teller(quiet)).play(&moves).await?;
        return end(&app, &world, seed, &context, args.json, None);
    }
    engine.put(story(&brief, pace));
    let (app, code) = run::run(engine, screen, &context).await?;
    end(&app, &world, seed, &context, args.json, Some(code))
}

/// Takes a drill up again: the same world, where it was.
pub(super) async fn again(id: &str, opened: &Opened, context: Context) -> Result<u8> {
    let Some(drill) = &opened.drill else { return Err(Fault::input("this is no drill", id.to_owned())) };
    let scenario = Scenario::load(&drill.scenario)?;
    let path = context.settings.store.journal(id);
    let last = journal::read(&path)?.records.last().map(|record| record.at);
    let folder = world_folder(id, &context);
    let screen = run::curtain(
        &context,
        &scenario.id,
        &["The drill goes on. Its clock did not stop while you were away.".to_owned()],
    )?;
    let clock = open_clock(&scenario, &folder, drill.pace, last)?;
    let world = Arc::new(World::open(scenario, drill.seed, &folder, clock.clone()).await?);
    let vault = Vault::new(&opened.salt);
    secrets(&world, &vault)?;
    let told = world.injects(last.unwrap_or_default())?.len();
    let mut engine =
        engine(Which::Again(id.to_owned()), vault, clock, Beyond { world: world.clone(), told }, &context)?;
    if engine.clock.is_stepped() || world.begun()? {
        world.begin()?;
    } else {
        engine.put(story(&world.brief()?, drill.pace));
    }
    let (app, code) = run::run(engine, screen, &context).await?;
    end(&app, &world, drill.seed, &context, false, Some(code))
}

/// What the person reads first. Time passes from when they close it.
fn story(brief: &Brief, pace: u32) -> Msg {
    let mut lines = brief.story.clone();
    lines.push(String::new());
    let clocks = match pace {
        0 => "stand still until the program waits, and . lets time pass".into(),
        1 => "run like real ones, from when you begin".into(),
        times => format!("run {times} times as fast as real ones, from when you begin"),
    };
    lines.push(format!(
        "This is a drill: the clocks {clocks}. Enter or Esc begins; ? helps at any time. N notes what you see: notes count."
    ));
    Msg::Story { title: format!("DRILL  {}", brief.title), lines, hand: machine_now() }
}

/// A drill's world stands beside the incidents: `<state>/drills/<incident>`.
fn world_folder(incident: &str, context: &Context) -> PathBuf {
    let root = context.settings.store.root();
    root.parent().unwrap_or(root).join("drills").join(incident)
}

/// The same seed gives the same short name, unless a drill of this very second has it.
fn named(seed: u64, context: &Context) -> Option<String> {
    let [a, b, ..] = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let id = format!("{}-drill", crate::base::id::incident_id(machine_now(), [a, b]));
    let taken = session::folder(&context.settings.store, &id).exists() || world_folder(&id, context).exists();
    (!taken).then_some(id)
}

fn secrets(world: &World, vault: &Vault) -> Result<crate::base::Fingerprint> {
    let key = vault.put(SecretRef::Leaked, world.leaked()?);
    if let Some(admin) = world.admin()? {
        vault.put(SecretRef::Admin, admin);
    }
    Ok(key)
}

fn engine(which: Which, vault: Vault, clock: Clock, beyond: Beyond, context: &Context) -> Result<Engine> {
    let world = &beyond.world;
    let wanted = Wanted {
        store: &context.settings.store,
        which,
        vault,
        clock,
        base: world.base_url(),
        base_configured: true,
        hooks: world.hooks(),
        prices: context.settings.config.prices.clone(),
        playbook: None,
        label: world.scenario().id.clone(),
    };
    session::open(wanted, Some(Box::new(beyond)))
}

/// The world beside the incident: its news, its colleague, its services.
struct Beyond {
    world: Arc<World>,
    /// How many of the news have reached the person.
    told: usize,
}

impl Beside for Beyond {
    fn recorded(&mut self, record: &Record) -> Option<Deed<()>> {
        // Services are looked at after each record: a switch counts from the first look after it. That a look fails
        // means the world's folder is gone; the next request will say so.
        let _ = self.world.look();
        let Event::ByHand { step, answer } = &record.event else { return None };
        if step.stage != "revoke" {
            return None;
        }
        // The person told the colleague which row to delete, and the colleague does it. When they can't, the probes
        // say so: the key still answers.
        let (world, last4) = (self.world.clone(), answer.clone());
        Some(Box::pin(async move { drop(world.colleague(Colleague::Revoke { last4 }).await) }))
    }

    fn begin(&mut self) -> Result<()> {
        self.world.begin()
    }

    fn made_key(&mut self, name: String) -> Deed<Result<Option<Secret>>> {
        let world = self.world.clone();
        Box::pin(async move { world.colleague(Colleague::Issue { name }).await })
    }

    fn news(&mut self, now: Stamp) -> (Vec<String>, Option<Stamp>) {
        let all = self.world.injects(now).unwrap_or_default();
        let fresh = all.iter().skip(self.told).map(|inject| inject.text.clone()).collect();
        self.told = all.len();
        (fresh, self.world.next_inject(now).unwrap_or_default())
    }
}

/// The score, the exit code.
fn end(app: &App, world: &World, seed: u64, context: &Context, json: bool, code: Option<u8>) -> Result<u8> {
    let records = journal::read_only(&context.settings.store.journal(&app.incident.opened.incident))?;
    let truth = world.truth(app.now)?;
    let sheet = score(&records, &truth, world.scenario());
    let report = Report::of(app);
    let clean = run::code(app);
    let folder = session::folder(&context.settings.store, &app.incident.opened.incident);
    let stored = serde_json::to_string_pretty(&sheet).unwrap_or_default();
    std::fs::write(folder.join("score.json"), stored).map_err(|e| Fault::machine("the score can't be stored", e))?;
    if json {
        say_json(&Played {
            scenario: world.scenario().id.clone(),
            seed,
            incident: report.incident.clone(),
            stages: report.stages,
            time_to_contain_s: sheet.clocks.time_to_contain_s,
            burned_usd: sheet.burned_usd,
            open: report.open,
            score: sheet,
        })?;
    } else {
        say(&sheet.text())?;
        let short = crate::base::id::short(&report.incident);
        if app.incident.closed.is_none() {
            say(&format!("\nNot closed yet. Go on: stanch resume {short}"))?;
        }
        say(&format!("The report: stanch export {short}"))?;
    }
    Ok(code.filter(|c| *c > exit::UNKNOWN).unwrap_or(clean))
}

fn teller(quiet: bool) -> Box<dyn FnMut(&App)> {
    let mut told = 0;
    Box::new(move |app: &App| {
        let fresh = app.incident.timeline.iter().skip(told);
        told = app.incident.timeline.len();
        if !quiet {
            for entry in fresh {
                // A reader that went away does not stop the drill.
                let _ = say(&format!("{} {:8} {}", entry.at.time(), entry.stage, entry.words));
            }
        }
    })
}

fn moves(script: &str, scenario: &Scenario) -> Result<Vec<Move>> {
    let steps = if script == "reference" {
        scenario.script.clone()
    } else {
        Script::parse(&settings::text_file(script.as_ref())?, script)?.steps
    };
    Ok(steps.into_iter().map(|s| Move { think_s: i64::from(s.think_s), act: s.act, text: s.text }).collect())
}

fn list(json: bool) -> Result<u8> {
    let all = Scenario::shipped()?;
    if json {
        let rows: Vec<_> = all
            .iter()
            .map(|s| serde_json::json!({"id": s.id, "title": s.title, "level": s.level, "story": s.story}))
            .collect();
        say_json(&rows)?;
        return Ok(exit::DONE);
    }
    for scenario in all {
        say(&format!("{:14} {:13} {}", scenario.id, format!("{:?}", scenario.level).to_lowercase(), scenario.title))?;
    }
    Ok(exit::DONE)
}

fn random_seed() -> Result<u64> {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).map_err(|e| Fault::machine("no random numbers can be had", e))?;
    Ok(u64::from(u32::from_le_bytes(bytes)))
}
