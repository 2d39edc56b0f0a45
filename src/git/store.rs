//! Files of our own: written whole or not at all, readable by their owner only. None holds the key except the backup.
//!
//! Must not know: what they mean.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempPath;
use zeroize::Zeroizing;

use crate::base::Fault;
use crate::base::fault::Result;

/// No file of git's that is read whole is larger; one that is has another meaning.
const LARGEST: u64 = 1 << 32;

/// The content of `path`.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    whole(path).map_err(|e| Fault::machine(format!("{} can't be read", path.display()), e))
}

/// The content of `path`; `None` when there is no such file.
pub(super) fn read_if(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    match whole(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(Fault::machine(format!("{} can't be read", path.display()), e)),
    }
}

/// Opens a file of a repository for reading. Only a file: a pipe would keep whoever opens it waiting, and a device has no
/// end.
pub(super) fn open(path: &Path) -> std::io::Result<File> {
    sized(path).map(|(file, _)| file)
}

fn sized(path: &Path) -> std::io::Result<(File, u64)> {
    // For a file this means nothing; a pipe opens at once.
    let file = OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path)?;
    let meta = file.metadata()?;
    if meta.is_file() { Ok((file, meta.len())) } else { Err(std::io::Error::other("it is no file")) }
}

const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// The content of a file of a repository, where it can't be the key as it stands: packed, an index, an id.
pub(super) fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let (file, size) = sized(path)?;
    if size > LARGEST {
        return Err(std::io::Error::other("it is too large for such a file"));
    }
    // All at once: what a buffer grows out of would keep bytes that may be the key.
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn whole(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    bytes(path).map(Zeroizing::new)
}

/// Puts `bytes` at `path` in one step that a power cut can't split. The mode is 0600, or that of the file it replaces.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let mode = fs::symlink_metadata(path).map_or(0o600, |meta| meta.permissions().mode() & 0o777);
    put_with(path, bytes, mode)
}

/// The same, and a new file gets the rights that `like` has: what git itself would give it in this repository.
pub(super) fn put_like(path: &Path, bytes: &[u8], like: &Path) -> Result<()> {
    put_with(path, bytes, mode_at(path, like))
}

fn mode_at(path: &Path, like: &Path) -> u32 {
    let mode = |path: &Path| fs::symlink_metadata(path).ok().map(|meta| meta.permissions().mode() & 0o777);
    mode(path).or_else(|| mode(like)).unwrap_or(0o600)
}

pub(super) fn put_with(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    put_stream(path, Mode::Is(mode), &mut |to| {
        to.write_all(bytes).map_err(|e| Fault::machine(format!("{} can't be written", path.display()), e))
    })
}

/// The rights of a new file.
#[derive(Clone, Copy)]
pub(super) enum Mode {
    Is(u32),
    /// What the user's umask leaves of it.
    UpTo(u32),
}

/// The same with what `write` writes; nothing happens when it fails.
pub(super) fn put_stream(path: &Path, mode: Mode, write: &mut dyn FnMut(&mut File) -> Result<()>) -> Result<()> {
    let cant = |e: std::io::Error| Fault::machine(format!("{} can't be written", path.display()), e);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(cant)?;
    let mut temp = tempfile::Builder::new();
    if let Mode::UpTo(most) = mode {
        temp.permissions(Permissions::from_mode(most));
    }
    let mut temp = temp.prefix(TEMP).tempfile_in(folder).map_err(cant)?;
    write(temp.as_file_mut())?;
    if let Mode::Is(mode) = mode {
        temp.as_file().set_permissions(Permissions::from_mode(mode)).map_err(cant)?;
    }
    temp.as_file().sync_all().map_err(cant)?;
    temp.persist(path).map_err(|e| cant(e.error))?;
    sync_dir(folder);
    Ok(())
}

/// Puts at each of `paths` what `make` makes for it (nothing: it stays), as [`put_like`] does, but waits for the disk
/// once for many. Each is whole or not at all, whenever the power goes. For one that somebody else wrote meanwhile,
/// `make` is asked again.
pub(super) fn put_all<B: AsRef<[u8]>>(
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

/// Brings these to disk, on whatever file systems they are.
fn to_disk(all: &[PathBuf]) -> Result<()> {
    let mut systems: BTreeMap<u64, Vec<&PathBuf>> = BTreeMap::new();
    for path in all {
        systems.entry(fs::metadata(path).map_or(0, |meta| meta.dev())).or_default().push(path);
    }
    systems.into_values().try_for_each(|on_one| {
        let folder = on_one.first().and_then(|path| path.parent()).unwrap_or_else(|| Path::new("."));
        bring_to_disk(folder, on_one.iter().copied())
    })
}

/// So many files lie unfinished beside those they replace, at most.
const BATCH: usize = 1024;

/// More files than these are brought to disk together.
const FEW: usize = 64;

/// Start of the names of files that are not finished yet.
pub(super) const TEMP: &str = ".stanch-tmp-";

/// Makes a rename in `folder` last. Some file systems can't; then the rename is as lasting as they make it.
pub(super) fn sync_dir(folder: &Path) {
    if let Ok(dir) = File::open(folder) {
        let _ = dir.sync_all();
    }
}

/// Makes `folder` and what is missing above it, 0700. One that exists is left as it is.
pub(super) fn private_dir(folder: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|e| Fault::machine(format!("{} can't be made", folder.display()), e))
}

