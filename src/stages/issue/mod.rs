//! Stage 3: a new key exists, works, is not the leaked one, and its value is in the vault only.
//!
//! Must not know: how a provider makes keys.

mod actions;
mod advice;
mod pane;
mod state;

use crate::base::{SecretRef, id};
use crate::effect::{Effect, ProviderOp, Verdict};
use crate::incident::{Step, StepRef};

use actions::ACTIONS;
use advice::do_now;
use pane::{evidence, see, way_out};
use state::{is_leaked, issue_state, last_probe, probe_state};

use super::revoke::provider;
use super::{Action, DoNow, Due, Sheet, Stage, View};

pub static ISSUE: Issue = Issue;

#[derive(Debug)]
pub struct Issue;

fn step(id: &str) -> StepRef {
    StepRef::new("issue", id)
}

impl Stage for Issue {
    fn id(&self) -> &'static str {
        "issue"
    }

    fn title(&self) -> &'static str {
        "New key"
    }

    fn goal(&self) -> &'static str {
        "a new key works, and only the vault knows it"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        vec![Step::new("issue", "issue a key", issue_state(at)), Step::new("probe", "see it work", probe_state(at))]
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at)
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        Sheet { see: see(at), do_now: do_now(at), way_out: way_out(at), evidence: evidence(at), ..Sheet::default() }
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    /// One probe of the new key as soon as it is there; again a little later while it is not live.
    fn reads(&self, at: &View<'_>) -> Vec<Due> {
        let mut due = Vec::new();
        let last = last_probe(at);
        if at.held.contains(&SecretRef::Replacement) && !is_leaked(at) {
            match last {
                None => due.push(Due { step: step("probe"), effect: probe(at), at: at.now }),
                Some((when, probe_)) if probe_.verdict != Verdict::Live => {
                    due.push(Due { step: step("probe"), effect: probe(at), at: when.plus_secs(9) });
                }
                Some(_) => {}
            }
        }
        due
    }
}

/// The new key's name carries the incident, so that an orphan can be found by it.
pub fn name(at: &View<'_>) -> String {
    let tries = at.incident.intents.values().filter(|i| i.step == step("discard") && i.happened()).count();
    let suffix = if tries == 0 { String::new() } else { format!("-{}", tries + 1) };
    format!("stanch-{}{suffix}", id::short(&at.incident.opened.incident))
}

fn probe(at: &View<'_>) -> Effect {
    provider(at, ProviderOp::Probe { key: SecretRef::Replacement })
}
