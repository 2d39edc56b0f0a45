//! Keeps `git gc` away while packs are exchanged: one that reads the old packs now would write what it read into a new
//! one later, the key with it. Git's own sign for that is a file with a process number and the name of the machine.
//!
//! Must not know: what is exchanged.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Pid;

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
        let made = OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut file| {
            // From here on it is ours: one that can't be written goes when this drops.
            let quiet = Self(path.clone());
            file.write_all(me.as_bytes()).map(|()| quiet)
        });
        made.map_err(|e| match e.kind() {
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

/// How long git itself believes a sign.
const AGE: Duration = Duration::from_hours(12);

/// Removes a sign that counts for nothing, as git sees it: one that names no process, one of a process of this machine
/// that is gone, and one from yesterday.
pub(super) fn sweep(path: &Path) -> Result<()> {
    let Some(bytes) = store::read_if(path)? else { return Ok(()) };
    let age = std::fs::metadata(path).and_then(|meta| meta.modified()).ok().and_then(|then| then.elapsed().ok());
    if is_stale(&String::from_utf8_lossy(&bytes), age) { store::remove(path) } else { Ok(()) }
}

fn is_stale(text: &str, age: Option<Duration>) -> bool {
    let named = text.trim().split_once(' ').and_then(|(pid, at)| Some((Pid::from_raw(pid.parse().ok()?)?, at)));
    // Git writes both at once: half a sign is none.
    let Some((pid, at)) = named else { return true };
    let gone = || rustix::process::test_kill_process(pid).is_err_and(|e| e == rustix::io::Errno::SRCH);
    age.is_some_and(|age| age > AGE) || (at == host() && gone())
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_counts_while_its_process_may_live() {
        let me = format!("{} {}", std::process::id(), host());
        let young = Some(Duration::from_mins(1));
        assert!(!is_stale(&me, young) && !is_stale(&me, None) && !is_stale("1 another-machine", young));
        assert!(is_stale(&me, Some(Duration::from_hours(13))));
        assert!(["", "12", "0 here", "what is this"].iter().all(|text| is_stale(text, young)));
    }
}
