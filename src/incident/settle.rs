//! What a look at the world says about writes whose end nobody saw. A write is never blindly repeated: it is settled
//! first, by a read that was made after it.
//!
//! Must not know: who asked for the look.

use crate::effect::git::{GitOp, GitReply, Standing};
use crate::effect::target::Holds;
use crate::effect::{Effect, Outcome, ProviderOp, ProviderReply, Reply, TargetOp, TargetReply};

use super::death::Death;
use super::{Event, Incident, Intent, Record};
use crate::base::SecretRef;

/// The events that follow from `record`, which was just applied to `incident`.
pub fn settle(incident: &Incident, record: &Record) -> Vec<Event> {
    let Event::Observed { effect, outcome: Outcome::Done { reply }, .. } = &record.event else { return Vec::new() };
    let settled = |intent: &Intent| {
        let (happened, evidence) = moot(incident, intent).or_else(|| verdict(intent, effect, reply))?;
        Some(Event::Settled { id: intent.id, happened, evidence })
    };
    incident.unknowns().filter(|intent| intent.at <= record.at).filter_map(settled).collect()
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
fn verdict(intent: &Intent, look: &Effect, reply: &Reply) -> Option<(bool, String)> {
    match (&intent.effect, reply) {
        (Effect::Provider { op, .. }, Reply::Provider { reply }) => provider(op, reply),
        (Effect::Target { op }, Reply::Target { reply }) => target(op, reply),
        (Effect::Git { repo, op }, Reply::Git { reply }) => {
            let same = matches!(look, Effect::Git { repo: looked, .. } if looked == repo);
            if same { git(op, reply) } else { None }
        }
        _ => None,
    }
}

fn provider(op: &ProviderOp, reply: &ProviderReply) -> Option<(bool, String)> {
    match (op, reply) {
        (ProviderOp::Revoke { row } | ProviderOp::RevokeAccount { row, .. }, ProviderReply::Located(report)) => {
            let there = report.matches.iter().any(|seen| seen.id == row.id);
            let seen = if there { "still listed" } else { "no longer listed" };
            Some((!there, format!("{} is {seen}", row.id)))
        }
        (ProviderOp::Issue { name, .. }, ProviderReply::IssuedFound { found }) => {
            let there = found.iter().any(|issued| issued.name == *name);
            let seen = if there { "is listed; its value is lost" } else { "is not listed" };
            Some((there, format!("{name} {seen}")))
        }
        (ProviderOp::Discard { issued, .. }, ProviderReply::IssuedFound { found }) => {
            let there = found.iter().any(|seen| seen.account_id == issued.account_id);
            let seen = if there { "still listed" } else { "no longer listed" };
            Some((!there, format!("{} is {seen}", issued.name)))
        }
        _ => None,
    }
}

fn target(op: &TargetOp, reply: &TargetReply) -> Option<(bool, String)> {
    let (at, holds) = match reply {
        TargetReply::ReadBack { at, holds } => (at, *holds),
        TargetReply::Inspected { found } => (&found.at, found.holds),
        // An idempotent command: its check tells whether it is still needed.
        TargetReply::Ran { at, ok, .. } => {
            return match op {
                TargetOp::Reload { at: of } if of == at => Some((*ok, "the check command says so".into())),
                _ => None,
            };
        }
        TargetReply::BackupsDropped { .. } => {
            return (*op == TargetOp::DropBackups).then(|| (true, "none is left".into()));
        }
        _ => return None,
    };
    let seen = format!("{} holds {}", at.short(), words(holds));
    match op {
        TargetOp::Put { at: of, .. } if of == at => Some((holds == Holds::Replacement, seen)),
        TargetOp::Undo { at: of } if of == at => Some((holds == Holds::Leaked, seen)),
        // Whether a reload ran can't be seen in the file: it is run again, which does no harm.
        TargetOp::Reload { at: of } if of == at => Some((false, "a reload can be run again".into())),
        _ => None,
    }
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
    let GitReply::Stands { at, .. } = reply else { return None };
    let seen = match at {
        Standing::Old => "the old history stands",
        Standing::New => "the new history stands",
        Standing::Mixed => return None,
    };
    match op {
        GitOp::Apply { .. } => Some((*at == Standing::New, seen.into())),
        GitOp::Undo { .. } => Some((*at == Standing::Old, seen.into())),
        // A push and a finish can be run again: what is done is seen to be done and left alone.
        GitOp::Push { .. } => Some((false, "a push goes ref by ref and can be run again".into())),
        GitOp::Finish { .. } => Some((false, "finishing can be run again".into())),
        GitOp::Find | GitOp::Plan | GitOp::Prove | GitOp::Check { .. } => None,
    }
}
