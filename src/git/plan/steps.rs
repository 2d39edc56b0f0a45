//! What a switch has to do, step by step and by id: which refs move, which ids follow which, what must be gone.
//!
//! Must not know: how it is told to people.

use std::collections::{BTreeMap, BTreeSet};

use git2::Oid;
use sha2::{Digest as _, Sha256};

use super::super::graph::{Graph, Trees};
use super::super::raw;
use super::super::rename::Rename;
use super::super::repo::Repo;
use super::super::rewrite::Rewriter;
use super::{Details, Seen, Stage};
use crate::effect::git::{Policy, RefMove};

pub(super) fn moves(seen: &Seen, rewriter: &Rewriter<'_>, renames: &[Rename]) -> Vec<RefMove> {
    let refs = &seen.refs;
    let zero = Oid::ZERO_SHA1.to_string();
    let mut moves = Vec::new();
    let mut go = |name: &str, old: Oid| {
        let new = rewriter.map.get(&old).copied().unwrap_or(old);
        if let Some(rename) = renames.iter().find(|r| r.old == name) {
            moves.push(RefMove { name: name.into(), old: old.to_string(), new: zero.clone() });
            moves.push(RefMove { name: rename.new.clone(), old: zero.clone(), new: new.to_string() });
        } else if new != old {
            moves.push(RefMove { name: name.into(), old: old.to_string(), new: new.to_string() });
        }
    };
    for at in &refs.direct {
        go(&at.name, at.id);
    }
    if let (None, Some(head)) = (&refs.branch, refs.head) {
        go("HEAD", head);
    }
    // A replacement is filed under the id it replaces.
    for at in refs.direct.iter().filter(|r| r.name.starts_with("refs/replace/")) {
        let Some(replaced) = at.name.strip_prefix("refs/replace/").and_then(|id| raw::oid(id.as_bytes())) else {
            continue;
        };
        let new = rewriter.map.get(&replaced);
        // It goes when what it replaces goes: nothing holds that, and the key is in it.
        if new.is_none() && !seen.scan.dirty.contains_key(&replaced) && !rewriter.changed.contains(&replaced) {
            continue;
        }
        moves.retain(|m| m.name != at.name);
        moves.push(RefMove { name: at.name.clone(), old: at.id.to_string(), new: zero.clone() });
        if let Some(new) = new {
            let id = rewriter.map.get(&at.id).copied().unwrap_or(at.id).to_string();
            moves.push(RefMove { name: format!("refs/replace/{new}"), old: zero.clone(), new: id });
        }
    }
    moves
}

pub(super) fn details(
    repo: &Repo<'_>,
    seen: &Seen,
    trees: &mut Trees<'_>,
    graph: &Graph,
    rewriter: &Rewriter<'_>,
    moves: Vec<RefMove>,
    renames: Vec<Rename>,
) -> Details {
    let scan = &seen.scan;
    let named = |id: &Oid| scan.commits.contains_key(id) || scan.tags.contains_key(id);
    let map: BTreeMap<String, String> =
        rewriter.map.iter().filter(|(id, _)| named(id)).map(|(old, new)| (old.to_string(), new.to_string())).collect();
    let holds = |id: Oid| scan.dirty.contains_key(&id) || graph.changed.contains(&id) || trees.leads(id);
    let tags = scan.tags_to(&holds);
    let leads_to_key = |id: Oid| holds(id) || tags.contains(&id);
    let lost = seen
        .refs
        .logged
        .iter()
        .filter(|id| !rewriter.map.contains_key(id) && leads_to_key(**id))
        .map(ToString::to_string)
        .collect();
    let before_after = |head: Oid| {
        let old = scan.commits.get(&head)?.tree;
        Some((old.to_string(), rewriter.map.get(&old).copied().unwrap_or(old).to_string()))
    };
    let tree = seen.refs.head.and_then(before_after);
    let linked = seen.refs.heads.iter();
    let linked = linked.filter_map(|(name, head)| before_after(*head).map(|(old, new)| (name.clone(), old, new)));
    let linked = linked.collect();
    let dirty: BTreeSet<String> = scan.dirty.keys().map(ToString::to_string).collect();
    let plan = id(repo, seen, &moves, &map, &dirty);
    let (git_dir, policy) = (repo.dir.clone(), repo.policy.clone());
    let (pack, dropped) = (None, 0);
    Details {
        plan,
        stage: Stage::Planned,
        git_dir,
        moves,
        tree,
        linked,
        renames,
        map,
        lost,
        dirty,
        policy,
        pack,
        dropped,
    }
}

/// Short hash over all that would be done: the same repository and key give the same plan.
fn id(
    repo: &Repo<'_>,
    seen: &Seen,
    moves: &[RefMove],
    map: &BTreeMap<String, String>,
    dirty: &BTreeSet<String>,
) -> String {
    let mut hash = Sha256::new();
    hash.update(repo.dir.as_os_str().as_encoded_bytes());
    if repo.policy != Policy::default() {
        hash.update(format!("{:?}\n", repo.policy));
    }
    for step in moves {
        hash.update(format!("{} {} {}\n", step.name, step.old, step.new));
    }
    for (old, new) in map {
        hash.update(format!("{old} {new}\n"));
    }
    for id in dirty {
        hash.update(format!("{id}\n"));
    }
    let left = seen.leftovers.iter().map(|left| &left.name).chain(seen.lfs.held.iter().map(|held| &held.name));
    for name in left {
        hash.update(name.as_os_str().as_encoded_bytes());
    }
    crate::base::id::hex(hash.finalize().get(..6).unwrap_or_default())
}
