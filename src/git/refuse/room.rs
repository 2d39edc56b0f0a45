//! Whether everything that will be written can be: rights, and space.
//!
//! Must not know: what is written.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use super::super::repo::Repo;
use super::super::store;
use super::no;
use crate::base::fault::Result;
use crate::effect::git::Refusal;

/// Everything that will be written can be.
pub(super) fn writable(repo: &Repo<'_>, found: &mut Vec<Refusal>) {
    use rustix::fs::{Access, access};
    let trees = repo.linked.iter().flat_map(|tree| [Some(tree.dir.clone()), tree.work.clone()]).flatten();
    let own = ["", "objects", "objects/pack", "refs"].map(|name| repo.dir.join(name));
    for path in own.into_iter().chain(repo.work.clone()).chain(trees) {
        if path.exists() && access(&path, Access::WRITE_OK | Access::EXEC_OK).is_err() {
            found.push(no(
                format!("{} can't be written", repo.search.text(path.as_os_str().as_bytes())),
                "run as its owner, or give yourself the right to write, then plan again",
            ));
            return;
        }
    }
}

/// Room for the backup, and for the new objects beside the old ones.
pub(super) fn space(repo: &Repo<'_>, found: &mut Vec<Refusal>) -> Result<()> {
    let skipped = ["modules", "lfs"].map(|name| repo.dir.join(name));
    let files = store::files(&repo.dir, &|dir| !skipped.iter().any(|s| s == dir))?;
    let size: u64 = files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|meta| meta.len()).sum();
    let nearest = repo.ask.backup_root.ancestors().find(|folder| folder.exists());
    let mut wants: BTreeMap<u64, (PathBuf, u64)> = BTreeMap::new();
    for folder in nearest.into_iter().chain([repo.dir.as_path()]) {
        let Ok(meta) = std::fs::metadata(folder) else { continue };
        let device = std::os::unix::fs::MetadataExt::dev(&meta);
        wants.entry(device).or_insert_with(|| (folder.to_owned(), 0)).1 += size;
    }
    for (folder, wanted) in wants.into_values() {
        let Ok(room) = rustix::fs::statvfs(&folder) else { continue };
        let free = room.f_bavail.saturating_mul(room.f_frsize);
        if free < wanted {
            found.push(no(
                format!(
                    "there is no space for the backup and the new objects: {} MiB free at {}, {} MiB wanted",
                    free >> 20,
                    repo.search.text(folder.as_os_str().as_bytes()),
                    (wanted >> 20) + 1
                ),
                "free some space, or keep the backup on another disk, then plan again",
            ));
        }
    }
    Ok(())
}
