//! Runs an engine under the front end that fits, and turns how it stands at the end into an exit code.
//!
//! Must not know: whether it is a drill.

use crate::app::App;
use crate::base::fault::Result;
use crate::incident::StepState;
use crate::shell::engine::Engine;
use crate::shell::terminal::Screen;
use crate::shell::{front, lines, session, tui};
use crate::stages;

use super::{Context, exit};

/// Full screen or lines?
fn face(context: &Context) -> front::Front {
    let term = std::env::var("TERM").ok();
    let (stdin, stdout) = (front::stdin_is_terminal(), front::stdout_is_terminal());
    front::front(context.linear, stdin, stdout, term.as_deref(), front::size())
}

/// Something to look at while a drill's world is made. `None`: no full screen.
pub(super) fn curtain(context: &Context, label: &str, lines: &[String]) -> Result<Option<Screen>> {
    match face(context) {
        front::Front::Linear => Ok(None),
        front::Front::Tui => {
            tui::curtain(session::look(&context.settings), &context.panics, "DRILL", label, lines).map(Some)
        }
    }
}

/// Runs until the person leaves.
pub(super) async fn run(engine: Engine, screen: Option<Screen>, context: &Context) -> Result<(App, u8)> {
    let vault = engine.vault.clone();
    context.panics.scrub_with(move |text| vault.clean_now(text));
    let (app, signal) = match face(context) {
        front::Front::Tui => tui::run(engine, screen, session::look(&context.settings), &context.panics).await?,
        front::Front::Linear => Box::pin(lines::run(engine)).await?,
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
    // What a close put off, such as the late probe, is open.
    let mut steps = stages::order(&view).into_iter().flat_map(|stage| stage.steps(&view));
    let put_off = steps.any(|step| matches!(step.state, StepState::Deferred(_)));
    if states.iter().all(fine) && !put_off { exit::DONE } else { exit::OPEN }
}
