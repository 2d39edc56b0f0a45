//! The plan: what a switch would change, to the id, worked out without writing anything. The same work with writing
//! on is the first half of applying it, so both always agree.
//!
//! Must not know: how refs are moved.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use git2::{ObjectType, Odb, Oid};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::find::{self, Scan};
use super::fresh::Fresh;
use super::graph::{self, Graph, Trees};
use super::leftover::{self, Leftover};
use super::lfs::{self, Lfs};
use super::rename::{self, Rename};
use super::repo::{Refs, Repo};
use super::rewrite::Rewriter;
use super::submodule::{self, Submodules};
use super::{diff, map, policy, raw, refuse};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::{Choice, Copy, CopyKind, CopyMap, Plan, Policy, RefMove};

/// How far a plan has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Planned,
    Applied,
    Undone,
    /// Applied, and the backup is destroyed.
    Finished,
}

/// What later steps need of a plan, in this process or another. Ids and names only, never the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Details {
    pub(super) plan: String,
    pub(super) stage: Stage,
    pub(super) git_dir: PathBuf,
    /// With HEAD, when it is detached.
    pub(super) moves: Vec<RefMove>,
    /// HEAD's tree before and after; equal when the files don't change.
    pub(super) tree: Option<(String, String)>,
    /// The same for linked working trees: name, before, after.
    #[serde(default)]
    pub(super) linked: Vec<(String, String, String)>,
    /// Refs whose names held the key.
    #[serde(default)]
    pub(super) renames: Vec<Rename>,
    /// Changed commits and tags: old id, new id.
    pub(super) map: BTreeMap<String, String>,
    /// Ids in logs that are dropped: nothing but a log holds them.
    pub(super) lost: BTreeSet<String>,
    /// Objects that hold the key and must be gone in the end.
    pub(super) dirty: BTreeSet<String>,
    /// What a person chose for files that can't be edited as text.
    #[serde(default)]
    pub(super) policy: Policy,
    /// Name of the pack with all that stays, once it was made.
    #[serde(default)]
    pub(super) pack: Option<String>,
    /// Objects that nothing needed, which were left out of it.
    #[serde(default)]
    pub(super) dropped: u64,
}

impl Details {
    /// The trees before and after of a working tree (the main one's name is empty).
    pub(super) fn tree_of(&self, name: &str) -> Option<(&str, &str)> {
        if name.is_empty() {
            return self.tree.as_ref().map(|(old, new)| (old.as_str(), new.as_str()));
        }
        self.linked.iter().find(|(own, ..)| own == name).map(|(_, old, new)| (old.as_str(), new.as_str()))
    }

    /// The new digits for an id, whole or abbreviated, of a changed commit.
    pub(super) fn cited(&self, digits: &str) -> Option<String> {
        let mut found = self.map.range(digits.to_owned()..).take_while(|(old, _)| old.starts_with(digits));
        match (found.next(), found.next()) {
            (Some((_, new)), None) => new.get(..digits.len()).map(str::to_owned),
            _ => None,
        }
    }

    /// Every name of a ref in here.
    pub(super) fn names(&mut self) -> impl Iterator<Item = &mut String> {
        let renamed =
            self.renames.iter_mut().flat_map(|r| [&mut r.old, &mut r.new].into_iter().chain(&mut r.followers));
        self.moves.iter_mut().map(|m| &mut m.name).chain(renamed)
    }
}

/// A plan for people and one for machines.
#[derive(Debug)]
pub(super) struct Worked {
    pub(super) plan: Plan,
    pub(super) details: Details,
    /// Every object with a new counterpart: old id to new id.
    pub(super) map: HashMap<Oid, Oid>,
}

/// All that is known about where the key is.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) scan: Scan,
    pub(super) refs: Refs,
    leftovers: Vec<Leftover>,
    submodules: Submodules,
    lfs: Lfs,
}

