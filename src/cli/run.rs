//! Runs an engine under the front end that fits, and turns how it stands at the end into an exit code.
//!
//! Must not know: whether it is a drill.

use crate::app::App;
use crate::base::fault::Result;
use crate::incident::StepState;
use crate::shell::engine::Engine;
use crate::shell::{front, lines, session, tui};
use crate::stages;

use super::{Context, exit};

/// Runs until the person leaves.
pub(super) async fn run(engine: Engine, context: &Context) -> Result<(App, u8)> {
    let term = std::env::var("TERM").ok();
    let (stdin, stdout) = (front::stdin_is_terminal(), front::stdout_is_terminal());
    let face = front::front(context.linear, stdin, stdout, term.as_deref(), front::size());
    let (app, signal) = match face {
        front::Front::Tui => tui::run(engine, session::look(&context.settings), &context.panics).await?,
        front::Front::Linear => lines::run(engine).await?,
    };
    let code = signal.unwrap_or_else(|| code(&app));
    Ok((app, code))
}

/// Done, open steps, or something nobody knows.
pub(super) fn code(app: &App) -> u8 {
    if app.incident.unknowns().next().is_some() {
        return exit::UNKNOWN;
    }
    let view = app.view("");
    let states: Vec<StepState> = stages::order(&view).into_iter().map(|stage| stages::state(stage, &view)).collect();
    let fine = |state: &StepState| matches!(state, StepState::Done(_) | StepState::ByHand(_));
    if states.iter().all(fine) { exit::DONE } else { exit::OPEN }
}
