//! One writer per incident: an exclusive lock on a file of its own, which also says who holds it.
//!
//! Must not know: what is written under it. The lock is the kernel's (it ends with the process, however that ends);
//! the text in the file is for people only and may be stale after a crash.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use crate::base::fault::Result;
use crate::base::{Fault, Stamp};

const NAME: &str = "lock";
/// How often, and how long apart, a lock that is held is tried again.
const TRIES: usize = 10;
const BETWEEN: Duration = Duration::from_millis(25);

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock of the incident in `dir`, or says who has it.
    pub(super) fn take(dir: &Path, by: &str, at: Stamp) -> Result<Self> {
        let path = dir.join(NAME);
        let trouble = |e: &dyn std::fmt::Display| {
            Fault::machine(format!("the incident's lock {} can't be taken", path.display()), e)
                .hint("look at it without writing: add --observe")
                .hint("keep the journal on a local disk: set STANCH_STATE_DIR")
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(|e| trouble(&e))?;
        match patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(&mut file)),
            Err(TryLockError::Error(e)) => return Err(trouble(&e)),
        }
        let words = format!("{by}, process {} on {}, since {}\n", std::process::id(), host(), at.rfc3339());
        file.set_len(0).and_then(|()| file.write_all(words.as_bytes())).map_err(|e| trouble(&e))?;
        Ok(Self(file))
    }
}

/// A lock can outlive its holder for a moment: a child that was just forked has the file open until it becomes
/// another program.
fn patiently(file: &File) -> std::result::Result<(), TryLockError> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
            done => return done,
        }
    }
    file.try_lock()
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only so that nobody reads a holder who left; the kernel frees the lock in any case.
        let _ = self.0.set_len(0);
    }
}

fn taken(file: &mut File) -> Fault {
    let mut words = String::new();
    // A few lines at most: whoever wrote more was not us.
    let _ = std::io::Read::by_ref(file).take(400).read_to_string(&mut words);
    let holder: String = words.trim().chars().filter(|c| !c.is_control()).collect();
    let holder = if holder.is_empty() { "another stanch".to_owned() } else { holder };
    Fault::refused("this incident is open elsewhere", format!("it is held by {holder}"))
        .hint("watch it from here without writing: add --observe")
        .hint("or close it there first; the lock ends with that process")
}

/// This machine's name, for people.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// `ann@buildbox`: who is at the keyboard, for the `by` of records.
pub fn who() -> String {
    let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()).filter(|user| !user.is_empty());
    format!("{}@{}", user.unwrap_or_else(|| "unknown".into()), host())
}
