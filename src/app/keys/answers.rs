//! Keys in an open dialog, and what becomes of its answer: followed, sent back to be mended, or come too late.
//!
//! Must not know: what is asked.

use crate::app::ask::Step;
use crate::app::{App, Asking, Order, Overlay, commands};
use crate::base::Stamp;
use crate::stages::{self, Act, Consequence, Then, Tone};
use crate::ui::Key;

impl App {
    pub(super) fn asking_key(&mut self, mut asking: Asking, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
        let before = asking.clone();
        match asking.key(&key, hand, &|text| self.unfit_text(text)) {
            Step::Open => self.overlay = Overlay::Asking(Box::new(asking)),
            Step::Cancelled => {
                if asking.wants_secret().is_some() {
                    orders.push(Order::DropTyped);
                }
                if !asking.is_info() {
                    self.tell(Tone::Dim, "nothing was done");
                }
            }
            Step::Take(role) => {
                // If it is not taken, the reason stands beside an empty line.
                self.taking = Some(Box::new(before));
                orders.push(Order::Take(role));
            }
            Step::Done(consequences) => {
                if let Some(why) = self.overtaken(&asking) {
                    self.tell(Tone::Bad, format!("nothing was done: {why}"));
                } else if let Some(why) = consequences.iter().find_map(|c| self.unfit_consequence(c)) {
                    // What was typed stays, to be mended.
                    let mut asking = before;
                    asking.refuse(why);
                    self.overlay = Overlay::Asking(Box::new(asking));
                } else {
                    let recorded = consequences.iter().any(|c| matches!(c, Consequence::Record(_)));
                    self.given = (recorded && before.is_line()).then(|| Box::new(before));
                    self.follow(consequences, orders);
                }
            }
        }
    }

    /// Why an answer comes too late: what was asked about has changed beneath the open dialog.
    fn overtaken(&self, asking: &Asking) -> Option<String> {
        let of = asking.of?;
        if let Some(command) = commands::ALL.iter().find(|c| c.id == of) {
            return (command.ready)(self).err();
        }
        let (stage, action) = stages::ALL
            .iter()
            .find_map(|stage| Some((stage, stage.actions().iter().find(|action| action.id == of)?)))?;
        let view = self.view(stage.id());
        if let Err(why) = (action.ready)(&view) {
            return Some(why);
        }
        // What would be done must be what was shown. Words into the journal are the person's own.
        let same = match ((action.go)(&view), asking.then()) {
            (Act::Ask { then: Then::Do(now), .. }, Then::Do(then)) => {
                let effects = |all: &[Consequence]| {
                    let effect = |c: &Consequence| match c {
                        Consequence::Perform { effect, .. } => Some(effect.clone()),
                        _ => None,
                    };
                    all.iter().filter_map(effect).collect::<Vec<_>>()
                };
                effects(&now) == effects(then)
            }
            (Act::Ask { then: Then::Each(now), .. }, Then::Each(then)) => now == *then,
            _ => true,
        };
        (!same).then(|| format!("it changed while you read. Press {} again to see what it is now", action.key))
    }
}
