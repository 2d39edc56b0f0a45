//! What keeps objects alive, as git itself has it: refs, HEADs, logs and indexes, those of linked worktrees too.
//!
//! Must not know: what is rewritten or dropped.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use git2::Oid;

use super::repo::{Refs, Repo};
use super::{raw, reflog, store};
use crate::base::fault::Result;

/// Every id that something names now. Objects below them are not listed.
pub(super) fn all(repo: &Repo<'_>, refs: &Refs) -> Result<HashSet<Oid>> {
    let mut roots: HashSet<Oid> = refs.direct.iter().map(|r| r.id).chain(refs.head).collect();
    roots.extend(&refs.stash);
    roots.extend(&refs.logged);
    for other in worktrees(repo)? {
        worktree(&other, &mut roots)?;
    }
    let mut dirs = worktrees(repo)?.into_iter().chain([repo.dir.clone()]);
    if !dirs.any(|dir| dir.join("index").exists()) {
        return Ok(roots);
    }
    // Of every worktree, with the trees an index remembers.
    let indexed = repo.git.run(&["rev-list", "--objects", "--no-walk", "--indexed-objects"])?;
    roots.extend(indexed.split(|b| *b == b'\n').filter_map(|line| raw::oid(line.get(..40)?)));
    Ok(roots)
}

/// The git directories of linked worktrees.
fn worktrees(repo: &Repo<'_>) -> Result<Vec<PathBuf>> {
    let heads = store::files(&repo.git2.commondir().join("worktrees"), &|_| true)?;
    let heads = heads.iter().filter(|path| path.file_name().is_some_and(|name| name == "HEAD"));
    Ok(heads.filter_map(|head| head.parent().filter(|dir| dir.join("gitdir").exists()).map(Path::to_owned)).collect())
}

/// A worktree's own HEAD, refs and logs are small files with ids in them.
fn worktree(dir: &Path, roots: &mut HashSet<Oid>) -> Result<()> {
    for log in reflog::all(dir)? {
        roots.extend(reflog::ids(&store::read(&log)?));
    }
    for file in store::files(&dir.join("refs"), &|_| true)?.into_iter().chain([dir.join("HEAD")]) {
        let bytes = store::read_if(&file)?.unwrap_or_default();
        roots.extend(raw::oid(bytes.trim_ascii()));
    }
    Ok(())
}
