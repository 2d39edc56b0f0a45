//! Putting a stage aside: when that can be, and what is asked to defer it.
//!
//! Must not know: what the stage is about.

use crate::app::App;
use crate::incident::{StageMark, StepState};
use crate::stages::{self, Act, Ask, Kind, Then};

pub(super) fn can_put_aside(app: &App) -> Result<(), String> {
    let stage = app.here();
    if matches!(stage.id(), "intake" | "close") {
        return Err("this one can't be put aside".into());
    }
    match stages::state(stage, &app.view(stage.id())) {
        StepState::Running => Err("something runs here".into()),
        StepState::Done(_) | StepState::ByHand(_) => Err("it is done".into()),
        StepState::Unknown(_) => Err("something here may have happened: check it first (c)".into()),
        _ => match app.incident.marks.get(stage.id()) {
            Some(StageMark::Skipped { .. } | StageMark::Deferred { .. }) => {
                Err("it is put aside; R takes it up again".into())
            }
            None => Ok(()),
        },
    }
}

pub(super) fn defer(app: &App) -> Act {
    let title = format!("Defer {}", app.here().title());
    let tomorrow = app.now.plus_secs(86_400).date();
    let due =
        Ask::new(title.clone(), Vec::new(), Kind::Line { label: "Due when?".into(), initial: tomorrow, needed: true });
    let asks = vec![
        Ask::line(&title, "Who does it?", vec!["It stays in the closing list.".into()]),
        due,
        Ask::line(&title, "Why?", Vec::new()),
    ];
    Act::Ask { asks, then: Then::Defer { stage: app.here().id().into() } }
}
