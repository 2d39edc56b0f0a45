//! A record that the journal took: the incident grows by it, runs that it ends go off the list.
//!
//! Must not know: what a person should hear of it.

use crate::base::SecretRef;
use crate::base::Stamp;
use crate::effect::Effect;
use crate::incident::settle::settle;
use crate::incident::{Event, Record};
use crate::stages::Running;

use super::super::{App, Order};

impl App {
    pub(super) fn recorded(&mut self, record: &Record, orders: &mut Vec<Order>) {
        if said(&record.event) {
            self.unrecorded = self.unrecorded.saturating_sub(1);
            self.given = None;
        }
        self.now = self.now.max(record.at);
        let began = self.ended(record).unwrap_or(record.at);
        self.incident.apply(record);
        self.note_failure(record);
        if let Event::Settled { id, .. } = &record.event {
            self.settling.remove(id);
        }
        if !self.setup.observe {
            for event in settle(&self.incident, record, began) {
                if let Event::Settled { id, .. } = &event
                    && self.settling.insert(*id)
                {
                    orders.push(Order::Record(event));
                }
            }
        }
        if matches!(&record.event, Event::Took { role: SecretRef::Replacement, .. }) {
            self.asked = None;
        }
        if let Event::Decided { topic, choice, .. } = &record.event
            && topic == "drop"
        {
            self.stop_looking(std::path::Path::new(choice), orders);
        }
        self.announce(record);
        self.answered(record);
        self.leave_question();
        let rows = self.here().rows(&self.view(self.here));
        let cursor = self.cursors.entry(self.here).or_default();
        *cursor = (*cursor).min(rows.saturating_sub(1));
    }

    /// A repository was taken off the list: nobody waits for what is looked for in it.
    fn stop_looking(&mut self, repo: &std::path::Path, orders: &mut Vec<Order>) {
        let of = |r: &&mut Running| matches!(&r.effect, Effect::Git { repo: of, .. } if of == repo);
        for running in self.running.iter_mut().filter(of).filter(|r| !r.cancelling) {
            running.cancelling = true;
            orders.push(Order::Cancel(running.run));
        }
    }

    /// A record that ends a run takes it off the list. When that run began.
    fn ended(&mut self, record: &Record) -> Option<Stamp> {
        let over = match &record.event {
            Event::Outcome { id, .. } | Event::Unknown { id, .. } => {
                self.incident.intents.get(id).map(|i| (i.step.clone(), i.effect.clone()))
            }
            Event::Observed { step, effect, .. } => Some((step.clone(), effect.clone())),
            _ => None,
        };
        let (step, effect) = over?;
        let at = self.running.iter().position(|r| r.step == step && r.effect == effect)?;
        Some(self.running.remove(at).since)
    }
}

/// An event that only an order of the app writes.
fn said(event: &Event) -> bool {
    matches!(
        event,
        Event::ByHand { .. }
            | Event::Skipped { .. }
            | Event::Deferred { .. }
            | Event::Reopened { .. }
            | Event::Decided { .. }
            | Event::Note { .. }
            | Event::Todo { .. }
            | Event::TodoDone { .. }
            | Event::Handover { .. }
            | Event::Closed { .. }
    )
}
