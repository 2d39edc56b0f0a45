//! What becomes of a write or a read: its answer came, or somebody looked into it later.
//!
//! Must not know: what a reply teaches.

use crate::base::{FaultKind, Stamp};
use crate::effect::git::GitOp;
use crate::effect::{Effect, Outcome, ProviderOp, TargetOp};

use super::super::event::StepRef;
use super::super::facts::{IntentState, Ran};
use super::Incident;

impl Incident {
    pub(super) fn set(&mut self, at: Stamp, id: u64, state: IntentState) {
        if let Some(intent) = self.intents.get_mut(&id) {
            intent.state = state;
            intent.over_at = Some(at);
        }
    }

    pub(super) fn outcome(&mut self, at: Stamp, id: u64, outcome: &Outcome) {
        self.set(at, id, IntentState::Over(outcome.clone()));
        let Some(intent) = self.intents.get(&id) else { return };
        let (step, effect) = (intent.step.clone(), intent.effect.clone());
        match outcome {
            Outcome::Done { reply } => {
                self.faults.remove(&step);
                self.learn(at, &effect, reply);
            }
            Outcome::Refused { fault } | Outcome::Failed { fault } => {
                if let Effect::Provider { op: ProviderOp::Revoke { .. }, .. } = effect
                    && fault.hints.iter().any(|hint| hint.contains("service account"))
                {
                    self.account_only = Some(fault.why.clone());
                }
                self.faults.insert(step, (at, fault.clone()));
            }
        }
    }

    pub(super) fn observe(&mut self, at: Stamp, step: &StepRef, effect: &Effect, outcome: &Outcome) {
        match outcome {
            Outcome::Done { reply } => {
                self.faults.remove(step);
                self.learn(at, effect, reply);
            }
            Outcome::Refused { fault } | Outcome::Failed { fault } => {
                self.faults.insert(step.clone(), (at, fault.clone()));
                if let (Effect::Target { op: TargetOp::Recover { at: place, .. } }, FaultKind::Changed) =
                    (effect, fault.kind)
                {
                    // By its print, the new key does not stand there (any more).
                    self.target(place, |target| (target.written, target.read_back) = (None, None));
                }
            }
        }
    }

    /// An unknown write was looked into. What happened counts as done at the time it was seen.
    pub(super) fn settle(&mut self, at: Stamp, id: u64, happened: bool) {
        self.set(at, id, IntentState::Settled(happened));
        if !happened {
            return;
        }
        match self.intents.get(&id).map(|intent| intent.effect.clone()) {
            Some(Effect::Provider { op: ProviderOp::Revoke { .. } | ProviderOp::RevokeAccount { .. }, .. }) => {
                self.revoked_at = Some(at);
            }
            Some(Effect::Target { op: TargetOp::Put { at: place, .. } }) => {
                if let Some(target) = self.targets.get_mut(&place) {
                    target.written = Some(at);
                }
            }
            Some(Effect::Provider { op: ProviderOp::Discard { issued, .. }, .. }) => self.forget_orphan(&issued.key_id),
            Some(Effect::Target { op: TargetOp::Reload { at: place } }) => self.target(&place, |target| {
                target.reloaded = Some(Ran { at, ok: true, said: "the check command says so".into() });
            }),
            Some(Effect::Git { repo, op: GitOp::Push { .. } }) => {
                if let Some(facts) = self.repos.get_mut(&repo) {
                    facts.push = facts.remote.clone().map(|(_, report)| (at, report));
                }
            }
            Some(Effect::Git { repo, op: GitOp::Finish { .. } }) => {
                self.repos.entry(repo).or_default().finished = Some(at);
            }
            _ => {}
        }
    }
}
