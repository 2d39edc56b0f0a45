//! The file under a journal: lines go on whole and synced, or not at all.
//!
//! Must not know: what a line says.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::base::Fault;
use crate::base::fault::Result;

#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
    path: PathBuf,
    /// Bytes that are whole lines on disk.
    good: u64,
    /// Something may stand after `good`: a failed write could not be taken back yet.
    ragged: bool,
}

impl LogFile {
    /// A new, empty file, 0600; an error when it exists.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true).mode(0o600);
        let file = options.open(path).map_err(|e| cant_open(path, &e))?;
        Ok(Self { file, path: path.to_owned(), good: 0, ragged: false })
    }

    /// An existing file of which the first `good` bytes are sound; the rest is cut.
    pub(super) fn open(path: &Path, good: u64) -> Result<Self> {
        let file = OpenOptions::new().append(true).open(path).map_err(|e| cant_open(path, &e))?;
        let mut log = Self { file, path: path.to_owned(), good, ragged: true };
        log.trim().map_err(|e| cant_open(path, &e))?;
        Ok(log)
    }

    /// Puts `lines` at the end and waits until the disk has them. After a failure the file ends where it ended before,
    /// or will before the next write.
    pub(super) fn add(&mut self, lines: &[u8]) -> Result<()> {
        self.try_add(lines).map_err(|why| {
            // If it can't be taken back now, the next write begins with it, and a reader cuts a torn tail.
            let _ = self.trim();
            Fault::machine(format!("the journal {} can't be written", self.path.display()), why)
                .hint("make room or restore access: the journal goes on by itself")
                .hint("until then this program changes nothing; what must be done now, do by hand at the provider")
        })
    }

    fn try_add(&mut self, lines: &[u8]) -> std::io::Result<()> {
        self.trim()?;
        let now = self.file.metadata()?;
        if now.nlink() == 0 {
            return Err(std::io::Error::other("the file was deleted while in use"));
        }
        if now.len() != self.good {
            let why = format!("it has {} bytes, {} were written: something else wrote to it", now.len(), self.good);
            return Err(std::io::Error::other(why));
        }
        self.ragged = true;
        self.file.write_all(lines)?;
        self.file.sync_data()?;
        self.ragged = false;
        self.good += lines.len() as u64;
        Ok(())
    }

    fn trim(&mut self) -> std::io::Result<()> {
        if self.ragged {
            // Never longer: a file that somebody cut is not to be filled up with zeros.
            if self.file.metadata()?.len() > self.good {
                self.file.set_len(self.good)?;
                self.file.sync_data()?;
            }
            self.ragged = false;
        }
        Ok(())
    }
}

/// Makes new names in `dir` survive a power cut.
pub(super) fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| Fault::machine(format!("the folder {} can't be synced", dir.display()), e))
}

fn cant_open(path: &Path, e: &std::io::Error) -> Fault {
    Fault::machine(format!("the journal {} can't be opened for writing", path.display()), e)
        .hint("look at it without writing: add --observe")
        .hint("set STANCH_STATE_DIR to a folder you can write to")
}
