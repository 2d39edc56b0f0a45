//! What a look at the world says about writes whose end nobody saw. A write is never blindly repeated: it is settled
//! first, by a read that began after nobody saw it end.
//!
//! Must not know: who asked for the look.

use crate::effect::git::{GitOp, GitReply, Standing};
use crate::effect::target::{Holds, TargetRef};
use crate::effect::{Effect, Outcome, ProviderOp, ProviderReply, Reply, TargetOp, TargetReply};

use super::death::Death;
use super::{Event, Incident, Intent, Record, StepRef};
use crate::base::{Fault, FaultKind, SecretRef, Stamp};

/// The events that follow from `record`, which was just applied to `incident`. `began`: when the look it tells of was
/// started. A list that was being read while the write ran may show the world from before it.
pub fn settle(incident: &Incident, record: &Record, began: Stamp) -> Vec<Event> {
    let unknowns = || incident.unknowns().filter(|intent| intent.at <= record.at);
    let event = |intent: &Intent, (happened, evidence)| Event::Settled { id: intent.id, happened, evidence };
    match &record.event {
        Event::Observed { effect, outcome, .. } => {
            let told = |intent: &Intent| {
                let after = intent.over_at.is_some_and(|over| over <= began);
                moot(incident, intent).or_else(|| match outcome {
                    _ if !after => None,
                    Outcome::Done { reply } => verdict(incident, intent, effect, reply),
                    Outcome::Refused { fault } => absent(intent, effect, fault),
                    Outcome::Failed { .. } => None,
                })
            };
            unknowns().filter_map(|intent| Some(event(intent, told(intent)?))).collect()
        }
        Event::Outcome { id, outcome: Outcome::Done { reply } } => {
            let Some(later) = incident.intents.get(id) else { return Vec::new() };
            let earlier = unknowns().filter(|intent| intent.id < *id && intent.step == later.step);
            earlier.map(|intent| event(intent, again(reply))).collect()
        }
        _ => Vec::new(),
    }
}

/// The same step was run again and its end was seen. What was left for it to do tells about the earlier run.
fn again(reply: &Reply) -> (bool, String) {
    match reply {
        Reply::Target { reply: TargetReply::BackupsDropped { files: 0 } } => (true, "none was left".into()),
        Reply::Target { reply: TargetReply::BackupsDropped { files } } => {
            (false, format!("{files} were left, and are destroyed now"))
        }
        _ => (false, "it was done again, and its end was seen".into()),
    }
}

/// A place that was searched for the new key by its print, and does not hold it: the write did not happen.
fn absent(intent: &Intent, look: &Effect, fault: &Fault) -> Option<(bool, String)> {
    match (&intent.effect, look) {
        (Effect::Target { op: TargetOp::Put { at: of, .. } }, Effect::Target { op: TargetOp::Recover { at, .. } })
            if of == at && fault.kind == FaultKind::Changed =>
        {
            Some((false, format!("{} does not hold the new key", at.short())))
        }
        _ => None,
    }
}

/// A key that is proven dead needs no answer to whether its deletion was the cause.
fn moot(incident: &Incident, intent: &Intent) -> Option<(bool, String)> {
    let Effect::Provider { op: ProviderOp::Revoke { .. } | ProviderOp::RevokeAccount { .. }, .. } = intent.effect
    else {
        return None;
    };
    let death = Death::of(incident, SecretRef::Leaked);
    death.proven_at.is_some().then(|| (true, format!("the key is refused: {}", death.words())))
}

/// Did the unknown write happen, and what shows it? `None`: this look can't tell.
fn verdict(incident: &Incident, intent: &Intent, look: &Effect, reply: &Reply) -> Option<(bool, String)> {
    match (&intent.effect, reply) {
        (Effect::Provider { op, .. }, Reply::Provider { reply }) => provider(op, look, reply),
        (Effect::Target { op }, Reply::Target { reply }) => target(incident, op, reply),
        (Effect::Git { repo, op }, Reply::Git { reply }) => {
            let same = matches!(look, Effect::Git { repo: looked, .. } if looked == repo);
            if same { git(op, reply) } else { None }
        }
        _ => None,
    }
}

