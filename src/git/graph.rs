//! The history as a graph: which trees and commits lead to the key, what refs reach, what has to change.
//!
//! Must not know: how new objects are written.

use std::cell::RefCell;
use std::collections::HashSet;

use git2::Oid;

use super::find::{Desk, Scan};
use super::raw;
use super::repo::Repo;
use crate::base::Fault;
use crate::base::fault::Result;

/// The trees of a repository: which lead to the key, and under which names.
pub(super) struct Trees<'r> {
    scan: &'r Scan,
    desk: RefCell<Desk<'r>>,
}

impl std::fmt::Debug for Trees<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trees({} lead to the key)", self.scan.ways.len())
    }
}

impl<'r> Trees<'r> {
    pub(super) fn new(scan: &'r Scan) -> Self {
        Self { scan, desk: RefCell::new(scan.library.desk()) }
    }

    /// Whether the tree `id` holds the key in a name, or anything below it holds it.
    pub(super) fn leads(&self, id: Oid) -> bool {
        self.scan.leads(id)
    }

    /// The path from the first of `way`, each a tree in the one before, to `to`.
    pub(super) fn path(&self, way: &[u32], to: Option<Oid>) -> Vec<u8> {
        let ids = way.iter().map(|n| self.scan.ways.tree(*n)).chain(to.map(Some)).collect::<Option<Vec<Oid>>>();
        let ids = ids.unwrap_or_default();
        let names = ids.windows(2).map(|two| match two {
            [tree, below] => self.name(*tree, *below).unwrap_or_else(|| b"?".to_vec()),
            _ => Vec::new(),
        });
        names.collect::<Vec<_>>().join(&b'/')
    }

    /// What the tree calls the object `below`.
    fn name(&self, tree: Oid, below: Oid) -> Option<Vec<u8>> {
        let (_, data) = self.desk.borrow_mut().read(tree)?;
        let entries = raw::entries(&data)?;
        entries.iter().find(|entry| entry.id == below).map(|entry| entry.name.to_vec())
    }
}

/// All commits, parents before children.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) order: Vec<Oid>,
    /// Commits that must get a new id: their own bytes, their tree or an ancestor holds the key.
    pub(super) changed: HashSet<Oid>,
}

impl Graph {
    pub(super) fn new(repo: &Repo<'_>, scan: &Scan, trees: &Trees<'_>) -> Result<Self> {
        let order = order(scan);
        let mut changed = HashSet::new();
        for (n, id) in order.iter().enumerate() {
            if n % 256 == 0 {
                repo.go_on()?;
                super::say(repo.ask, "following the history", n as u64, order.len() as u64);
            }
            let Some(commit) = scan.commits.get(id) else { continue };
            if scan.dirty.contains_key(id)
                || commit.parents.iter().any(|p| changed.contains(p))
                || trees.leads(commit.tree)
            {
                changed.insert(*id);
            }
        }
        Ok(Self { order, changed })
    }
}

/// Parents first. Ids are sorted before, so that the order depends on nothing but the repository.
fn order(scan: &Scan) -> Vec<Oid> {
    let mut starts: Vec<Oid> = scan.commits.keys().copied().collect();
    starts.sort_unstable_by_key(|id| (scan.commits.get(id).map_or(0, |c| c.time), *id));
    let mut order = Vec::with_capacity(starts.len());
    let mut seen = HashSet::with_capacity(starts.len());
    for start in starts {
        let mut open = vec![(start, false)];
        while let Some((id, parents_done)) = open.pop() {
            if parents_done {
                order.push(id);
            } else if let Some(commit) = scan.commits.get(&id)
                && seen.insert(id)
            {
                open.push((id, true));
                open.extend(commit.parents.iter().rev().map(|p| (*p, false)));
            }
        }
    }
    order
}

/// Commits and tags that `roots` reach, and ids of roots' other objects. A commit that is missing is an error unless
/// the clone is shallow.
pub(super) fn reach(scan: &Scan, roots: &[Oid], shallow: bool) -> Result<HashSet<Oid>> {
    let mut seen = HashSet::new();
    let mut open = roots.to_vec();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        if let Some(commit) = scan.commits.get(&id) {
            for parent in &commit.parents {
                if !scan.commits.contains_key(parent) && !shallow {
                    return Err(Fault::refused(
                        "the repository is damaged",
                        format!("commit {id} names a parent {parent} that is not there"),
                    )
                    .hint("`git fsck` lists what is missing; fetch it, or work on a fresh clone"));
                }
            }
            open.extend(&commit.parents);
        } else if let Some(target) = scan.tags.get(&id) {
            open.push(*target);
        }
    }
    Ok(seen)
}

/// A set of small numbers, shared between commits that hold the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn add(&mut self, n: usize) {
        if self.0.len() <= n / 64 {
            self.0.resize(n / 64 + 1, 0);
        }
        if let Some(word) = self.0.get_mut(n / 64) {
            *word |= 1 << (n % 64);
        }
    }

    /// The numbers in it, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = self.0.iter().enumerate().filter(|(_, word)| **word != 0);
        words.flat_map(|(i, word)| (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| 64 * i + bit))
    }

    /// Adds `other`.
    pub(super) fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    pub(super) fn covers(&self, other: &Self) -> bool {
        other.0.iter().enumerate().all(|(i, word)| word & !self.0.get(i).copied().unwrap_or(0) == 0)
    }
}