pub(super) fn look(repo: &Repo<'_>) -> Result<Seen> {
    let scan = find::scan(repo)?;
    let (submodules, lfs) = (submodule::find(repo)?, lfs::find(repo)?);
    Ok(Seen { refs: repo.refs()?, scan, leftovers: leftover::find(repo)?, submodules, lfs })
}

/// The map of copies alone.
pub(super) fn copy_map(repo: &Repo<'_>) -> Result<CopyMap> {
    let seen = look(repo)?;
    let mut trees = Trees::new(&seen.scan);
    let graph = Graph::new(repo, &seen.scan, &trees)?;
    let copies = copies(repo, &seen, &mut trees, &graph)?;
    Ok(CopyMap {
        copies,
        objects: seen.scan.objects,
        bytes: seen.scan.bytes,
        not_looked_into: not_looked_into(repo, &seen),
    })
}

fn copies(repo: &Repo<'_>, seen: &Seen, trees: &mut Trees<'_>, graph: &Graph) -> Result<Vec<Copy>> {
    let mut copies = map::copies(repo, &seen.scan, trees, graph, &seen.refs, &seen.leftovers)?;
    copies.extend(staged(repo, seen)?);
    copies.extend(seen.submodules.held.iter().map(submodule::Held::copy));
    copies.extend(seen.lfs.held.iter().map(|held| held.copy(repo)));
    let unborn =
        seen.refs.symbolic.iter().map(|(_, to)| to).filter(|to| seen.refs.direct.iter().all(|r| r.name != **to));
    for name in seen.refs.direct.iter().map(|r| &r.name).chain(unborn).map(String::as_bytes) {
        if let Some(form) = repo.search.form_in(name) {
            let pushed = name.starts_with(b"refs/remotes/");
            let mut copy = left(repo.search.text(name), CopyKind::Leftover, form);
            copy.on_remote = pushed;
            copy.remedy = if pushed {
                "rename the ref here, and delete the old name on the remote".into()
            } else {
                "rename the ref".into()
            };
            copies.push(copy);
        }
    }
    // Ids are no order a person can follow: what was pushed comes first, then by place; what has none comes last.
    copies.sort_by_cached_key(|c| {
        let place = (c.path.is_none(), c.path.clone());
        (!c.on_remote, !c.reachable, place, c.what, c.form.clone(), c.refs.clone(), c.id.clone())
    });
    Ok(copies)
}

fn left(id: String, what: CopyKind, form: &str) -> Copy {
    Copy {
        path: Some(id.clone()),
        id,
        what,
        form: form.into(),
        first: None,
        last: None,
        refs: Vec::new(),
        on_remote: false,
        reachable: false,
        remedy: String::new(),
    }
}

/// Index entries that hold the key, in the blob or the path, and are not simply what HEAD holds.
fn staged(repo: &Repo<'_>, seen: &Seen) -> Result<Vec<Copy>> {
    let mut found = Vec::new();
    for at in repo.trees() {
        let head = if at.name.is_empty() { seen.refs.head } else { seen.refs.head_of(&at.name) };
        let head = head.and_then(|id| seen.scan.commits.get(&id)).and_then(|c| seen.scan.ways.number(c.tree));
        let committed: HashSet<Oid> = head.map(|tree| seen.scan.ways.objects(tree)).unwrap_or_default();
        // `<mode> <id> <stage>\t<path>`
        let listed = at.git.run(&["ls-files", "--stage", "-z"])?;
        let paths = if listed.is_empty() || repo.search.form_in(&listed).is_none() {
            None
        } else {
            Some(at.git.ask_git(&["ls-tree", "-r", "-z", "--name-only", "HEAD"], None)?.out)
        };
        let paths: HashSet<&[u8]> = paths.iter().flat_map(|list| list.split(|b| *b == 0)).collect();
        for line in listed.split(|b| *b == 0) {
            let mut parts = line.splitn(2, |b| *b == b'\t');
            let (Some(head), Some(path)) = (parts.next(), parts.next()) else { continue };
            let mut words = head.split(|b| *b == b' ').skip(1);
            let (Some(id), stage) = (words.next().and_then(raw::oid), words.next()) else { continue };
            let conflict = stage.is_some_and(|stage| stage != b"0");
            let in_blob = seen.scan.dirty.get(&id).map(|(_, form)| *form);
            let in_blob = in_blob.filter(|_| conflict || !committed.contains(&id));
            let Some(form) = in_blob.or_else(|| repo.search.form_in(path).filter(|_| !paths.contains(path))) else {
                continue;
            };
            let mut shown = repo.search.text(path);
            if conflict {
                let side = match stage {
                    Some(b"1") => "1, the common ancestor",
                    Some(b"2") => "2, ours",
                    _ => "3, theirs",
                };
                shown = format!("{shown} (stage {side})");
            }
            if !at.name.is_empty() {
                shown = format!("{shown} in {}", at.words());
            }
            let mut copy = left(shown, CopyKind::Index, form);
            copy.id = id.to_string();
            copy.remedy = if conflict {
                "finish or abort what left the conflict (`git status` says which)".into()
            } else {
                "unstage it (`git restore --staged`), or commit it so that it is rewritten".into()
            };
            found.push(copy);
        }
    }
    Ok(found)
}

