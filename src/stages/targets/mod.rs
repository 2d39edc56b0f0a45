//! Stage 4: every place that held the leaked key holds the new one, and what uses it runs on it.
//!
//! Must not know: what kinds of place there are, or how they are written.

mod actions;
mod advice;
mod pane;
mod state;

pub(super) use pane::diff_line;

use crate::base::SecretRef;
use crate::base::words::count;
use crate::effect::target::TargetRef;
use crate::effect::{Effect, TargetOp};
use crate::incident::{Step, StepRef, StepState};

use actions::ACTIONS;
use advice::do_now;
use pane::{body, evidence, see, way_out};
use state::{place_state, unknown_write};

use super::{Action, DoNow, Due, Sheet, Stage, View};

pub static TARGETS: Targets = Targets;

#[derive(Debug)]
pub struct Targets;

fn step(id: &str) -> StepRef {
    StepRef::new("targets", id)
}

/// One step per place and column, so that a crash leaves exactly one of them unknown.
fn at_place(what: &str, place: &TargetRef) -> StepRef {
    step(&format!("{what}:{}", place.place))
}

/// Something below the roots was not read, and nobody said what stands there.
fn not_all_read(at: &View<'_>) -> bool {
    !at.incident.not_read.is_empty() && !at.incident.by_hand.contains_key(&step("find"))
}

fn effect(op: TargetOp) -> Effect {
    Effect::Target { op }
}

impl Stage for Targets {
    fn id(&self) -> &'static str {
        "targets"
    }

    fn title(&self) -> &'static str {
        "Targets"
    }

    fn goal(&self) -> &'static str {
        "every place holds the new key, and what uses it runs on it"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        let looked = at.common(&step("find")).filter(|s| matches!(s, StepState::ByHand(_)));
        let find = match at.incident.discovered {
            // What nobody read may hold the key.
            Some(_) if not_all_read(at) => StepState::Failed(format!(
                "not all read: {} could not be; sudo or another root, then c again",
                count(at.incident.not_read.len(), "place")
            )),
            Some(_) if looked.is_some() => looked.unwrap_or(StepState::Ready),
            Some((when, files)) => StepState::Done(format!(
                "{} of {files} files held it, looked at {}",
                at.incident.targets.len(),
                when.time()
            )),
            // Nothing was looked into: that is no finding.
            None if at.incident.roots.is_empty() => StepState::Ready,
            None if at.is_running(&step("find")) => StepState::Running,
            None => at.fault(&step("find")).unwrap_or(StepState::Ready),
        };
        let mut steps = vec![Step::new("find", "find the places", find)];
        for (place, facts) in &at.incident.targets {
            steps.push(Step::new(&format!("place:{}", place.place), &place.short(), place_state(at, place, facts)));
        }
        steps
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at)
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        Sheet { do_now: do_now(at), see: see(at), evidence: evidence(at), way_out: way_out(at), body: body(at) }
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    /// Looks once for the places, reads back after each write, takes the new key back after a crash.
    fn reads(&self, at: &View<'_>) -> Vec<Due> {
        let mut due = Vec::new();
        if at.incident.discovered.is_none() && !at.incident.roots.is_empty() && at.held.contains(&SecretRef::Leaked) {
            let op = TargetOp::Discover { roots: at.incident.roots.clone() };
            due.push(Due { step: step("find"), effect: effect(op), at: at.now });
        }
        let both = at.held.contains(&SecretRef::Leaked) && at.held.contains(&SecretRef::Replacement);
        for (place, facts) in &at.incident.targets {
            if both
                && facts.written.is_some_and(|written| facts.read_back.as_ref().is_none_or(|(read, _)| *read < written))
            {
                due.push(Due {
                    step: at_place("read", place),
                    effect: effect(TargetOp::ReadBack { at: place.clone() }),
                    at: at.now,
                });
            }
            let lost = !at.held.contains(&SecretRef::Replacement);
            let may_hold = facts.written.is_some() || unknown_write(at, place);
            if let Some(print) = at.incident.taken.get(&SecretRef::Replacement).filter(|_| lost && may_hold) {
                let op = TargetOp::Recover { at: place.clone(), print: print.clone() };
                due.push(Due { step: at_place("recover", place), effect: effect(op), at: at.now });
            }
        }
        due
    }

    fn rows(&self, at: &View<'_>) -> usize {
        at.incident.targets.len()
    }

    fn not_looked_into(&self, at: &View<'_>) -> Option<&'static str> {
        at.incident.roots.is_empty().then_some("no folder with env files was given")
    }
}