/// A new file with `bytes`, 0600. It is on disk after [`bring_to_disk`].
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = made.and_then(|mut file| file.write_all(bytes));
    written.map_err(|e| Fault::machine(format!("{} can't be written", path.display()), e))
}

/// A copy of `from` at `to`, 0600. It is on disk after [`bring_to_disk`].
pub(super) fn copy_private(from: &Path, to: &Path) -> Result<()> {
    let cant = |e: std::io::Error| Fault::machine(format!("{} can't be copied to the backup", from.display()), e);
    let mut source = open(from).map_err(cant)?;
    let mut target = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to).map_err(cant)?;
    std::io::copy(&mut source, &mut target).map(drop).map_err(cant)
}

/// The file `from` under the name `to` as well; a copy where the file system has no second names, or where `from` has
/// other names already: another repository's, as `git clone` from a folder makes them, whose rights must not change.
pub(super) fn link_private(from: &Path, to: &Path) -> Result<()> {
    let shared = fs::metadata(from).is_ok_and(|meta| meta.nlink() > 1);
    if !shared && fs::hard_link(from, to).is_ok() { Ok(()) } else { copy_private(from, to) }
}

/// The file `from` under the name `to` as well, with `mode`; a copy, whole or not at all, where there are no second names.
pub(super) fn link_whole(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let cant = |e: std::io::Error| Fault::machine(format!("{} can't be put back", to.display()), e);
    fs::create_dir_all(to.parent().unwrap_or_else(|| Path::new("."))).map_err(cant)?;
    if fs::hard_link(from, to).is_err() {
        return copy_whole(from, to, mode);
    }
    // One that never was ours alone has the rights it had.
    let meta = fs::metadata(to).map_err(cant)?;
    if meta.permissions().mode() & 0o777 == 0o600 { set_mode(to, mode) } else { Ok(()) }
}

/// Makes a file private, unless it has other names: a clone beside this repository may share it, and its rights are those
/// of the clone as well. The folder it lies in is private in any case.
pub(super) fn hide(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.nlink() == 1 => set_mode(path, 0o600),
        _ => Ok(()),
    }
}

/// Sets the mode of a file; one that is not there needs none.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<()> {
    match fs::set_permissions(path, Permissions::from_mode(mode)) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(Fault::machine(format!("{} can't be made private", path.display()), e))
        }
        _ => Ok(()),
    }
}

/// Brings these files and folders, all below `folder`, to disk. Few of them one by one: the file system may have much to
/// do for others.
pub(super) fn bring_to_disk<'p>(folder: &Path, all: impl Iterator<Item = &'p PathBuf>) -> Result<()> {
    let all: Vec<&PathBuf> = all.collect();
    if all.len() > FEW {
        return flush(folder);
    }
    for path in all {
        let done = File::open(path).and_then(|file| file.sync_all());
        // Some file systems can't do it for a folder: see `sync_dir`.
        if let Err(e) = done.or_else(|e| if path.is_dir() { Ok(()) } else { Err(e) }) {
            return Err(Fault::machine(format!("{} can't be brought to disk", path.display()), e));
        }
    }
    Ok(())
}

/// Brings everything that was written to the file system of `folder` to its disk.
pub(super) fn flush(folder: &Path) -> Result<()> {
    #[cfg(target_os = "linux")]
    {
        let cant = |e: std::io::Error| Fault::machine(format!("{} can't be brought to disk", folder.display()), e);
        let dir = File::open(folder).map_err(cant)?;
        rustix::fs::syncfs(dir).map_err(|e| cant(e.into()))?;
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        rustix::fs::sync();
    }
    Ok(())
}

/// A copy of `from` at `to`, whole or not at all.
pub(super) fn copy_whole(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let cant = |e: std::io::Error| Fault::machine(format!("{} can't be copied back", from.display()), e);
    let folder = to.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(cant)?;
    let mut source = open(from).map_err(cant)?;
    let mut temp = tempfile::Builder::new().prefix(TEMP).tempfile_in(folder).map_err(cant)?;
    std::io::copy(&mut source, temp.as_file_mut()).map_err(cant)?;
    temp.as_file().set_permissions(Permissions::from_mode(mode)).map_err(cant)?;
    temp.as_file().sync_all().map_err(cant)?;
    temp.persist(to).map_err(|e| cant(e.error))?;
    sync_dir(folder);
    Ok(())
}

/// Every regular file below `folder`, symlinks not followed, sorted. `enter` decides about each folder.
pub(super) fn files(folder: &Path, enter: &dyn Fn(&Path) -> bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        let cant = |e: std::io::Error| Fault::machine(format!("{} can't be listed", dir.display()), e);
        let listed = match fs::read_dir(&dir) {
            Ok(listed) => listed,
            Err(e) if e.kind() == ErrorKind::NotFound => continue,
            Err(e) => return Err(cant(e)),
        };
        for entry in listed {
            let entry = entry.map_err(cant)?;
            let kind = entry.file_type().map_err(cant)?;
            if kind.is_dir() && enter(&entry.path()) {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Removes a file; one that is not there is as good.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(Fault::machine(format!("{} can't be removed", path.display()), e))
        }
        _ => Ok(()),
    }
}

/// Removes a folder with all in it; one that is not there is as good.
pub(super) fn remove_all(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(Fault::machine(format!("{} can't be removed", path.display()), e))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
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