/// Works the rewrite out; `fresh` takes the new objects.
pub(super) fn work(repo: &Repo<'_>, seen: &Seen, fresh: Option<&Fresh>) -> Result<Worked> {
    sound(&seen.scan)?;
    let odb = repo.odb()?;
    let mut trees = Trees::new(&seen.scan);
    let graph = Graph::new(repo, &seen.scan, &trees)?;
    let copies = copies(repo, seen, &mut trees, &graph)?;
    let kept = Repo::kept(&seen.refs);
    let alive = graph::reach(&seen.scan, &kept, repo.git2.is_shallow())?;
    let mut rewriter = Rewriter::new(repo, &odb, &seen.scan, fresh);
    rewriter.commits(&graph, &mut trees, &alive)?;
    for id in &kept {
        rewriter.object(*id, &mut trees)?;
    }
    for notes in seen.refs.direct.iter().filter(|r| r.name.starts_with("refs/notes/")) {
        rewriter.notes(notes.id, &mut trees)?;
    }
    let renames = rename::plan(repo.search, &seen.refs)?;
    let moves = moves(seen, &rewriter, &renames);
    let details = details(repo, seen, &mut trees, &graph, &rewriter, moves, renames);
    let plan = describe(repo, seen, &odb, copies, &graph, &alive, &rewriter, &details)?;
    Ok(Worked { plan, details, map: rewriter.map })
}

/// A history that can't be read can't be rewritten, nor be shown to be clean.
fn sound(scan: &Scan) -> Result<()> {
    if scan.broken.is_empty() && scan.unread.is_empty() {
        return Ok(());
    }
    let some: Vec<String> = scan.broken.iter().take(3).map(ToString::to_string).collect();
    let why = if some.is_empty() {
        format!("{} pack(s) can't be read", scan.unread.len())
    } else {
        format!("{} object(s) can't be read: {} …", scan.broken.len(), some.join(", "))
    };
    Err(Fault::refused("the repository is damaged", why)
        .hint("`git fsck` lists what is broken; fetch it, or work on a fresh clone"))
}

