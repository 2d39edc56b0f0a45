//! A file's new content, all of it or none of it.
//!
//! The way: a temp file beside the real one (same disk), with its mode, owner and attributes; flushed; renamed over it. A crash
//! at any moment leaves the old or the new content. Where a rename can't be (a bind mount, a directory that can't be written, an
//! owner that can't be given, other hard links to the file) the bytes are written in place, the old ones put back if that fails.
//! The caller has kept a backup before. Must not know: keys, formats.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::io::Errno;
use tempfile::NamedTempFile;

use super::End;
use super::content::{Content, changed, trouble};
use crate::base::Fault;

const PREFIX: &str = ".stanch-";
const SUFFIX: &str = ".tmp";

/// Why a rename did not happen; nothing was changed.
enum NoRename {
    /// It can't be done here; writing in place can.
    Impossible(String),
    Fault(Fault),
}

/// Replaces what `old` read with `new`, mode `mode`. Refused when the file is no longer what was read.
pub(super) fn write(old: &Content, new: &[u8], mode: u32) -> Result<(), End> {
    sweep(&old.real);
    if old.meta.nlink() > 1 {
        return in_place(old, new, mode, "the file has several names");
    }
    match by_rename(old, new, mode) {
        Ok(()) => Ok(()),
        Err(NoRename::Fault(fault)) => Err(fault.into()),
        Err(NoRename::Impossible(why)) => in_place(old, new, mode, &why),
    }
}

/// A file of this program's that is not meant to stay.
pub(super) fn is_temp(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| rest.ends_with(SUFFIX))
}

/// A private temp file in `folder`; gone when dropped.
pub(super) fn temp_in(folder: &Path) -> io::Result<NamedTempFile> {
    let prefix = format!("{PREFIX}{}-", std::process::id());
    tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(SUFFIX)
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)
}

/// Makes a rename or removal in `folder` last. Some file systems can't; the change stands all the same.
pub(super) fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

fn by_rename(old: &Content, new: &[u8], mode: u32) -> Result<(), NoRename> {
    let fault = |e: &io::Error| NoRename::Fault(trouble("can't write", &old.real, e).hint("the file is as it was"));
    let impossible = |what: &str, e: &dyn std::fmt::Display| NoRename::Impossible(format!("{what}: {e}"));
    let folder = old.real.parent().ok_or_else(|| NoRename::Impossible("it has no directory".into()))?;
    let mut temp = temp_in(folder).map_err(|e| match e.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => impossible("its directory", &e),
        _ => fault(&e),
    })?;
    temp.write_all(new).map_err(|e| fault(&e))?;
    like(temp.as_file(), old).map_err(|e| impossible("owner or attributes can't be kept", &e))?;
    temp.as_file().set_permissions(Permissions::from_mode(mode)).map_err(|e| fault(&e))?;
    temp.as_file().sync_all().map_err(|e| fault(&e))?;
    unchanged(old, &std::fs::symlink_metadata(&old.real).map_err(|e| fault(&e))?).map_err(NoRename::Fault)?;
    match temp.persist(&old.real) {
        Ok(_) => {
            sync_folder(folder);
            Ok(())
        }
        Err(e) => Err(match Errno::from_io_error(&e.error) {
            Some(Errno::BUSY | Errno::XDEV | Errno::PERM | Errno::ACCESS) => {
                impossible("it can't be renamed over", &e.error)
            }
            _ => fault(&e.error),
        }),
    }
}

/// Gives `temp` the owner and the extended attributes (access lists among them) of the file it will replace.
fn like(temp: &File, old: &Content) -> io::Result<()> {
    let now = temp.metadata()?;
    if (now.uid(), now.gid()) != (old.meta.uid(), old.meta.gid()) {
        std::os::unix::fs::fchown(temp, Some(old.meta.uid()), Some(old.meta.gid()))?;
    }
    let real = File::open(&old.real)?;
    let wanted = attributes(&real)?;
    for name in attributes(temp)?.iter().filter(|name| !wanted.contains(name)) {
        optional(name, rustix::fs::fremovexattr(temp, name.as_slice()))?;
    }
    for name in &wanted {
        let size = rustix::fs::fgetxattr_query(&real, name.as_slice())?;
        let mut value = vec![0_u8; size];
        let size = rustix::fs::fgetxattr(&real, name.as_slice(), &mut value)?;
        value.truncate(size);
        optional(name, rustix::fs::fsetxattr(temp, name.as_slice(), &value, rustix::fs::XattrFlags::empty()))?;
    }
    Ok(())
}

