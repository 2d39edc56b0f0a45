//! The history as a graph: which trees and commits lead to the key, what refs reach, what has to change.
//!
//! Must not know: how new objects are written.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use git2::Oid;

use super::commits::Commits;
use super::find::{Desk, Scan, hands};
use super::raw::{self, Commit};
use super::repo::Repo;
use crate::base::Fault;
use crate::base::fault::Result;

/// For fewer paths no thread is started.
const LEAST: usize = 64;

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

    /// The path of each of `ways`, on all processors: see [`Self::path`].
    pub(super) fn paths(&self, ways: &[(Vec<u32>, Option<Oid>)]) -> Vec<Vec<u8>> {
        let all = |trees: &Self, ways: &[(Vec<u32>, Option<Oid>)]| -> Vec<Vec<u8>> {
            ways.iter().map(|(way, to)| trees.path(way, *to)).collect()
        };
        // One after the other, trees help to read each other.
        let mut parts = ways.chunks(ways.len().div_ceil(hands()).max(LEAST));
        let first = parts.next().unwrap_or_default();
        std::thread::scope(|scope| {
            let scan = self.scan;
            let others: Vec<_> = parts.map(|part| scope.spawn(move || all(&Trees::new(scan), part))).collect();
            let mut paths = all(self, first);
            for other in others {
                match other.join() {
                    Ok(more) => paths.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            paths
        })
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
        raw::name_in(&data, below).map(<[u8]>::to_vec)
    }
}

/// All commits, parents before children.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) order: Vec<Oid>,
    /// Commits that must get a new id: their own bytes, their tree or an ancestor holds the key.
    pub(super) changed: HashSet<Oid>,
    /// The same by number.
    pub(super) commits: Commits,
}

impl Graph {
    pub(super) fn new(repo: &Repo<'_>, scan: &Scan) -> Result<Self> {
        let kin = Kin::new(scan);
        let mut graph = Self { order: Vec::with_capacity(kin.commits.len()), ..Self::default() };
        // The number of each among those that must change.
        let mut numbers: Vec<Option<u32>> = vec![None; kin.commits.len()];
        for n in kin.order() {
            if graph.order.len().is_multiple_of(256) {
                repo.go_on()?;
                super::say(repo.ask, "following the history", graph.order.len() as u64, kin.commits.len() as u64);
            }
            let Some((_, id, commit)) = kin.commits.get(n) else { continue };
            graph.order.push(**id);
            let dirty = scan.dirty.contains_key(id);
            let tree = scan.ways.number(commit.tree);
            let parents = || kin.parents(n).iter().filter_map(|p| numbers.get(*p as usize).copied().flatten());
            if dirty || tree.is_some() || parents().next().is_some() {
                let number = u32::try_from(graph.commits.all().len()).ok();
                graph.commits.add(**id, dirty, tree, parents());
                graph.changed.insert(**id);
                numbers.iter_mut().skip(n).take(1).for_each(|slot| *slot = number);
            }
        }
        Ok(graph)
    }
}

/// All commits by number, and who is whose parent.
struct Kin<'s> {
    /// By time and id, so that nothing depends on anything but the repository.
    commits: Vec<(i64, &'s Oid, &'s Commit)>,
    parents: Vec<u32>,
    /// Where each one's parents begin among `parents`, and where the last one's end.
    starts: Vec<usize>,
}

impl<'s> Kin<'s> {
    fn new(scan: &'s Scan) -> Self {
        let mut commits: Vec<_> = scan.commits.iter().map(|(id, commit)| (commit.time, id, commit)).collect();
        commits.sort_unstable_by_key(|(time, id, _)| (*time, *id));
        let numbers: HashMap<&Oid, u32> = commits.iter().zip(0..).map(|((_, id, _), n)| (*id, n)).collect();
        let mut parents = Vec::with_capacity(commits.len());
        let mut starts = Vec::with_capacity(commits.len() + 1);
        for (_, _, commit) in &commits {
            starts.push(parents.len());
            parents.extend(commit.parents.iter().filter_map(|parent| numbers.get(parent)));
        }
        starts.push(parents.len());
        Self { commits, parents, starts }
    }

    fn parents(&self, n: usize) -> &[u32] {
        let span = self.starts.get(n).zip(self.starts.get(n + 1));
        span.and_then(|(from, to)| self.parents.get(*from..*to)).unwrap_or_default()
    }

    /// Parents first.
    fn order(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.commits.len());
        let mut seen = vec![false; self.commits.len()];
        let mut open = Vec::new();
        for start in 0..self.commits.len() {
            open.push((start, false));
            while let Some((n, parents_done)) = open.pop() {
                let Some(seen) = seen.get_mut(n) else { continue };
                if parents_done {
                    order.push(n);
                } else if !std::mem::replace(seen, true) {
                    open.push((n, true));
                    open.extend(self.parents(n).iter().rev().map(|parent| (*parent as usize, false)));
                }
            }
        }
        order
    }
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
