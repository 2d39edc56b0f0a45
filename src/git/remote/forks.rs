//! Copies of a remote on this machine that share objects with it: what a host calls forks. Each is a repository of its
//! own that a purge does not reach.
//!
//! Must not know: remotes elsewhere; there only the host can list them.

use std::path::{Path, PathBuf};

use super::super::cli::plain;
use super::super::repo::Repo;
use super::super::store;
use crate::base::fault::Result;
use crate::effect::git::Fork;

/// Neighbours that are looked at.
const NEIGHBOURS: usize = 500;

/// Forks of `remote`, when it is a folder of this machine: who borrows from it, and from whom it borrows.
pub(super) fn beside(repo: &Repo<'_>, remote: &str, starts: &[String]) -> Result<Vec<Fork>> {
    let said = repo.git.ask_git(&["remote", "get-url", "--", remote], None)?;
    let url = String::from_utf8_lossy(said.out.trim_ascii()).into_owned();
    let path = PathBuf::from(url.strip_prefix("file://").unwrap_or(&url));
    let Some(store_of_remote) = objects(&repo.git.stands().join(path)) else { return Ok(Vec::new()) };
    let mut forks = Vec::new();
    for lender in lenders(&store_of_remote)? {
        forks.push(fork(repo, &lender, starts, "the remote borrows objects from it")?);
    }
    let Some(folder) = store_of_remote.parent().and_then(Path::parent) else { return Ok(forks) };
    let mut near: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().take(NEIGHBOURS).map(|e| e.path()).collect();
    near.sort_unstable();
    let own = std::fs::canonicalize(repo.dir.join("objects")).ok();
    for other in near.iter().filter_map(|path| objects(path)) {
        let ours = Some(&other) == own.as_ref() || other == store_of_remote;
        if !ours && lenders(&other)?.contains(&store_of_remote) {
            forks.push(fork(repo, &other, starts, "it borrows objects from the remote")?);
        }
    }
    Ok(forks)
}

/// The object store of the repository at `path`, bare or not.
fn objects(path: &Path) -> Option<PathBuf> {
    let found = [path.join("objects"), path.join(".git/objects")].into_iter().find(|dir| dir.is_dir())?;
    std::fs::canonicalize(found).ok()
}

/// The stores that the store `of` borrows from.
fn lenders(of: &Path) -> Result<Vec<PathBuf>> {
    let Some(bytes) = store::read_if(&of.join("info/alternates"))? else { return Ok(Vec::new()) };
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.filter_map(|line| std::fs::canonicalize(of.join(line)).ok()).collect())
}

fn fork(repo: &Repo<'_>, objects: &Path, starts: &[String], why: &str) -> Result<Fork> {
    let dir = objects.parent().unwrap_or(objects);
    let place = repo.search.text(dir.as_os_str().as_encoded_bytes());
    for start in starts {
        let mut command = repo.git.bare();
        command.arg("--git-dir").arg(plain(dir));
        command.args(["for-each-ref", "--count=1", "--format=%(refname)", "--contains", start]);
        let said = repo.git.finish(command, None)?;
        if said.ok && !said.out.trim_ascii().is_empty() {
            let name = repo.search.text(said.out.trim_ascii());
            return Ok(Fork { place, holds: Some(true), said: format!("{why}; its {name} leads to {start}") });
        }
        if !said.ok && !said.err.contains("no such commit") && !said.err.contains("malformed object") {
            return Ok(Fork { place, holds: None, said: format!("{why}; {}", said.err) });
        }
    }
    Ok(Fork { place, holds: Some(false), said: format!("{why}; none of its refs leads to the old history") })
}
