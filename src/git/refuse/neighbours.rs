//! Repositories near this one that share objects with it.
//!
//! Must not know: what is refused for it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use super::super::repo::Repo;
use super::super::store;

/// Folders beside the repository that are asked whether they borrow from it.
const NEIGHBOURS: usize = 500;

/// A repository beside this one that borrows from it. Borrowers can be anywhere and leave no trace here, so this finds
/// the usual ones only: `git clone --shared` into a folder nearby.
pub(super) fn borrower(repo: &Repo<'_>) -> Option<PathBuf> {
    let own = repo.dir.join("objects");
    let beside = repo.work.as_deref().unwrap_or(&repo.dir).parent();
    let neighbours = beside.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    for entry in neighbours.take(NEIGHBOURS) {
        for objects in [".git/objects", "objects"].map(|inner| entry.path().join(inner)) {
            // A neighbour that can't be read is no reason to stop.
            let Ok(Some(listed)) = store::read_if(&objects.join("info/alternates")) else { continue };
            let lends = |line: &[u8]| std::fs::canonicalize(objects.join(OsStr::from_bytes(line))).ok();
            if listed.split(|b| *b == b'\n').filter_map(lends).any(|path| path == own) {
                return Some(entry.path());
            }
        }
    }
    None
}
