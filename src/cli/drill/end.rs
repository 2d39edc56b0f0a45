//! The end of a drill: the score, as text or as one document, and the exit code.
//!
//! Must not know: how it was played.

use serde::Serialize;

use crate::app::App;
use crate::app::report::{Report, StageReport};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::cli::{Context, exit, run, say, say_json};
use crate::drill::score::Sheet;
use crate::drill::{World, score};
use crate::shell::{journal, session};

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

/// The score, the exit code.
pub(super) fn end(app: &App, world: &World, seed: u64, context: &Context, json: bool, code: Option<u8>) -> Result<u8> {
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
