//! Which trees lead to the key: trees are told once what they hold, and dirt is then carried upward from tree to tree.
//!
//! Must not know: commits, paths.

use std::collections::HashSet;

use super::body::{Step, Whence};
use super::family::Seen;
use super::note::Notes;
use super::roll::Roll;
use super::ways::Ways;
use crate::git::pack::entry::Id;
use crate::git::raw::Sort;

/// Bytes of a mode and the blank behind it at most; a longer one is no mode.
const MODE: usize = 12;

/// In [`Entry::under`]: nothing that matters.
const NONE: u32 = u32::MAX;
/// In [`Entry::under`]: the number is that of a dirty object.
const OBJECT: u32 = 1 << 31;

/// What trees are asked for.
#[derive(Debug)]
pub(super) struct Upward<'d> {
    /// All trees.
    roll: Roll,
    dirty: &'d Roll,
    /// Those of them that are commits of submodules.
    links: &'d HashSet<Id>,
}

/// An entry of a tree: where it ends, and what it names.
#[derive(Debug, Clone, Copy)]
struct Entry {
    end: usize,
    under: u32,
}

/// The entries of the trees that the one that is shown stands on, in one pack.
#[derive(Debug, Default)]
pub(super) struct Branch(Vec<Vec<Entry>>);

impl<'d> Upward<'d> {
    pub(super) fn new(roll: Roll, dirty: &'d Roll, links: &'d HashSet<Id>) -> Self {
        Self { roll, dirty, links }
    }

    /// The numbers of trees, whose ids ascend, each with what goes along with it.
    pub(super) fn numbers<'u, T: 'u>(
        &'u self,
        ids: impl Iterator<Item = (T, Id)> + 'u,
    ) -> impl Iterator<Item = (T, u32)> + 'u {
        self.roll.along(ids)
    }

    /// Notes what the tree `id` holds. What is malformed at its end is not there.
    pub(super) fn tree(&self, id: &Id, data: &[u8], notes: &mut Notes) {
        let Some(own) = self.roll.number(id) else { return };
        let mut entries = Vec::new();
        self.entries(data, &[], &[], &mut entries);
        note(own, &entries, notes);
    }

    /// The same for the tree number `own` of a pack, which was made of the one that was shown before at one depth less:
    /// what was copied whole is known.
    pub(super) fn grown(&self, own: u32, data: &[u8], seen: &Seen<'_>, branch: &mut Branch, notes: &mut Notes) {
        let trees = &mut branch.0;
        if trees.len() <= seen.depth {
            trees.resize_with(seen.depth + 1, Vec::new);
        }
        let (below, above) = trees.split_at_mut(seen.depth);
        if let Some(entries) = above.first_mut() {
            let base = below.last().map_or(&[][..], Vec::as_slice);
            self.entries(data, seen.steps, base, entries);
            note(own, entries, notes);
        }
    }

    /// The entries of a tree that `steps` make of one with the entries `base`.
    fn entries(&self, data: &[u8], steps: &[Step], base: &[Entry], out: &mut Vec<Entry>) {
        out.clear();
        let (mut at, mut step) = (0, 0);
        loop {
            while steps.get(step).is_some_and(|step| step.at + step.len <= at) {
                step += 1;
            }
            if let Some(end) = steps.get(step).and_then(|step| copied(step, at, base, out)) {
                at = end;
                continue;
            }
            let Some((mode, id, len)) = data.get(at..).and_then(entry) else { return };
            at += len;
            let under = match mode {
                Sort::Tree => self.roll.number(id),
                Sort::Commit if !self.links.contains(id) => None,
                Sort::Commit | Sort::File => self.dirty.number(id).map(|object| object | OBJECT),
            };
            out.push(Entry { end: at, under: under.unwrap_or(NONE) });
        }
    }

    /// The trees that lead to something dirty (those that are dirty by a name, those that hold it, and upward), and
    /// how. Edges are taken out of `notes`.
    pub(super) fn ways(self, notes: &mut [Notes]) -> Ways {
        let mut marks = vec![false; self.roll.len()];
        let found = notes.iter().flat_map(|n| n.dirty.iter().map(|(id, ..)| id));
        let named = self.dirty.ids().iter().chain(found).filter_map(|id| self.roll.number(id));
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
        Ways::new(self.roll.ids(), &marks, self.dirty.ids().to_vec(), edges, &holders)
    }
}

/// Adds the entries from `at` on that are in `base` and that `step` copies whole; gives where the last of them ends.
fn copied(step: &Step, at: usize, base: &[Entry], out: &mut Vec<Entry>) -> Option<usize> {
    let Whence::Base(from) = step.from else { return None };
    let (start, end) = (from + (at - step.at), from + step.len);
    let first = base.partition_point(|entry| entry.end <= start);
    let begins = first.checked_sub(1).map_or(Some(0), |before| base.get(before).map(|entry| entry.end));
    if begins != Some(start) {
        return None;
    }
    let whole = base.get(first..)?.iter().take_while(|entry| entry.end <= end);
    let before = out.len();
    out.extend(whole.map(|entry| Entry { end: entry.end - start + at, under: entry.under }));
    out.get(before..)?.last().map(|entry| entry.end)
}

