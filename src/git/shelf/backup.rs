//! The backup: a copy of the whole git directory, which counts only when all of it is on disk.
//!
//! Must not know: plans beyond their id.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::repo::Repo;
use super::super::{say, store};
use super::checked;
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};

/// Says what the folder beside it is.
pub(in crate::git) const LABEL: &str = "STILL-CONTAINS-THE-KEY.txt";
/// Written last: a backup without it is not whole.
const WHOLE: &str = "whole";

pub(in crate::git) fn backup_dir(root: &Path, plan: &str) -> Result<PathBuf> {
    Ok(root.join(checked(plan)?))
}

/// Puts the whole git directory into a new backup for `plan`; one of an earlier try is replaced. Objects never change
/// and are not copied but get a second name there, where the file system can do that. It is whole when it is settled.
pub(in crate::git) fn back_up(repo: &Repo<'_>, plan: &str) -> Result<Backup> {
    let root = repo.ask.backup_root;
    store::private_dir(root)?;
    let to = backup_dir(root, plan)?;
    store::remove_all(&to)?;
    store::private_dir(&to)?;
    let made = fill(repo, &to);
    if made.is_err() {
        // Half a backup is of no use and holds the key. What made the copy fail may stop this as well.
        let _ = store::remove_all(&to);
    }
    made.map(|all| Backup { to, all })
}

/// A backup that is not on disk yet, and counts as none until then.
#[derive(Debug)]
pub(in crate::git) struct Backup {
    to: PathBuf,
    /// Files and folders of it.
    all: Vec<PathBuf>,
}

impl Backup {
    /// The copy of the git directory in it.
    pub(in crate::git) fn git(&self) -> PathBuf {
        self.to.join("git")
    }

    /// Brings it to disk; from here on it is whole.
    pub(in crate::git) fn settle(&self) -> Result<()> {
        store::bring_to_disk(&self.to, self.all.iter())?;
        store::put(&self.to.join(WHOLE), b"yes\n")
    }
}

/// Files and folders that it made.
fn fill(repo: &Repo<'_>, to: &Path) -> Result<Vec<PathBuf>> {
    let label = "This folder is a copy of a git directory from before the leaked key was taken out of it.\n\
        It STILL CONTAINS THE KEY. It is here for `undo`, and `finish` destroys it.\n";
    store::write_private(&to.join(LABEL), label.as_bytes())?;
    let skipped: Vec<PathBuf> = ["modules", "lfs"].iter().map(|name| repo.dir.join(name)).collect();
    let files = store::files(&repo.dir, &|dir| !skipped.iter().any(|s| s == dir))?;
    let total = files.len() as u64;
    let objects = repo.dir.join("objects");
    let mut folders = BTreeSet::from([to.to_owned(), to.join("git")]);
    let mut written = vec![to.join(LABEL)];
    for (n, from) in files.iter().enumerate() {
        repo.go_on()?;
        if n % 64 == 0 {
            say(repo.ask, "backing up", n as u64, total);
        }
        let Ok(name) = from.strip_prefix(&repo.dir) else { continue };
        let target = to.join("git").join(name);
        let above = target.ancestors().skip(1).take_while(|folder| *folder != to);
        folders.extend(above.map(Path::to_owned));
        if let Some(folder) = target.parent() {
            store::private_dir(folder)?;
        }
        let put = if from.starts_with(&objects) { store::link_private } else { store::copy_private };
        put(from, &target).map_err(|fault| if from.exists() { fault } else { vanished() })?;
        written.push(target);
    }
    // Old gits made HEAD a link to its branch: what counts is where it leads, not what is there.
    if let Ok(branch) = std::fs::read_link(repo.dir.join("HEAD")) {
        store::put(&to.join("git/HEAD"), &[b"ref: ", branch.as_os_str().as_encoded_bytes(), b"\n"].concat())?;
    }
    written.extend(folders);
    Ok(written)
}

fn vanished() -> Fault {
    Fault::new(
        FaultKind::Changed,
        "the repository is changing now",
        "a file went while the backup was made, as when another git packs; nothing was changed",
    )
    .hint("wait until the other git ends, then plan and apply again")
}

/// The copy of the git directory in a whole backup of `plan`.
pub(in crate::git) fn whole(root: &Path, plan: &str) -> Result<Option<PathBuf>> {
    let dir = backup_dir(root, plan)?;
    Ok(dir.join(WHOLE).is_file().then(|| dir.join("git")))
}

/// The object files in a whole backup, relative to the git directory. They were all there was when it was made.
pub(in crate::git) fn objects(backup: &Path) -> Result<Vec<PathBuf>> {
    let all = store::files(&backup.join("objects"), &|_| true)?;
    Ok(all.iter().filter_map(|path| path.strip_prefix(backup).ok()).map(Path::to_owned).collect())
}

/// From here on the backup of `plan` counts as none, also after a power cut.
pub(in crate::git) fn spoil(root: &Path, plan: &str) -> Result<()> {
    let dir = backup_dir(root, plan)?;
    store::remove(&dir.join(WHOLE))?;
    store::sync_dir(&dir);
    Ok(())
}

/// Removes the backup of a plan that was not applied after all.
pub(in crate::git) fn discard(root: &Path, plan: &str) -> Result<()> {
    store::remove_all(&backup_dir(root, plan)?)
}
