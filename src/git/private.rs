//! Private refs of linked working trees, and git's blind spot: `git repack` and `git prune` follow the HEADs, indexes and
//! logs of linked working trees, but not their `refs/worktree`, `refs/bisect` and `refs/rewritten` (seen with git
//! 2.47.3: `git prune` in the main tree deletes what only they hold). While the old objects are dropped, ordinary refs
//! stand in for them.
//!
//! Must not know: why objects are dropped.

use std::path::PathBuf;

use super::repo::Repo;
use super::store;
use crate::base::fault::Result;

/// Start of the names of refs of our own.
pub(super) const OURS: &str = "refs/stanch/";
/// Where the stand-ins are. Also after a kill: the next run removes them.
const STAND_INS: &str = "refs/stanch/held/";

/// A stand-in for every private ref.
pub(super) fn hold(repo: &Repo<'_>) -> Result<()> {
    if repo.linked.is_empty() {
        return Ok(());
    }
    let mut input = String::new();
    for (n, at) in repo.refs()?.direct.iter().filter(|r| r.name.starts_with("worktrees/")).enumerate() {
        // One that leads nowhere holds nothing.
        if repo.git.ask_git(&["cat-file", "-e", &at.id.to_string()], None)?.ok {
            input.extend(["update ", STAND_INS, &n.to_string(), " ", &at.id.to_string(), "\n"]);
        }
    }
    set(repo, &input)
}

/// Removes the stand-ins.
pub(super) fn let_go(repo: &Repo<'_>) -> Result<()> {
    let packed = store::read_if(&repo.dir.join("packed-refs"))?.unwrap_or_default();
    if !repo.dir.join("refs/stanch").exists() && memchr::memmem::find(&packed, STAND_INS.as_bytes()).is_none() {
        return Ok(());
    }
    let listed = repo.git.run(&["for-each-ref", "--format=%(refname)", STAND_INS])?;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    set(repo, &listed.lines().flat_map(|name| ["delete ", name, "\n"]).collect::<String>())?;
    // Git leaves the folder; nothing of ours stays.
    for folder in ["refs/stanch/held", "refs/stanch"] {
        let _ = std::fs::remove_dir(repo.dir.join(folder));
    }
    Ok(())
}

/// Locks of stand-ins: a git that was killed leaves them, and no other can set one then.
pub(super) fn locks(repo: &Repo<'_>) -> Result<Vec<PathBuf>> {
    let mut files = store::files(&repo.dir.join("refs/stanch"), &|_| true)?;
    files.retain(|file| file.extension().is_some_and(|end| end == "lock"));
    Ok(files)
}

fn set(repo: &Repo<'_>, input: &str) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    repo.git.feed(&["update-ref", "--no-deref", "--stdin"], Some(input.as_bytes())).map(drop)
}