fn provider(op: &ProviderOp, look: &Effect, reply: &ProviderReply) -> Option<(bool, String)> {
    let asked_for = |wanted: &str| matches!(look, Effect::Provider { op: ProviderOp::FindIssued { name, .. }, .. } if name == wanted);
    match (op, reply) {
        (ProviderOp::Revoke { row } | ProviderOp::RevokeAccount { row, .. }, ProviderReply::Located(report)) => {
            let there = report.matches.iter().any(|seen| seen.id == row.id);
            // Where the provider would not list the keys, it may still be.
            if !there && !report.not_searched.is_empty() {
                return None;
            }
            let seen = if there { "still listed" } else { "no longer listed" };
            Some((!there, format!("{} is {seen}", row.id)))
        }
        (ProviderOp::Issue { name, .. }, ProviderReply::IssuedFound { found }) if asked_for(name) => {
            let there = found.iter().any(|issued| issued.name == *name);
            let seen = if there { "is listed; its value is lost" } else { "is not listed" };
            Some((there, format!("{name} {seen}")))
        }
        (ProviderOp::Discard { issued, .. }, ProviderReply::IssuedFound { found }) if asked_for(&issued.name) => {
            let there = found.iter().any(|seen| seen.account_id == issued.account_id);
            let seen = if there { "still listed" } else { "no longer listed" };
            Some((!there, format!("{} is {seen}", issued.name)))
        }
        _ => None,
    }
}

fn target(incident: &Incident, op: &TargetOp, reply: &TargetReply) -> Option<(bool, String)> {
    let (at, holds) = match reply {
        TargetReply::ReadBack { at, holds } => (at, *holds),
        // A look for the leaked key: without it there, the new one may be or not.
        TargetReply::Inspected { found } if found.holds == Holds::Neither => return None,
        TargetReply::Inspected { found } => (&found.at, found.holds),
        // The value with the new key's print was read there: it was written.
        TargetReply::Recovered { at } => (at, Holds::Replacement),
        // An idempotent command: its check tells whether it is still needed.
        TargetReply::Ran { at, ok, .. } => {
            return match op {
                TargetOp::Reload { at: of } if of == at => {
                    Some((*ok, if *ok { "the check command says so" } else { "the check command says no" }.into()))
                }
                _ => None,
            };
        }
        _ => return None,
    };
    let seen = format!("{} holds {}", at.short(), words(holds));
    match op {
        // A vault that lost the new key can't recognise it: then neither key means nothing.
        TargetOp::Put { at: of, .. } if of == at && holds == Holds::Neither && !looked_for(incident, at) => None,
        TargetOp::Put { at: of, .. } if of == at => Some((holds == Holds::Replacement, seen)),
        TargetOp::Undo { at: of } if of == at => Some((holds == Holds::Leaked, seen)),
        // Whether a reload ran can't be seen in the file. Where no check command tells, it is run again, which does no
        // harm.
        TargetOp::Reload { at: of } if of == at && !incident.targets.get(at).is_some_and(|t| t.found.can_prove) => {
            Some((false, "nothing shows it; a reload can be run again".into()))
        }
        _ => None,
    }
}

/// The new key's value was looked for in this place, by its print, and was not there.
fn looked_for(incident: &Incident, at: &TargetRef) -> bool {
    incident.faults.contains_key(&StepRef::new("targets", &format!("recover:{}", at.place)))
}

pub fn words(holds: Holds) -> &'static str {
    match holds {
        Holds::Leaked => "the leaked key",
        Holds::Replacement => "the new key",
        Holds::Both => "both keys",
        Holds::Neither => "neither key",
    }
}

fn git(op: &GitOp, reply: &GitReply) -> Option<(bool, String)> {
    let GitReply::Stands { at, remote, finished, .. } = reply else { return None };
    let seen = match at {
        Standing::Old => "the old history stands",
        Standing::New => "the new history stands",
        Standing::Mixed => return None,
    };
    match op {
        GitOp::Apply { .. } => Some((*at == Standing::New, seen.into())),
        GitOp::Undo { .. } => Some((*at == Standing::Old, seen.into())),
        GitOp::Push { .. } => {
            // Without a word from the remote it stays unknown.
            let report = remote.as_ref()?;
            let old = report.refs.iter().filter(|r| !r.ok).count();
            Some(match old {
                0 => (true, format!("no ref of {} has the old history", report.remote)),
                _ => (false, format!("{old} ref(s) of {} still have the old history", report.remote)),
            })
        }
        GitOp::Finish { .. } if *finished => Some((true, "the backup is gone".into())),
        GitOp::Finish { .. } => Some((false, "the backup, or a part of it, is still there".into())),
        GitOp::Find
        | GitOp::Plan
        | GitOp::PlanAs { .. }
        | GitOp::PlanOffline { .. }
        | GitOp::Prove
        | GitOp::Check { .. }
        | GitOp::After { .. }
        | GitOp::Papers { .. } => None,
    }
}
