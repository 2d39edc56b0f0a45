//! How far the stage's own steps are, and what their states rest on.
//!
//! Must not know: what is to be done about it.

use crate::base::SecretRef;
use crate::effect::{Effect, TargetOp};
use crate::incident::StepState;
use crate::incident::death::{self, Death};
use crate::stages::{self, View};

/// Some stage before this one is not settled.
pub(super) fn walking(at: &View<'_>) -> bool {
    stages::order(at).into_iter().filter(|stage| stage.id() != "close").any(|stage| !stages::state(stage, at).settled())
}

pub(super) fn late(at: &View<'_>) -> StepState {
    let death = Death::of(at.incident, SecretRef::Leaked);
    match (death.late_at, death.proven_at) {
        (Some(when), _) => StepState::Done(format!("still refused at {}", when.time())),
        (None, Some(proven)) => StepState::Locked(format!("due at {}", proven.plus_secs(death::LATE_S).time())),
        (None, None) => StepState::Locked("the key's death is not proven".into()),
    }
}

pub(super) fn wrote(at: &View<'_>) -> bool {
    at.incident.intents.values().any(|i| matches!(&i.effect, Effect::Target { op: TargetOp::Put { .. } }))
}