fn moves(seen: &Seen, rewriter: &Rewriter<'_>, renames: &[Rename]) -> Vec<RefMove> {
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

fn details(
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
    let leads_to_key = |mut id: Oid| {
        loop {
            if scan.dirty.contains_key(&id) || graph.changed.contains(&id) {
                return true;
            }
            match scan.tags.get(&id) {
                Some(target) => id = *target,
                None => return !scan.commits.contains_key(&id) && trees.leads(id),
            }
        }
    };
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
    let (git_dir, policy) = (repo.dir.clone(), repo.policy);
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

#[allow(clippy::too_many_arguments, reason = "one caller; each is one thing that was worked out before")]
fn describe(
    repo: &Repo<'_>,
    seen: &Seen,
    odb: &Odb<'_>,
    copies: Vec<Copy>,
    graph: &Graph,
    alive: &HashSet<Oid>,
    rewriter: &Rewriter<'_>,
    details: &Details,
) -> Result<Plan> {
    let scan = &seen.scan;
    let nothing_to_do = copies.is_empty();
    let changed: Vec<Oid> = graph.order.iter().copied().filter(|id| details_has(rewriter, scan, *id)).collect();
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
    let refusals = if nothing_to_do {
        Vec::new()
    } else {
        let mut refusals = refuse::all(repo, &seen.refs, !details.moves.is_empty(), None)?;
        refusals.extend(refuse::common(repo, copies.len()));
        for copy in copies.iter().filter(|c| c.what == CopyKind::Index) {
            refusals.push(crate::effect::git::Refusal {
                why: format!("the key is staged in {}", copy.path.as_deref().unwrap_or("a file")),
                way_forward: copy.remedy.clone(),
            });
        }
        let path = |id: &Oid| copies.iter().find(|c| c.id == id.to_string()).and_then(|c| c.path.clone());
        refusals.extend(seen.submodules.held.iter().map(submodule::Held::refusal));
        refusals.extend(policy::refusals(repo, rewriter.fates.iter().map(|(id, (what, way))| (path(id), *what, *way))));
        refusals
    };
    let remotes = !repo.git.run(&["remote"])?.trim_ascii().is_empty();
    let outward = |m: &RefMove| {
        m.name.starts_with("refs/remotes/")
            || remotes && (m.name.starts_with("refs/tags/") || m.name.starts_with("refs/notes/"))
    };
    let about = |id: Oid| {
        let (what, way) = rewriter.fates.get(&id)?;
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
        diff: diff::lines(repo, odb, &dirty_alive(scan, &copies), &about)?,
        prune_only: copies.iter().filter(|c| !c.reachable && is_object(c.what)).count() as u64,
        push_needed: details.moves.iter().any(outward),
        not_looked_into: not_looked_into(repo, seen),
        remotes: Vec::new(),
        policy: repo.policy,
        lfs: seen.lfs.held.iter().map(lfs::Held::listed).collect(),
        choices: choices(seen, rewriter, &copies),
        refusals,
        copies,
    })
}

/// Files that can't be edited as text, and what is done with each.
fn choices(seen: &Seen, rewriter: &Rewriter<'_>, copies: &[Copy]) -> Vec<Choice> {
    let one = |id: &Oid, what: &str, way: policy::Way| {
        let copy = copies.iter().find(|c| c.id == id.to_string());
        let inside = seen.scan.archives.inside.get(id).map(|all| all.iter().map(ToString::to_string).collect());
        let form = copy.map(|c| c.form.clone());
        let path = copy.and_then(|c| c.path.clone());
        let holds = inside.unwrap_or_else(|| form.into_iter().collect());
        Choice { id: id.to_string(), path, what: what.into(), holds, way: way.words() }
    };
    let done = rewriter.fates.iter().map(|(id, (what, way))| one(id, what, *way));
    done.chain(seen.scan.left.iter().map(|(id, what)| one(id, what, policy::Way::Left))).collect()
}

fn details_has(rewriter: &Rewriter<'_>, scan: &Scan, id: Oid) -> bool {
    scan.commits.contains_key(&id) && rewriter.map.contains_key(&id)
}

/// It changed something before and changes nothing now: all it did was to the key.
fn became_empty(rewriter: &Rewriter<'_>, scan: &Scan, id: Oid) -> bool {
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

fn not_looked_into(repo: &Repo<'_>, seen: &Seen) -> Vec<String> {
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
    list.extend(seen.submodules.not_looked_into.iter().cloned());
    list.extend(seen.lfs.not_looked_into.iter().cloned());
    list
}
