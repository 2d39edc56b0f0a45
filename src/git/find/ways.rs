//! The ways from trees to what is dirty below them: the part of the history's trees that matters, as numbers.
//!
//! Must not know: names, commits, how trees are read.

use std::collections::HashSet;

use git2::Oid;

use super::roll::Roll;
use crate::git::pack::entry::Id;

/// Marks the number of an object among those of trees.
const OBJECT: u32 = 1 << 31;

/// Trees that lead to a dirty object or are dirty themselves, numbered from 0, and what each holds of that.
#[derive(Debug, Default)]
pub(in crate::git) struct Ways {
    trees: Roll,
    /// Ascending.
    objects: Vec<Id>,
    /// Where in `under` each tree's part begins, and the end.
    starts: Vec<u32>,
    under: Vec<u32>,
}

/// What a tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) enum Under {
    Tree(u32),
    /// By its number: see [`Ways::object`].
    Object(u32),
}

impl Ways {
    /// `ids` of all trees, `marks` on those that matter; dirty `objects`; `edges` from a marked tree to the one that
    /// holds it, and `holders`: a dirty object and the tree that holds it, all by number.
    pub(super) fn new(
        ids: &[Id],
        marks: &[bool],
        objects: Vec<Id>,
        edges: Vec<(u32, u32)>,
        holders: &[(u32, u32)],
    ) -> Self {
        let mut dense = Vec::with_capacity(ids.len());
        let mut trees = Vec::new();
        for (id, mark) in ids.iter().zip(marks) {
            dense.push(u32::try_from(trees.len()).unwrap_or(u32::MAX));
            if *mark {
                trees.push(*id);
            }
        }
        let number = |n: u32| dense.get(n as usize).copied();
        let mut rows: Vec<(u32, u32)> = Vec::with_capacity(edges.len() + holders.len());
        rows.extend(edges.into_iter().filter_map(|(below, above)| Some((number(above)?, number(below)?))));
        rows.extend(holders.iter().filter_map(|(object, above)| Some((number(*above)?, object | OBJECT))));
        rows.sort_unstable();
        rows.dedup();
        let mut starts = Vec::with_capacity(trees.len() + 1);
        for (at, (above, _)) in (0_u32..).zip(&rows) {
            while starts.len() <= *above as usize {
                starts.push(at);
            }
        }
        let end = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        starts.resize(trees.len() + 1, end);
        Self { trees: Roll::new(trees), objects, starts, under: rows.into_iter().map(|(_, below)| below).collect() }
    }

    /// As if these objects had never been dirty. `dirty`: what still is; a tree among them is dirty by a name.
    pub(super) fn forget(&mut self, objects: &HashSet<Oid>, dirty: &HashSet<Oid>) {
        let among = |ids: &HashSet<Oid>, id: &Id| Oid::from_bytes(id).is_ok_and(|id| ids.contains(&id));
        let stays: Vec<bool> = self.objects.iter().map(|id| !among(objects, id)).collect();
        let mut marks: Vec<bool> = self.trees.ids().iter().map(|id| among(dirty, id)).collect();
        let leads = |below: u32, marks: &[bool]| {
            let kept = if below & OBJECT == 0 { marks } else { &stays };
            kept.get((below & !OBJECT) as usize) == Some(&true)
        };
        let row = |n: usize| {
            let range = self.starts.get(n).zip(self.starts.get(n + 1)).map(|(from, to)| *from as usize..*to as usize);
            range.and_then(|range| self.under.get(range)).unwrap_or_default()
        };
        // As often as folders are deep.
        let mut grew = true;
        while std::mem::take(&mut grew) {
            for n in 0..self.trees.len() {
                if marks.get(n) == Some(&false) && row(n).iter().any(|below| leads(*below, &marks)) {
                    marks.iter_mut().skip(n).take(1).for_each(|mark| *mark = true);
                    grew = true;
                }
            }
        }
        let (mut edges, mut holders) = (Vec::new(), Vec::new());
        for (n, above) in (0..self.trees.len()).zip(0_u32..) {
            for below in row(n).iter().filter(|below| leads(**below, &marks)) {
                if below & OBJECT == 0 { edges.push((*below, above)) } else { holders.push((below & !OBJECT, above)) }
            }
        }
        *self = Self::new(self.trees.ids(), &marks, std::mem::take(&mut self.objects), edges, &holders);
    }

    /// How many trees.
    pub(in crate::git) fn len(&self) -> usize {
        self.trees.len()
    }

    /// The number of a tree; `None` when it leads to nothing.
    pub(in crate::git) fn number(&self, tree: Oid) -> Option<u32> {
        self.trees.number(tree.as_bytes().first_chunk()?)
    }

    /// The tree with this number.
    pub(in crate::git) fn tree(&self, number: u32) -> Option<Oid> {
        Oid::from_bytes(self.trees.id(number)?).ok()
    }

    /// How many dirty objects there are, trees that are dirty by a name among them.
    pub(in crate::git) fn objects_len(&self) -> usize {
        self.objects.len()
    }

    /// The dirty object with this number.
    pub(in crate::git) fn object(&self, number: u32) -> Option<Oid> {
        Oid::from_bytes(self.objects.get(number as usize)?).ok()
    }

    /// What a tree holds itself, each once.
    pub(in crate::git) fn under(&self, number: u32) -> impl Iterator<Item = Under> + '_ {
        let n = number as usize;
        let range = self.starts.get(n).zip(self.starts.get(n + 1)).map(|(from, to)| *from as usize..*to as usize);
        let row = range.and_then(|range| self.under.get(range)).unwrap_or_default();
        row.iter().map(|below| match below & !OBJECT {
            number if number == *below => Under::Tree(number),
            number => Under::Object(number),
        })
    }

    /// Every dirty object below a tree, and dirty trees with it.
    pub(in crate::git) fn objects(&self, number: u32) -> HashSet<Oid> {
        let mut seen = HashSet::from([number]);
        let mut open = vec![number];
        let mut found = HashSet::new();
        while let Some(number) = open.pop() {
            for under in self.under(number) {
                match under {
                    Under::Object(n) => found.extend(self.object(n)),
                    Under::Tree(n) if seen.insert(n) => open.push(n),
                    Under::Tree(_) => {}
                }
            }
        }
        found
    }
}
