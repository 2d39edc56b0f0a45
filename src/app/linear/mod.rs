//! The linear view: the same state in plain lines, for screen readers, dumb terminals, pipes and very small windows.
//!
//! Must not know: how wide the terminal is. A line never depends on colour, cursor or position.

mod page;
mod pane;
mod teller;

use crate::base::SecretRef;
use crate::base::stamp::span_text;
use crate::incident::death::{Death, WANTED};
use crate::incident::{Mode, StepState};
use crate::stages::{self, Kind};

use super::{App, Overlay};

pub use page::page;
pub use pane::Pane;
pub use teller::Teller;

/// Typed alone, it takes the answer that is proposed.
pub const AS_IT_STANDS: &str = "=";

/// The incident in a few lines: for a chat, a pager, a scrollback.
pub fn status(app: &App) -> Vec<String> {
    let o = &app.incident.opened;
    let view = app.view("");
    let mut lines = vec![format!("{} {} {} {}, {}", o.mode.word(), o.incident, o.provider, o.key, exposure(app))];
    for stage in stages::order(&view) {
        let state = stages::state(stage, &view);
        let detail = match (&state, stage.not_looked_into(&view)) {
            (StepState::Ready | StepState::Locked(_), Some(why)) => format!(" - {why}, so nothing was looked into"),
            _ if state.detail().is_empty() => String::new(),
            _ => format!(" - {}", state.detail()),
        };
        lines.push(format!("{}: {}{detail}", stage.title(), state.word()));
    }
    lines
}

/// `EXPOSED since 13:52Z (25 min)`, `REFUSED 2 of 8, proving` or `CONTAINED after 12 min`; a start nobody told is
/// `EXPOSED, since when is not told`.
pub fn exposure(app: &App) -> String {
    let since = app.incident.exposed_since();
    let death = Death::of(&app.incident, SecretRef::Leaked);
    match death.contained_at() {
        Some(_) if death.doubtful() => "REFUSED FROM THE START: is it the right key?".into(),
        Some(_) if death.proven_at.is_some() && !app.incident.exposed_known() => "CONTAINED".into(),
        Some(end) if death.proven_at.is_some() => format!("CONTAINED after {}", span_text(end.since(since))),
        Some(_) => format!("REFUSED {} of {WANTED}, proving", death.run),
        None if !app.incident.exposed_known() => "EXPOSED, since when is not told".into(),
        None => format!("EXPOSED since {} ({})", since.minute(), span_text(app.now.since(since))),
    }
}

/// The open question, if any: what a person must read before answering, and how to answer.
pub fn question(app: &App) -> Option<Vec<String>> {
    let Overlay::Asking(asking) = &app.overlay else { return None };
    let mut lines = vec![format!("?? {}", asking.dialog.title)];
    lines.extend(asking.dialog.body.lines().map(|l| format!("   {l}")));
    if let Kind::Choice(options) = asking.kind() {
        lines.extend(options.iter().enumerate().map(|(n, (_, line))| format!("   {} {line}", n + 1)));
    }
    lines.extend(prompt(app));
    Some(lines)
}

/// The end of what is shown: why the last answer can't stand, and how to answer; the next thing when nothing is asked.
/// It is said again after every line that changed nothing: who can't look at the screen must hear whose turn it is.
pub fn prompt(app: &App) -> Vec<String> {
    let Overlay::Asking(asking) = &app.overlay else { return vec![pane::next(app)] };
    let how = match asking.kind() {
        Kind::Confirm => "   y and Enter does it; anything else does not.".into(),
        Kind::Phrase(phrase) => format!("   Type {phrase} and Enter to do it; an empty line goes back."),
        Kind::Line { label, initial, .. } if initial.is_empty() => format!("   {label} (an empty line goes back)"),
        Kind::Line { label, initial, .. } => {
            format!("   {label} ({AS_IT_STANDS} takes {initial}; an empty line goes back)")
        }
        Kind::Choice(_) => "   Type a number; an empty line goes back.".into(),
        Kind::Secret(SecretRef::Replacement) if app.incident.opened.mode == Mode::Drill => {
            "   Type or paste it, hidden, and Enter; an empty line asks your colleague.".into()
        }
        Kind::Secret(_) => "   Type or paste it, hidden, and Enter; an empty line goes back.".into(),
        Kind::Info => "   Enter goes on.".into(),
    };
    asking.dialog.note.iter().map(|note| format!("   {note}")).chain([how]).collect()
}
