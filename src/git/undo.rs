//! Puts everything back as the backup has it: objects, refs, files, logs, leftovers. And destroys the backup when
//! nobody wants that any more.
//!
//! Must not know: how the clean history was made.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::plan::{Details, Stage};
use super::reflog::{self, OUR_MESSAGE};
use super::repo::Repo;
use super::shelf::{self, Doing, Passing};
use super::{bring, leftover, lfs, refuse, rename, say, store, stray, switch};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::git::{GitReply, RefMove};

/// Undoes an applied plan. Refuses when somebody worked on the clean history since.
pub(super) fn undo(repo: &mut Repo<'_>, plan: &str) -> Result<GitReply> {
    if shelf::under_way(repo)?.is_some() {
        return Err(switch::interrupted());
    }
    let details = shelf::need(repo, plan)?;
    if details.stage == Stage::Undone {
        return Ok(GitReply::Undone { plan: plan.into() });
    }
    if details.stage != Stage::Applied {
        return Err(Fault::refused(
            "there is nothing to undo",
            "this plan is not applied, or its backup was destroyed",
        ));
    }
    let backup = need_backup(repo, plan)?;
    let refs = repo.refs()?;
    let refusals = refuse::all(repo, &refs, true, Some(&switch::aside(repo, &details)?))?;
    if let Some(first) = refusals.first() {
        return Err(
            Fault::refused("the rewrite can't be undone now", first.why.clone()).hint(first.way_forward.clone())
        );
    }
    let mut same_branch = true;
    for (name, to) in refs.symbolic.iter().filter(|(name, _)| name == "HEAD" || name.starts_with("worktrees/")) {
        let then = store::read_if(&backup.join(name))?.unwrap_or_default();
        let renamed = details.renames.iter().find(|r| r.new == *to).map_or(to, |r| &r.old);
        same_branch &= then.trim_ascii_end() == format!("ref: {renamed}").as_bytes();
    }
    let now = switch::current(repo)?;
    let moved: Vec<&RefMove> = details.moves.iter().filter(|m| !is_at(&now, m, &m.new)).collect();
    if !same_branch || !moved.is_empty() {
        let what = moved.first().map_or("HEAD", |m| m.name.as_str());
        return Err(Fault::new(
            FaultKind::Changed,
            "the repository changed since the rewrite",
            format!("{what} is not where the rewrite left it; undoing would lose that work"),
        )
        .hint("keep the new work on a branch of another name, put the ref back, then undo"));
    }
    say(repo.ask, "looking into the backup", 0, 0);
    bring::readable(repo, &details, &backup)?;
    say(repo.ask, "undoing", 0, 0);
    bring::note_missing(repo, &backup)?;
    shelf::begin(repo, plan, Doing::Undo)?;
    repo.no_way_back();
    bring::objects(repo, &backup)?;
    say(repo.ask, "moving the refs back", 0, 0);
    if let Err(fault) = switch::move_refs(repo, &reversed(&details), false) {
        return Err(step_back(repo, &details, &backup, fault));
    }
    back(repo, &details).map_err(switch::midway)?;
    Ok(GitReply::Undone { plan: plan.into() })
}

/// The transaction failed. When no ref went back, nothing has happened: the old objects go again.
fn step_back(repo: &Repo<'_>, details: &Details, backup: &Path, fault: Fault) -> Fault {
    match began(repo, details) {
        Ok(false) => match bring::withdraw(repo, details, backup) {
            Ok(()) => Fault { kind: FaultKind::Changed, ..fault }.hint(
                "nothing was undone; another git process may be at work: wait, look at what is new, then undo again",
            ),
            Err(other) => switch::midway(other),
        },
        _ => switch::midway(fault),
    }
}

/// Some ref is back at its old id already.
fn began(repo: &Repo<'_>, details: &Details) -> Result<bool> {
    let now = switch::current(repo)?;
    Ok(details.moves.is_empty() || details.moves.iter().any(|m| is_at(&now, m, &m.old)))
}

