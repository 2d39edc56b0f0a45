//! Stage 1: the leaked key stops working, and a sustained, classified probe saw it.
//!
//! Must not know: any provider's addresses. The row, its owner and its siblings are on record before the kill.

mod actions;
mod advice;
mod pane;
mod state;

use crate::base::SecretRef;
use crate::effect::{Effect, ProviderOp};
use crate::incident::{Step, StepRef};

use actions::ACTIONS;
use advice::do_now;
use pane::{body, evidence, see, way_out};
use state::{kill_state, locate_state, next_probe, probe, prove_state};

use super::{Action, DoNow, Due, Sheet, Stage, View};

pub static REVOKE: Revoke = Revoke;

#[derive(Debug)]
pub struct Revoke;

pub(super) fn step(id: &str) -> StepRef {
    StepRef::new("revoke", id)
}

pub(super) fn provider(at: &View<'_>, op: ProviderOp) -> Effect {
    Effect::Provider { provider: at.incident.opened.provider.clone(), op }
}

/// The key's row is being looked for, or is about to be: what needs it is not advised otherwise meanwhile.
pub(super) fn looking(at: &View<'_>) -> bool {
    let can = at.incident.opened.has_admin && at.held.contains(&SecretRef::Admin);
    can && at.incident.located.is_none() && !at.incident.faults.contains_key(&step("locate"))
}

impl Stage for Revoke {
    fn id(&self) -> &'static str {
        "revoke"
    }

    fn title(&self) -> &'static str {
        "Revoke"
    }

    fn goal(&self) -> &'static str {
        "the leaked key stops working"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        vec![
            Step::new("locate", "find the key's row", locate_state(at)),
            Step::new("kill", "delete the key", kill_state(at)),
            Step::new("prove", "prove that it is refused", prove_state(at)),
        ]
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

    /// Looks for the row at once, asks the key once whether it lives, then probes on until death is proven, and late.
    fn reads(&self, at: &View<'_>) -> Vec<Due> {
        let mut due = Vec::new();
        if at.has_admin() && at.held.contains(&SecretRef::Admin) && at.incident.located.is_none() {
            due.push(Due { step: step("locate"), effect: provider(at, ProviderOp::Locate), at: at.now });
        }
        if let Some(when) = next_probe(at) {
            due.push(Due { step: step("prove"), effect: probe(at), at: when });
        }
        due
    }

    fn rows(&self, at: &View<'_>) -> usize {
        at.incident
            .located
            .as_ref()
            .map_or(0, |(_, report)| if report.matches.len() > 1 { report.matches.len() } else { 0 })
    }
}
