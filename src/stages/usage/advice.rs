//! The one next thing to do about the figures.
//!
//! Must not know: how it looks on the screen.

use crate::incident::StepState;
use crate::incident::usage::assess;

use super::super::{DoNow, View, revoke};
use super::state::{beside, blocked, too_early, up_to};

pub(super) fn do_now(at: &View<'_>) -> DoNow {
    if at.incident.decision("usage.verdict").is_some() {
        // Nobody here reads figures that could go on.
        let (what, check) = match at.incident.usage {
            Some(_) => {
                ("Nothing. The verdict is recorded; the figures go on.", "v again records another, if they change.")
            }
            None => ("Nothing. The verdict is recorded.", "v again records another, if somebody sees more."),
        };
        return DoNow { what: what.into(), check: check.into(), ..DoNow::default() };
    }
    match &at.incident.usage {
        Some((_, reading)) => {
            let assessment = assess(reading, beside(at));
            if let Some(until) = too_early(at, assessment.verdict) {
                return DoNow {
                    what: format!("Not yet: {}, {}", assessment.verdict.words(), up_to(reading)),
                    effect: format!(
                        "Figures lag by minutes. I look again every minute; judge after {}.",
                        until.minute()
                    ),
                    check: "Go on with the next stage (n) meanwhile; v records a verdict all the same.".into(),
                    ..DoNow::default()
                };
            }
            DoNow {
                action: Some("usage.verdict"),
                what: format!("Record the verdict: {}", assessment.verdict.words()),
                effect: "Figures lag by minutes to hours; you can record again later.".into(),
                check: String::new(),
            }
        }
        None if matches!(blocked(at), StepState::Ready) => DoNow {
            what: "Wait: reading usage, costs and audit log".into(),
            check: "Reads only.".into(),
            ..DoNow::default()
        },
        None if revoke::looking(at) => {
            DoNow { what: "Wait: looking for the key's row".into(), check: "Reads only.".into(), ..DoNow::default() }
        }
        None => DoNow {
            action: Some("usage.verdict"),
            what: "Look at the usage page, then record what you saw (v)".into(),
            effect: format!("Not by the program: {}.", blocked(at).detail()),
            check: "Your words go into the report as yours.".into(),
        },
    }
}
