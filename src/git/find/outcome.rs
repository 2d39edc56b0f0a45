//! What one pass over all objects saw, and what can be asked of it.
//!
//! Must not know: how objects are read.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use git2::{ObjectType, Oid};

use super::{Archives, Library, Ways};
use crate::git::cite::Style;
use crate::git::raw::Commit;

/// What one pass over all objects saw.
#[derive(Debug, Default)]
pub(in crate::git) struct Scan {
    /// Objects whose own bytes hold the key: kind, and the form it was in.
    pub(in crate::git) dirty: HashMap<Oid, (ObjectType, &'static str)>,
    /// Trees that hold the key in a name, or lead to a dirty object.
    pub(in crate::git) ways: Ways,
    /// Dirty objects that another repository lends us, and no place of our own has.
    pub(in crate::git) borrowed: HashSet<Oid>,
    pub(in crate::git) commits: HashMap<Oid, Commit>,
    /// Annotated tags and what they name.
    pub(in crate::git) tags: HashMap<Oid, Oid>,
    /// Entries of packs and loose files; an object that is stored twice counts twice.
    pub(in crate::git) objects: u64,
    /// Their bytes, inflated.
    pub(in crate::git) bytes: u64,
    /// What was found inside of archives, and what was not looked into.
    pub(in crate::git) archives: Archives,
    /// Objects that could not be read.
    pub(in crate::git) broken: Vec<Oid>,
    /// Commits and tags that were searched, but don't say in a readable way what they name.
    pub(in crate::git) odd: Vec<Oid>,
    /// Packs that can't be read as they should.
    pub(in crate::git) unread: Vec<PathBuf>,
    /// What may be ids of commits in the messages of commits and tags, in lower case.
    pub(in crate::git) cites: HashMap<Oid, Vec<String>>,
    pub(in crate::git) style: Style,
    /// To read one object of those that were seen.
    pub(in crate::git) library: Library,
}

impl Scan {
    /// These files hold the key and are to be left: they don't count as dirty, and nothing leads to them.
    pub(in crate::git) fn leave(&mut self, ids: &HashSet<Oid>) {
        self.dirty.retain(|id, _| !ids.contains(id));
        self.borrowed.retain(|id| !ids.contains(id));
        self.ways.forget(ids, &self.dirty.keys().copied().collect());
    }

    /// What each of `ids` names in the end: a tag can name a tag. Any other object is that itself; where, in a damaged
    /// store, tags lead in a ring, it is one of them. However high tags are stacked, each is looked at once.
    pub(in crate::git) fn ends(&self, ids: &[Oid]) -> HashMap<Oid, Oid> {
        let mut ends = HashMap::with_capacity(ids.len());
        let mut way = Vec::new();
        for id in ids {
            let mut at = *id;
            let end = loop {
                if let Some(end) = ends.get(&at) {
                    break *end;
                }
                ends.insert(at, at);
                let Some(target) = self.tags.get(&at) else { break at };
                way.push(at);
                at = *target;
            };
            ends.extend(way.drain(..).map(|tag| (tag, end)));
        }
        ends
    }

    /// Tags that name, over however many others, an object of which `holds` is true, or are one.
    pub(in crate::git) fn tags_to(&self, holds: &dyn Fn(Oid) -> bool) -> HashSet<Oid> {
        let mut above: HashMap<Oid, Vec<Oid>> = HashMap::new();
        for (tag, target) in &self.tags {
            above.entry(*target).or_default().push(*tag);
        }
        let mut to: HashSet<Oid> = self.tags.keys().filter(|tag| holds(**tag)).copied().collect();
        let mut open: Vec<Oid> =
            above.keys().filter(|target| to.contains(target) || holds(**target)).copied().collect();
        while let Some(target) = open.pop() {
            for tag in above.remove(&target).unwrap_or_default() {
                to.insert(tag);
                open.push(tag);
            }
        }
        to
    }

    /// The numbers of the trees that hold the key in a name.
    pub(in crate::git) fn named(&self) -> HashSet<u32> {
        let trees = self.dirty.iter().filter(|(_, (kind, _))| *kind == ObjectType::Tree);
        trees.filter_map(|(id, _)| self.ways.number(*id)).collect()
    }

    /// Whether the tree `id` holds the key in a name, or anything below it holds it.
    pub(in crate::git) fn leads(&self, id: Oid) -> bool {
        self.ways.number(id).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> Oid {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Oid::from_bytes(&bytes).unwrap()
    }

    fn scan(tags: impl IntoIterator<Item = (u32, u32)>) -> Scan {
        Scan { tags: tags.into_iter().map(|(tag, target)| (id(tag), id(target))).collect(), ..Scan::default() }
    }

    #[test]
    fn tags_lead_to_their_end_and_rings_end() {
        let scan = scan([(1, 2), (2, 1), (3, 3), (4, 5), (6, 4), (7, 1)]);
        let all: Vec<Oid> = (1..=8).map(id).collect();
        let ends = scan.ends(&all);
        assert_eq!([4, 5, 6, 8, 3].map(|n| ends[&id(n)]), [5, 5, 5, 8, 3].map(id));
        for n in [1, 2, 7] {
            assert!([id(1), id(2)].contains(&ends[&id(n)]), "{n}");
        }
        let to = |holds: u32| {
            let mut to: Vec<Oid> = scan.tags_to(&|at| at == id(holds)).into_iter().collect();
            to.sort();
            to
        };
        assert_eq!(to(5), [4, 6].map(id));
        assert_eq!(to(6), [6].map(id));
        assert_eq!(to(2), [1, 2, 7].map(id));
        assert!(to(8).is_empty());
    }

    /// By the square it would take minutes.
    #[test]
    fn a_high_stack_of_tags_costs_each_of_them_once() {
        const HIGH: u32 = 100_000;
        let since = std::time::Instant::now();
        for end in [HIGH, 0] {
            let scan = scan((0..HIGH).map(|n| (n, if n + 1 == HIGH { end } else { n + 1 })));
            let all: Vec<Oid> = (0..HIGH).rev().map(id).collect();
            assert_eq!(scan.ends(&all).len(), all.len() + usize::from(end == HIGH));
            assert_eq!(scan.tags_to(&|at| at == id(HIGH - 1)).len(), all.len());
        }
        assert!(since.elapsed() < std::time::Duration::from_mins(1));
    }
}
