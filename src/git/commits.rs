//! The commits that must change, by number: what walks over all of them asks no ids.
//!
//! Must not know: why they must, or what becomes of them.

use std::collections::{HashMap, HashSet};

use git2::Oid;

use super::find::Scan;

/// A commit that must change.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) id: Oid,
    /// Its own bytes hold the key.
    pub(super) dirty: bool,
    /// The number of its tree, where that leads to the key.
    pub(super) tree: Option<u32>,
    /// Where its part of [`Commits::parents`] ends; it begins where that of the one before ends.
    end: usize,
}

/// All of them, parents before children.
#[derive(Debug, Default)]
pub(super) struct Commits {
    all: Vec<Node>,
    parents: Vec<u32>,
}

impl Commits {
    /// Adds one; `parents`: the numbers of those of its parents that must change.
    pub(super) fn add(&mut self, id: Oid, dirty: bool, tree: Option<u32>, parents: impl Iterator<Item = u32>) {
        self.parents.extend(parents);
        self.all.push(Node { id, dirty, tree, end: self.parents.len() });
    }

    pub(super) fn all(&self) -> &[Node] {
        &self.all
    }

    /// The numbers of its parents that must change.
    pub(super) fn parents(&self, number: usize) -> &[u32] {
        let start = number.checked_sub(1).and_then(|before| self.all.get(before)).map_or(0, |node| node.end);
        self.all.get(number).and_then(|node| self.parents.get(start..node.end)).unwrap_or_default()
    }

    /// The numbers of those of `ids` that are among them.
    pub(super) fn numbers(&self, ids: &HashSet<Oid>) -> HashMap<Oid, usize> {
        let found = self.all.iter().enumerate().filter(|(_, node)| ids.contains(&node.id));
        found.map(|(number, node)| (node.id, number)).collect()
    }

    /// Which of them `roots` reach. Whoever reaches a commit that must change must change as well: no other need be
    /// followed.
    pub(super) fn reached(&self, scan: &Scan, roots: &[Oid]) -> Vec<bool> {
        let ends: HashSet<Oid> = scan.ends(roots).into_values().collect();
        let mut reached = vec![false; self.all.len()];
        let mark = |number: usize, reached: &mut Vec<bool>| {
            if let Some(mark) = reached.get_mut(number) {
                *mark = true;
            }
        };
        self.numbers(&ends).into_values().for_each(|number| mark(number, &mut reached));
        for number in (0..self.all.len()).rev() {
            if reached.get(number) == Some(&true) {
                self.parents(number).iter().for_each(|parent| mark(*parent as usize, &mut reached));
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_reach_through_tags_and_parents() {
        let id = |n: u8| Oid::from_bytes(&[n; 20]).unwrap();
        let mut commits = Commits::default();
        for (n, parents) in [(1, &[][..]), (2, &[0]), (3, &[]), (4, &[1, 2]), (5, &[1])] {
            commits.add(id(n), false, None, parents.iter().copied());
        }
        let mut scan = Scan::default();
        scan.tags.insert(id(9), id(8));
        scan.tags.insert(id(8), id(5));
        assert_eq!(commits.reached(&scan, &[id(9), id(7)]), [true, true, false, false, true]);
        assert_eq!(commits.reached(&scan, &[id(4)]), [true, true, true, true, false]);
        assert_eq!(commits.parents(3), [1, 2]);
    }
}
