//! The history as a graph: which trees and commits lead to the key, what refs reach, what has to change.
//!
//! Must not know: how new objects are written.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use git2::{Odb, Oid};

use super::find::Scan;
use super::raw;
use super::repo::Repo;
use crate::base::Fault;
use crate::base::fault::Result;

/// A dirty blob or tree below some tree, and a path from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) id: Oid,
    pub(super) path: Vec<u8>,
}

/// What a tree holds below it; `None`: it is clean.
pub(super) type Below = Option<Rc<[Held]>>;

/// Looks into each tree once, however many commits share it.
pub(super) struct Trees<'r> {
    odb: &'r Odb<'r>,
    scan: &'r Scan,
    known: HashMap<Oid, Below>,
    /// No blob and no tree is dirty: no tree needs to be looked into.
    idle: bool,
    pub(super) missing: HashSet<Oid>,
}

impl std::fmt::Debug for Trees<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trees({} known)", self.known.len())
    }
}

impl<'r> Trees<'r> {
    pub(super) fn new(odb: &'r Odb<'r>, scan: &'r Scan) -> Self {
        let deep = |kind: git2::ObjectType| matches!(kind, git2::ObjectType::Blob | git2::ObjectType::Tree);
        let idle = !scan.dirty.values().any(|(kind, _)| deep(*kind));
        Self { odb, scan, known: HashMap::new(), idle, missing: HashSet::new() }
    }

    /// Every dirty object in and below the tree `id`, one path for each.
    pub(super) fn below(&mut self, id: Oid) -> Below {
        if self.idle {
            return None;
        }
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        let mut held: Vec<Held> = Vec::new();
        if self.scan.dirty.contains_key(&id) {
            held.push(Held { id, path: Vec::new() });
        }
        match self.odb.read(id) {
            Ok(object) => {
                for entry in raw::entries(object.data()).unwrap_or_default() {
                    if entry.is_tree() {
                        for below in self.below(entry.id).iter().flat_map(|below| below.iter()) {
                            let path = if below.path.is_empty() {
                                entry.name.to_vec()
                            } else {
                                [entry.name, b"/", &below.path].concat()
                            };
                            held.push(Held { id: below.id, path });
                        }
                    } else if self.scan.dirty.contains_key(&entry.id) {
                        held.push(Held { id: entry.id, path: entry.name.to_vec() });
                    }
                }
            }
            Err(_) => drop(self.missing.insert(id)),
        }
        // Two names for one blob: one path is enough.
        let mut seen = HashSet::new();
        held.retain(|h| seen.insert(h.id));
        let below: Below = if held.is_empty() { None } else { Some(held.into()) };
        self.known.insert(id, below.clone());
        below
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
    pub(super) fn new(repo: &Repo<'_>, scan: &Scan, trees: &mut Trees<'_>) -> Result<Self> {
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
                || trees.below(commit.tree).is_some()
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

    pub(super) fn has(&self, n: usize) -> bool {
        self.0.get(n / 64).is_some_and(|word| word & (1 << (n % 64)) != 0)
    }

    /// Adds `other`; says whether that changed anything.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        let mut grew = false;
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            grew |= *theirs & !*mine != 0;
            *mine |= theirs;
        }
        grew
    }

    pub(super) fn covers(&self, other: &Self) -> bool {
        other.0.iter().enumerate().all(|(i, word)| word & !self.0.get(i).copied().unwrap_or(0) == 0)
    }
}
