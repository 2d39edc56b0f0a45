//! The plan as people read it: counts, costs, choices, refusals, the preview, and what was not looked into.
//!
//! Must not know: what later steps need.

use std::collections::{HashMap, HashSet};

use git2::{ObjectType, Oid};

use super::super::find::Scan;
use super::super::graph::Graph;
use super::super::repo::Repo;
use super::super::rewrite::Rewriter;
use super::super::{diff, gitlink, lfs, odd, policy, raw, refuse, submodule};
use super::{Details, Seen, places};
use crate::base::fault::Result;
use crate::base::words::count;
use crate::effect::git::{Choice, Copy, CopyKind, Plan, RefMove, Refusal};

pub(super) fn describe(
    repo: &Repo<'_>,
    seen: &Seen,
    copies: Vec<Copy>,
    graph: &Graph,
    alive: &HashSet<Oid>,
    rewriter: &Rewriter<'_>,
    details: &Details,
) -> Result<Plan> {
    let scan = &seen.scan;
    let gitlinks = gitlink::told(repo, seen, graph, alive, &rewriter.relinked);
    let nothing_to_do = copies.is_empty() && gitlinks.is_empty();
    let changed: Vec<Oid> = graph.order.iter().copied().filter(|id| is_new_commit(rewriter, scan, *id)).collect();
    let starts =
        |id: &&Oid| scan.commits.get(*id).is_some_and(|c| !c.parents.iter().any(|p| graph.changed.contains(p)));
    let mut files: Vec<String> = copies
        .iter()
        .filter(|c| c.reachable && matches!(c.what, CopyKind::Blob | CopyKind::Tree))
        .filter_map(|c| c.path.clone())
        .filter(|path| !path.is_empty())
        .collect();
    files.sort_unstable();
    files.dedup();
    // Of several with one id the first counts, as it is listed.
    let by_id: HashMap<&str, &Copy> = copies.iter().rev().map(|copy| (copy.id.as_str(), copy)).collect();
    let refusals = if nothing_to_do { Vec::new() } else { refusals(repo, seen, &copies, &by_id, rewriter, details)? };
    let choices = choices(seen, rewriter, &by_id);
    let remotes = repo.config.has_remotes();
    let outward = |m: &RefMove| {
        m.name.starts_with("refs/remotes/")
            || remotes && (m.name.starts_with("refs/tags/") || m.name.starts_with("refs/notes/"))
    };
    let fates = &rewriter.fates;
    let about = |id: Oid| {
        let (what, way) = fates.get(&id)?;
        let inside = scan.archives.form(id).or_else(|| scan.dirty.get(&id).map(|(_, form)| (*form).to_owned()));
        Some((format!("{what} content ({})", inside.unwrap_or_default()), way.words()))
    };
    Ok(Plan {
        id: details.plan.clone(),
        phrase: repo.name(),
        nothing_to_do,
        commits_changed: changed.len() as u64,
        commits_total: alive.iter().filter(|id| scan.commits.contains_key(id)).count() as u64,
        first_changed: changed.iter().filter(starts).map(ToString::to_string).collect(),
        files,
        refs: details
            .moves
            .iter()
            .map(|m| RefMove { name: repo.search.text(m.name.as_bytes()), old: m.old.clone(), new: m.new.clone() })
            .collect(),
        signatures_lost: rewriter.signatures_lost.iter().map(ToString::to_string).collect(),
        became_empty: changed.iter().filter(|id| became_empty(rewriter, scan, **id)).map(ToString::to_string).collect(),
        citations_followed: rewriter.cites.followed,
        citations_left: rewriter.cites.left.iter().map(|(id, word)| format!("{id} names {word}")).collect(),
        diff: diff::lines(repo, rewriter, &dirty_alive(scan, &copies), &about)?,
        prune_only: copies.iter().filter(|c| !c.reachable && is_object(c.what)).count() as u64,
        push_needed: details.moves.iter().any(outward),
        not_looked_into: not_looked_into(repo, seen),
        remotes: Vec::new(),
        policy: repo.policy.clone(),
        gitlinks,
        lfs: seen.lfs.held.iter().map(lfs::Held::listed).collect(),
        choices,
        refusals,
        copies,
    })
}

