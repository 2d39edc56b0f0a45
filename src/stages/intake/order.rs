//! The order of the stages: the three facts that settle it, what is advised, and the decision on record.
//!
//! Must not know: which keys it is decided with.

use std::collections::BTreeMap;

use crate::incident::Event;
use crate::incident::advice::{Advice, Fact, Facts, QUESTIONS, advise};
use crate::stages::{self, Act, Consequence, View};

pub(super) fn undecided(at: &View<'_>) -> Result<(), String> {
    at.incident.decision("order").map_or(Ok(()), |d| Err(format!("decided already: {}", d.choice)))
}

pub(super) fn advice(at: &View<'_>) -> Advice {
    advise(Facts::of(at.incident))
}

pub(super) fn fact(at: &View<'_>, topic: &str) -> Fact {
    at.incident.decision(&format!("fact.{topic}")).map_or(Fact::Unknown, |d| Fact::parse(&d.choice))
}

pub(super) fn turned(at: &View<'_>, topic: &str) -> Act {
    Act::record(Event::Decided {
        topic: format!("fact.{topic}"),
        choice: fact(at, topic).turn().word().into(),
        facts: BTreeMap::new(),
        reason: String::new(),
    })
}

pub(super) fn facts(at: &View<'_>) -> BTreeMap<String, String> {
    QUESTIONS.iter().map(|(topic, _)| ((*topic).to_owned(), fact(at, topic).word().to_owned())).collect()
}

pub(super) fn decide(at: &View<'_>, playbook: &str, reason: &str) -> Vec<Consequence> {
    let event =
        Event::Decided { topic: "order".into(), choice: playbook.into(), facts: facts(at), reason: reason.into() };
    let first = at.playbooks.iter().find(|b| b.id == playbook).and_then(|b| b.stages.first());
    let visit = first.and_then(|id| stages::by_id(id)).map(|stage| Consequence::Visit(stage.id()));
    std::iter::once(Consequence::Record(event)).chain(visit).collect()
}

pub(super) fn title(at: &View<'_>, id: &str) -> String {
    at.playbooks.iter().find(|b| b.id == id).map_or_else(|| id.to_owned(), |b| b.title.clone())
}

pub(super) fn price(at: &View<'_>, id: &str) -> String {
    at.playbooks.iter().find(|b| b.id == id).map(|b| b.price.clone()).unwrap_or_default()
}
