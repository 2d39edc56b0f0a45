//! Consequences become orders: effects start, events go to the journal, stages are visited.
//!
//! Must not know: how orders are carried out.

use crate::effect::Effect;
use crate::incident::Event;
use crate::stages::{Consequence, Running, Tone};

use super::super::{App, Order, Overlay, Reading};

impl App {
    /// Turns consequences into orders.
    pub(in crate::app) fn follow(&mut self, consequences: Vec<Consequence>, orders: &mut Vec<Order>) {
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
                    self.overlay = Overlay::Reading(Box::new(Reading::new(listing)));
                }
                Consequence::Copy(text) => orders.push(Order::Copy(text)),
            }
        }
    }

    pub(in crate::app) fn record(&mut self, event: Event, orders: &mut Vec<Order>) {
        if self.setup.observe {
            self.tell(Tone::Warn, "only looking: nothing was recorded");
        } else if let Some(why) = self.unfit(&event) {
            self.tell(Tone::Bad, why);
        } else {
            self.unrecorded += 1;
            orders.push(Order::Record(event));
        }
    }

    pub(in crate::app) fn perform(&mut self, step: crate::incident::StepRef, effect: Effect, orders: &mut Vec<Order>) {
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

    pub(in crate::app) fn visit(&mut self, stage: &'static str) {
        self.here = stage;
        self.top = 0;
        self.filter.clear();
        self.filtering = false;
        self.overlay = Overlay::None;
    }

    pub(in crate::app) fn leave(&mut self, orders: &mut Vec<Order>) {
        self.leaving = true;
        orders.push(Order::Quit);
    }
}
