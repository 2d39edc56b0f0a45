//! The plan: what a switch would change, to the id, worked out without writing anything. The same work with writing
//! on is the first half of applying it, so both always agree.
//!
//! Must not know: how refs are moved.

mod details;
mod left;
mod places;
mod steps;
mod told;

use std::collections::{HashMap, HashSet};

use git2::Oid;

use super::ahead::Ahead;
use super::find::{self, Scan};
use super::fresh::Fresh;
use super::gitlink;
use super::graph::{self, Graph, Trees};
use super::leftover::{self, Leftover};
use super::lfs::{self, Lfs};
use super::memory::{Memory, Prepared, Print};
use super::policy::By;
use super::refuse;
use super::repo::{Refs, Repo};
use super::rewrite::Rewriter;
use super::submodule::{self, Submodules};
use super::{map, remote, rename, shelf};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::{Choice, CopyMap, Plan, Policy};

pub(super) use details::{Details, Stage};

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
    /// Submodules' commits that were rewritten, and what they became.
    pub(super) links: HashMap<Oid, Oid>,
    lfs: Lfs,
    /// Files that hold the key and are to be left.
    left: Vec<Choice>,
    /// Repositories that share files with this one.
    twins: Option<String>,
    /// Files that hold packed history.
    bundles: Vec<String>,
}

pub(super) fn look(repo: &Repo<'_>) -> Result<Seen> {
    see(repo, gitlink::known(repo)?)
}

fn see(repo: &Repo<'_>, links: HashMap<Oid, Oid>) -> Result<Seen> {
    // The longer a list of refs is put off, the more may be in it that the scan did not see.
    let (scan, refs) = repo.refs_beside(|| find::scan(repo, &links));
    let (scan, submodules, lfs) = (scan?, submodule::find(repo)?, lfs::find(repo)?);
    let (refs, leftovers) = (refs?, leftover::find(repo)?);
    let (twins, bundles) = (refuse::twins(repo)?, leftover::bundles(repo)?);
    left::leave(repo, Seen { refs, scan, leftovers, submodules, links, lfs, left: Vec::new(), twins, bundles })
}

/// Plans, and keeps what the plan needs to be applied: its details in the backup folder, and all that was worked out in
/// `memory`, if there is one.
pub(super) fn make(repo: &mut Repo<'_>, policy: Policy, memory: Option<&Memory>) -> Result<Plan> {
    repo.policy = policy;
    if let Some(memory) = memory {
        memory.forget(&repo.dir);
    }
    // Taken before the look: what changes from now on makes another print.
    let links = gitlink::known(repo)?;
    let print = memory.map(|_| Print::take(repo, &links)).transpose()?.flatten();
    let fresh = print.as_ref().map(|_| Fresh::new(repo.ask.backup_root)).transpose()?;
    let seen = see(repo, links)?;
    let Worked { mut plan, details, map } = work(repo, &seen, fresh.as_ref())?;
    if plan.nothing_to_do {
        return Ok(plan);
    }
    shelf::save(repo, &details)?;
    let free = plan.refusals.is_empty();
    if repo.config.has_remotes() {
        remote::survey(repo, &details, &mut plan)?;
    }
    remote::outline::save(repo, &plan)?;
    if let (Some(memory), Some(print), Some(fresh), true) = (memory, print, fresh, free) {
        memory.keep(Prepared { print, dir: repo.dir.clone(), details, map, refs: seen.refs, fresh });
    }
    Ok(plan)
}

/// The map of copies alone.
pub(super) fn copy_map(repo: &Repo<'_>) -> Result<CopyMap> {
    let seen = see(repo, HashMap::new())?;
    let mut trees = Trees::new(&seen.scan);
    let graph = Graph::new(repo, &seen.scan)?;
    let copies = places::copies(repo, &seen, &mut trees, &graph)?;
    let mut not_looked_into = told::not_looked_into(repo, &seen);
    not_looked_into.extend(places::cut_short(&copies).map(|on| {
        let on = crate::base::words::count(on, "copy");
        format!("the rest of the key: it goes on in {on}, so what was given is only its beginning")
    }));
    Ok(CopyMap { copies, objects: seen.scan.objects, bytes: seen.scan.bytes, not_looked_into })
}

/// Works the rewrite out; `fresh` takes the new objects.
pub(super) fn work(repo: &Repo<'_>, seen: &Seen, fresh: Option<&Fresh>) -> Result<Worked> {
    sound(&seen.scan)?;
    let mut trees = Trees::new(&seen.scan);
    let graph = Graph::new(repo, &seen.scan)?;
    let kept = Repo::kept(&seen.refs);
    let alive = graph::reach(&seen.scan, &kept, repo.git2.is_shallow())?;
    let (copies, rewriter) = std::thread::scope(|scope| {
        let changed = graph.commits.all().iter().filter(|node| alive.contains(&node.id));
        let ahead = Ahead::begin(scope, &seen.scan.library, By::of(repo), map::files(&seen.scan, changed));
        let copies = places::copies(repo, seen, &mut trees, &graph)?;
        let mut rewriter = Rewriter::new(repo, &seen.scan, &seen.links, fresh);
        rewriter.ahead = ahead;
        rewriter.parts = stash_parts(seen);
        rewriter.commits(&graph, &mut trees, &alive)?;
        for id in &kept {
            rewriter.object(*id, &mut trees)?;
        }
        for notes in seen.refs.direct.iter().filter(|r| r.name.starts_with("refs/notes/")) {
            rewriter.notes(notes.id, &mut trees)?;
        }
        rewriter.ahead = Ahead::default();
        Ok((copies, rewriter))
    })?;
    let renames = rename::plan(repo.search, &seen.refs)?;
    let moves = steps::moves(seen, &rewriter, &renames);
    let details = steps::details(repo, seen, &mut trees, &graph, &rewriter, moves, renames);
    let plan = told::describe(repo, seen, copies, &graph, &alive, &rewriter, &details)?;
    Ok(Worked { plan, details, map: rewriter.map })
}

/// The commits that stashes are made of. Each has its place there, even when it changes nothing.
fn stash_parts(seen: &Seen) -> HashSet<Oid> {
    let mut parts = HashSet::new();
    for id in &seen.refs.stash {
        parts.insert(*id);
        parts.extend(seen.scan.commits.get(id).into_iter().flat_map(|stash| stash.parents.iter().skip(1)));
    }
    parts
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
