//! The map of copies: for each object that holds the key where it is, since when, who reaches it, what removes it.
//!
//! Must not know: how objects are read or rewritten.

use std::collections::{HashMap, HashSet};

use git2::{ObjectType, Oid};

use super::commits::Node;
use super::find::{Scan, Under};
use super::graph::{Bits, Graph, Trees};
use super::holders::Holders;
use super::leftover::Leftover;
use super::repo::{Refs, Repo};
use crate::base::fault::Result;
use crate::effect::git::{Copy, CopyKind};

/// Refs named for one copy; the rest is counted.
const NAMED: usize = 8;
const BORROWED: &str = "it is borrowed from another repository (see objects/info/alternates): purge it there as well";
/// What holds a stash that is not the last one.
const OLDER: &str = "older stashes";

/// Since when an object is in the history, and where.
#[derive(Default)]
struct Where {
    path: Option<Vec<u8>>,
    first: Option<Oid>,
    last: Option<Oid>,
}

/// Every copy, objects first, in the order of the history.
pub(super) fn copies(
    repo: &Repo<'_>,
    scan: &Scan,
    trees: &Trees<'_>,
    graph: &Graph,
    refs: &Refs,
    leftovers: &[Leftover],
) -> Result<Vec<Copy>> {
    let mut ids: Vec<Oid> = scan.dirty.keys().copied().collect();
    ids.sort_unstable();
    let kept = graph.commits.reached(scan, &Repo::kept(refs));
    // Commits that refs keep come first, so that their paths and dates win over those of lost ones.
    let (alive, lost): (Vec<_>, Vec<_>) = graph.commits.all().iter().zip(&kept).partition(|(_, kept)| **kept);
    let named = named(refs);
    let mut places: HashMap<Oid, Where> = HashMap::with_capacity(ids.len());
    let mut walk = Walk::new(scan);
    let (mut met, mut ways) = (Vec::new(), Vec::new());
    for (node, _) in alive.iter().chain(&lost) {
        walk.commit(node, &mut |dirty, way| {
            places.entry(dirty).or_default().first = Some(node.id);
            if let Some((way, to)) = way {
                met.push(dirty);
                ways.push((way.to_vec(), to));
            }
        });
    }
    // A ref may name a tree.
    for (_, id) in &named {
        walk.tree(scan.ways.number(*id), &mut |dirty, (way, to)| {
            met.push(dirty);
            ways.push((way.to_vec(), to));
        });
    }
    for (dirty, path) in met.into_iter().zip(trees.paths(&ways)) {
        places.entry(dirty).or_default().path = Some(path);
    }
    repo.go_on()?;
    let mut walk = Walk::new(scan);
    for (node, _) in alive.iter().rev().chain(lost.iter().rev()) {
        walk.commit(node, &mut |dirty, _| places.entry(dirty).or_default().last = Some(node.id));
    }
    repo.go_on()?;
    let tips: Vec<Oid> = named.iter().map(|(_, id)| *id).collect();
    let holders = Holders::new(scan, graph, &tips);
    let logged: HashSet<Oid> = refs.logged.iter().copied().collect();
    let one = |id: &Oid| {
        let place = places.remove(id).unwrap_or_default();
        let held: Vec<&str> = holders
            .of(*id)
            .into_iter()
            .flat_map(Bits::iter)
            .filter_map(|n| named.get(n))
            .map(|(name, _)| &**name)
            .collect();
        copy(repo, scan, *id, place, &held, &logged)
    };
    let mut all: Vec<Copy> = ids.iter().map(one).collect();
    all.extend(leftovers.iter().map(|left| left.copy(repo)));
    Ok(all)
}

/// Trees from a root on, and what is meant in the last of them, unless that itself.
type Path<'w> = (&'w [u32], Option<Oid>);

/// From commits down to what is dirty; each tree and object is met once, by the first who leads to it.
struct Walk<'s> {
    scan: &'s Scan,
    named: HashSet<u32>,
    trees: Vec<bool>,
    objects: Vec<bool>,
}

impl<'s> Walk<'s> {
    fn new(scan: &'s Scan) -> Self {
        let (trees, objects) = (vec![false; scan.ways.len()], vec![false; scan.ways.objects_len()]);
        Self { scan, named: scan.named(), trees, objects }
    }

