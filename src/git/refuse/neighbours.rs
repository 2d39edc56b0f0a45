//! Repositories near this one that share objects with it: some borrow ours and would break without them, and clones
//! that share files hold the key as well.
//!
//! Must not know: what is refused for it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::super::repo::Repo;
use super::super::{gitlink, shelf, store, submodule};
use crate::base::fault::Result;
use crate::base::words::count;

/// Folders that are asked whether they borrow from this repository.
const NEIGHBOURS: usize = 2000;

/// Repositories that borrow from this one. Borrowers can be anywhere and leave no trace here, so this finds those that
/// lie near: beside it and its linked working trees, one folder deeper, in it, its submodules, and whatever this program
/// was used on.
pub(super) fn borrowers(repo: &Repo<'_>) -> Vec<PathBuf> {
    let own = repo.dir.join("objects");
    let mut found: Vec<PathBuf> = near(repo).into_iter().filter(|place| borrows(place, &own)).collect();
    // A working tree and its git directory are one repository.
    found.dedup_by(|later, first| later.starts_with(&*first));
    found
}

fn near(repo: &Repo<'_>) -> BTreeSet<PathBuf> {
    let main = repo.work.as_deref().unwrap_or(&repo.dir);
    let trees = repo.linked.iter().filter_map(|tree| tree.work.as_deref());
    let mut near: BTreeSet<PathBuf> = submodule::dirs(repo).into_iter().collect();
    near.extend(gitlink::used(repo.ask.backup_root));
    for parent in trees.chain([main]).filter_map(Path::parent) {
        let beside = folders(parent);
        let deeper: Vec<PathBuf> = beside.iter().take(NEIGHBOURS).flat_map(|folder| folders(folder)).collect();
        near.extend(beside.into_iter().chain(deeper).take(NEIGHBOURS));
    }
    near
}

fn folders(of: &Path) -> Vec<PathBuf> {
    // A neighbour that can't be read is no reason to stop.
    let entries = std::fs::read_dir(of).into_iter().flatten().flatten().take(NEIGHBOURS);
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

fn borrows(place: &Path, own: &Path) -> bool {
    [".git/objects", "objects"].map(|inner| place.join(inner)).iter().any(|objects| {
        let Ok(Some(listed)) = store::read_if(&objects.join("info/alternates")) else { return false };
        let lends = |line: &[u8]| std::fs::canonicalize(objects.join(OsStr::from_bytes(line))).ok();
        listed.split(|b| *b == b'\n').filter_map(lends).any(|path| path == own)
    })
}

/// Object files that have another name somewhere on this disk, as `git clone` from a folder gives them: such a clone
/// holds the same objects. Our own backups are not counted.
pub(in crate::git) fn twins(repo: &Repo<'_>) -> Result<Option<String>> {
    let objects = repo.objects();
    let backups = shelf::copies(repo.ask.backup_root);
    let is_shared = |file: &PathBuf| {
        let (Ok(meta), Ok(name)) = (std::fs::metadata(file), file.strip_prefix(&repo.dir)) else { return false };
        let same = |other: &PathBuf| {
            std::fs::metadata(other.join(name)).is_ok_and(|it| (it.dev(), it.ino()) == (meta.dev(), meta.ino()))
        };
        meta.nlink() > 1 && meta.nlink() > 1 + backups.iter().filter(|backup| same(backup)).count() as u64
    };
    let mut files = store::files(&objects, &|folder| folder != objects.join("info"))?;
    files.retain(is_shared);
    Ok((!files.is_empty()).then(|| {
        format!(
            "other places on this disk that share {} with this repository, as a `git clone` from a folder and the backup \
             of another purge do: they hold the same objects (`find / -samefile {}` names them)",
            count(files.len(), "object file"),
            files.first().map_or_else(String::new, |file| repo.search.text(file.as_os_str().as_bytes()))
        )
    }))
}
