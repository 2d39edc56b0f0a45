//! Ids in order, numbered: from an id to its number in a step or two.
//!
//! Must not know: what the ids are of.

use crate::git::pack::entry::Id;

/// As many bits of an id as make a table that is always at hand. They say where in the roll to look, and most often
/// that it has no such id.
const SMALL: u32 = 13;
/// So many ids are looked through one by one.
const FEW: usize = 8;

/// Ids, numbered by their order.
#[derive(Debug, Default)]
pub(super) struct Roll {
    ids: Vec<Id>,
    /// For each start of an id, how many ids come before it.
    fan: Vec<u32>,
    bits: u32,
}

impl Roll {
    /// `ids` may hold doubles. Runs that ascend make it cheap.
    pub(super) fn new(mut ids: Vec<Id>) -> Self {
        // Each pack's ids ascend; a sort that sees runs has little to do.
        #[allow(clippy::stable_sort_primitive)]
        ids.sort();
        ids.dedup();
        let few = ids.len().max(1).ilog2().min(16);
        let bits = few.max(SMALL.min(few + 4));
        let mut fan = vec![0_u32; (1 << bits) + 1];
        for id in &ids {
            if let Some(slot) = fan.get_mut(start(id, bits) + 1) {
                *slot += 1;
            }
        }
        let mut sum = 0;
        for slot in &mut fan {
            sum += *slot;
            *slot = sum;
        }
        Self { ids, fan, bits }
    }

    pub(super) fn number(&self, id: &Id) -> Option<u32> {
        let start = start(id, self.bits);
        let (from, to) = (*self.fan.get(start)?, *self.fan.get(start + 1)?);
        let few = self.ids.get(from as usize..to as usize)?;
        // Nearly always there are one or two, if any.
        let found = if few.len() < FEW { few.iter().position(|known| known == id) } else { few.binary_search(id).ok() };
        found.and_then(|n| Some(from + u32::try_from(n).ok()?))
    }

    pub(super) fn id(&self, number: u32) -> Option<&Id> {
        self.ids.get(number as usize)
    }

    /// All of them, ascending.
    pub(super) fn ids(&self) -> &[Id] {
        &self.ids
    }

    /// The same for many, which ascend or nearly so, each with what goes along with it.
    pub(super) fn along<'r, T: 'r>(
        &'r self,
        ids: impl Iterator<Item = (T, Id)> + 'r,
    ) -> impl Iterator<Item = (T, u32)> + 'r {
        let mut own = self.ids.iter().zip(0_u32..).peekable();
        ids.filter_map(move |(with, id)| {
            while own.next_if(|(known, _)| **known < id).is_some() {}
            let next = own.peek().filter(|(known, _)| **known == id).map(|(_, number)| *number);
            next.or_else(|| self.number(&id)).map(|number| (with, number))
        })
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// The first `bits` of an id.
fn start(id: &Id, bits: u32) -> usize {
    let first = u32::from_be_bytes([id[0], id[1], id[2], id[3]]);
    first.checked_shr(u32::BITS - bits).unwrap_or(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_its_place() {
        assert_eq!(Roll::default().number(&[7; 20]), None);
        for count in [0_u32, 1, 200, 5000] {
            let id = |n: u32| -> Id {
                let mut id = [3; 20];
                id[..4].copy_from_slice(&(n * 0x000c_ffff).to_be_bytes());
                id
            };
            let roll = Roll::new((0..count).rev().chain(0..count).map(id).collect());
            assert_eq!(roll.len(), count as usize);
            for n in 0..count {
                assert_eq!((roll.number(&id(n)), roll.id(n)), (Some(n), Some(&id(n))));
                assert_eq!(roll.number(&[id(n)[0]; 20]), None);
            }
            // In a wrong order, too.
            let along: Vec<_> = roll.along([3, 1, 1, 7, 2].map(|n| (n, id(n))).into_iter()).collect();
            assert!(along.iter().all(|(with, number)| with == number));
            assert_eq!(along.len(), if count > 7 { 5 } else { 0 });
        }
    }
}
