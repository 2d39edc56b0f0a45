//! Moving about: between stages, in a list, up and down what is longer than the screen. Nothing here starts anything.
//!
//! Must not know: what stands there.

use crate::app::App;
use crate::stages::{self, Tone};
use crate::ui::{Code, Key};

/// Lines a page key moves.
const PAGE: usize = 10;

impl App {
    /// `0` to `6`: the stages in the rail's order.
    pub(super) fn stage_key(&self, key: Key) -> Option<&'static str> {
        let digit = key.typed()?.to_digit(10)? as usize;
        stages::order(&self.view("")).get(digit).map(|stage| stage.id())
    }

    /// Cursor, scrolling, next and previous stage.
    pub(super) fn moved(&mut self, key: Key) -> bool {
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
        let order = stages::order(&self.view(""));
        let at = order.iter().position(|s| s.id() == self.here).unwrap_or(0);
        let step = if back { order.len() - 1 } else { 1 };
        if let Some(stage) = order.get((at + step) % order.len().max(1)) {
            self.visit(stage.id());
        }
    }

    /// Enter and `n`: show where something is wanted. Never starts anything.
    pub(in crate::app) fn go_next(&mut self) {
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
}

/// The new top, or `None` when the key closes the overlay.
pub(in crate::app) fn scrolled(key: Key, top: usize) -> Option<usize> {
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
