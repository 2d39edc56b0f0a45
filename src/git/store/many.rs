//! Writing many files, each whole or not at all, with one wait for the disk.
//!
//! Must not know: what is in them.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::disk::to_disk;
use super::put::{TEMP, mode_at, put_like};
use crate::base::Fault;
use crate::base::fault::Result;

/// So many files lie unfinished beside those they replace, at most.
const BATCH: usize = 1024;

/// Puts at each of `paths` what `make` makes for it (nothing: it stays), as [`put_like`] does, but waits for the disk
/// once for many. Each is whole or not at all, whenever the power goes. For one that somebody else wrote meanwhile,
/// `make` is asked again.
pub(in crate::git) fn put_all<B: AsRef<[u8]>>(
    paths: Vec<PathBuf>,
    make: &dyn Fn(&Path) -> Result<Option<B>>,
    like: &Path,
) -> Result<()> {
    let mut paths = paths.into_iter().peekable();
    while paths.peek().is_some() {
        let mut batch = Vec::new();
        for path in paths.by_ref().take(BATCH) {
            let was = state(&path);
            if let Some(bytes) = make(&path)? {
                batch.push((beside(&path, bytes.as_ref(), like)?, path, was));
            }
        }
        let temps: Vec<PathBuf> = batch.iter().map(|(temp, ..)| temp.to_path_buf()).collect();
        to_disk(&temps)?;
        let mut folders = BTreeSet::new();
        for (temp, path, was) in batch {
            if state(&path) != was {
                if let Some(bytes) = make(&path)? {
                    put_like(&path, bytes.as_ref(), like)?;
                }
                continue;
            }
            temp.persist(&path).map_err(|e| Fault::machine(format!("{} can't be written", path.display()), e.error))?;
            folders.extend(path.parent().map(Path::to_owned));
        }
        to_disk(&folders.into_iter().collect::<Vec<_>>())?;
    }
    Ok(())
}

/// What changes when somebody writes a file: which one it is, its length, when it was written.
fn state(path: &Path) -> Option<(u64, u64, i64, i64)> {
    let meta = fs::symlink_metadata(path).ok()?;
    Some((meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
}

/// `bytes` in an unfinished file beside `path`, with the mode it is going to have.
fn beside(path: &Path, bytes: &[u8], like: &Path) -> Result<TempPath> {
    let cant = |e: std::io::Error| Fault::machine(format!("{} can't be written", path.display()), e);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(cant)?;
    let mut temp = tempfile::Builder::new().prefix(TEMP).tempfile_in(folder).map_err(cant)?;
    temp.write_all(bytes).map_err(cant)?;
    temp.as_file().set_permissions(Permissions::from_mode(mode_at(path, like))).map_err(cant)?;
    Ok(temp.into_temp_path())
}

#[cfg(test)]
mod tests {
    use super::super::{files, put_with};
    use super::*;

    #[test]
    fn many_files_are_put_whole_with_their_modes_and_nothing_is_left_beside_them() {
        let dir = tempfile::tempdir().unwrap();
        let (like, old) = (dir.path().join("like"), dir.path().join("logs/0"));
        put_with(&like, b"", 0o644).unwrap();
        put_with(&old, b"old", 0o640).unwrap();
        let names: Vec<PathBuf> = (0..=BATCH).map(|n| dir.path().join("logs").join(n.to_string())).collect();
        put_all(names.clone(), &|_| Ok(Some(b"new")), &like).unwrap();
        let rights = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((rights(&old), rights(&names[1])), (0o640, 0o644));
        assert!(names.iter().all(|path| fs::read(path).unwrap() == b"new"));
        assert_eq!(files(&dir.path().join("logs"), &|_| true).unwrap().len(), names.len());
        // What can't be made stops it, and leaves what stood there.
        let make = |path: &Path| if path == old { Ok(Some(b"two")) } else { Err(Fault::machine("x", "y")) };
        assert!(put_all(names.clone(), &make, &like).is_err());
        assert_eq!(fs::read(&old).unwrap(), b"new");
        assert_eq!(files(&dir.path().join("logs"), &|_| true).unwrap().len(), names.len());
        // What a neighbour wrote into the first while the rest was made is in what is put.
        let make = |path: &Path| {
            if *path == names[1] {
                fs::write(&old, "longer").unwrap();
            }
            let now = fs::read_to_string(path).unwrap();
            Ok((path == old).then(|| format!("{now}, put")))
        };
        put_all(names[..2].to_vec(), &make, &like).unwrap();
        assert_eq!(fs::read(&old).unwrap(), b"longer, put");
    }
}