/// Labels of a security module belong to the system: it labels the new file by its own rules.
fn optional(name: &[u8], done: rustix::io::Result<()>) -> io::Result<()> {
    if name.starts_with(b"security.") {
        return Ok(());
    }
    done.map_err(Into::into)
}

/// Names of the extended attributes; none where the file system knows none.
fn attributes(file: &File) -> io::Result<Vec<Vec<u8>>> {
    let all = || {
        let mut names = vec![0_u8; rustix::fs::flistxattr_query(file)?];
        let size = rustix::fs::flistxattr(file, &mut names)?;
        names.truncate(size);
        Ok(names)
    };
    match all() {
        Ok(names) => Ok(names.split(|b| *b == 0).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()),
        Err(Errno::NOTSUP | Errno::NOSYS) => Ok(Vec::new()),
        Err(e) => Err(e.into()),
    }
}

/// Over the old bytes. Room is reserved first, so that a full disk is noticed before anything changes.
fn in_place(old: &Content, new: &[u8], mode: u32, why: &str) -> Result<(), End> {
    let fault = |e: &io::Error| {
        trouble("can't write", &old.real, e)
            .hint(format!("it had to be written in place ({why}); the file is as it was"))
    };
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().write(true).custom_flags(flags).open(&old.real).map_err(|e| fault(&e))?;
    unchanged(old, &file.metadata().map_err(|e| fault(&e))?)?;
    reserve(&file, new.len()).map_err(|e| fault(&e))?;
    let Err(e) = overwrite(&file, new, mode) else { return Ok(()) };
    match overwrite(&file, &old.bytes, old.meta.permissions().mode() & 0o7777) {
        Ok(()) => Err(fault(&e).into()),
        Err(worse) => Err(End::Lost(format!(
            "writing {} stopped midway ({e}), and its old content could not be put back ({worse}); the backup has it",
            old.real.display()
        ))),
    }
}

fn overwrite(file: &File, bytes: &[u8], mode: u32) -> io::Result<()> {
    file.write_all_at(bytes, 0)?;
    file.set_len(bytes.len() as u64)?;
    if file.metadata()?.permissions().mode() & 0o7777 != mode {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    file.sync_all()
}

/// Blocks for `size` bytes, without changing the length. File systems that can't say so are taken at their word later.
#[cfg(target_os = "linux")]
fn reserve(file: &File, size: usize) -> io::Result<()> {
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, size.max(1) as u64) {
        Err(e @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => Err(e.into()),
        _ => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &File, _: usize) -> io::Result<()> {
    Ok(())
}

fn unchanged(old: &Content, now: &Metadata) -> Result<(), Fault> {
    if old.still(now) {
        return Ok(());
    }
    Err(changed(&old.real, "another program wrote it a moment ago"))
}

/// Removes temp files in the file's directory whose process is gone: after a kill they may hold the new key.
fn sweep(real: &Path) {
    let Some(folder) = real.parent() else { return };
    let Ok(entries) = folder.read_dir() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_temp(name)) else { continue };
        let maker = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()).and_then(|pid| pid.parse().ok());
        let alive =
            maker.filter(|pid| *pid != std::process::id().cast_signed()).and_then(rustix::process::Pid::from_raw);
        let alive = alive.is_some_and(|pid| !matches!(rustix::process::test_kill_process(pid), Err(Errno::SRCH)));
        let plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if plain && !alive {
            // Not ours to remove: then it is not ours to worry about.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
