//! How each place stands, and which of them want what.
//!
//! Must not know: how it is said.

use crate::effect::target::{Holds, Hook, TargetRef};
use crate::incident::{StepState, TargetFacts};
use crate::stages::View;

use super::at_place;

/// A write whose end nobody saw: the new key may stand there.
pub(super) fn unknown_write(at: &View<'_>, place: &TargetRef) -> bool {
    matches!(at.common(&at_place("write", place)), Some(StepState::Unknown(_)))
}

pub(super) fn place_state(at: &View<'_>, place: &TargetRef, facts: &TargetFacts) -> StepState {
    for what in ["write", "undo", "reload"] {
        if let Some(state) = at.common(&at_place(what, place))
            && matches!(state, StepState::Unknown(_) | StepState::Running)
        {
            return state;
        }
    }
    let claim = at.incident.by_hand.get(&at_place("place", place));
    let leaked = matches!(facts.found.holds, Holds::Leaked | Holds::Both);
    match claim {
        // Evidence, not claims: a look after the word that still saw the leaked key there.
        Some((when, _)) if leaked && facts.seen > *when => {
            return StepState::Failed("a person said it was done, but the leaked key still stands there".into());
        }
        Some((_, answer)) => return StepState::ByHand(answer.clone()),
        None => {}
    }
    if let Some(why) = &facts.found.blocked {
        return StepState::Failed(why.clone());
    }
    // Written by us, or by a person whose work a later look saw.
    if facts.written.is_none() && !facts.is_read_back() {
        return at.fault(&at_place("write", place)).unwrap_or(StepState::Ready);
    }
    if !facts.is_read_back() {
        return StepState::Verifying("written, not read back yet".into());
    }
    match (facts.ran_ok(Hook::Reload), facts.ran_ok(Hook::Check)) {
        (_, Some(true)) => StepState::Done(format!(
            "read back; check: {}",
            facts.proven.as_ref().map(|r| r.said.clone()).unwrap_or_default()
        )),
        (_, Some(false)) => StepState::Failed(format!(
            "the check says no: {}",
            facts.proven.as_ref().map(|r| r.said.clone()).unwrap_or_default()
        )),
        (Some(false), _) => StepState::Failed("the reload command failed".into()),
        _ => StepState::Verifying("read back; nothing has shown yet that what uses it runs on it".into()),
    }
}

/// Places that still hold the leaked key and can be written.
pub(super) fn to_write<'a>(at: &'a View<'_>) -> Vec<(&'a TargetRef, &'a TargetFacts)> {
    let open = |(place, facts): &(&TargetRef, &TargetFacts)| {
        facts.written.is_none()
            && !facts.is_read_back()
            && facts.found.blocked.is_none()
            && matches!(place_state(at, place, facts), StepState::Ready | StepState::Failed(_))
    };
    at.incident.targets.iter().filter(open).collect()
}

/// Read back, and a declared command has not been run since.
pub(super) fn to_run<'a>(at: &'a View<'_>, hook: Hook) -> Vec<&'a TargetRef> {
    let wanted = |facts: &TargetFacts| match hook {
        Hook::Reload => facts.found.can_reload && facts.ran_ok(Hook::Reload) != Some(true),
        Hook::Check => {
            facts.found.can_prove
                && facts.ran_ok(Hook::Check) != Some(true)
                && (!facts.found.can_reload || facts.ran_ok(Hook::Reload) == Some(true))
        }
    };
    let quiet = |place: &TargetRef| {
        !matches!(at.common(&at_place("reload", place)), Some(StepState::Unknown(_) | StepState::Running))
            && !at.is_running(&at_place("prove", place))
    };
    at.incident
        .targets
        .iter()
        .filter(|(place, f)| f.is_read_back() && wanted(f) && quiet(place))
        .map(|(place, _)| place)
        .collect()
}

/// Read back, and no declared command can show more: a person must say.
pub(super) fn by_hand<'a>(at: &'a View<'_>) -> Vec<&'a TargetRef> {
    let open = |(place, facts): &(&'a TargetRef, &TargetFacts)| {
        let blocked = facts.found.blocked.is_some();
        let mute = facts.is_read_back() && !facts.found.can_prove;
        // The leaked key was taken out by hand, and no new one put in its place.
        let cleared = facts.read_back.as_ref().is_some_and(|(_, holds)| *holds == Holds::Neither);
        (blocked || mute || cleared) && !place_state(at, place, facts).settled()
    };
    at.incident.targets.iter().filter(open).map(|(place, _)| place).collect()
}
