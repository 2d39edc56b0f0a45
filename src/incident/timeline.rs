//! One sentence per record that a reader of the story needs: a plain fact in the past tense, that stands by itself. The
//! report, the evidence slots and `replay` read these.
//!
//! Must not know: layout. Sentences hold what was seen, not what was hoped.

use serde::{Deserialize, Serialize};

use crate::base::Stamp;
use crate::base::words::count;
use crate::effect::{Effect, Outcome};

use super::Incident;
use super::advice::QUESTIONS;
use super::event::{Event, Record, StepRef};
use super::told;

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
    let of_intent = |id: &u64| after.intents.get(id).map(|i| (i.step.stage.clone(), &i.effect));
    Some(match &record.event {
        Event::Opened(o) => {
            (none(), format!("Opened ({}): {} {}, found by {}", o.mode.word(), o.provider, o.key, o.found_by))
        }
        Event::Intent { step, effect, .. } => (step.stage.clone(), format!("Began to {}", effect.words())),
        Event::Outcome { id, outcome } => {
            let (stage, effect) = of_intent(id)?;
            (stage, ended(effect, outcome))
        }
        Event::Unknown { id, why } => {
            let (stage, effect) = of_intent(id)?;
            (stage, format!("Nobody saw the end of the attempt to {} ({why})", effect.words()))
        }
        Event::Settled { id, happened, evidence } => {
            let (stage, effect) = of_intent(id)?;
            let did = if *happened { "had worked" } else { "had changed nothing" };
            (stage, format!("A look showed that the attempt to {} {did}: {evidence}", effect.words()))
        }
        Event::Observed { step, effect, outcome } => (step.stage.clone(), observed(effect, outcome, after)?),
        Event::ByHand { step, answer } => (step.stage.clone(), by_hand(step, answer)),
        Event::Skipped { stage, reason } => (stage.clone(), format!("Skipped the stage {stage}: {reason}")),
        Event::Deferred { stage, owner, due, reason } => {
            (stage.clone(), format!("Put the stage {stage} off to {owner}, due {due}: {reason}"))
        }
        Event::Reopened { stage } => (stage.clone(), format!("Took the stage {stage} up again")),
        Event::Decided { topic, choice, reason, .. } => (none(), decided(topic, choice, reason)),
        Event::Note { text } => (none(), format!("Noted: {text}")),
        Event::Todo { text, .. } => (none(), format!("Added a follow-up: {text}")),
        Event::TodoDone { id, evidence } => (none(), format!("Did the follow-up {id}: {evidence}")),
        Event::Handover { to, text } => (none(), format!("Handed over to {to}: {text}")),
        Event::Took { role, print } => (none(), format!("Put {} into the vault: {print}", role.words())),
        Event::Resumed { torn: 0 } => (none(), "Resumed".into()),
        Event::Resumed { torn } => (none(), format!("Resumed; {torn} bytes of a half-written line were cut")),
        Event::Closed { open } if open.is_empty() => (none(), "Closed with nothing open".into()),
        Event::Closed { open } => (none(), format!("Closed with {}", count(open.len(), "open point"))),
    })
}

/// What a person said they did elsewhere.
fn by_hand(step: &StepRef, answer: &str) -> String {
    let (what, about) = step.step.split_once(':').unwrap_or((&step.step, ""));
    match (step.stage.as_str(), what) {
        ("revoke", _) => format!("Somebody deleted the key by hand, and named its row by {answer}"),
        ("targets", "place") => format!("Somebody reloaded and checked {about} by hand: {answer}"),
        ("purge", "repo") => format!("Somebody purged {about} by hand: {answer}"),
        _ => format!("Somebody did {what} by hand: {answer}"),
    }
}

/// What was decided or told, as a person would say it.
fn decided(topic: &str, choice: &str, reason: &str) -> String {
    let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    let asked = topic.strip_prefix("fact.").and_then(|id| QUESTIONS.iter().find(|(known, _)| *known == id));
    if let Some((_, question)) = asked {
        return format!("Answered \"{question}\": {choice}{why}");
    }
    if let Some(repo) = topic.strip_prefix("rewrite:") {
        return match choice {
            "no" => format!("Decided not to rewrite {repo}{why}"),
            _ => format!("Decided to rewrite {repo}{why}"),
        };
    }
    if let Some(said) = about_plan(topic, choice) {
        return said;
    }
    match topic {
        "order" => format!("Decided the order: {choice}{why}"),
        "usage.verdict" => format!("Recorded the verdict on the usage: {choice}{why}"),
        "exposed_since" => format!("Told since when it was exposed: {choice}"),
        "found_by" => format!("Told how it was found: {choice}"),
        "row" => format!("Chose the row {choice} as the leaked key's"),
        "repo" => format!("Added the repository {choice}"),
        "root" => format!("Added the folder {choice}"),
        "drop" => format!("Took {choice} off the list"),
        other => format!("Decided {other}: {choice}{why}"),
    }
}

/// A word on files that can't be edited as text, or on commits that become empty.
fn about_plan(topic: &str, choice: &str) -> Option<String> {
    let (sort, repo) = topic.split_once(':')?;
    let files = match sort {
        "emptied" => return Some(format!("Decided to {choice} the commits of {repo} that become empty")),
        "archives" => "archives",
        "binaries" => "binary files",
        "left" => return Some(format!("Compared the proof of {repo}: it finds only what was left by choice")),
        _ => return None,
    };
    Some(match choice {
        "repack" => format!("Decided to pack the {files} of {repo} anew without the key"),
        "same_length" => format!("Decided to overwrite the key in the {files} of {repo}"),
        "drop" => format!("Decided to take the {files} with the key out of every commit of {repo}"),
        "leave" => format!("Decided to leave the key in the {files} of {repo}"),
        other => format!("Decided about the {files} of {repo}: {other}"),
    })
}

fn ended(effect: &Effect, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { reply } => told::done(effect, reply),
        Outcome::Refused { fault } => format!("The attempt to {} was refused: {}", effect.words(), fault.why),
        Outcome::Failed { fault } => {
            format!("The attempt to {} failed and changed nothing: {}", effect.words(), fault.why)
        }
    }
}

/// Reads that brought something a reader wants; the hundredth probe is not one of them.
fn observed(effect: &Effect, outcome: &Outcome, after: &Incident) -> Option<String> {
    match outcome {
        Outcome::Done { reply } => told::seen(effect, reply, after),
        Outcome::Refused { fault } | Outcome::Failed { fault } => {
            Some(format!("Could not {}: {}", effect.words(), fault.why))
        }
    }
}
