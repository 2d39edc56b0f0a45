//! What can be done: take an order, answer the three questions, tell since when and how it was found, name places.
//!
//! Must not know: how the pane looks.

use std::collections::BTreeMap;

use crate::effect::Risk;
use crate::stages::{Act, Action, Ask, Kind, Then, View};

use super::order::{advice, decide, facts, turned, undecided};
use super::places::{DROP_WHY, REPO_WHY, ROOT_WHY, add_repo, add_root, drop_one, droppable};

pub(super) static ACTIONS: [Action; 10] = [
    Action {
        id: "intake.accept",
        key: 'a',
        label: "accept the recommended order",
        why: "Journals the order, the facts and the reason, and shows the first stage.",
        risk: Risk::Read,
        ready: undecided,
        go: |at| {
            let advice = advice(at);
            Act::Now(decide(at, advice.playbook, advice.reason))
        },
    },
    Action {
        id: "intake.other",
        key: 'o',
        label: "take the other order",
        why: "The rule can be wrong about your case; your reason is journaled.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |at| {
            let now = at.incident.decision("order").map_or(advice(at).playbook, |d| d.choice.as_str());
            let Some(other) = at.playbooks.iter().find(|book| book.id != now) else { return Act::Now(Vec::new()) };
            let body = vec![format!("{}: {}.", other.title, other.why), format!("Price: {}.", other.price)];
            let then = Then::DecideFor { topic: "order".into(), choice: other.id.clone(), facts: facts(at) };
            Act::Ask { asks: vec![Ask::line(&format!("Take \"{}\"", other.title), "Why?", body)], then }
        },
    },
    turn("intake.public", 'p', "exposed publicly? (turns yes, no, unknown)", |at| turned(at, "public")),
    turn("intake.burning", 'b', "being spent on now? (turns)", |at| turned(at, "burning")),
    turn("intake.production", 'd', "does production depend on it? (turns)", |at| turned(at, "production")),
    Action {
        id: "intake.exposed",
        key: 'e',
        label: "since when is it exposed?",
        why: "Sets the start of the exposure clock and of the usage window.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |at| {
            let kind = Kind::Line {
                label: "UTC, e.g. 2026-11-20 13:52".into(),
                initial: at.incident.exposed_since().date_minute().trim_end_matches('Z').to_owned(),
                needed: true,
            };
            let body = vec!["The push, post or mail that showed it first. If unsure, take the earlier time.".into()];
            Act::Ask { asks: vec![Ask::new("Exposed since", body, kind)], then: told("exposed_since") }
        },
    },
    Action {
        id: "intake.found_by",
        key: 'w',
        label: "how was it found?",
        why: "Stands in the report.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |at| {
            let known = at.incident.decision("found_by").map_or(at.incident.opened.found_by.as_str(), |d| &d.choice);
            let mut ways = WAYS.map(|way| (way.to_owned(), way.to_owned())).to_vec();
            ways.sort_by_key(|(way, _)| way != known);
            let ask = Ask::new("How was it found?", Vec::new(), Kind::Choice(ways));
            Act::Ask { asks: vec![ask], then: told("found_by") }
        },
    },
    Action {
        id: "intake.repo",
        key: 'r',
        label: "add a repository to look through",
        why: REPO_WHY,
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |_| add_repo(),
    },
    Action {
        id: "intake.root",
        key: 'v',
        label: "add a folder with env files",
        why: ROOT_WHY,
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |_| add_root(),
    },
    Action {
        id: "intake.drop",
        key: 't',
        label: "take a repository or folder off the list",
        why: DROP_WHY,
        risk: Risk::Read,
        ready: |at| droppable(at, true, true),
        go: |at| drop_one(at, true, true),
    },
];

const fn turn(id: &'static str, key: char, label: &'static str, go: fn(&View<'_>) -> Act) -> Action {
    let why = "One of the three facts that settle the order; journaled.";
    Action { id, key, label, why, risk: Risk::Read, ready: |_| Ok(()), go }
}

/// How a leak is commonly found.
const WAYS: [&str; 7] = ["mail", "bill", "scanner", "report from outside", "colleague", "public post", "other"];

pub(super) fn told(topic: &str) -> Then {
    Then::Decide { topic: topic.into(), reason: "told by a person".into(), facts: BTreeMap::new() }
}
