//! Questions to an incident that more than one stage asks.
//!
//! Must not know: what is done with the answers.

use crate::base::Stamp;
use crate::effect::provider::KeyRow;
use crate::effect::{Effect, ProviderOp};

use super::event::StepRef;
use super::facts::{Decision, Intent};
use super::fold::Incident;

impl Incident {
    /// The row that is the leaked key's: the only match, or the one a person chose among several. Once its deletion was
    /// announced the list may lack it: then it is the row that was to be deleted.
    pub fn row(&self) -> Option<&KeyRow> {
        let (_, report) = self.located.as_ref()?;
        match report.matches.as_slice() {
            [] => self.intents.values().rev().find_map(|intent| match &intent.effect {
                Effect::Provider { op: ProviderOp::Revoke { row } | ProviderOp::RevokeAccount { row, .. }, .. } => {
                    Some(row)
                }
                _ => None,
            }),
            [only] => Some(only),
            many => {
                let chosen = self.decision("row")?;
                many.iter().find(|row| row.id == chosen.choice)
            }
        }
    }

    /// The last decision on a topic.
    pub fn decision(&self, topic: &str) -> Option<&Decision> {
        self.decisions.iter().rev().find(|decision| decision.topic == topic)
    }

    /// When the exposure began: what a person told last, else what the opening says.
    pub fn exposed_since(&self) -> Stamp {
        self.told_since().unwrap_or(self.opened.exposed_since)
    }

    /// A person told when the exposure began.
    pub fn exposed_known(&self) -> bool {
        self.opened.exposed_known || self.told_since().is_some()
    }

    /// The last word about it that is a time.
    fn told_since(&self) -> Option<Stamp> {
        let mut told = self.decisions.iter().rev().filter(|d| d.topic == "exposed_since");
        told.find_map(|d| Stamp::parse(&d.choice))
    }

    /// Writes whose fate nobody knows.
    pub fn unknowns(&self) -> impl Iterator<Item = &Intent> {
        self.intents.values().filter(|intent| intent.is_unknown())
    }

    /// The last write announced for a step.
    pub fn last_intent(&self, step: &StepRef) -> Option<&Intent> {
        self.intents.values().rev().find(|intent| intent.step == *step)
    }

    pub fn next_intent(&self) -> u64 {
        self.intents.last_key_value().map_or(1, |(id, _)| id + 1)
    }
}
