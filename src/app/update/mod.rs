//! `update`: one message in, orders out.
//!
//! Must not know: how orders are carried out.

mod announce;
mod follow;
mod recorded;
mod unfit;

use crate::stages::Tone;

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
}
