//! Git itself reads every object out, reachable or not, borrowed or not, in one process; a second thread searches.
//!
//! Must not know: what the objects mean.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use git2::Oid;

use super::super::cli::{self, Git};
use super::super::{archive, cancelled, say, store};
use super::piece::{Found, Piece};
use super::pipe::Pipe;
use super::read::{self, Seen};
use crate::base::fault::Result;
use crate::base::{Fault, words};
use crate::effect::git::ProofLine;

/// Makes git read large files in pieces, too.
pub(super) const BY_PIECES: [&str; 2] = ["-c", "core.bigFileThreshold=32m"];
/// Pieces: one is filled, one waits, one is searched.
const PIECES: usize = 3;

/// What git read out, and which of it holds the key.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) ids: HashSet<Oid>,
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
}

/// Files, in the repository at `dir`, of a git that was killed while it wrote objects.
pub(super) fn stray(dir: &Path) -> Result<usize> {
    let files = store::files(&dir.join("objects"), &|_| true)?;
    let tmp = |path: &&PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("tmp_"));
    Ok(files.iter().filter(tmp).count())
}

/// Every object of the repository at `dir`.
pub(super) fn all(git: &Git<'_>, dir: &Path) -> Result<Read> {
    run(git, dir, &["--batch-all-objects", "--unordered"], None)
}

/// These objects of the repository at `dir`.
pub(super) fn these(git: &Git<'_>, dir: &Path, ids: &[Oid]) -> Result<Read> {
    let input: String = ids.iter().flat_map(|id| [id.to_string(), "\n".into()]).collect();
    run(git, dir, &[], Some(input))
}

/// Pieces on their way to the search, and back.
struct Round<'a> {
    git: &'a Git<'a>,
    filled: SyncSender<Piece>,
    spare: Receiver<Piece>,
    made: usize,
}

impl read::Pieces for Round<'_> {
    fn empty(&mut self) -> Result<Piece> {
        if self.made < PIECES {
            self.made += 1;
            return Ok(Piece::default());
        }
        self.spare.recv().map_err(|_| lost())
    }

    fn full(&mut self, piece: Piece, count: u64) -> Result<()> {
        go_on(self.git)?;
        say(self.git.ask, "git reads every object", count, 0);
        self.filled.send(piece).map_err(|_| lost())
    }
}

fn go_on(git: &Git<'_>) -> Result<()> {
    if (git.ask.cancel)() { Err(cancelled()) } else { Ok(()) }
}

fn lost() -> Fault {
    Fault::machine("the proof stopped", "the search ended too early")
}

fn run(git: &Git<'_>, dir: &Path, which: &[&str], input: Option<String>) -> Result<Read> {
    let mut command = git.bare();
    command.args(BY_PIECES).arg("--git-dir").arg(cli::plain(dir));
    command.args(["cat-file", "--batch", "--buffer"]).args(which);
    command.stderr(Stdio::null());
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = cli::start(&mut command)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let read = std::thread::scope(|scope| {
        if let (Some(mut pipe), Some(input)) = (stdin, input) {
            use std::io::Write as _;
            scope.spawn(move || pipe.write_all(input.as_bytes()));
        }
        let Some(out) = stdout else { return Err(Fault::machine("git's answer can't be read", "no pipe")) };
        searched(git, scope, Pipe::new(out, git.ask.cancel))
    });
    if read.is_err() {
        // It may have ended by itself; it is gone after the wait.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|e| Fault::machine("git did not end as it should", e))?;
    let Seen { ids, mut found, packed } = read?;
    for (id, size) in packed {
        if inside(git, dir, id, size)? {
            found.dirty.push(format!("blob {id}"));
        }
        go_on(git)?;
    }
    Ok(Read { ids, found: found.dirty, wrong: found.wrong, whole: status.success() })
}

/// All that comes out of `pipe`, searched by a second thread.
fn searched<'s>(git: &'s Git<'_>, scope: &'s Scope<'s, '_>, mut pipe: Pipe<'_>) -> Result<Seen> {
    let (search, stop) = (git.search, git.ask.cancel);
    let (filled, pieces) = sync_channel::<Piece>(PIECES);
    let (back, spare) = sync_channel(PIECES);
    let found = scope.spawn(move || {
        let mut found = Found::default();
        for piece in pieces {
            if !stop() {
                found = found.and(piece.search(search, stop));
            }
            // Nobody waits for the last ones.
            let _ = back.send(piece);
        }
        found
    });
    let mut seen = Seen::default();
    let mut round = Round { git, filled, spare, made: 0 };
    let read = read::read(&mut pipe, search, &mut seen, &mut round);
    drop(round);
    let found = found.join().map_err(|_| lost())?;
    // Stopped while it read, or looked into an archive: what it says then is no answer.
    go_on(git)?;
    read?;
    seen.found = seen.found.and(found);
    Ok(seen)
}

/// Does a large file of the repository at `dir` hold the key in what it packs?
fn inside(git: &Git<'_>, dir: &Path, id: Oid, size: u64) -> Result<bool> {
    let mut command = git.bare();
    command.args(BY_PIECES).arg("--git-dir").arg(cli::plain(dir)).args(["cat-file", "blob", &id.to_string()]);
    let mut child = cli::start(command.stderr(Stdio::null()))?;
    let Some(out) = child.stdout.take() else { return Err(Fault::machine("git's answer can't be read", "no pipe")) };
    // Whether the pipe is read to its end or closed before: it ends then.
    let holds = archive::holds_stream(git.search, Pipe::new(out, git.ask.cancel), size, git.ask.cancel);
    child.wait().map_err(|e| Fault::machine("git did not end as it should", e))?;
    Ok(holds)
}
