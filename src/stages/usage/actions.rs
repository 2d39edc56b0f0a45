//! What a person can set off here: record the verdict, read the figures again.
//!
//! Must not know: which endpoints a provider has.

use std::collections::BTreeMap;

use crate::effect::Risk;
use crate::incident::StepState;
use crate::incident::usage::{Abuse, assess};

use super::super::{Act, Action, Ask, Kind, Then};
use super::read;
use super::state::{beside, blocked};

/// Without figures a person says what they saw, and how.
fn by_hand() -> Act {
    let choices =
        [Abuse::CannotTell, Abuse::Abused, Abuse::NoSign].map(|a| (a.words().to_owned(), a.words().to_owned()));
    let body = vec!["It can be recorded again when somebody sees more.".into()];
    let verdict = Ask::new("Was the key abused?", body, Kind::Choice(choices.to_vec()));
    let body = vec!["The page, the days, the models and amounts: it stands in the report as your word.".into()];
    let why = Ask::line("Was the key abused?", "What did you see?", body);
    Act::Ask { asks: vec![verdict, why], then: Then::DecideBecause { topic: "usage.verdict".into() } }
}

pub(super) static ACTIONS: [Action; 2] = [
    Action {
        id: "usage.verdict",
        key: 'v',
        label: "record the verdict",
        why: "Puts the verdict and its reason on record; you may say otherwise than the figures.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |at| {
            let Some((_, reading)) = &at.incident.usage else { return by_hand() };
            let assessment = assess(reading, beside(at));
            let first = assessment.verdict;
            let reason = assessment.reasons.join("; ");
            let mut all = [Abuse::Abused, Abuse::NoSign, Abuse::CannotTell];
            all.sort_by_key(|a| *a != first);
            let choices = all.iter().map(|a| {
                let says =
                    if *a == first { format!("{}  (the figures say so)", a.words()) } else { a.words().to_owned() };
                (a.words().to_owned(), says)
            });
            let body =
                vec![format!("Reason: {reason}"), "It can be recorded again when newer figures say otherwise.".into()];
            let ask = Ask::new("Was the key abused?", body, Kind::Choice(choices.collect()));
            Act::Ask {
                asks: vec![ask],
                then: Then::Decide { topic: "usage.verdict".into(), reason, facts: BTreeMap::new() },
            }
        },
    },
    Action {
        id: "usage.check",
        key: 'c',
        label: "read the figures again now",
        why: "They also refresh by themselves every minute.",
        risk: Risk::Read,
        ready: |at| match blocked(at) {
            StepState::Ready => Ok(()),
            other => Err(other.detail().to_owned()),
        },
        go: |at| read(at, at.now).map_or(Act::Now(Vec::new()), |due| Act::perform(due.step, due.effect)),
    },
];
