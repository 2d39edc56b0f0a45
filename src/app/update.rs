//! `update`: one message in, orders out.
//!
//! Must not know: how orders are carried out.

use crate::incident::settle::settle;
use crate::incident::{Event, Record};
use crate::stages::{Consequence, Running, Tone};

use super::{App, LOG_LINES, Msg, Order, Overlay};

impl App {
    /// Takes one message. The orders are to be carried out in their order.
    pub fn update(&mut self, msg: Msg) -> Vec<Order> {
        let mut orders = Vec::new();
        match msg {
            Msg::Now(now) => self.now = self.now.max(now),
            Msg::Key { key, hand } => self.key(key, hand, &mut orders),
            Msg::Do { id, hand } => {
                let known = self.by_id(&id, crate::ui::Key::char(':'), hand, &mut orders);
                if !known {
                    self.tell(Tone::Warn, format!("there is no command {id}; ? and : list them"));
                }
            }
            Msg::Recorded(record) => self.recorded(&record, &mut orders),
            Msg::Refused { run, fault } => {
                if let Some(run) = run {
                    self.running.retain(|r| r.run != run);
                }
                self.tell(Tone::Bad, format!("{}: {}", fault.what, fault.why));
            }
            Msg::Progress { run, progress } => {
                if let Some(running) = self.running.iter_mut().find(|r| r.run == run) {
                    running.progress = progress;
                }
            }
            Msg::Journal(fault) => {
                if self.journal_fault.is_some() && fault.is_none() {
                    self.tell(Tone::Good, "the journal can be written again");
                }
                self.journal_fault = fault;
            }
            Msg::Log(line) => {
                if self.log.len() == LOG_LINES {
                    self.log.pop_front();
                }
                self.log.push_back(line);
            }
            Msg::Held(held) => self.held = held,
            Msg::NotTaken(fault) => {
                self.tell(Tone::Bad, format!("{}: {} ({})", fault.what, fault.why, fault.hints.join("; ")));
            }
            Msg::Told(tone, words) => self.tell(tone, words),
            Msg::News(text) => self.news.push((self.now, text)),
            Msg::Story { title, lines, hand } => {
                let ask = crate::stages::Ask::new(title, lines, crate::stages::Kind::Info);
                let asking = super::Asking::new(vec![ask], crate::stages::Then::Nothing, hand, None);
                self.overlay = asking.map_or(Overlay::None, |asking| Overlay::Asking(Box::new(asking)));
            }
            Msg::Ending(why) => {
                self.tell(Tone::Warn, why);
                self.leaving = true;
                orders.push(Order::Quit);
            }
        }
        self.auto(&mut orders);
        orders
    }

    fn recorded(&mut self, record: &Record, orders: &mut Vec<Order>) {
        self.now = self.now.max(record.at);
        self.ended(record);
        self.incident.apply(record);
        self.note_failure(record);
        if let Event::Settled { id, .. } = &record.event {
            self.settling.remove(id);
        }
        if !self.setup.observe {
            for event in settle(&self.incident, record) {
                if let Event::Settled { id, .. } = &event
                    && self.settling.insert(*id)
                {
                    orders.push(Order::Record(event));
                }
            }
        }
        self.announce(record);
        let rows = self.here().rows(&self.view(self.here));
        let cursor = self.cursors.entry(self.here).or_default();
        *cursor = (*cursor).min(rows.saturating_sub(1));
    }

    /// A record that ends a run takes it off the list.
    fn ended(&mut self, record: &Record) {
        let over = match &record.event {
            Event::Outcome { id, .. } | Event::Unknown { id, .. } => {
                self.incident.intents.get(id).map(|i| (i.step.clone(), i.effect.clone()))
            }
            Event::Observed { step, effect, .. } => Some((step.clone(), effect.clone())),
            _ => None,
        };
        if let Some((step, effect)) = over
            && let Some(at) = self.running.iter().position(|r| r.step == step && r.effect == effect)
        {
            self.running.remove(at);
        }
    }

    /// What a person should hear about without looking for it.
    fn announce(&mut self, record: &Record) {
        use crate::effect::Outcome::{Failed, Refused};
        match &record.event {
            Event::Outcome { outcome: Refused { fault } | Failed { fault }, .. } => {
                self.tell(Tone::Bad, format!("{}: {}", fault.what, fault.why));
            }
            Event::Unknown { .. } => self.tell(Tone::Warn, "nobody saw whether it happened: c checks"),
            Event::Settled { happened, evidence, .. } => {
                let did = if *happened { "it happened" } else { "it did not happen" };
                self.tell(Tone::Plain, format!("{did}: {evidence}"));
            }
            Event::Took { role, print } => self.tell(Tone::Good, format!("{} is in the vault: {print}", role.words())),
            Event::Closed { .. } if self.incident.opened.drill.is_some() => {
                self.tell(Tone::Good, "closed; q leaves and shows the score, e writes the report");
            }
            Event::Closed { .. } => self.tell(Tone::Good, "closed; e writes the report, q leaves"),
            _ => {}
        }
    }

    /// Turns consequences into orders.
    pub(super) fn follow(&mut self, consequences: Vec<Consequence>, orders: &mut Vec<Order>) {
        for consequence in consequences {
            match consequence {
                Consequence::Perform { step, effect } => self.perform(step, effect, orders),
                Consequence::Record(event) => self.record(event, orders),
                Consequence::Visit(stage) => self.visit(stage),
                Consequence::Quit => self.leave(orders),
                Consequence::Export => orders.push(Order::Export),
                Consequence::Copy(text) => orders.push(Order::Copy(text)),
            }
        }
    }

    pub(super) fn record(&mut self, event: Event, orders: &mut Vec<Order>) {
        if self.setup.observe {
            self.tell(Tone::Warn, "only looking: nothing was recorded");
        } else {
            orders.push(Order::Record(event));
        }
    }

    pub(super) fn perform(
        &mut self,
        step: crate::incident::StepRef,
        effect: crate::effect::Effect,
        orders: &mut Vec<Order>,
    ) {
        let no = if self.setup.observe || effect.writes() { self.no_writes() } else { None };
        if let Some(why) = no {
            self.tell(Tone::Warn, format!("not started, {why}"));
            return;
        }
        // The same thing twice at once can only be a slip.
        if self.running.iter().any(|r| r.step == step && r.effect == effect) {
            return;
        }
        let run = self.next_run;
        self.next_run += 1;
        let running = Running {
            run,
            step: step.clone(),
            effect: effect.clone(),
            since: self.now,
            progress: crate::effect::Progress::default(),
            cancelling: false,
        };
        self.running.push(running);
        orders.push(Order::Perform { run, step, effect });
    }

    pub(super) fn visit(&mut self, stage: &'static str) {
        self.here = stage;
        self.top = 0;
        self.filter.clear();
        self.filtering = false;
        self.overlay = Overlay::None;
    }

    pub(super) fn leave(&mut self, orders: &mut Vec<Order>) {
        self.leaving = true;
        orders.push(Order::Quit);
    }
}
