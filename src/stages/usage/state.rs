//! How far the figures are: whether they can be had, until when they reach, what is known beside them.
//!
//! Must not know: what is advised, and how it looks.

use crate::base::{SecretRef, Stamp};
use crate::effect::provider::UsageReading;
use crate::incident::StepState;
use crate::incident::advice::{Fact, Facts};
use crate::incident::death::Death;
use crate::incident::usage::{Abuse, Beside, LAG_S};

use super::super::View;

/// `Ready`, or why no figures can be had.
pub(super) fn blocked(at: &View<'_>) -> StepState {
    if !at.has_admin() {
        return StepState::Locked("no admin key to read the figures with; v records what you saw".into());
    }
    if at.incident.row().is_none() {
        return StepState::Locked("the key's row is not known yet".into());
    }
    StepState::Ready
}

pub(super) fn refused(at: &View<'_>) -> Option<Stamp> {
    Death::of(at.incident, SecretRef::Leaked).contained_at()
}

/// What is known apart from the figures: the key's end, and whether intake was told of spending.
pub(super) fn beside(at: &View<'_>) -> Beside {
    let found_by = at.incident.decision("found_by").map_or(at.incident.opened.found_by.as_str(), |d| &d.choice);
    let alarm = Facts::of(at.incident).burning == Fact::Yes || found_by == "bill";
    Beside { revoked: refused(at), alarm }
}

/// Until when quiet figures are not advised to be taken for the truth: they lag, and the key may still be at work.
pub(super) fn too_early(at: &View<'_>, verdict: Abuse) -> Option<Stamp> {
    let (read, _) = at.incident.usage.as_ref()?;
    let from = refused(at).unwrap_or(at.incident.opened_at);
    let until = from.plus_secs(LAG_S);
    (verdict != Abuse::Abused && *read < until).then_some(until)
}

pub(super) fn up_to(reading: &UsageReading) -> String {
    reading.data_up_to.map_or_else(|| "no data yet".into(), |when| format!("data up to {}", when.minute()))
}
