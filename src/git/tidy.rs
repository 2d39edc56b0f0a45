//! Keeps `git gc` away while packs are exchanged: one that reads the old packs now would write what it read into a new
//! one later, the key with it. Git's own sign for that is a file with a process number and the name of the machine.
//!
//! Must not know: what is exchanged.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::repo::Repo;
use super::store;
use crate::base::Fault;
use crate::base::fault::Result;

const SIGN: &str = "gc.pid";

/// While this lives no `git gc` begins.
#[derive(Debug)]
pub(super) struct Quiet(PathBuf);

impl Quiet {
    /// Refuses while a `git gc` runs.
    pub(super) fn begin(repo: &Repo<'_>) -> Result<Self> {
        let path = repo.git2.commondir().join(SIGN);
        sweep(&path)?;
        let me = format!("{} {}", std::process::id(), host());
        let made =
            OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut f| f.write_all(me.as_bytes()));
        made.map(|()| Self(path)).map_err(|e| match e.kind() {
            std::io::ErrorKind::AlreadyExists => Fault::refused(
                "git is tidying this repository up now",
                "`git gc` reads the old objects and could bring them back",
            )
            .hint("wait until it ends, then try again; if none runs, remove gc.pid from the git directory"),
            _ => Fault::machine("the git directory can't be written", e),
        })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // One that stays names a process that is gone, and counts for nothing.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Removes the sign of a process of this machine that is gone.
pub(super) fn sweep(path: &Path) -> Result<()> {
    let Some(bytes) = store::read_if(path)? else { return Ok(()) };
    let text = String::from_utf8_lossy(&bytes);
    let Some((pid, at)) = text.trim().split_once(' ') else { return Ok(()) };
    let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
    let gone =
        pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_err_and(|e| e == rustix::io::Errno::SRCH));
    if gone && at == host() { store::remove(path) } else { Ok(()) }
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
