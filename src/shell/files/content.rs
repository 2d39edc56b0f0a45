//! A file's bytes, read once, with what they were when read.
//!
//! Must not know: keys, formats.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::base::id::hex;
use crate::base::{Fault, FaultKind};

/// Largest file that is read, bytes. Env files have a few thousand; a larger one is something else.
pub(super) const LARGEST: u64 = 1 << 20;

pub(super) struct Content {
    pub bytes: Zeroizing<Vec<u8>>,
    /// SHA-256, hexadecimal.
    pub hash: String,
    /// Without symbolic links.
    pub real: PathBuf,
    pub meta: Metadata,
}

impl Content {
    pub(super) fn read(place: &Path) -> Result<Self, Fault> {
        let cannot = |e: &io::Error| trouble("can't read", place, e);
        let real = place.canonicalize().map_err(|e| cannot(&e))?;
        // Looked at before it is opened: opening a pipe or a device can block or act.
        regular(place, &std::fs::metadata(&real).map_err(|e| cannot(&e))?)?;
        let mut file = open(&real).map_err(|e| cannot(&e))?;
        let meta = file.metadata().map_err(|e| cannot(&e))?;
        regular(place, &meta)?;
        let size = usize::try_from(meta.len()).unwrap_or(usize::MAX);
        // One byte more than it has: never reallocated, and growth shows.
        let mut bytes = Zeroizing::new(vec![0; size.saturating_add(1)]);
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read(rest) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(cannot(&e)),
            }
        }
        if filled > size {
            return Err(changed(place, "it grew while it was read"));
        }
        bytes.truncate(filled);
        let hash = hash(&bytes);
        Ok(Self { bytes, hash, real, meta })
    }

    /// Is the file on the disk still the one that was read? Cheap, for the moment before a write.
    pub(super) fn still(&self, now: &Metadata) -> bool {
        let mark = |m: &Metadata| (m.dev(), m.ino(), m.len(), m.mtime(), m.mtime_nsec(), m.ctime(), m.ctime_nsec());
        mark(&self.meta) == mark(now)
    }
}

pub(super) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn open(real: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(real)
}

fn regular(place: &Path, meta: &Metadata) -> Result<(), Fault> {
    let what = format!("{} can't be used", place.display());
    if meta.is_dir() {
        return Err(Fault::input(what, "it is a directory where a file is meant").hint("name a file in it"));
    }
    if !meta.is_file() {
        return Err(Fault::input(what, "it is no ordinary file (a pipe, socket or device)")
            .hint("change the key where that gets its content from"));
    }
    if meta.len() > LARGEST {
        let why = format!("it has {} bytes; more than {LARGEST} is no env file", meta.len());
        return Err(Fault::input(what, why).hint("look at it by hand"));
    }
    Ok(())
}

/// An I/O error in words, with what to do about it.
pub(super) fn trouble(verb: &str, path: &Path, e: &io::Error) -> Fault {
    let what = format!("{verb} {}", path.display());
    match e.kind() {
        io::ErrorKind::NotFound if path.symlink_metadata().is_ok() => {
            Fault::machine(what, "it is a link to a file that does not exist").hint("repair or remove the link")
        }
        io::ErrorKind::NotFound => Fault::machine(what, "it is not there (any more)").hint("look for the key again"),
        io::ErrorKind::PermissionDenied => Fault::machine(what, "this user has no permission for it")
            .hint("run as the user who owns the file, or change its permissions"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::machine(what, "the disk is full")
            .hint(format!("make room on the disk of {}, then try again", path.display())),
        io::ErrorKind::ReadOnlyFilesystem => Fault::machine(what, "the file system is mounted read-only")
            .hint("change the file where the mount comes from"),
        _ => Fault::machine(what, e),
    }
}

pub(super) fn changed(place: &Path, why: &str) -> Fault {
    Fault::new(FaultKind::Changed, format!("{} changed since it was looked at", place.display()), why)
        .hint("look at it again: the preview will show what stands there now")
}