/// Goes on with an undo that was killed. When no ref went back yet and somebody moved one since, it is taken back:
/// going on would lose that work, or leave some refs old and some new.
pub(super) fn resume(repo: &Repo<'_>, details: &Details) -> Result<()> {
    let now = switch::current(repo)?;
    if !began(repo, details)? && details.moves.iter().any(|m| !is_at(&now, m, &m.new)) {
        return bring::withdraw(repo, details, &need_backup(repo, &details.plan)?);
    }
    back(repo, details)
}

fn is_at(now: &std::collections::BTreeMap<String, String>, step: &RefMove, id: &str) -> bool {
    let zero = git2::Oid::ZERO_SHA1.to_string();
    now.get(&step.name).unwrap_or(&zero) == id
}

fn need_backup(repo: &Repo<'_>, plan: &str) -> Result<std::path::PathBuf> {
    shelf::whole(repo.ask.backup_root, plan)?.ok_or_else(|| {
        Fault::refused("there is no backup to go back to", "it was destroyed, or it is kept in another folder")
            .hint("give the same backup folder as when it was applied")
    })
}

/// All steps of an undo; each can be repeated.
pub(super) fn back(repo: &Repo<'_>, details: &Details) -> Result<()> {
    let backup = need_backup(repo, &details.plan)?;
    bring::objects(repo, &backup)?;
    switch::move_refs(repo, &reversed(details), true)?;
    switch::files(repo, details, false, true)?;
    rename::back(repo, details)?;
    say(repo.ask, "bringing the logs back", 0, 0);
    logs(repo, details, &backup)?;
    say(repo.ask, "bringing leftover files back", 0, 0);
    switch::serve(repo)?;
    files(repo, &backup)?;
    lfs::bring_back(repo, &backup)?;
    say(repo.ask, "dropping the clean objects", 0, 0);
    bring::drop_new(repo, details, &backup)?;
    bring::served(repo, &backup)?;
    say(repo.ask, "closing the undo", 0, 0);
    shelf::reached(repo, details, Stage::Undone)?;
    say(repo.ask, "clearing the journal", 0, 0);
    shelf::end(repo)
}

fn reversed(details: &Details) -> Vec<RefMove> {
    details.moves.iter().map(|m| RefMove { name: m.name.clone(), old: m.new.clone(), new: m.old.clone() }).collect()
}

/// The log as it was, and after it what was added since.
pub(super) fn logs(repo: &Repo<'_>, details: &Details, backup: &Path) -> Result<()> {
    let as_it_was = |now: &Path| {
        let Ok(name) = now.strip_prefix(&repo.dir) else { return Ok(None) };
        let mut bytes = store::read(&backup.join(name))?;
        let clean = reflog::rewritten(&bytes, repo.search, &switch::fate(details), &|digits| details.cited(digits))?;
        let current = store::read_if(now)?;
        let there = current.as_ref().map(|current| current.as_slice()).unwrap_or_default();
        let added = there.strip_prefix(&bytes[..]).or_else(|| there.strip_prefix(clean.as_deref()?));
        for line in added.unwrap_or_default().split_inclusive(|b| *b == b'\n') {
            if !line.trim_ascii_end().ends_with(OUR_MESSAGE.as_bytes()) {
                bytes.extend_from_slice(line);
            }
        }
        Ok(current.is_none_or(|current| *current != *bytes).then_some(bytes))
    };
    let olds = reflog::all(backup)?;
    let nows = olds.iter().filter_map(|old| old.strip_prefix(backup).ok()).map(|name| repo.dir.join(name)).collect();
    store::put_all(nows, &as_it_was, &repo.dir.join("HEAD"))?;
    // A log that did not exist holds nothing but our own moves, unless somebody worked since.
    for now in reflog::all(&repo.dir)? {
        let name = now.strip_prefix(&repo.dir).unwrap_or(&now);
        if !backup.join(name).exists() && reflog::is_ours(&store::read(&now)?) {
            store::remove(&now)?;
        }
    }
    Ok(())
}

