//! Everything after the refs moved: files of working trees, logs, leftovers and served lists follow them. Each step can be
//! done again.
//!
//! Must not know: how the refs were moved.

use std::path::{Path, PathBuf};

use git2::Oid;

use super::super::plan::{Details, Stage};
use super::super::reflog::{self, Fate};
use super::super::repo::Repo;
use super::super::{align, came, leftover, lfs, private, raw, rename, say, shelf, store};
use super::prune::drop_old;
use crate::base::fault::Result;

/// Everything after the refs moved, to the end. What brought the old history back meanwhile, by name.
pub(super) fn forward(repo: &Repo<'_>, details: &Details, clean: bool) -> Result<Vec<String>> {
    files(repo, details, clean, false)?;
    say(repo.ask, "putting the logs right", 0, 0);
    rename::follow(repo, details)?;
    logs(repo, details)?;
    say(repo.ask, "cleaning leftover files", 0, 0);
    leftover::clean(repo)?;
    lfs::set_aside(repo, shelf::whole(repo.ask.backup_root, &details.plan)?.as_deref())?;
    for tree in repo.trees() {
        // Git's sign for what it remembers of resolved conflicts, in its index.
        if store::read_if(&tree.dir.join("index"))?.is_some_and(|index| memchr::memmem::find(&index, b"REUC").is_some())
        {
            tree.git.run(&["update-index", "--clear-resolve-undo"])?;
        }
    }
    private::hold(repo)?;
    let mut came = drop_old(repo, details)?;
    private::let_go(repo)?;
    serve(repo)?;
    leftover::retarget(repo, &|id| details.map.get(&id.to_string()).and_then(|new| raw::oid(new.as_bytes())))?;
    say(repo.ask, "closing the switch", 0, 0);
    // A push that was under way as the old objects went may have come to its end since.
    if came::relink(repo, details)? {
        came = drop_old(repo, details)?;
        serve(repo)?;
    }
    shelf::reached(repo, details, Stage::Applied)?;
    say(repo.ask, "clearing the journal", 0, 0);
    shelf::end(repo)?;
    Ok(came)
}

/// Where files of working trees are kept for an undo that git can't give back without running somebody's filter.
pub(in crate::git) fn aside(repo: &Repo<'_>, details: &Details) -> Result<PathBuf> {
    Ok(shelf::backup_dir(repo.ask.backup_root, &details.plan)?.join("files"))
}

/// Index and files of every working tree follow their HEADs. `back`: to the old history.
pub(in crate::git) fn files(repo: &Repo<'_>, details: &Details, clean: bool, back: bool) -> Result<()> {
    let aside = aside(repo, details)?;
    let rights = aside.with_file_name("rights");
    let how = align::How { clean, aside: &aside, rights: &rights, back };
    for tree in repo.trees() {
        let Some((old, new)) = details.tree_of(&tree.name) else { continue };
        let (from, to) = if back { (new, old) } else { (old, new) };
        // When the old tree is gone, the old objects were dropped already, which comes after the files.
        if tree.git.ask_git(&["cat-file", "-e", from], None)?.ok {
            align::align(repo, &tree, from, to, how)?;
        }
    }
    Ok(())
}

/// The lists that are served over plain HTTP, where there are any: they name refs and packs.
pub(in crate::git) fn serve(repo: &Repo<'_>) -> Result<()> {
    if repo.dir.join("info/refs").exists() || repo.dir.join("objects/info/packs").exists() {
        repo.git.run(&["update-server-info"])?;
    }
    Ok(())
}

/// What becomes of an id in a log.
pub(in crate::git) fn fate(details: &Details) -> impl Fn(Oid) -> Fate {
    move |id| {
        let text = id.to_string();
        match details.map.get(&text).and_then(|new| raw::oid(new.as_bytes())) {
            Some(new) => Fate::Now(new),
            None if details.lost.contains(&text) => Fate::Gone,
            None => Fate::Kept,
        }
    }
}

/// Every log leads to the new ids; the stash keeps its length and order, because it is such a log.
fn logs(repo: &Repo<'_>, details: &Details) -> Result<()> {
    let backup = shelf::whole(repo.ask.backup_root, &details.plan)?;
    let right = |log: &Path| {
        let bytes = store::read(log)?;
        // One that our own moves made: where nobody kept a log, there is none afterwards.
        let name = log.strip_prefix(&repo.dir).unwrap_or(log);
        if reflog::is_ours(&bytes) && backup.as_ref().is_some_and(|backup| !backup.join(name).exists()) {
            store::remove(log)?;
            return Ok(None);
        }
        reflog::rewritten(&bytes, repo.search, &fate(details), &|digits| details.cited(digits))
    };
    store::put_all(reflog::all(&repo.dir)?, &right, &repo.dir.join("HEAD"))
}
