//! What stands between a reflex and a yes.
//!
//! Must not know: what is being accepted. Terminals with the kitty protocol mark auto-repeat; elsewhere a held key is a
//! stream of presses, so time and repetition have to tell.

use crate::base::Stamp;
use crate::ui::key::{Code, Key};

/// Nothing is accepted this soon after opening, ms: nobody has read it.
pub const UNREAD: i64 = 300;
/// The same key again within this time is a key held down, ms. Enter within this time of any key is the end of a
/// pasted line.
pub const HELD: i64 = 40;
/// After a refusal the same key must rest this long, ms: longer than terminals wait before they repeat a held key.
pub const REST: i64 = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guard {
    opened_at: Stamp,
    opened_by: Option<Key>,
    /// The opener never accepts, even after other keys.
    strict: bool,
    last: Option<(Key, Stamp)>,
    refused: Option<(Key, Stamp)>,
    /// Another key than the opener was pressed since.
    moved: bool,
}

impl Guard {
    pub(super) fn new(opened_at: Stamp, opened_by: Option<Key>, strict: bool) -> Self {
        Self { opened_at, opened_by, strict, last: None, refused: None, moved: false }
    }

    /// Sees every key. Whether it may end the dialog now, if that is what it `wants`; else the reason.
    pub(super) fn pass(&mut self, key: &Key, now: Stamp, wants: bool) -> Result<(), &'static str> {
        // a clock set back makes time since negative: that counts as too soon, Esc still works
        let within = |since: Stamp, limit: i64| now.0.saturating_sub(since.0) < limit;
        let last = self.last.replace((*key, now));
        let held = last.is_some_and(|(k, at)| k.same(*key) && within(at, HELD));
        let pasted = key.code == Code::Enter && last.is_some_and(|(k, at)| !k.same(*key) && within(at, HELD));
        let tired = self.refused.is_some_and(|(k, at)| k.same(*key) && within(at, REST));
        let verdict = if key.repeat || held {
            Err("a key held down doesn't count: let go, then press it again")
        } else if within(self.opened_at, UNREAD) {
            Err("too quick: read this first")
        } else if tired {
            Err("let go of the key for a second, then press it again")
        } else if pasted {
            Err("the end of a pasted line doesn't count: press Enter yourself")
        } else {
            Ok(())
        };
        if wants && verdict.is_err() {
            self.refused = Some((*key, now));
        } else if !self.is_opener(key) {
            self.refused = self.refused.filter(|(k, _)| k.same(*key));
            self.moved = true;
        }
        verdict
    }

    pub(super) fn is_opener(&self, key: &Key) -> bool {
        self.opened_by.is_some_and(|by| by.same(*key))
    }

    /// Whether this key may accept, although or because it opened the dialog; else what to press instead.
    pub(super) fn opener(&self, key: &Key) -> Result<(), String> {
        if !self.is_opener(key) || (self.moved && !self.strict) {
            return Ok(());
        }
        let instead = match (self.strict, key.code) {
            (true, Code::Char('y')) => "move to the button with Tab and press Enter",
            (true, _) => "press y",
            (false, _) => "choose or type first, then press it again",
        };
        Err(format!("{} opened this, so it can't accept it: {instead}", key.label()))
    }
}
