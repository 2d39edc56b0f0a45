//! One at a time: whoever plans, switches, pushes, undoes or looks where a repository stands holds a lock on its git
//! directory. So "a switch was interrupted" is said only when nobody is at it. The lock is on the folder itself and
//! leaves no trace; it ends with its process.
//!
//! Must not know: what is done meanwhile.

use std::fs::File;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::repo::Repo;
use crate::base::Fault;
use crate::base::fault::Result;

/// How long another is waited for: long enough for one that was killed a moment ago to be gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// While this lives, no other works on the repository.
#[derive(Debug)]
pub(super) struct Alone(#[allow(dead_code, reason = "it is held, not used")] Option<File>);

impl Alone {
    pub(super) fn with(repo: &Repo<'_>) -> Result<Self> {
        let dir = File::open(&repo.dir).map_err(|e| Fault::machine("the git directory can't be opened", e))?;
        let since = Instant::now();
        loop {
            match flock(&dir, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self(Some(dir))),
                Err(Errno::WOULDBLOCK) if since.elapsed() < PATIENCE => sleep(Duration::from_millis(50)),
                Err(Errno::WOULDBLOCK) => return Err(busy()),
                // A file system that can't lock a folder: what git itself locks must do.
                Err(_) => return Ok(Self(None)),
            }
        }
    }
}

fn busy() -> Fault {
    Fault::refused(
        "another stanch is at work on this repository",
        "it plans, switches, pushes or looks now; nothing was changed here",
    )
    .hint("wait until it ends, then try again")
}
