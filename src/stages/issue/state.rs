//! How far the new key is: made, lost, orphaned, live, or nobody knows.
//!
//! Must not know: what is advised, and how it looks.

use crate::base::{SecretRef, Stamp};
use crate::effect::provider::{Issued, Probe};
use crate::effect::{Effect, TargetOp, Verdict};
use crate::incident::StepState;

use super::super::View;
use super::step;

/// The last probe of the new key that there is now, not of one before it.
pub(super) fn last_probe<'a>(at: &'a View<'_>) -> Option<&'a (Stamp, Probe)> {
    let since = at.incident.replaced_at;
    let of_it = |(when, probe): &&(Stamp, Probe)| {
        probe.key == SecretRef::Replacement && since.is_none_or(|since| *when >= since)
    };
    at.incident.probes.iter().rev().find(of_it)
}

pub(super) fn is_leaked(at: &View<'_>) -> bool {
    at.incident.taken.get(&SecretRef::Replacement).is_some_and(|print| print.hash == at.incident.opened.key.hash)
}

/// The journal knows a new key, the vault does not. Who only looks has no vault and can't tell.
pub(super) fn lost(at: &View<'_>) -> bool {
    !at.observe && at.incident.taken.contains_key(&SecretRef::Replacement) && !at.held.contains(&SecretRef::Replacement)
}

/// It stands in a place that was written, so a resume can take it back from there.
fn stored(at: &View<'_>) -> bool {
    at.incident.targets.values().any(|t| t.written.is_some())
}

/// Nobody saw whether some place got the new key: it may be in use there, and its value can be had from there.
fn may_be_stored(at: &View<'_>) -> bool {
    at.incident.unknowns().any(|i| matches!(i.effect, Effect::Target { op: TargetOp::Put { .. } }))
}

/// A lost value that no target holds yet is useless: the key must go and another be made. Once it stands
/// somewhere, the resume takes it back from there.
pub(super) fn orphaned(at: &View<'_>) -> Option<Issued> {
    if may_be_stored(at) {
        return None;
    }
    let own = at.incident.issued.as_ref().map(|(_, issued)| issued.clone()).filter(|_| lost(at) && !stored(at));
    own.or_else(|| at.incident.orphans.first().cloned())
}

pub(super) fn issue_state(at: &View<'_>) -> StepState {
    let step = step("issue");
    if let Some(unknown) = at.incident.unknowns().find(|i| i.step.stage == "issue") {
        return StepState::Unknown(format!("{}: nobody saw the answer", unknown.effect.words()));
    }
    if at.running_in("issue").any(|r| r.effect.writes()) {
        return StepState::Running;
    }
    if lost(at) && may_be_stored(at) {
        return StepState::Verifying("its value may stand in a place: look there first (Targets, c)".into());
    }
    if orphaned(at).is_some() {
        return StepState::Failed("a key was made, but its value is lost: delete it and issue again".into());
    }
    if lost(at) && !stored(at) {
        return StepState::Failed("the vault lost the key with the end of the program: paste it again".into());
    }
    if is_leaked(at) {
        return StepState::Failed("the key given is the leaked one".into());
    }
    match at.incident.taken.get(&SecretRef::Replacement) {
        Some(print) => StepState::Done(print.to_string()),
        None => at.fault(&step).unwrap_or(StepState::Ready),
    }
}

pub(super) fn probe_state(at: &View<'_>) -> StepState {
    let known = at.incident.taken.contains_key(&SecretRef::Replacement);
    match last_probe(at) {
        Some((when, probe)) if probe.verdict == Verdict::Live => {
            StepState::Done(format!("live at {} ({})", when.time(), probe.short()))
        }
        Some((_, probe)) => StepState::Verifying(format!("{} ({})", probe.verdict.word(), probe.short())),
        None if known => StepState::Verifying("not probed yet".into()),
        None => StepState::Locked("there is no new key yet".into()),
    }
}

pub(super) fn project(at: &View<'_>) -> (String, String) {
    at.incident.row().map(|row| (row.project_id.clone(), row.project_name.clone())).unwrap_or_default()
}

pub(super) fn can_issue(at: &View<'_>) -> Result<(), String> {
    if !at.has_admin() {
        return Err("there is no admin key: make one by hand and paste it (p)".into());
    }
    if project(at).0.is_empty() {
        return Err("the leaked key's project is not known: paste a key made by hand (p)".into());
    }
    free(at)
}

/// Nothing runs, nothing is unknown, there is no good new key yet.
pub(super) fn free(at: &View<'_>) -> Result<(), String> {
    match issue_state(at) {
        StepState::Running => Err("it is running".into()),
        StepState::Unknown(_) => Err("an earlier try may have made a key: check first (c)".into()),
        StepState::Done(print) => Err(format!("there is a new key already: {print}")),
        StepState::Failed(why) if orphaned(at).is_some() => Err(why),
        StepState::Verifying(why) => Err(why),
        _ => Ok(()),
    }
}
