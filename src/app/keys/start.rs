//! From a command or a stage's action to its beginning: done at once, asked about, or refused with the reason.
//!
//! Must not know: which key it was, but to tell.

use crate::app::commands::{self, Command, Go};
use crate::app::{App, Asking, Order, Overlay};
use crate::base::Stamp;
use crate::effect::Risk;
use crate::stages::{self, Act, Action, Tone};
use crate::ui::Key;

impl App {
    /// Runs a command or a stage's action by its name, visiting its stage first.
    /// `false`: there is no such command.
    pub fn by_id(&mut self, id: &str, key: Key, hand: Stamp, orders: &mut Vec<Order>) -> bool {
        if let Some(command) = commands::ALL.iter().find(|c| c.id == id) {
            self.command(command, key, hand, orders);
            return true;
        }
        for stage in stages::ALL {
            if let Some(action) = stage.actions().iter().find(|a| a.id == id) {
                self.visit(stage.id());
                self.act(action, key, hand, orders);
                return true;
            }
        }
        false
    }

    /// Runs a stage's action, or says why it can't be run.
    pub(in crate::app) fn act(&mut self, action: &Action, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
        let view = self.view(self.here);
        if let Err(why) = (action.ready)(&view) {
            self.tell(Tone::Warn, format!("{} not now: {why}", action.key));
            return;
        }
        let no_writes = if action.risk > Risk::Read { self.no_writes() } else { None };
        if let Some(why) = no_writes {
            self.tell(Tone::Warn, format!("{} not now: {why}", action.key));
            return;
        }
        let act = (action.go)(&self.view(self.here));
        self.start(act, action.id, key, hand, orders);
    }

    pub(in crate::app) fn command(&mut self, command: &Command, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
        if let Err(why) = (command.ready)(self) {
            let key = command.keys.first().map(Key::label).unwrap_or_default();
            self.tell(Tone::Warn, format!("{key} not now: {why}").trim_start().to_owned());
            return;
        }
        match &command.go {
            Go::View(go) => go(self, orders),
            Go::Act(go) => {
                let act = go(self);
                self.start(act, command.id, key, hand, orders);
            }
        }
    }

    fn start(&mut self, act: Act, of: &'static str, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
        // What was told belongs to what came before: "nothing was done" must not stand below something that was.
        self.said = None;
        match act {
            Act::Now(consequences) => self.follow(consequences, orders),
            Act::Ask { asks, then } => {
                self.overlay = Asking::new(asks, then, hand, Some(key)).map_or(Overlay::None, |mut asking| {
                    asking.of = Some(of);
                    Overlay::Asking(Box::new(asking))
                });
            }
        }
    }

    pub(in crate::app) fn cancel(&mut self, orders: &mut Vec<Order>) {
        let newest = self.running.iter_mut().rev().find(|r| !r.cancelling);
        if let Some(running) = newest {
            running.cancelling = true;
            let (run, words) = (running.run, running.effect.words());
            orders.push(Order::Cancel(run));
            self.tell(Tone::Warn, format!("cancelling: {words}"));
        }
    }
}