/// What stands in the way, each with the way forward.
fn refusals(
    repo: &Repo<'_>,
    seen: &Seen,
    copies: &[Copy],
    by_id: &HashMap<&str, &Copy>,
    rewriter: &Rewriter<'_>,
    details: &Details,
) -> Result<Vec<Refusal>> {
    let mut refusals = refuse::all(repo, &seen.refs, !details.moves.is_empty(), None)?;
    refusals.extend(refuse::common(repo, copies.len()));
    refusals.extend(places::cut_short(copies).map(|on| Refusal {
        why: format!(
            "the key goes on in {}: you gave only its beginning, and its rest would be left",
            count(on, "copy")
        ),
        way_forward: "give the whole key, without the line breaks an editor or a terminal put into it".into(),
        asks: false,
    }));
    refusals.extend(copies.iter().filter(|c| c.what == CopyKind::Index).map(|copy| Refusal {
        why: format!("the key is staged in {}", copy.path.as_deref().unwrap_or("a file")),
        way_forward: copy.remedy.clone(),
        asks: false,
    }));
    refusals.extend(seen.leftovers.iter().filter_map(|left| left.refusal(repo)));
    refusals.extend(seen.submodules.held.iter().map(submodule::Held::refusal));
    let path = |id: &Oid| by_id.get(id.to_string().as_str()).and_then(|copy| copy.path.clone());
    refusals.extend(policy::refusals(rewriter.fates.iter().map(|(id, (_, way))| (path(id), *way))));
    Ok(refusals)
}

/// Files that can't be edited as text, and what is done with each.
fn choices(seen: &Seen, rewriter: &Rewriter<'_>, by_id: &HashMap<&str, &Copy>) -> Vec<Choice> {
    let one = |id: &Oid, what: &str, way: policy::Way| {
        let copy = by_id.get(id.to_string().as_str());
        let inside = seen.scan.archives.inside.get(id).map(|all| all.iter().map(ToString::to_string).collect());
        let form = copy.map(|c| c.form.clone());
        let path = copy.and_then(|c| c.path.clone());
        let holds = inside.unwrap_or_else(|| form.into_iter().collect());
        Choice { id: id.to_string(), path, what: what.into(), holds, fate: way.fate(), way: way.words() }
    };
    let done = rewriter.fates.iter().map(|(id, (what, way))| one(id, what, *way));
    done.chain(seen.left.iter().cloned()).collect()
}

fn is_new_commit(rewriter: &Rewriter<'_>, scan: &Scan, id: Oid) -> bool {
    scan.commits.contains_key(&id) && rewriter.map.contains_key(&id)
}

/// It changed something before and changes nothing now: all it did was to the key.
fn became_empty(rewriter: &Rewriter<'_>, scan: &Scan, id: Oid) -> bool {
    if rewriter.vanished.contains(&id) || rewriter.parts.contains(&id) {
        return rewriter.vanished.contains(&id);
    }
    let tree = |id: &Oid| scan.commits.get(id).map(|c| c.tree);
    let Some([parent]) = scan.commits.get(&id).map(|c| &c.parents[..]) else { return false };
    let (own, before) = (tree(&id), tree(parent));
    let now = |id: Option<Oid>| id.map(|id| rewriter.map.get(&id).copied().unwrap_or(id));
    own != before && now(own) == now(before)
}

fn is_object(what: CopyKind) -> bool {
    matches!(what, CopyKind::Blob | CopyKind::Commit | CopyKind::Tag | CopyKind::Tree)
}

/// What a rewrite changes by itself, for the preview: trees only change with it.
fn dirty_alive(scan: &Scan, copies: &[Copy]) -> Vec<Oid> {
    let shown = copies.iter().filter(|c| c.reachable && c.what != CopyKind::Tree && is_object(c.what));
    shown
        .filter_map(|c| raw::oid(c.id.as_bytes()))
        .filter(|id| scan.dirty.get(id).is_some_and(|(kind, _)| *kind != ObjectType::Tree))
        .collect()
}

pub(super) fn not_looked_into(repo: &Repo<'_>, seen: &Seen) -> Vec<String> {
    let scan = &seen.scan;
    let mut list = Vec::new();
    list.extend(scan.archives.not_looked_into());
    if !scan.broken.is_empty() {
        list.push(format!("{} object(s) that can't be read (`git fsck` lists them)", scan.broken.len()));
    }
    if !scan.odd.is_empty() {
        list.push(format!("what {} odd commit(s) or tag(s) lead to (`git fsck` lists them)", scan.odd.len()));
    }
    if !scan.unread.is_empty() {
        list.push(format!("{} pack(s) that can't be read as a whole (`git fsck` says more)", scan.unread.len()));
    }
    if repo.git2.is_shallow() {
        list.push("history before the shallow boundary".into());
    }
    list.extend(odd::unread(repo));
    list.extend(seen.twins.iter().chain(&seen.bundles).cloned());
    list.extend(seen.submodules.not_looked_into.iter().cloned());
    list.extend(seen.lfs.not_looked_into.iter().cloned());
    list
}