fn note(own: u32, entries: &[Entry], notes: &mut Notes) {
    for entry in entries {
        match entry.under {
            NONE => {}
            object if object & OBJECT != 0 => notes.holders.push((object & !OBJECT, own)),
            tree => notes.edges.push((tree, own)),
        }
    }
}

/// The first entry: what it is, its id, and how long it is.
#[inline]
fn entry(tree: &[u8]) -> Option<(Sort, &Id, usize)> {
    let nul = memchr::memchr(0, tree)?;
    let head = tree.get(..nul)?;
    // A mode has few digits; what has more is no file's either.
    let mode = head.iter().take(MODE).position(|b| *b == b' ').and_then(|blank| head.get(..blank));
    let mode = mode.map_or(Sort::File, Sort::of);
    let id = tree.get(nul + 1..)?.first_chunk()?;
    Some((mode, id, nul + 1 + id.len()))
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
        let (dirty, none) = (Roll::new(vec![id(9)]), HashSet::new());
        let upward = Upward::new(Roll::new((1..6).rev().map(id).collect()), &dirty, &none);
        let mut notes = Notes::default();
        upward.tree(&id(1), &tree(&[("100644 a", id(7)), ("40755 b", id(2))]), &mut notes);
        upward.tree(&id(2), &tree(&[("040000 c", id(3)), ("40000 gone", id(99))]), &mut notes);
        upward.tree(&id(3), &tree(&[("100755 d", id(9))]), &mut notes);
        upward.tree(&id(4), &tree(&[("0160000 sub", id(9))]), &mut notes);
        upward.tree(&id(5), &tree(&[("40000 x", id(4))])[..10], &mut notes);
        let ways = upward.ways(&mut [notes]);
        let oid = |n| git2::Oid::from_bytes(&id(n)).unwrap();
        let leads: Vec<u8> = (1..10).filter(|n| ways.number(oid(*n)).is_some()).collect();
        assert_eq!(leads, [1, 2, 3]);
        let top = ways.number(oid(1)).unwrap();
        assert_eq!(ways.objects(top), std::collections::HashSet::from([oid(9)]));
        assert_eq!(ways.under(top).collect::<Vec<_>>(), [Under::Tree(ways.number(oid(2)).unwrap())]);
    }

    #[test]
    fn what_a_delta_copies_is_known_and_what_it_cuts_is_read() {
        let id = |n: u8| [n; 20];
        let (dirty, none) = (Roll::new(vec![id(8), id(9)]), HashSet::new());
        let upward = Upward::new(Roll::new((1..6).map(id).collect()), &dirty, &none);
        let base = tree(&[("100644 a", id(9)), ("40000 b", id(1)), ("100644 c", id(7)), ("40000 d", id(2))]);
        let read = |data: &[u8], steps: &[Step], base: &[Entry]| {
            let mut out = Vec::new();
            upward.entries(data, steps, base, &mut out);
            out
        };
        let known = read(&base, &[], &[]);
        // The second entry's id is new; the last entry comes twice, once under another name.
        let new = [&[3; 20][..], b"40000 cc\0"].concat();
        let (b, d) = (29 + 8, base.len() - 28);
        let copy = |at, from, len| Step { at, len, from: Whence::Base(from) };
        let own = |at, from, len| Step { at, len, from: Whence::Own(from) };
        let steps = [
            copy(0, 0, b),
            own(b, 0, 20),
            copy(b + 20, b + 20, d - b - 20),
            own(d, 20, 9),
            copy(d + 9, d + 8, 20),
            copy(d + 29, d, 28),
        ];
        let mut made = Vec::new();
        for step in steps {
            let (all, from) = match step.from {
                Whence::Base(from) => (&base, from),
                Whence::Own(from) => (&new, from),
            };
            made.extend_from_slice(&all[from..from + step.len]);
        }
        let named = |entries: &[Entry]| entries.iter().map(|e| (e.end, e.under)).collect::<Vec<_>>();
        let carried = read(&made, &steps, &known);
        assert_eq!(named(&carried), named(&read(&made, &[], &[])));
        assert_eq!(carried.iter().map(|e| e.under).collect::<Vec<_>>(), [1 | OBJECT, 2, NONE, 1, 1]);
        // What is not read again must be what was known: here something else.
        let other: Vec<Entry> = known.iter().map(|e| Entry { under: 4, ..*e }).collect();
        assert_eq!(read(&made, &steps, &other).iter().map(|e| e.under).collect::<Vec<_>>(), [4, 2, 4, 1, 4]);
    }
}
