//! From a key to what it does here: the overlay first, then the stage's actions, then the commands.
//!
//! Must not know: what an action does.

mod answers;
mod moves;
mod start;

use crate::base::Stamp;
use crate::stages::Tone;
use crate::ui::{Code, Key};

use super::commands;
use super::palette::{Palette, Step};
use super::{App, Order, Overlay};

pub(super) use moves::scrolled;

/// Keys kept while the journal writes; more can only be a cat on the keyboard.
const EARLY: usize = 16;

impl App {
    pub(super) fn key(&mut self, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
        match std::mem::take(&mut self.overlay) {
            Overlay::Asking(asking) => self.asking_key(*asking, key, hand, orders),
            Overlay::Palette(palette) => self.palette_key(palette, key, hand, orders),
            Overlay::Help { top } => {
                self.overlay = scrolled(key, top).map_or(Overlay::None, |top| Overlay::Help { top });
            }
            Overlay::Log { top } => self.overlay = scrolled(key, top).map_or(Overlay::None, |top| Overlay::Log { top }),
            Overlay::Timeline { top } => {
                self.overlay = scrolled(key, top).map_or(Overlay::None, |top| Overlay::Timeline { top });
            }
            Overlay::Reading(mut reading) => {
                if reading.key(key) {
                    self.overlay = Overlay::Reading(reading);
                }
            }
            Overlay::None if self.filtering => self.filter_key(key),
            // It would act on a state that is about to change: a moment later it is meant.
            Overlay::None if self.unrecorded > 0 && !key.ctrl && self.early.len() < EARLY => {
                self.early.push_back((key, hand));
            }
            Overlay::None => self.plain_key(key, hand, orders),
        }
    }

    fn plain_key(&mut self, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
        if let Some(stage) = self.stage_key(key) {
            self.visit(stage);
            return;
        }
        if self.moved(key) {
            return;
        }
        // A held key starts nothing: one press, one act.
        if key.repeat {
            return;
        }
        let action = self.here().actions().iter().find(|a| key.same(Key::char(a.key)));
        if let Some(action) = action {
            self.act(action, key, hand, orders);
        } else if let Some(command) = commands::ALL.iter().find(|c| c.keys.iter().any(|k| k.same(key))) {
            self.command(command, key, hand, orders);
        } else if key.code == Code::Esc {
            self.filter.clear();
            self.said = None;
        } else if key.typed().is_some() {
            self.tell(Tone::Dim, format!("{} does nothing here; ? shows what does", key.label()));
        }
    }

    fn palette_key(&mut self, mut palette: Palette, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
        match palette.key(&key, self) {
            Step::Open => self.overlay = Overlay::Palette(palette),
            Step::Closed => {}
            Step::Chosen(id) => {
                self.by_id(&id, key, hand, orders);
            }
        }
    }

    fn filter_key(&mut self, key: Key) {
        match key.code {
            Code::Enter => self.filtering = false,
            Code::Esc => {
                self.filtering = false;
                self.filter.clear();
            }
            _ => {
                self.filter.key(&key);
            }
        }
    }
}
