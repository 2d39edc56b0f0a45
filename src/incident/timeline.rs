//! One sentence per record that a reader of the story needs. The report, the evidence slots and `replay` read these.
//!
//! Must not know: layout. Sentences hold what was seen, not what was hoped.

use serde::{Deserialize, Serialize};

use crate::base::Stamp;
use crate::base::words::count;
use crate::effect::git::GitReply;
use crate::effect::{Effect, Outcome, ProviderReply, Reply, TargetReply, Verdict};

use super::Incident;
use super::advice::QUESTIONS;
use super::event::{Event, Record};

/// One line of the story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Stamp,
    pub seq: u64,
    pub by: String,
    /// The stage it belongs to, or empty.
    pub stage: String,
    pub words: String,
}

impl Entry {
    /// `None` for records that say nothing new. `after` is the incident with the record applied.
    pub fn of(record: &Record, after: &Incident) -> Option<Self> {
        let (stage, words) = sentence(record, after)?;
        Some(Self { at: record.at, seq: record.seq, by: record.by.clone(), stage, words })
    }
}

fn sentence(record: &Record, after: &Incident) -> Option<(String, String)> {
    let none = String::new;
    let of_intent = |id: &u64| after.intents.get(id).map(|i| (i.step.stage.clone(), i.effect.words()));
    Some(match &record.event {
        Event::Opened(o) => {
            (none(), format!("Opened ({}): {} {}, found by {}", o.mode.word(), o.provider, o.key, o.found_by))
        }
        Event::Intent { step, effect, .. } => (step.stage.clone(), format!("About to {}", effect.words())),
        Event::Outcome { id, outcome } => {
            let (stage, words) = of_intent(id)?;
            (stage, outcome_words(&words, outcome))
        }
        Event::Unknown { id, why } => {
            let (stage, words) = of_intent(id)?;
            (stage, format!("Unknown whether it happened: {words} ({why})"))
        }
        Event::Settled { id, happened, evidence } => {
            let (stage, words) = of_intent(id)?;
            let did = if *happened { "It happened" } else { "It did not happen" };
            (stage, format!("{did}: {words} ({evidence})"))
        }
        Event::Observed { step, effect, outcome } => (step.stage.clone(), observed(effect, outcome, after)?),
        Event::ByHand { step, answer } => (step.stage.clone(), format!("Done by hand ({}): {answer}", step.step)),
        Event::Skipped { stage, reason } => (stage.clone(), format!("Skipped: {reason}")),
        Event::Deferred { stage, owner, due, reason } => {
            (stage.clone(), format!("Deferred to {owner}, due {due}: {reason}"))
        }
        Event::Reopened { stage } => (stage.clone(), "Taken up again".into()),
        Event::Decided { topic, choice, reason, .. } => {
            let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
            (none(), format!("{} {choice}{why}", decided(topic)))
        }
        Event::Note { text } => (none(), format!("Note: {text}")),
        Event::Todo { text, .. } => (none(), format!("To do: {text}")),
        Event::TodoDone { id, evidence } => (none(), format!("Done: {id} ({evidence})")),
        Event::Handover { to, text } => (none(), format!("Handed over to {to}: {text}")),
        Event::Took { role, print } => (none(), format!("Took {} into the vault: {print}", role.words())),
        Event::Resumed { torn: 0 } => (none(), "Resumed".into()),
        Event::Resumed { torn } => (none(), format!("Resumed; {torn} bytes of a half-written line were cut")),
        Event::Closed { open } if open.is_empty() => (none(), "Closed, nothing open".into()),
        Event::Closed { open } => (none(), format!("Closed with {}", count(open.len(), "open point"))),
    })
}

/// What was decided, as a person would call it.
fn decided(topic: &str) -> String {
    let asked = topic.strip_prefix("fact.").and_then(|id| QUESTIONS.iter().find(|(known, _)| *known == id));
    match (asked, topic) {
        (Some((_, question)), _) => (*question).to_owned(),
        (None, "order") => "Decided the order:".into(),
        (None, "usage.verdict") => "Verdict on the usage:".into(),
        (None, "exposed_since") => "Exposed since".into(),
        (None, other) => format!("Decided {other}:"),
    }
}

