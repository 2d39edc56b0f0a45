//! What stood in a file before it was written: kept privately, put back on request, destroyed at the end.
//!
//! A backup is two files named by a hash of the real path and a number: `.bak`, the bytes, and `.json`, what they are. The second
//! is written last, so a backup without it was never finished and counts for nothing. Must not know: keys, formats.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::content::{Content, hash, trouble};
use super::write::{is_temp, sync_folder, temp_in};
use crate::base::Fault;

#[derive(Debug)]
pub(super) struct Backups {
    folder: PathBuf,
}

/// What is said about a backup. No secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    pub v: u32,
    /// Real path, for people; the file's name holds its hash.
    pub path: PathBuf,
    pub mode: u32,
    pub owner: (u32, u32),
    /// SHA-256 of the kept bytes, and of what was written instead.
    pub before: String,
    pub after: String,
}

/// A finished backup.
pub(super) struct Backup {
    stem: PathBuf,
    pub note: Note,
}

impl Backup {
    pub(super) fn bytes_path(&self) -> PathBuf {
        self.stem.with_extension("bak")
    }

    fn note_path(&self) -> PathBuf {
        self.stem.with_extension("json")
    }

    /// The kept bytes, checked.
    pub(super) fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let kept = Content::read(&self.bytes_path())?;
        if kept.hash != self.note.before {
            return Err(Fault::machine("the backup is damaged", "its content is not what was kept")
                .hint(format!("look at {} by hand", self.bytes_path().display())));
        }
        Ok(kept.bytes)
    }
}

impl Backups {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps `content`, which is about to be replaced by bytes of hash `after`. On disk when it returns.
    pub(super) fn keep(&self, content: &Content, after: &str) -> Result<(), Fault> {
        let cannot = |e: &io::Error| {
            trouble("can't keep a backup in", &self.folder, e).hint("nothing was changed: no write without a backup")
        };
        self.prepare().map_err(|e| cannot(&e))?;
        // One that was kept for a write that never came is replaced.
        let stem = match self.newest(&content.real)? {
            Some((number, last)) if last.note.before == content.hash => self.stem(&content.real, number),
            Some((number, _)) => self.stem(&content.real, number.saturating_add(1)),
            None => self.stem(&content.real, 1),
        };
        let note = Note {
            v: 1,
            path: content.real.clone(),
            mode: content.meta.permissions().mode() & 0o7777,
            owner: (content.meta.uid(), content.meta.gid()),
            before: content.hash.clone(),
            after: after.to_owned(),
        };
        let text = serde_json::to_vec(&note).map_err(|e| cannot(&e.into()))?;
        self.save(&stem.with_extension("bak"), &content.bytes).map_err(|e| cannot(&e))?;
        self.save(&stem.with_extension("json"), &text).map_err(|e| cannot(&e))
    }

    /// The last finished backup of `real`, with its number.
    pub(super) fn newest(&self, real: &Path) -> Result<Option<(u32, Backup)>, Fault> {
        let mut newest = None;
        for number in 1.. {
            let stem = self.stem(real, number);
            let text = match std::fs::read(stem.with_extension("json")) {
                Ok(text) => text,
                Err(e) if e.kind() == io::ErrorKind::NotFound => break,
                Err(e) => return Err(trouble("can't read the backup in", &self.folder, &e)),
            };
            let note = serde_json::from_slice(&text).map_err(|e| {
                Fault::machine("a backup's note can't be read", e)
                    .hint(format!("look at {} by hand", stem.with_extension("bak").display()))
            })?;
            newest = Some((number, Backup { stem, note }));
        }
        Ok(newest)
    }

    /// Destroys one backup, its note first: a half-destroyed one counts for nothing.
    pub(super) fn forget(&self, backup: &Backup) -> Result<(), Fault> {
        let cannot = |path: &Path, e: &io::Error| trouble("can't destroy the backup", path, e);
        let (note, bytes) = (backup.note_path(), backup.bytes_path());
        destroy(&note).map_err(|e| cannot(&note, &e))?;
        sync_folder(&self.folder);
        destroy(&bytes).map_err(|e| cannot(&bytes, &e))?;
        sync_folder(&self.folder);
        Ok(())
    }

    /// Destroys every backup; answers how many there were.
    pub(super) fn destroy(&self) -> Result<u64, Fault> {
        let cannot = |e: &io::Error| trouble("can't destroy the backups in", &self.folder, e);
        let entries = match self.folder.read_dir() {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(e) => return Err(cannot(&e)),
        };
        let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| entry.map(|e| e.path())).collect();
        let mut paths: Vec<PathBuf> = paths.map_err(|e| cannot(&e))?.into_iter().filter(|path| is_ours(path)).collect();
        // Notes first, as for one.
        paths.sort_by_key(|path| !is_note(path));
        let (mut count, mut failed) = (0, None);
        for path in paths {
            match destroy(&path) {
                Ok(()) if path.extension().is_some_and(|ending| ending == "bak") => count += 1,
                Ok(()) => {}
                Err(e) => failed = Some(trouble("can't destroy the backup", &path, &e)),
            }
        }
        sync_folder(&self.folder);
        failed.map_or(Ok(count), |fault| Err(fault.hint(format!("{count} other(s) are destroyed; try again"))))
    }

    fn stem(&self, real: &Path, number: u32) -> PathBuf {
        let mut id = hash(real.as_os_str().as_encoded_bytes());
        id.truncate(32);
        self.folder.join(format!("{id}-{number}"))
    }

    fn prepare(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        if self.folder.metadata()?.permissions().mode() & 0o077 != 0 {
            std::fs::set_permissions(&self.folder, Permissions::from_mode(0o700))?;
        }
        if let Some(above) = self.folder.parent() {
            sync_folder(above);
        }
        Ok(())
    }

    /// Whole or not at all, 0600.
    fn save(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut temp = temp_in(&self.folder)?;
        temp.write_all(bytes)?;
        temp.as_file().sync_all()?;
        temp.persist(path).map_err(|e| e.error)?;
        sync_folder(&self.folder);
        Ok(())
    }
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ending = path.extension().unwrap_or_default();
    is_temp(&name) || ((ending == "bak" || ending == "json") && name.as_bytes().get(32) == Some(&b'-'))
}

fn is_note(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "json")
}

/// A note is simply removed: it holds no secret, and a half-destroyed one would stand in the way. Bytes are written over with
/// zeros first; on a disk that writes elsewhere (copy on write, flash) that is a courtesy.
fn destroy(path: &Path) -> io::Result<()> {
    let done = if is_note(path) { std::fs::remove_file(path) } else { shred(path) };
    match done {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn shred(path: &Path) -> io::Result<()> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let mut file = OpenOptions::new().write(true).custom_flags(flags).open(path)?;
    let size = file.metadata()?.len();
    io::copy(&mut io::Read::take(io::repeat(0), size), &mut file)?;
    file.sync_all()?;
    std::fs::remove_file(path)
}