    fn commit(&mut self, node: &Node, met: &mut dyn FnMut(Oid, Option<Path<'_>>)) {
        if node.dirty {
            met(node.id, None);
        }
        self.tree(node.tree, &mut |id, way| met(id, Some(way)));
    }

    /// `met` is told each dirty object, and how one comes to it.
    fn tree(&mut self, root: Option<u32>, met: &mut dyn FnMut(Oid, Path<'_>)) {
        let first = |seen: &mut [bool], n: u32| seen.get_mut(n as usize).is_some_and(|s| !std::mem::replace(s, true));
        let ways = &self.scan.ways;
        let mut open: Vec<(u32, usize)> = root.map(|root| (root, 0)).into_iter().collect();
        let mut way = Vec::new();
        while let Some((number, depth)) = open.pop() {
            if !first(&mut self.trees, number) {
                continue;
            }
            way.truncate(depth);
            way.push(number);
            if let Some(id) = ways.tree(number).filter(|_| self.named.contains(&number)) {
                met(id, (&way, None));
            }
            for under in ways.under(number) {
                match under {
                    Under::Tree(below) => open.push((below, depth + 1)),
                    Under::Object(n) => {
                        if first(&mut self.objects, n)
                            && let Some(id) = ways.object(n)
                        {
                            met(id, (&way, Some(id)));
                        }
                    }
                }
            }
        }
    }
}

/// Where `commits` have each dirty object, or commit of a submodule that changed: the first path.
pub(super) fn paths<'g>(
    scan: &Scan,
    trees: &Trees<'_>,
    commits: impl Iterator<Item = &'g Node>,
) -> HashMap<Oid, Vec<u8>> {
    let mut paths = HashMap::new();
    let mut walk = Walk::new(scan);
    for node in commits {
        walk.commit(node, &mut |dirty, way| {
            if let Some((way, to)) = way {
                paths.insert(dirty, trees.path(way, to));
            }
        });
    }
    paths
}

/// Files that hold the key, in the order in which `commits` have them.
pub(super) fn files<'g>(scan: &Scan, commits: impl Iterator<Item = &'g Node>) -> Vec<Oid> {
    let mut files = Vec::new();
    let mut walk = Walk::new(scan);
    for node in commits {
        walk.commit(node, &mut |dirty, _| {
            if scan.dirty.get(&dirty).is_some_and(|(kind, _)| *kind == ObjectType::Blob) {
                files.push(dirty);
            }
        });
    }
    files
}

fn named(refs: &Refs) -> Vec<(String, Oid)> {
    let mut named: Vec<(String, Oid)> = refs.direct.iter().map(|r| (r.name.clone(), r.id)).collect();
    if refs.branch.is_none()
        && let Some(head) = refs.head
    {
        named.push(("HEAD".into(), head));
    }
    let tip = refs.stash.last().copied();
    let older = refs.stash.iter().copied().filter(|id| Some(*id) != tip);
    named.extend(older.map(|id| (OLDER.to_owned(), id)));
    named
}

fn copy(repo: &Repo<'_>, scan: &Scan, id: Oid, place: Where, held: &[&str], logged: &HashSet<Oid>) -> Copy {
    let (kind, form) = scan.dirty.get(&id).copied().unwrap_or((ObjectType::Any, "plain"));
    let what = match kind {
        ObjectType::Commit => CopyKind::Commit,
        ObjectType::Tag => CopyKind::Tag,
        ObjectType::Tree => CopyKind::Tree,
        _ => CopyKind::Blob,
    };
    let in_log = logged.contains(&id) || place.last.is_some_and(|last| logged.contains(&last));
    let reachable = !held.is_empty();
    let on_remote = held.iter().any(|name| name.starts_with("refs/remotes/"));
    let remedy = match (reachable, on_remote, in_log) {
        (true, true, _) => "rewrite the history, then force-push each ref with a lease",
        (true, false, _) => "rewrite the history here; no remote-tracking ref holds it",
        (false, _, true) => "expire its reflog entries and prune; no ref changes, nothing to push",
        (false, _, false) => "prune; nothing reaches it, no ref changes, nothing to push",
    };
    let remedy = if scan.borrowed.contains(&id) { BORROWED } else { remedy };
    let mut refs: Vec<String> = held.iter().take(NAMED).map(|name| repo.search.text(name.as_bytes())).collect();
    refs.dedup();
    if let Some(more @ 1..) = held.len().checked_sub(NAMED) {
        refs.push(format!("and {more} more"));
    }
    Copy {
        id: id.to_string(),
        what,
        form: scan.archives.form(id).unwrap_or_else(|| form.into()),
        path: place.path.map(|path| repo.search.text(&path)),
        first: place.first.map(|id| id.to_string()),
        last: place.last.map(|id| id.to_string()),
        refs,
        on_remote,
        reachable,
        remedy: remedy.into(),
    }
}
