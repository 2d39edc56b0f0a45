//! One record more: an arm for each word of the journal.
//!
//! Must not know: why a record was written, what an answer means.

use crate::base::{Fingerprint, SecretRef, Stamp};
use crate::effect::{Effect, TargetOp};

use super::super::event::{Event, Record};
use super::super::facts::{Decision, Intent, IntentState, StageMark, Todo};
use super::super::timeline::Entry;
use super::Incident;

impl Incident {
    pub fn apply(&mut self, record: &Record) {
        self.records = record.seq + 1;
        self.last_at = record.at;
        let at = record.at;
        match &record.event {
            Event::Opened(_) | Event::Note { .. } | Event::Handover { .. } => {}
            // On resume nothing is running; the journal names each open write as unknown, an older one may not have.
            Event::Resumed { .. } => self.nothing_runs(at),
            Event::Intent { id, step, effect } => {
                let (step, effect) = (step.clone(), effect.clone());
                // A write makes a backup, which holds the leaked key.
                if matches!(effect, Effect::Target { op: TargetOp::Put { .. } }) {
                    self.backups_dropped = None;
                }
                let intent = Intent { id: *id, at, step, effect, state: IntentState::Open, over_at: None };
                self.intents.insert(*id, intent);
            }
            Event::Outcome { id, outcome } => self.outcome(at, *id, outcome),
            Event::Unknown { id, why } => self.set(at, *id, IntentState::Unknown(why.clone())),
            Event::Settled { id, happened, .. } => self.settle(at, *id, *happened),
            Event::Observed { step, effect, outcome } => self.observe(at, step, effect, outcome),
            Event::ByHand { step, answer } => {
                self.by_hand.insert(step.clone(), (at, answer.clone()));
            }
            Event::Skipped { stage, reason } => {
                self.marks.insert(stage.clone(), StageMark::Skipped { at, reason: reason.clone() });
            }
            Event::Deferred { stage, owner, due, reason } => {
                let mark = StageMark::Deferred { at, owner: owner.clone(), due: due.clone(), reason: reason.clone() };
                self.marks.insert(stage.clone(), mark);
            }
            Event::Reopened { stage } => {
                self.marks.remove(stage);
            }
            Event::Decided { topic, choice, facts, reason } => {
                self.widen(topic, choice);
                self.decisions.push(Decision {
                    at,
                    by: record.by.clone(),
                    topic: topic.clone(),
                    choice: choice.clone(),
                    facts: facts.clone(),
                    reason: reason.clone(),
                });
            }
            Event::Todo { id, text, due } => {
                self.todos.push(Todo { id: id.clone(), text: text.clone(), due: *due, done: None });
            }
            Event::TodoDone { id, evidence } => {
                if let Some(todo) = self.todos.iter_mut().find(|todo| todo.id == *id) {
                    todo.done = Some((at, evidence.clone()));
                }
            }
            Event::Took { role, print } => {
                self.took(at, *role, print);
            }
            Event::Closed { open } => self.closed = Some((at, open.clone())),
        }
        if let Some(entry) = Entry::of(record, self) {
            self.tell(entry, matches!(record.event, Event::Observed { .. }));
        }
    }

    /// A look that brings the same as the one before it in its stage is no news.
    fn tell(&mut self, entry: Entry, looked: bool) {
        let mut before = self.timeline.iter().rev().filter(|e| e.stage == entry.stage);
        if !(looked && before.next().is_some_and(|before| before.words == entry.words)) {
            self.timeline.push(entry);
        }
    }

    /// Another value than before starts its own story: what was seen of the old one says nothing about it.
    pub(in crate::incident) fn took(&mut self, at: Stamp, role: SecretRef, print: &Fingerprint) {
        let before = self.taken.insert(role, print.clone());
        if role == SecretRef::Replacement && before.is_none_or(|before| before.hash != print.hash) {
            self.replaced_at = Some(at);
        }
    }

    fn nothing_runs(&mut self, at: Stamp) {
        for intent in self.intents.values_mut().filter(|i| i.state == IntentState::Open) {
            intent.state = IntentState::Unknown("the program ended before an answer was seen".into());
            intent.over_at = Some(at);
        }
    }
}
