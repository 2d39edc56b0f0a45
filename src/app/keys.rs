//! From a key to what it does here: the overlay first, then the stage's actions, then the commands.
//!
//! Must not know: what an action does.

use crate::base::Stamp;
use crate::stages::{Act, Action, Consequence, Then, Tone};
use crate::ui::{Code, Key};

use super::ask::Step;
use super::commands::{self, Command, Go};
use super::{App, Asking, Order, Overlay};

/// Keys kept while the journal writes; more can only be a cat on the keyboard.
const EARLY: usize = 16;
/// Lines a page key moves.
const PAGE: usize = 10;

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

    /// Runs a stage's action, or says why it can't be run.
    pub(super) fn act(&mut self, action: &Action, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
        let view = self.view(self.here);
        if let Err(why) = (action.ready)(&view) {
            self.tell(Tone::Warn, format!("{} not now: {why}", action.key));
            return;
        }
        let no_writes = if action.risk > crate::effect::Risk::Read { self.no_writes() } else { None };
        if let Some(why) = no_writes {
            self.tell(Tone::Warn, format!("{} not now: {why}", action.key));
            return;
        }
        let act = (action.go)(&self.view(self.here));
        self.start(act, action.id, key, hand, orders);
    }

    pub(super) fn command(&mut self, command: &Command, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
        if let Err(why) = (command.ready)(self) {
            let key = command.keys.first().map(super::super::ui::key::Key::label).unwrap_or_default();
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

    fn asking_key(&mut self, mut asking: Asking, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
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
        let (stage, action) = crate::stages::ALL
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

    fn palette_key(&mut self, mut palette: super::Palette, key: Key, hand: Stamp, orders: &mut Vec<Order>) {
        match palette.key(&key, self) {
            super::palette::Step::Open => self.overlay = Overlay::Palette(palette),
            super::palette::Step::Closed => {}
            super::palette::Step::Chosen(id) => {
                self.by_id(&id, key, hand, orders);
            }
        }
    }

    /// Runs a command or a stage's action by its name, visiting its stage first.
    /// `false`: there is no such command.
    pub fn by_id(&mut self, id: &str, key: Key, hand: Stamp, orders: &mut Vec<Order>) -> bool {
        if let Some(command) = commands::ALL.iter().find(|c| c.id == id) {
            self.command(command, key, hand, orders);
            return true;
        }
        for stage in crate::stages::ALL {
            if let Some(action) = stage.actions().iter().find(|a| a.id == id) {
                self.visit(stage.id());
                self.act(action, key, hand, orders);
                return true;
            }
        }
        false
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

    /// `0` to `6`: the stages in the rail's order.
    fn stage_key(&self, key: Key) -> Option<&'static str> {
        let digit = key.typed()?.to_digit(10)? as usize;
        crate::stages::order(&self.view("")).get(digit).map(|stage| stage.id())
    }

    /// Cursor, scrolling, next and previous stage.
    fn moved(&mut self, key: Key) -> bool {
        let rows = self.here().rows(&self.view(self.here));
        let cursor = self.cursors.entry(self.here).or_default();
        let plain = |c| key.same(Key::char(c));
        match key.code {
            Code::Tab | Code::BackTab => self.turn(key.code == Code::BackTab),
            Code::PageDown => self.top = self.top.saturating_add(PAGE),
            Code::PageUp => self.top = self.top.saturating_sub(PAGE),
            Code::Down if rows > 1 => *cursor = (*cursor + 1).min(rows - 1),
            Code::Up if rows > 1 => *cursor = cursor.saturating_sub(1),
            Code::Down => self.top = self.top.saturating_add(1),
            Code::Up => self.top = self.top.saturating_sub(1),
            Code::Home => self.top = 0,
            Code::End => self.top = usize::MAX,
            _ if plain('j') => return self.moved(Key { code: Code::Down, ..key }),
            _ if plain('k') => return self.moved(Key { code: Code::Up, ..key }),
            _ if plain('g') => self.top = 0,
            _ if plain('G') => self.top = usize::MAX,
            _ => return false,
        }
        true
    }

    fn turn(&mut self, back: bool) {
        let order = crate::stages::order(&self.view(""));
        let at = order.iter().position(|s| s.id() == self.here).unwrap_or(0);
        let step = if back { order.len() - 1 } else { 1 };
        if let Some(stage) = order.get((at + step) % order.len().max(1)) {
            self.visit(stage.id());
        }
    }

    /// Enter and `n`: show where something is wanted. Never starts anything.
    pub(super) fn go_next(&mut self) {
        match self.recommended() {
            _ if self.holds() => self.tell(Tone::Plain, self.sheet().do_now.what),
            Some(stage) if stage.id() == self.here => {
                let do_now = self.sheet().do_now;
                if let Some(action) = stage.actions().iter().find(|a| Some(a.id) == do_now.action) {
                    self.tell(Tone::Plain, format!("it is here: {} {}", action.key, action.label));
                }
            }
            Some(stage) => self.visit(stage.id()),
            None => self.tell(Tone::Plain, "nothing wants you now; the program goes on by itself"),
        }
    }

    pub(super) fn cancel(&mut self, orders: &mut Vec<Order>) {
        let newest = self.running.iter_mut().rev().find(|r| !r.cancelling);
        if let Some(running) = newest {
            running.cancelling = true;
            let (run, words) = (running.run, running.effect.words());
            orders.push(Order::Cancel(run));
            self.tell(Tone::Warn, format!("cancelling: {words}"));
        }
    }
}

/// The new top, or `None` when the key closes the overlay.
pub(super) fn scrolled(key: Key, top: usize) -> Option<usize> {
    match key.code {
        Code::Down | Code::Char('j') => Some(top.saturating_add(1)),
        Code::Up | Code::Char('k') => Some(top.saturating_sub(1)),
        Code::PageDown | Code::Char(' ') => Some(top.saturating_add(PAGE)),
        Code::PageUp => Some(top.saturating_sub(PAGE)),
        Code::Home | Code::Char('g') => Some(0),
        Code::End | Code::Char('G') => Some(usize::MAX),
        Code::Esc | Code::Enter | Code::Char(_) => None,
        _ => Some(top),
    }
}
