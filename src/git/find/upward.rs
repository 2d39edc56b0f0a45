//! Which trees lead to the key: trees are told once what they hold, and dirt is then carried upward from tree to tree.
//!
//! Must not know: commits, paths.

use std::collections::{HashMap, HashSet};

use super::note::Notes;
use super::ways::Ways;
use crate::git::pack::entry::Id;

/// Bits of an id that say where in the roll to look.
const BITS: u32 = 16;

/// All trees, numbered by their ids' order.
#[derive(Debug)]
pub(super) struct Roll {
    ids: Vec<Id>,
    /// For each start of an id, how many ids come before it.
    fan: Vec<u32>,
}

impl Roll {
    /// `ids` may hold doubles. Runs that ascend make it cheap.
    pub(super) fn new(mut ids: Vec<Id>) -> Self {
        // Each pack's ids ascend; a sort that sees runs has little to do.
        #[allow(clippy::stable_sort_primitive)]
        ids.sort();
        ids.dedup();
        let mut fan = vec![0_u32; (1 << BITS) + 1];
        for id in &ids {
            if let Some(slot) = fan.get_mut(start(id) + 1) {
                *slot += 1;
            }
        }
        let mut sum = 0;
        for slot in &mut fan {
            sum += *slot;
            *slot = sum;
        }
        Self { ids, fan }
    }

    fn number(&self, id: &Id) -> Option<u32> {
        let start = start(id);
        let (from, to) = (*self.fan.get(start)?, *self.fan.get(start + 1)?);
        let few = self.ids.get(from as usize..to as usize)?;
        few.binary_search(id).ok().and_then(|n| Some(from + u32::try_from(n).ok()?))
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }
}

fn start(id: &Id) -> usize {
    usize::from(u16::from_be_bytes([id[0], id[1]]))
}

/// What trees are asked for.
#[derive(Debug)]
pub(super) struct Upward<'d> {
    pub(super) roll: Roll,
    /// Dirty objects, numbered.
    dirty: &'d HashMap<Id, u32>,
    /// Those of them that are commits of submodules.
    links: &'d HashSet<Id>,
    /// A bit for each start of a dirty id: most ids are told apart by it.
    sieve: Vec<u64>,
}

impl<'d> Upward<'d> {
    pub(super) fn new(roll: Roll, dirty: &'d HashMap<Id, u32>, links: &'d HashSet<Id>) -> Self {
        let mut sieve = vec![0; (1 << BITS) / 64];
        for id in dirty.keys() {
            if let Some(word) = sieve.get_mut(start(id) / 64) {
                *word |= 1 << (start(id) % 64);
            }
        }
        Self { roll, dirty, links, sieve }
    }

    fn dirty(&self, id: &Id) -> Option<u32> {
        let word = self.sieve.get(start(id) / 64)?;
        if word & (1 << (start(id) % 64)) == 0 { None } else { self.dirty.get(id).copied() }
    }

    /// Notes what the tree `id` holds. What is malformed at its end is not there.
    pub(super) fn tree(&self, id: &Id, data: &[u8], notes: &mut Notes) {
        let Some(own) = self.roll.number(id) else { return };
        let mut rest = data;
        while let Some((mode, entry, after)) = entry(rest) {
            rest = after;
            match mode {
                Mode::Tree => notes.edges.extend(self.roll.number(entry).map(|below| (below, own))),
                Mode::Commit if self.links.is_empty() => {}
                Mode::Commit => {
                    let known = self.dirty(entry).filter(|_| self.links.contains(entry));
                    notes.holders.extend(known.map(|object| (object, own)));
                }
                Mode::File => notes.holders.extend(self.dirty(entry).map(|object| (object, own))),
            }
        }
    }

    /// The trees that lead to something dirty (those that are dirty by a name, those that hold it, and upward), and
    /// how. Edges are taken out of `notes`.
    pub(super) fn ways(self, notes: &mut [Notes]) -> Ways {
        let mut marks = vec![false; self.roll.len()];
        let found = notes.iter().flat_map(|n| n.dirty.iter().map(|(id, ..)| id));
        let named = self.dirty.keys().chain(found).filter_map(|id| self.roll.number(id));
        for number in named.chain(notes.iter().flat_map(|n| n.holders.iter().map(|(_, own)| *own))) {
            if let Some(mark) = marks.get_mut(number as usize) {
                *mark = true;
            }
        }
        // As often as folders are deep.
        let mut grew = true;
        while std::mem::take(&mut grew) {
            for (below, above) in notes.iter().flat_map(|n| n.edges.iter()) {
                if marks.get(*below as usize) == Some(&true)
                    && let Some(mark @ false) = marks.get_mut(*above as usize)
                {
                    *mark = true;
                    grew = true;
                }
            }
        }
        let mut edges = Vec::new();
        let mut holders = Vec::new();
        for notes in notes {
            let marked = |n: &u32| marks.get(*n as usize) == Some(&true);
            edges.extend(std::mem::take(&mut notes.edges).into_iter().filter(|(below, _)| marked(below)));
            holders.append(&mut notes.holders);
        }
        Ways::new(&self.roll.ids, &marks, self.dirty, edges, &holders)
    }
}

enum Mode {
    Tree,
    Commit,
    File,
}

/// The first entry: what it is, its id, and what comes after it.
#[inline]
fn entry(tree: &[u8]) -> Option<(Mode, &Id, &[u8])> {
    let nul = memchr::memchr(0, tree)?;
    let head = tree.get(..nul)?;
    let mode = if head.starts_with(b"40000 ") || head.starts_with(b"040000 ") {
        Mode::Tree
    } else if head.starts_with(b"160000 ") {
        Mode::Commit
    } else {
        Mode::File
    };
    let (id, after) = tree.get(nul + 1..)?.split_first_chunk()?;
    Some((mode, id, after))
}

#[cfg(test)]
mod tests {
    use super::super::ways::Under;
    use super::*;

    fn tree(entries: &[(&str, Id)]) -> Vec<u8> {
        entries.iter().flat_map(|(head, id)| [head.as_bytes(), &[0], id].concat()).collect()
    }

    #[test]
    fn dirt_goes_up_however_deep_and_not_sideways() {
        let id = |n: u8| [n; 20];
        let (dirty, none) = (HashMap::from([(id(9), 0)]), HashSet::new());
        let upward = Upward::new(Roll::new((1..6).rev().map(id).collect()), &dirty, &none);
        let mut notes = Notes::default();
        upward.tree(&id(1), &tree(&[("100644 a", id(7)), ("40000 b", id(2))]), &mut notes);
        upward.tree(&id(2), &tree(&[("40000 c", id(3)), ("40000 gone", id(99))]), &mut notes);
        upward.tree(&id(3), &tree(&[("100755 d", id(9))]), &mut notes);
        upward.tree(&id(4), &tree(&[("160000 sub", id(9))]), &mut notes);
        upward.tree(&id(5), &tree(&[("40000 x", id(4))])[..10], &mut notes);
        let ways = upward.ways(&mut [notes]);
        let oid = |n| git2::Oid::from_bytes(&id(n)).unwrap();
        let leads: Vec<u8> = (1..10).filter(|n| ways.number(oid(*n)).is_some()).collect();
        assert_eq!(leads, [1, 2, 3]);
        let top = ways.number(oid(1)).unwrap();
        assert_eq!(ways.objects(top), std::collections::HashSet::from([oid(9)]));
        assert_eq!(ways.under(top).collect::<Vec<_>>(), [Under::Tree(ways.number(oid(2)).unwrap())]);
    }
}
