//! How the key stands: found, deleted, refused; and when it is asked again.
//!
//! Must not know: how it is said.

use crate::base::stamp::span_text;
use crate::base::{SecretRef, Stamp};
use crate::effect::provider::KeyRow;
use crate::effect::{Effect, ProviderOp, Verdict};
use crate::incident::StepState;
use crate::incident::death::{self, Death};
use crate::stages::View;

use super::{provider, step};

pub(super) fn probe(at: &View<'_>) -> Effect {
    provider(at, ProviderOp::Probe { key: SecretRef::Leaked })
}

/// Once at the start; then, when the key was killed or looks dead, until it is proven; then the late one.
pub(super) fn next_probe(at: &View<'_>) -> Option<Stamp> {
    if !at.held.contains(&SecretRef::Leaked) {
        return None;
    }
    let death = Death::of(at.incident, SecretRef::Leaked);
    let Some((last, verdict)) = death.last else { return Some(at.now) };
    if let Some(proven) = death.proven_at {
        return death.late_at.is_none().then(|| proven.plus_secs(death::LATE_S).max(last.plus_secs(death::EVERY_S)));
    }
    let killed = killed_at(at);
    match (verdict, killed) {
        (Verdict::Live, None) => None,
        // A key that keeps answering long after its deletion is watched at a slower pace.
        (Verdict::Live, Some(when)) if at.now.since(when) > death::LATE_S => Some(last.plus_secs(60)),
        (Verdict::Unknown, None) => Some(last.plus_secs(60)),
        _ => Some(last.plus_secs(death::EVERY_S)),
    }
}

pub(super) fn killed_at(at: &View<'_>) -> Option<Stamp> {
    at.incident.revoked_at.max(at.incident.by_hand.get(&step("kill")).map(|(when, _)| *when))
}

/// It still answers so long after its deletion that spreading can't be the reason: another row was deleted, or a row in
/// another organisation.
pub(super) fn survived(at: &View<'_>) -> Option<String> {
    let killed = killed_at(at)?;
    match Death::of(at.incident, SecretRef::Leaked).last {
        Some((seen, Verdict::Live)) if seen.since(killed) >= death::LATE_S => Some(format!(
            "it still answers {} after its deletion: was it another key's row?",
            span_text(seen.since(killed))
        )),
        _ => None,
    }
}

/// A deletion takes a while to spread; after this long, the person who said it is asked whether it was the right row.
pub(super) const SPREAD_S: i64 = 60;
/// And after this long, it is the one next thing.
pub(super) const SUSPECT_S: i64 = 180;

/// How long after its deletion the key still answers, and how many times it was asked meanwhile: from [`SPREAD_S`] on.
pub(super) fn still_live(at: &View<'_>) -> Option<(i64, usize)> {
    let killed = killed_at(at)?;
    let (seen, verdict) = Death::of(at.incident, SecretRef::Leaked).last?;
    let late = seen.since(killed);
    let of_it = |when: &Stamp| *when >= killed;
    let probes = at.incident.probes.iter().filter(|(when, p)| p.key == SecretRef::Leaked && of_it(when)).count();
    (verdict == Verdict::Live && late >= SPREAD_S).then_some((late, probes))
}

/// A person's word, and nobody else's, says that it is deleted.
pub(super) fn by_word(at: &View<'_>) -> bool {
    let word = at.incident.by_hand.get(&step("kill")).map(|(when, _)| *when);
    word.is_some() && word >= at.incident.revoked_at
}

pub(super) fn locate_state(at: &View<'_>) -> StepState {
    let step = step("locate");
    if !at.has_admin() {
        return StepState::Done("no admin key: the row is found by hand".into());
    }
    if let Some(row) = at.incident.row() {
        return StepState::Done(format!("{} in {}", row.id, place(row)));
    }
    match &at.incident.located {
        None if at.is_running(&step) => StepState::Running,
        None => at.fault(&step).unwrap_or(StepState::Ready),
        Some(_) if killed_at(at).is_some() => StepState::Done("settled by hand".into()),
        Some((_, report)) if report.matches.is_empty() => {
            StepState::Failed(format!("none of {} keys fits the leaked value", report.keys_seen))
        }
        Some((_, report)) => StepState::Failed(format!("{} keys fit; a person must choose", report.matches.len())),
    }
}

pub(super) fn kill_state(at: &View<'_>) -> StepState {
    let step = step("kill");
    let survived = survived(at).map(StepState::Failed);
    match at.common(&step) {
        Some(state @ StepState::ByHand(_)) => return survived.unwrap_or(state),
        Some(state) => return state,
        None => {}
    }
    if let Some(survived) = survived {
        return survived;
    }
    if let Some(when) = at.incident.revoked_at {
        return StepState::Done(format!("deleted at {}", when.time()));
    }
    let death = Death::of(at.incident, SecretRef::Leaked);
    if death.doubtful() {
        return StepState::Failed("it never answered: is it the right key?".into());
    }
    if death.verdict() == Verdict::Dead {
        return StepState::Done("it was refused already; nobody here deleted it".into());
    }
    at.fault(&step).unwrap_or(StepState::Ready)
}

pub(super) fn prove_state(at: &View<'_>) -> StepState {
    let death = Death::of(at.incident, SecretRef::Leaked);
    match death.verdict() {
        Verdict::Dead => StepState::Done(death.words()),
        _ if death.run > 0 || killed_at(at).is_some() => StepState::Verifying(death.words()),
        _ => StepState::Locked("the key is not revoked yet".into()),
    }
}

pub(super) fn place(row: &KeyRow) -> String {
    if row.admin { "the organisation's admin keys".into() } else { format!("project {}", row.project_name) }
}
