//! A drill that a script plays: its moves, and the lines that tell how it goes.
//!
//! Must not know: how a move is made.

use crate::app::App;
use crate::base::fault::Result;
use crate::cli::say;
use crate::drill::{Scenario, Script};
use crate::shell::operator::Move;
use crate::shell::settings;

pub(super) fn moves(script: &str, scenario: &Scenario) -> Result<Vec<Move>> {
    let steps = if script == "reference" {
        scenario.script.clone()
    } else {
        Script::parse(&settings::text_file(script.as_ref())?, script)?.steps
    };
    Ok(steps.into_iter().map(|s| Move { think_s: i64::from(s.think_s), act: s.act, text: s.text }).collect())
}

pub(super) fn teller(quiet: bool) -> Box<dyn FnMut(&App)> {
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
