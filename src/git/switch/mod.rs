//! The switch: refs in one transaction, then HEAD's files, logs and leftovers, then the old objects go. The journal is
//! written before the first change and removed after the last; every step can be done again.
//!
//! Must not know: how the new objects were made.

mod backout;
mod forward;
mod moves;
mod prune;
mod settle;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use git2::Oid;

use super::fresh::Fresh;
use super::memory::{Memory, Prepared};
use super::plan::{self, Details, Stage};
use super::repo::{Refs, Repo};
use super::shelf::{self, Doing};
use super::{fold, raw, refuse, roots, say, tidy};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::git::{GitReply, Refusal, Standing};
use backout::step_back;
use forward::forward;
use settle::stands;

pub(super) use super::shelf::JOURNAL;
pub(super) use forward::{aside, fate, files, serve};
pub(super) use moves::{current, move_refs};
pub(super) use prune::{sort_out, still_there};
pub(super) use settle::check;

/// Applies `plan`: refuses when anything it rests on changed since.
pub(super) fn apply(repo: &mut Repo<'_>, plan: &str, memory: Option<&Memory>) -> Result<GitReply> {
    if shelf::under_way(repo)?.is_some() {
        return Err(interrupted());
    }
    let known = shelf::load(repo, plan)?;
    if let Some(known) = &known {
        if matches!(known.stage, Stage::Applied | Stage::Finished) && stands(repo, known)? == Standing::New {
            return applied(repo, known, Vec::new());
        }
        repo.policy.clone_from(&known.policy);
    }
    fold::sweep(repo)?;
    let kept = memory.map(|memory| memory.take(repo, plan)).transpose()?.flatten();
    let Some(ready) = kept.map_or_else(|| look(repo, plan), |kept| still(repo, kept))? else {
        let (backup, came_back) = (String::new(), Vec::new());
        return Ok(GitReply::Applied { plan: plan.into(), refs: 0, backup, dropped: 0, came_back });
    };
    if let Some(first) = ready.refusals.first() {
        let mut fault = Fault::refused("the history can't be switched safely", first.why.clone());
        for refusal in &ready.refusals {
            fault = fault.hint(refusal.way_forward.clone());
        }
        return Err(fault);
    }
    let Ready { mut details, map, refs, fresh, .. } = ready;
    let _quiet = tidy::Quiet::begin(repo)?;
    let stays = stays(repo, &refs, &details)?;
    if known.is_none_or(|known| known != details) {
        shelf::save(repo, &details)?;
    }
    let prepared = prepare(repo, &details, &stays, &map, fresh);
    drop((map, stays));
    let pack = match prepared {
        Ok(pack) => pack,
        Err(fault) => {
            shelf::discard(repo.ask.backup_root, plan)?;
            return Err(fault);
        }
    };
    details.pack = pack.as_ref().map(|pack| pack.name.clone());
    details.dropped = pack.as_ref().map_or(0, |pack| pack.dropped);
    shelf::save(repo, &details)?;
    say(repo.ask, "switching", 0, 0);
    shelf::begin(repo, plan, Doing::Apply)?;
    repo.no_way_back();
    say(repo.ask, "putting the new pack in place", 0, 0);
    let installed = pack.map_or(Ok(()), fold::NewPack::install);
    say(repo.ask, "moving the refs", 0, 0);
    if let Err(fault) = installed.and_then(|()| move_refs(repo, &details.moves, false)) {
        return Err(step_back(repo, &details, fault));
    }
    let came = forward(repo, &details, true).map_err(midway)?;
    applied(repo, &details, came)
}

/// All that a switch needs to know.
struct Ready {
    details: Details,
    /// Every object with a new counterpart: old id to new id.
    map: HashMap<Oid, Oid>,
    refs: Refs,
    /// The new objects.
    fresh: Fresh,
    refusals: Vec<Refusal>,
}

