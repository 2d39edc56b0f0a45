//! The map of copies: for each object that holds the key where it is, since when, who reaches it, what removes it.
//!
//! Must not know: how objects are read or rewritten.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use git2::{ObjectType, Oid};

use super::find::Scan;
use super::graph::{Bits, Graph, Trees};
use super::leftover::Leftover;
use super::repo::{Refs, Repo};
use crate::base::fault::Result;
use crate::effect::git::{Copy, CopyKind};

/// Refs named for one copy; the rest is counted.
const NAMED: usize = 8;

#[derive(Default)]
struct Where {
    path: Option<Vec<u8>>,
    first: Option<Oid>,
    last: Option<Oid>,
    refs: Vec<String>,
    more: usize,
    on_remote: bool,
    reachable: bool,
}

/// Every copy, objects first, in the order of the history.
pub(super) fn copies(
    repo: &Repo<'_>,
    scan: &Scan,
    trees: &mut Trees<'_>,
    graph: &Graph,
    refs: &Refs,
    leftovers: &[Leftover],
) -> Result<Vec<Copy>> {
    let mut ids: Vec<Oid> = scan.dirty.keys().copied().collect();
    ids.sort_unstable();
    let number: HashMap<Oid, usize> = ids.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    let mut places: Vec<Where> = ids.iter().map(|_| Where::default()).collect();
    let kept = super::graph::reach(scan, &Repo::kept(refs), true)?;
    // Commits that refs keep come first, so that their paths and dates win over those of lost ones.
    let mut reached: HashMap<Oid, Rc<Bits>> = HashMap::new();
    let (alive, lost): (Vec<Oid>, Vec<Oid>) = graph.order.iter().partition(|id| kept.contains(*id));
    for id in alive.iter().chain(&lost) {
        let Some(commit) = scan.commits.get(id) else { continue };
        if !graph.changed.contains(id) {
            continue;
        }
        let mut own = Bits::default();
        let below = trees.below(commit.tree);
        let mut touch = |dirty: Oid, path: Option<&[u8]>| {
            let Some(n) = number.get(&dirty) else { return };
            own.add(*n);
            let Some(place) = places.get_mut(*n) else { return };
            if place.first.is_some() && place.reachable && !kept.contains(id) {
                return;
            }
            place.reachable |= kept.contains(id);
            place.first.get_or_insert(*id);
            place.last = Some(*id);
            if place.path.is_none() {
                place.path = path.map(<[u8]>::to_vec);
            }
        };
        touch(*id, None);
        below.iter().flat_map(|below| below.iter()).for_each(|held| touch(held.id, Some(&held.path)));
        reached.insert(*id, with_parents(own, commit.parents.iter().filter_map(|p| reached.get(p))));
    }
    for (name, id) in named(refs) {
        let mut bits = Bits::default();
        let mut at = id;
        loop {
            if let Some(n) = number.get(&at) {
                bits.add(*n);
            }
            match scan.tags.get(&at) {
                Some(target) => at = *target,
                None => break,
            }
        }
        if let Some(more) = reached.get(&at) {
            bits.join(more);
        } else if !scan.commits.contains_key(&at) {
            for held in trees.below(at).iter().flat_map(|b| b.iter()) {
                if let Some(n) = number.get(&held.id) {
                    bits.add(*n);
                }
            }
        }
        for (n, place) in places.iter_mut().enumerate().filter(|(n, _)| bits.has(*n)) {
            let _ = n;
            place.reachable = true;
            place.on_remote |= name.starts_with("refs/remotes/");
            if place.refs.len() < NAMED {
                place.refs.push(repo.search.text(name.as_bytes()));
            } else {
                place.more += 1;
            }
        }
    }
    let logged: HashSet<Oid> = refs.logged.iter().copied().collect();
    let mut all: Vec<Copy> = ids.iter().zip(places).map(|(id, place)| copy(repo, scan, *id, place, &logged)).collect();
    all.extend(leftovers.iter().map(|left| left.copy(repo)));
    Ok(all)
}

fn with_parents<'b>(mut own: Bits, parents: impl Iterator<Item = &'b Rc<Bits>>) -> Rc<Bits> {
    let mut shared = None;
    for parent in parents {
        if parent.covers(&own) {
            shared = Some(parent.clone());
        }
        own.join(parent);
    }
    // The usual case, a commit that adds nothing to its parent, costs no memory.
    shared.filter(|parent| **parent == own).unwrap_or_else(|| Rc::new(own))
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
    named.extend(older.map(|id| ("older stashes".to_owned(), id)));
    named
}

fn copy(repo: &Repo<'_>, scan: &Scan, id: Oid, place: Where, logged: &HashSet<Oid>) -> Copy {
    let (kind, form) = scan.dirty.get(&id).copied().unwrap_or((ObjectType::Any, "plain"));
    let what = match kind {
        ObjectType::Commit => CopyKind::Commit,
        ObjectType::Tag => CopyKind::Tag,
        ObjectType::Tree => CopyKind::Tree,
        _ => CopyKind::Blob,
    };
    let in_log = logged.contains(&id) || place.last.is_some_and(|last| logged.contains(&last));
    let remedy = match (place.reachable, place.on_remote, in_log) {
        (true, true, _) => "rewrite the history, then force-push each ref with a lease",
        (true, false, _) => "rewrite the history here; no remote-tracking ref holds it",
        (false, _, true) => "expire its reflog entries and prune; no ref changes, nothing to push",
        (false, _, false) => "prune; nothing reaches it, no ref changes, nothing to push",
    };
    let mut refs = place.refs;
    refs.dedup();
    if place.more > 0 {
        refs.push(format!("and {} more", place.more));
    }
    Copy {
        id: id.to_string(),
        what,
        form: scan.archives.form(id).unwrap_or_else(|| form.into()),
        path: place.path.map(|path| repo.search.text(&path)),
        first: place.first.map(|id| id.to_string()),
        last: place.last.map(|id| id.to_string()),
        refs,
        on_remote: place.on_remote,
        reachable: place.reachable,
        remedy: remedy.into(),
    }
}