/// Files that the rewrite changed because they held the key, or because they name an old id.
fn files(repo: &Repo<'_>, backup: &Path) -> Result<()> {
    for old in leftover::files(backup)?.into_iter().chain(stray::files(backup)?) {
        let Ok(name) = old.strip_prefix(backup) else { continue };
        if leftover::is_log(name) || leftover::is_ref(name) {
            continue;
        }
        let bytes = store::read(&old)?;
        let text = name.to_string_lossy();
        let is_head = text.ends_with("_HEAD") || name.ends_with("AUTO_MERGE") || text == "info/refs";
        if let Some(clean) = repo.search.replace(name.as_os_str().as_bytes(), false)? {
            store::remove(&repo.dir.join(OsStr::from_bytes(&clean)))?;
        } else if !is_head && repo.search.form_in(&bytes).is_none() {
            continue;
        }
        let now = repo.dir.join(name);
        if store::read_if(&now)?.is_none_or(|current| *current != *bytes) {
            store::put_like(&now, &bytes, &repo.dir.join("HEAD"))?;
        }
    }
    Ok(())
}

/// The backup of `plan` is destroyed, and the last step of [`finish`] was reached.
pub(super) fn finished(repo: &Repo<'_>, plan: &str) -> Result<bool> {
    let gone = !shelf::backup_dir(repo.ask.backup_root, plan)?.exists();
    Ok(gone && shelf::need(repo, plan)?.stage == Stage::Finished)
}

/// Destroys the backup, and those of earlier switches of this repository, and looks whether a copy is left anywhere in
/// the backup folder.
pub(super) fn finish(repo: &Repo<'_>, plan: &str) -> Result<GitReply> {
    if shelf::under_way(repo)?.is_some() {
        return Err(switch::interrupted());
    }
    let details = shelf::need(repo, plan)?;
    let root = repo.ask.backup_root;
    let dir = shelf::backup_dir(root, plan)?;
    say(repo.ask, "noting that it is finished", 0, 0);
    // Noted before the first file goes: half a backup is none, and nobody may go back to it after a kill.
    if details.stage == Stage::Applied {
        shelf::reached(repo, &details, Stage::Finished)?;
    }
    shelf::sweep(repo, &[Passing::Push, Passing::Look, Passing::Proof])?;
    // Earlier purges of this repository left backups as well, and those of another key hold that key.
    let (others, strange) = shelf::backups(repo)?;
    for plan in others.iter().map(String::as_str).filter(|other| *other != plan).chain([plan]) {
        let dir = shelf::backup_dir(root, plan)?;
        say(repo.ask, "taking the backup's mark away", 0, 0);
        shelf::spoil(root, plan)?;
        say(repo.ask, "destroying the backup", 0, 0);
        store::remove_all(&dir)?;
        store::sync_dir(root);
        say(repo.ask, "looking whether it is gone", 0, 0);
        if dir.exists() {
            return Err(Fault::machine("the backup is still there", "it could not be removed"));
        }
    }
    if !strange.is_empty() {
        return Err(Fault::refused(
            "a backup is left that nothing tells of",
            format!("{} has no plan beside it: it may be of another repository", strange.join(", ")),
        )
        .hint(format!("it may hold the key: look at it below {} and remove it", root.display())));
    }
    // Other repositories' backups may lie beside it; files of this folder itself must be clean.
    for file in store::files(root, &|_| false)? {
        repo.go_on()?;
        if let Some(bytes) = store::read_if(&file)?
            && repo.search.form_in(&bytes).is_some()
        {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(Fault::refused("a copy of the key is left beside the backup", name)
                .hint("this program did not put it there: look at it and remove it"));
        }
    }
    Ok(GitReply::Finished { plan: plan.into(), backup: dir.display().to_string() })
}
