//! From an id to its number.
//!
//! Must not know: where an object is stored.

use crate::git::pack::entry::Id;

/// From id to number. Ids are as good as random, so their own bytes are the hash.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Part of the id, and the number plus one.
    slots: Vec<(u32, u32)>,
}

impl Table {
    pub(super) fn new(count: usize) -> Self {
        Self { slots: vec![(0, 0); (count * 2).next_power_of_two().max(16)] }
    }

    fn slot(&self, id: &Id) -> (usize, u32) {
        let part = |from: usize| id.get(from..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
        let hash = usize::try_from(u32::from_le_bytes(part(0))).unwrap_or_default();
        (hash & self.slots.len().wrapping_sub(1), u32::from_le_bytes(part(4)))
    }

    pub(super) fn find<'i>(&self, id: &Id, name: &dyn Fn(u32) -> Option<&'i Id>) -> Option<u32> {
        let (mut at, tag) = self.slot(id);
        loop {
            let (known, n) = *self.slots.get(at)?;
            let n = n.checked_sub(1)?;
            if known == tag && name(n) == Some(id) {
                return Some(n);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds `n` unless the id is there; gives the number it has.
    pub(super) fn add<'i>(&mut self, id: &Id, n: u32, name: &dyn Fn(u32) -> Option<&'i Id>) -> u32 {
        if let Some(known) = self.find(id, name) {
            return known;
        }
        let (mut at, tag) = self.slot(id);
        while self.slots.get(at).is_some_and(|(_, n)| *n != 0) {
            at = (at + 1) & (self.slots.len() - 1);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (tag, n + 1);
        }
        n
    }
}
