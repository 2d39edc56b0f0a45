//! Git itself reads every object out, reachable or not, borrowed or not, in one process; a second thread searches.
//!
//! Must not know: what the objects mean.

use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::sync_channel;

use git2::Oid;
use zeroize::Zeroizing;

use super::super::repo::Repo;
use super::super::{archive, cli, say, store};
use super::read::{self, Found, Piece, Seen};
use crate::base::fault::Result;
use crate::base::{Fault, words};
use crate::effect::git::ProofLine;

/// Pieces that wait for the searching thread.
const WAITING: usize = 4;

/// What git read out, and which of it holds the key.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Sorted.
    pub(super) ids: Vec<Oid>,
    pub(super) found: Vec<String>,
    /// Those that did not read out as their ids say.
    wrong: Vec<String>,
    /// Git ended well.
    whole: bool,
}

impl Read {
    pub(super) fn line(&self, what: &str) -> ProofLine {
        let count = words::count(self.ids.len(), "object");
        if !self.whole {
            return ProofLine { what: what.into(), clean: false, saw: format!("git stopped after {count}") };
        }
        if let (Some(first), true) = (self.wrong.first(), self.found.is_empty()) {
            let saw = format!("{count}, {} with other content than their ids say: {first}", self.wrong.len());
            return ProofLine { what: what.into(), clean: false, saw };
        }
        super::line(what, &format!("{count}, each with the content its id says"), &self.found)
    }

    pub(super) fn has(&self, id: &Oid) -> bool {
        self.ids.binary_search(id).is_ok()
    }
}

/// Files of a git that was killed while it wrote objects.
pub(super) fn stray(repo: &Repo<'_>) -> Result<usize> {
    let files = store::files(&repo.git2.commondir().join("objects"), &|_| true)?;
    let tmp = |path: &&std::path::PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("tmp_"));
    Ok(files.iter().filter(tmp).count())
}

/// Every object of the repository at `dir`.
pub(super) fn all(repo: &Repo<'_>, dir: &Path) -> Result<Read> {
    run(repo, dir, &["--batch-all-objects", "--unordered"], None)
}

/// These objects of the repository at `dir`.
pub(super) fn these(repo: &Repo<'_>, dir: &Path, ids: &[Oid]) -> Result<Read> {
    let input: String = ids.iter().flat_map(|id| [id.to_string(), "\n".into()]).collect();
    run(repo, dir, &[], Some(input))
}

fn run(repo: &Repo<'_>, dir: &Path, which: &[&str], input: Option<String>) -> Result<Read> {
    let mut command = repo.git.bare();
    command.arg("--git-dir").arg(cli::plain(dir)).args(["cat-file", "--batch", "--buffer"]).args(which);
    command.stderr(Stdio::null());
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = cli::start(&mut command)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (search, stop) = (repo.search, repo.ask.cancel);
    let read = std::thread::scope(|scope| {
        if let (Some(mut pipe), Some(input)) = (stdin, input) {
            use std::io::Write as _;
            scope.spawn(move || pipe.write_all(input.as_bytes()));
        }
        let Some(out) = stdout else { return Err(Fault::machine("git's answer can't be read", "no pipe")) };
        let (send, pieces) = sync_channel::<Piece>(WAITING);
        let searched = scope
            .spawn(move || pieces.iter().map(|piece| piece.search(search, stop)).fold(Found::default(), Found::and));
        let mut seen = Seen::default();
        let mut full = |piece: Piece, count: u64| {
            repo.go_on()?;
            say(repo.ask, "git reads every object", count, 0);
            send.send(piece).map_err(|_| Fault::machine("the proof stopped", "the search ended too early"))
        };
        let read = read::read(out, search, &mut seen, &mut full);
        drop(send);
        let searched =
            searched.join().map_err(|_| Fault::machine("the proof stopped", "the search ended too early"))?;
        read?;
        // Stopped while it looked into an archive: what it says then is no answer.
        repo.go_on()?;
        seen.found = std::mem::take(&mut seen.found).and(searched);
        Ok(seen)
    });
    if read.is_err() {
        // It may have ended by itself; it is gone after the wait.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|e| Fault::machine("git did not end as it should", e))?;
    let Seen { mut ids, mut found, packed } = read?;
    for id in packed {
        if archive::holds(search, &blob(repo, dir, id)?, stop) {
            found.dirty.push(format!("blob {id}"));
        }
        repo.go_on()?;
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(Read { ids, found: found.dirty, wrong: found.wrong, whole: status.success() })
}

/// One file of the repository at `dir`, whole.
fn blob(repo: &Repo<'_>, dir: &Path, id: Oid) -> Result<Zeroizing<Vec<u8>>> {
    let args = ["cat-file".to_owned(), "blob".to_owned(), id.to_string()];
    let mut command = repo.git.bare();
    command.arg("--git-dir").arg(cli::plain(dir)).args(&args);
    let said = repo.git.finish(command, None)?;
    if said.ok { Ok(said.out) } else { Err(cli::failed(&args, &said)) }
}