/// Looks at the repository anew. `None`: there is nothing to do.
fn look(repo: &Repo<'_>, plan: &str) -> Result<Option<Ready>> {
    let seen = plan::look(repo)?;
    let fresh = Fresh::new(repo.ask.backup_root)?;
    let worked = plan::work(repo, &seen, Some(&fresh))?;
    if worked.plan.id != plan {
        return Err(Fault::new(
            FaultKind::Changed,
            "the repository changed since it was planned",
            "a ref moved, or the key turned up in more or fewer places; nothing was changed",
        )
        .hint("plan again and look at what is different"));
    }
    if worked.plan.nothing_to_do {
        return Ok(None);
    }
    let (details, map, refusals) = (worked.details, worked.map, worked.plan.refusals);
    Ok(Some(Ready { details, map, refs: seen.refs, fresh, refusals }))
}

/// What was kept of the look for the plan. What may stand in the way is asked again: locks, files of working trees, space.
fn still(repo: &Repo<'_>, kept: Prepared) -> Result<Option<Ready>> {
    let Prepared { details, map, refs, fresh, .. } = kept;
    let refusals = refuse::all(repo, &refs, !details.moves.is_empty(), None)?;
    Ok(Some(Ready { details, map, refs, fresh, refusals }))
}

/// The backup, and the pack of the clean history. Nobody sees either yet, and both can go without a trace.
fn prepare(
    repo: &Repo<'_>,
    details: &Details,
    stays: &HashSet<Oid>,
    map: &HashMap<Oid, Oid>,
    fresh: Fresh,
) -> Result<Option<fold::NewPack>> {
    let backup = shelf::back_up(repo, &details.plan)?;
    std::thread::scope(|scope| {
        // The disk has its time for the one while the other is made.
        let settled = scope.spawn(|| backup.settle());
        let pack = packed(repo, details, stays, map, (fresh, &backup.git().join("objects")))?;
        fold::joined(settled)?;
        Ok(pack)
    })
}

/// The pack of what stays, with `fresh` of `objects`.
fn packed(
    repo: &Repo<'_>,
    details: &Details,
    stays: &HashSet<Oid>,
    map: &HashMap<Oid, Oid>,
    (fresh, objects): (Fresh, &Path),
) -> Result<Option<fold::NewPack>> {
    if details.dirty.is_empty() && details.map.is_empty() {
        // The key is in files of git's own only: objects are left as they lie.
        return Ok(None);
    }
    let tips: Vec<Oid> =
        details.moves.iter().filter_map(|m| raw::oid(m.new.as_bytes())).filter(|id| !id.is_zero()).collect();
    let stock = fresh.done();
    let pack = fold::fold(repo, &fold::Parts { objects, roots: stays, map, stock: &stock, tips: &tips })?;
    repo.go_on()?;
    Ok(Some(pack))
}

/// What must live on, by its old id.
fn stays(repo: &Repo<'_>, refs: &Refs, details: &Details) -> Result<HashSet<Oid>> {
    let mut roots = roots::all(repo, refs)?;
    roots.retain(|id| !details.lost.contains(&id.to_string()));
    Ok(roots)
}

fn applied(repo: &Repo<'_>, details: &Details, came_back: Vec<String>) -> Result<GitReply> {
    let backup = shelf::backup_dir(repo.ask.backup_root, &details.plan)?;
    let backup = if backup.exists() { backup.display().to_string() } else { String::new() };
    let (plan, refs, dropped) = (details.plan.clone(), details.moves.len(), details.dropped);
    Ok(GitReply::Applied { plan, refs, backup, dropped, came_back })
}

/// What stops a switch half-way, whatever it says by itself: nobody may take it for one that changed nothing.
pub(super) fn midway(fault: Fault) -> Fault {
    Fault { kind: FaultKind::Machine, ..fault }.hint("check the repository: that rolls it to one of its ends")
}

pub(super) fn interrupted() -> Fault {
    Fault::refused(
        "an earlier switch of this repository was interrupted",
        "it stands between the old and the new history",
    )
    .hint("check it first: that rolls it forward or back")
}