fn outcome_words(words: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { .. } => format!("Answered: {words}; still to be proven"),
        Outcome::Refused { fault } => format!("Refused: {words} ({})", fault.why),
        Outcome::Failed { fault } => format!("Failed, nothing changed: {words} ({})", fault.why),
    }
}

/// Reads that brought something a reader wants; the hundredth probe is not one of them.
fn observed(effect: &Effect, outcome: &Outcome, after: &Incident) -> Option<String> {
    let reply = match outcome {
        Outcome::Done { reply } => reply,
        Outcome::Refused { fault } | Outcome::Failed { fault } => {
            return Some(format!("Could not {} ({})", effect.words(), fault.why));
        }
    };
    match reply {
        Reply::Provider { reply } => provider(reply, after),
        Reply::Target { reply } => target(reply),
        Reply::Git { reply } => git(reply),
    }
}

fn provider(reply: &ProviderReply, after: &Incident) -> Option<String> {
    match reply {
        ProviderReply::Located(report) => {
            let ids: Vec<&str> = report.matches.iter().map(|row| row.id.as_str()).collect();
            Some(format!(
                "Looked through {} keys in {} projects: {} match {}",
                report.keys_seen,
                report.projects,
                ids.len(),
                ids.join(", ")
            ))
        }
        ProviderReply::Probed(probe) => {
            let mut same = after.probes.iter().rev().filter(|(_, p)| p.key == probe.key).skip(1);
            let before = same.next().map(|(_, p)| p.verdict);
            let death = super::death::Death::of(after, probe.key);
            let proven_now = death.proven_at == Some(after.last_at) || death.late_at == Some(after.last_at);
            (before != Some(probe.verdict) || proven_now).then(|| {
                let shown = if probe.verdict == Verdict::Dead { death.words() } else { probe.short() };
                format!("Probe of {}: {} ({shown})", probe.key.words(), probe.verdict.word())
            })
        }
        ProviderReply::Usage(reading) => {
            let failed = reading.parts.iter().filter(|p| p.failed.is_some()).count();
            // It is read every minute: only the first round and a change of fortune are a story.
            if after.usage_rounds.0 > 1 && after.usage_rounds.1 == failed {
                return None;
            }
            let up_to = reading.data_up_to.map_or_else(|| "none yet".into(), Stamp::minute);
            Some(format!("Usage read: data up to {up_to}, {} failed", count(failed, "part")))
        }
        ProviderReply::IssuedFound { found } => Some(format!("Keys of that name: {}", found.len())),
        _ => None,
    }
}

fn target(reply: &TargetReply) -> Option<String> {
    Some(match reply {
        TargetReply::Discovered { found, files, .. } => {
            format!("Looked at {files} files: {} hold the leaked key", found.len())
        }
        TargetReply::ReadBack { at, holds } => format!("{} holds {}", at.short(), super::settle::words(*holds)),
        TargetReply::Ran { at, what, ok, said } => {
            let ok = if *ok { "ok" } else { "not ok" };
            format!("{what:?} of {}: {ok}, {said}", at.short())
        }
        _ => return None,
    })
}

fn git(reply: &GitReply) -> Option<String> {
    Some(match reply {
        GitReply::Found(map) => format!("Looked through {} objects: {} hold the key", map.objects, map.copies.len()),
        GitReply::Planned(plan) if plan.nothing_to_do => "Planned: nothing to do".into(),
        GitReply::Planned(plan) => {
            format!("Planned {}: {} commits, {} refs change", plan.id, plan.commits_changed, plan.refs.len())
        }
        GitReply::Proved(proof) => {
            let bad = proof.checks.iter().filter(|c| !c.clean).count();
            format!(
                "Proof by {} checks: {}",
                proof.checks.len(),
                if bad == 0 { "clean".into() } else { format!("{bad} not clean") }
            )
        }
        GitReply::Stands { at, .. } => format!("The repository stands at: {at:?}").to_lowercase(),
        GitReply::After(seen) if seen.clean() => "Looked at the remotes: the old history was not seen".into(),
        GitReply::After(_) => "Looked at the remotes: the old history is still, or again, there".into(),
        GitReply::Filed(filed) => {
            format!("Wrote {} to {}", count(filed.files.len(), "paper"), filed.dir.display())
        }
        _ => return None,
    })
}
