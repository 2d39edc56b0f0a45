//! `update`: one message in, orders out.
//!
//! Must not know: how orders are carried out.

use crate::base::Stamp;
use crate::effect::{Effect, GitOp};
use crate::incident::settle::settle;
use crate::incident::{Event, Record};
use crate::stages::{Consequence, Running, Tone};

use super::{App, LOG_LINES, Msg, Order, Overlay};

impl App {
    /// Takes one message. The orders are to be carried out in their order.
    pub fn update(&mut self, msg: Msg) -> Vec<Order> {
        let mut orders = Vec::new();
        let news = self.bears(&msg);
        let waited = self.waits;
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
            Msg::Refused { run: Some(run), fault } => {
                self.running.retain(|r| r.run != run);
                self.tell(Tone::Bad, format!("{}: {}", fault.what, fault.why));
            }
            Msg::Refused { run: None, fault } => self.not_recorded(&fault),
            Msg::Progress { run, progress } => {
                if let Some(running) = self.running.iter_mut().find(|r| r.run == run) {
                    running.told(self.now, progress);
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
            Msg::Held(held) => {
                self.held = held;
                self.taking = None;
            }
            Msg::NotTaken(fault) => self.not_taken(&fault),
            Msg::Told(tone, words) => self.tell(tone, words),
            Msg::News(text) => self.news.push((self.now, text)),
            Msg::Story { title, lines, hand } => {
                let ask = crate::stages::Ask::new(title, lines, crate::stages::Kind::Info);
                let asking = super::Asking::new(vec![ask], crate::stages::Then::Nothing, hand, None);
                self.overlay = asking.map_or(Overlay::None, |asking| Overlay::Asking(Box::new(asking)));
                self.waits = true;
            }
            Msg::Ending(why) => {
                self.tell(Tone::Warn, why);
                self.leaving = true;
                orders.push(Order::Quit);
            }
        }
        self.catch_up(&mut orders);
        self.waits &= matches!(self.overlay, Overlay::Asking(_));
        if news || waited != self.waits {
            self.auto(&mut orders);
        }
        orders
    }

    /// Can it make something due? Stages look at facts, at the time and at the vault, not at what is on the screen: a
    /// key changes the facts by the records it orders.
    fn bears(&self, msg: &Msg) -> bool {
        match msg {
            // The same instant again tells nothing new, once it was looked at.
            Msg::Now(now) => *now > self.now || self.wake.is_none(),
            Msg::Held(held) => *held != self.held,
            Msg::Recorded(_) | Msg::Refused { .. } | Msg::Journal(_) => true,
            Msg::Key { .. }
            | Msg::Do { .. }
            | Msg::Progress { .. }
            | Msg::Log(_)
            | Msg::NotTaken(_)
            | Msg::Told(..)
            | Msg::News(_)
            | Msg::Story { .. }
            | Msg::Ending(_) => false,
        }
    }

    fn recorded(&mut self, record: &Record, orders: &mut Vec<Order>) {
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

    /// What a person should hear about without looking for it.
    fn announce(&mut self, record: &Record) {
        use crate::effect::Outcome::{Failed, Refused};
        match &record.event {
            Event::Outcome { outcome: Failed { fault }, .. } | Event::Observed { outcome: Failed { fault }, .. }
                if fault.kind == crate::base::FaultKind::Cancelled =>
            {
                self.tell(Tone::Warn, self.stopped(&record.event));
            }
            Event::Outcome { outcome: Refused { fault } | Failed { fault }, .. } => {
                self.tell(Tone::Bad, format!("{}: {}", fault.what, fault.why));
            }
            Event::Unknown { .. } => self.tell(Tone::Warn, "nobody saw whether it happened: c checks"),
            Event::Settled { happened, evidence, .. } => {
                let did = if *happened { "it happened" } else { "it did not happen" };
                self.tell(Tone::Plain, format!("{did}: {evidence}"));
            }
            Event::Took { role, print } => {
                let cut = self.took_as.take().map(|cut| format!("; {cut}")).unwrap_or_default();
                self.tell(Tone::Good, format!("{} is in memory: {print}{cut}", role.words()));
            }
            Event::Closed { .. } if self.incident.opened.drill.is_some() => {
                self.tell(Tone::Good, "closed; q leaves and shows the score, e writes the report");
            }
            Event::Closed { .. } => self.tell(Tone::Good, "closed; e writes the report, q leaves"),
            _ => {}
        }
    }

    /// What was stopped in time, and that nothing came of it.
    fn stopped(&self, event: &Event) -> String {
        let effect = match event {
            Event::Outcome { id, .. } => self.incident.intents.get(id).map(|i| &i.effect),
            Event::Observed { effect, .. } => Some(effect),
            _ => None,
        };
        match effect {
            Some(Effect::Git { repo, op }) => {
                let name = repo.file_name().map_or_else(|| repo.display().to_string(), |n| n.to_string_lossy().into());
                format!("stopped: {}. {name} is as it was before", op.words())
            }
            Some(effect) => format!("stopped: {}. Nothing was changed", effect.words()),
            None => "stopped. Nothing was changed".into(),
        }
    }

    /// Turns consequences into orders.
    pub(super) fn follow(&mut self, consequences: Vec<Consequence>, orders: &mut Vec<Order>) {
        self.wants(&consequences);
        for consequence in consequences {
            // The one next thing is another one now: it stands at the top of the pane.
            if matches!(consequence, Consequence::Perform { .. } | Consequence::Record(Event::Decided { .. })) {
                self.top = 0;
            }
            match consequence {
                Consequence::Perform { step, effect } => self.perform(step, effect, orders),
                Consequence::Record(event) => self.record(event, orders),
                Consequence::Visit(stage) => self.visit(stage),
                Consequence::Quit => self.leave(orders),
                Consequence::Export => orders.push(Order::Export),
                Consequence::Show(listing) => {
                    self.overlay = Overlay::Reading(Box::new(super::Reading::new(listing)));
                }
                Consequence::Copy(text) => orders.push(Order::Copy(text)),
            }
        }
    }

    pub(super) fn record(&mut self, event: Event, orders: &mut Vec<Order>) {
        if self.setup.observe {
            self.tell(Tone::Warn, "only looking: nothing was recorded");
        } else if let Some(why) = self.unfit(&event) {
            self.tell(Tone::Bad, why);
        } else {
            self.unrecorded += 1;
            orders.push(Order::Record(event));
        }
    }

    /// Keys pressed while the journal had not answered yet: now they act on the state that the one before them made.
    fn catch_up(&mut self, orders: &mut Vec<Order>) {
        while self.unrecorded == 0
            && let Some((key, hand)) = self.early.pop_front()
        {
            self.key(key, hand, orders);
        }
    }

    /// Beside the line it was typed into, to be mended there; else below.
    fn not_recorded(&mut self, fault: &crate::base::Fault) {
        self.unrecorded = self.unrecorded.saturating_sub(1);
        match (self.given.take(), &self.overlay) {
            (Some(mut asking), Overlay::None) => {
                let why = [std::slice::from_ref(&fault.why), &fault.hints].concat().join("; ");
                asking.refuse(format!("not recorded: {}: {why}", fault.what));
                // They were meant for what would have come.
                self.early.clear();
                self.overlay = Overlay::Asking(asking);
            }
            _ => self.tell(Tone::Bad, format!("{}: {}", fault.what, fault.why)),
        }
    }

    /// Beside the hidden line, if it is still the matter; else below.
    fn not_taken(&mut self, fault: &crate::base::Fault) {
        let words = format!("{}: {} ({})", fault.what, fault.why, fault.hints.join("; "));
        match (self.taking.take(), &self.overlay) {
            (Some(mut asking), Overlay::None) => {
                asking.refuse(words);
                self.overlay = Overlay::Asking(asking);
            }
            _ => self.tell(Tone::Bad, words),
        }
    }

    /// Why what a person typed can't stand in the journal.
    fn unfit(&self, event: &Event) -> Option<String> {
        if let Some(why) = typed(event).iter().find_map(|text| self.unfit_text(text)) {
            return Some(why);
        }
        let Event::Decided { topic, choice, .. } = event else { return None };
        let why = match topic.as_str() {
            "exposed_since" => match Stamp::parse(choice) {
                None => Some("that is no time. UTC, like 2026-11-20 13:52"),
                Some(told) if told > self.now => Some("that is in the future"),
                Some(_) => None,
            },
            "repo" | "root" if !std::path::Path::new(choice).is_absolute() => {
                Some("that is no absolute path: it begins with /")
            }
            "repo" if self.incident.repos.contains_key(std::path::Path::new(choice)) => {
                Some("it is on the list already")
            }
            "root" if self.incident.roots.iter().any(|root| root == std::path::Path::new(choice)) => {
                Some("it is on the list already")
            }
            _ => None,
        };
        why.map(|why| format!("not recorded: {why}"))
    }

    /// The same for one text. A known secret the journal refuses itself; this is for one that is not in the vault yet.
    pub(super) fn unfit_text(&self, text: &str) -> Option<String> {
        let spotted = !self.setup.provider.spot(text.as_bytes()).is_empty();
        let why = "not recorded: there is a key in it. A key goes into a hidden field only; say it without";
        spotted.then(|| why.to_owned())
    }

    pub(super) fn unfit_consequence(&self, consequence: &Consequence) -> Option<String> {
        match consequence {
            Consequence::Record(event) => self.unfit(event),
            Consequence::Perform { effect: Effect::Git { op: GitOp::Papers { dir, .. }, .. }, .. } => {
                (!dir.is_absolute()).then(|| "not written: that is no absolute path: it begins with /".into())
            }
            _ => None,
        }
    }

    pub(super) fn perform(&mut self, step: crate::incident::StepRef, effect: Effect, orders: &mut Vec<Order>) {
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
        let running = Running::new(run, step.clone(), effect.clone(), self.now);
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

/// What a person typed of an event.
fn typed(event: &Event) -> Vec<&str> {
    match event {
        Event::ByHand { answer: text, .. }
        | Event::Skipped { reason: text, .. }
        | Event::Note { text }
        | Event::Todo { text, .. } => vec![text],
        Event::Deferred { owner, due, reason, .. } => vec![owner, due, reason],
        Event::Decided { choice, reason, .. } => vec![choice, reason],
        Event::Handover { to, text } => vec![to, text],
        _ => Vec::new(),
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
