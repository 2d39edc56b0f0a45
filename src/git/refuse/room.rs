//! Whether everything that will be written can be: rights, and space.
//!
//! Must not know: what is written.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

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

/// A folder on some disk, and the bytes that will be written to that disk.
type Need = (PathBuf, u64);

/// Room for the backup, and for the new objects beside the old ones.
pub(super) fn space(repo: &Repo<'_>, found: &mut Vec<Refusal>) -> Result<()> {
    let free = |folder: &Path| {
        let room = rustix::fs::statvfs(folder).ok()?;
        Some(room.f_bavail.saturating_mul(room.f_frsize))
    };
    for (folder, wanted, free) in short(needs(repo)?, free) {
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
    Ok(())
}

fn needs(repo: &Repo<'_>) -> Result<Vec<Need>> {
    let skipped = ["modules", "lfs"].map(|name| repo.dir.join(name));
    let files = store::files(&repo.dir, &|dir| !skipped.iter().any(|s| s == dir))?;
    let size = |file: &PathBuf| std::fs::metadata(file).map_or(0, |meta| meta.len());
    let objects: u64 = files.iter().filter(|file| file.starts_with(repo.objects())).map(size).sum();
    let all: u64 = files.iter().map(size).sum();
    let device = |folder: &Path| std::fs::metadata(folder).map(|meta| meta.dev()).ok();
    let nearest = repo.ask.backup_root.ancestors().find(|folder| folder.exists()).unwrap_or_else(|| Path::new("/"));
    // On one disk, objects are in the backup by a second name and take no room, but for those that have one already.
    let alone =
        |file: &&PathBuf| file.starts_with(repo.objects()) && std::fs::metadata(file).is_ok_and(|m| m.nlink() < 2);
    let linked: u64 = files.iter().filter(alone).map(size).sum();
    let backup = if device(nearest) == device(&repo.dir) { all - linked } else { all };
    let mut needs: BTreeMap<Option<u64>, Need> = BTreeMap::new();
    for (folder, wanted) in [(nearest, backup), (repo.dir.as_path(), objects)] {
        needs.entry(device(folder)).or_insert_with(|| (folder.to_owned(), 0)).1 += wanted;
    }
    Ok(needs.into_values().collect())
}

/// Where there is less than is needed: the folder, what is wanted, what is free. A disk that does not tell is trusted;
/// a write that fails leaves the old repository.
fn short(needs: Vec<Need>, free: impl Fn(&Path) -> Option<u64>) -> Vec<(PathBuf, u64, u64)> {
    let less = |(folder, wanted): Need| {
        let free = free(&folder)?;
        (free < wanted).then_some((folder, wanted, free))
    };
    needs.into_iter().filter_map(less).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_disk_is_asked_for_what_is_written_there() {
        let needs = || vec![(PathBuf::from("/a"), 100), (PathBuf::from("/b"), 5)];
        let with = |a, b| short(needs(), move |folder| if folder == Path::new("/a") { a } else { b });
        assert_eq!(with(Some(100), Some(5)), []);
        assert_eq!(with(Some(99), Some(5)), [(PathBuf::from("/a"), 100, 99)]);
        assert_eq!(with(Some(0), Some(0)).len(), 2);
        assert_eq!(with(None, Some(0)), [(PathBuf::from("/b"), 5, 0)]);
    }
}
