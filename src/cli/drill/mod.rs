//! `drill`: a world, the same program in front of it, and the score at the end.
//!
//! Must not know: how the world is simulated.

mod beyond;
mod end;
mod list;
mod script;
mod world;

use std::sync::Arc;

use crate::app::Msg;
use crate::base::Fault;
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::drill::{Brief, Scenario, World, open_clock};
use crate::incident::{DrillRef, Mode, Opened};
use crate::shell::journal;
use crate::shell::operator::Operator;
use crate::shell::session::{self, Which};
use crate::shell::vault::Vault;

use beyond::{Beyond, engine};
use end::end;
use list::list;
use script::{moves, teller};
use world::{named, random_seed, secrets, world_folder};

use super::args::Drill;
use super::{Context, run};

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
