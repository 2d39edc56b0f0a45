//! The last stage: what is still open, the late probe, the backups, the report, the close.
//!
//! Must not know: where the report is written.

mod actions;
mod advice;
mod open;
mod prevention;
mod state;

use crate::base::SecretRef;
use crate::base::words::count;
use crate::incident::death::{self, Death};
use crate::incident::{Step, StepRef, StepState};

use actions::ACTIONS;
use advice::do_now;
use state::{late, walking, wrote};

use super::{Action, Block, DoNow, Due, Sheet, Stage, Text, Tone, View};

pub use open::open;
pub use prevention::PREVENTION;

pub static CLOSE: Close = Close;

#[derive(Debug)]
pub struct Close;

fn step(id: &str) -> StepRef {
    StepRef::new("close", id)
}

impl Stage for Close {
    fn id(&self) -> &'static str {
        "close"
    }

    fn title(&self) -> &'static str {
        "Close"
    }

    fn goal(&self) -> &'static str {
        "what is open has an owner, the report is written"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        let walking = walking(at);
        let late = late(at);
        let backups = match (at.incident.backups_dropped, wrote(at)) {
            (Some(when), _) => StepState::Done(format!("seen to be gone at {}", when.time())),
            (None, false) => StepState::Done("there are none".into()),
            (None, true) => at.common(&step("backups")).or_else(|| at.fault(&step("backups"))).unwrap_or_else(|| {
                if walking { StepState::Locked("a write can still be undone".into()) } else { StepState::Ready }
            }),
        };
        let close = match &at.incident.closed {
            Some((when, open)) if open.is_empty() => StepState::Done(format!("closed at {}", when.time())),
            Some((when, open)) => {
                StepState::Done(format!("closed at {} with {}", when.time(), count(open.len(), "open point")))
            }
            None if walking => StepState::Locked("the walk goes on; z closes with what is open".into()),
            None => StepState::Ready,
        };
        // Closed is closed: what was not done by then stands in the report, and nobody is kept waiting for it.
        let [late, backups] = [late, backups].map(|state| match state {
            StepState::Locked(why) if at.incident.closed.is_some() => StepState::Deferred(why),
            StepState::Ready if at.incident.closed.is_some() => StepState::Deferred("left in place".into()),
            other => other,
        });
        vec![
            Step::new("late", "late probe", late),
            Step::new("backups", "destroy the env file backups", backups),
            Step::new("close", "close", close),
        ]
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at, &open(at))
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        let open = open(at);
        let mut sheet = Sheet { do_now: do_now(at, &open), ..Sheet::default() };
        let closed = at.incident.closed.is_some();
        sheet.see.push(if open.is_empty() {
            Text::tone(Tone::Good, "Nothing is open.")
        } else {
            Text::tone(
                Tone::Warn,
                format!("{}{}", count(open.len(), "open point"), if closed { ", carried by the report" } else { "" }),
            )
        });
        let death = Death::of(at.incident, SecretRef::Leaked);
        if let (None, Some(proven)) = (death.late_at, death.proven_at) {
            sheet.see.push(Text::plain(format!(
                "Late probe (does the key stay dead?) due at {}; c asks before that too, but only from then on it counts.",
                proven.plus_secs(death::LATE_S).time()
            )));
        }
        sheet.evidence = self
            .steps(at)
            .iter()
            .filter(|s| s.state.settled())
            .map(|s| Text::plain(format!("{}: {}", s.label, s.state.detail())))
            .collect();
        sheet.way_out = vec![Text::plain("e writes the report now; T adds a follow-up; H hands over to a colleague")];
        sheet.body = vec![
            Block::Lines { title: "Open".into(), lines: open_lines(&open) },
            Block::Lines {
                title: "Keep it from happening again".into(),
                lines: PREVENTION.iter().map(|line| Text::plain(format!("- {line}"))).collect(),
            },
        ];
        sheet
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    fn reads(&self, _: &View<'_>) -> Vec<Due> {
        Vec::new()
    }
}

fn open_lines(open: &[String]) -> Vec<Text> {
    if open.is_empty() {
        return vec![Text::tone(Tone::Dim, "nothing")];
    }
    open.iter().map(|line| Text::tone(Tone::Warn, format!("- {line}"))).collect()
}
