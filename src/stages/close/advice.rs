//! The one thing to do now: wait, go back to a stage that wants something, destroy the backups, or close.
//!
//! Must not know: what the open points are; only how many.

use crate::base::words::count;
use crate::incident::StepState;
use crate::stages::{self, DoNow, Stage, View, state, targets};

use super::state::{walking, wrote};
use super::step;

pub(super) fn do_now(at: &View<'_>, open: &[String]) -> DoNow {
    if at.incident.closed.is_some() {
        let leave = if at.incident.opened.drill.is_some() { "leaves and shows the score" } else { "leaves" };
        let what = format!("Closed. e writes the report, q {leave}.");
        return DoNow { action: Some("close.export"), what, ..DoNow::default() };
    }
    if at.is_running(&step("backups")) {
        return DoNow { what: "Wait: destroying the backups of the env files".into(), ..DoNow::default() };
    }
    if let Some(wait) = waiting(at) {
        return wait;
    }
    if wrote(at)
        && at.incident.backups_dropped.is_none()
        && !walking(at)
        && matches!(state(&targets::TARGETS, at), StepState::Done(_) | StepState::ByHand(_))
    {
        return DoNow {
            action: Some("close.backups"),
            what: "Destroy the backups of the env files: they contain the leaked key".into(),
            effect: "After that, a write of an env file can't be undone.".into(),
            check: "They are seen to be gone.".into(),
        };
    }
    if let Some(first) = wanting(at) {
        return DoNow {
            what: format!("Not yet: go on with {} (n)", first.title()),
            effect: "z closes all the same; the report then carries what is open.".into(),
            ..DoNow::default()
        };
    }
    DoNow {
        action: Some("close.close"),
        what: if open.is_empty() {
            "Close the incident".into()
        } else {
            let them = if open.len() == 1 { "it" } else { "them" };
            format!("Close with {}, or settle {them} first", count(open.len(), "open point"))
        },
        effect: if open.is_empty() {
            "A closed incident can be resumed.".into()
        } else {
            "What is open stands in the report. A closed incident can be resumed.".into()
        },
        check: "One probe of the leaked key goes first.".into(),
    }
}

/// Every stage that is not settled waits for time to pass: closing now would only lose what is about to be seen.
fn waiting(at: &View<'_>) -> Option<DoNow> {
    let unsettled = |stage: &&'static dyn Stage| stage.id() != "close" && !state(*stage, at).settled();
    let mut left = stages::order(at).into_iter().filter(unsettled).peekable();
    let first = *left.peek()?;
    if left.any(|stage| stage.do_now(at).action.is_some()) {
        return None;
    }
    let state = state(first, at);
    let detail = if state.detail().is_empty() { String::new() } else { format!(" ({})", state.detail()) };
    Some(DoNow {
        what: format!("Wait: {} is {}{detail}", first.title(), state.word()),
        effect: "z closes all the same; the report then carries it as open.".into(),
        ..DoNow::default()
    })
}

/// The first stage before this one that wants something of a person.
fn wanting(at: &View<'_>) -> Option<&'static dyn Stage> {
    let wants = |stage: &&'static dyn Stage| {
        stage.id() != "close" && !state(*stage, at).settled() && stages::do_now(*stage, at).action.is_some()
    };
    stages::order(at).into_iter().find(wants)
}
