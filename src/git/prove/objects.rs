//! Git itself lists every object, reachable or not, borrowed or not, and reads each out, in one process; a second thread
//! searches.
//!
//! Must not know: what the objects mean.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use git2::Oid;

use super::super::cli::{self, Git};
use super::super::{archive, cancelled, say, store};
use super::piece::{Found, Piece};
use super::pipe::Pipe;
use super::read::{self, Seen};
use super::{child, order};
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
    /// Of these nobody knows.
    pub(super) unread: Vec<String>,
    /// Those that did not read out as their ids say.
    wrong: Vec<String>,
    /// Git ended well.
    whole: bool,
}

impl Read {
    pub(super) fn line(&self, what: &str) -> ProofLine {
        self.told(what, &format!("{}, each with the content its id says", words::count(self.ids.len(), "object")))
    }

    /// The same for `what` else was looked at: `looked`, where all is well.
    pub(super) fn told(&self, what: &str, looked: &str) -> ProofLine {
        let count = words::count(self.ids.len(), "object");
        if !self.whole {
            return ProofLine { what: what.into(), clean: false, saw: format!("git stopped after {count}") };
        }
        if let (Some(first), true) = (self.wrong.first(), self.told_all()) {
            let saw = format!("{count}, {} with other content than their ids say: {first}", self.wrong.len());
            return ProofLine { what: what.into(), clean: false, saw };
        }
        super::line(what, looked, &self.found, &self.unread)
    }

    /// Nothing holds the key, and nothing could not be read.
    pub(super) fn told_all(&self) -> bool {
        self.found.is_empty() && self.unread.is_empty()
    }

    /// Each of `ids` was read, with the content that its id says.
    pub(super) fn has_all(&self, ids: &[Oid]) -> bool {
        self.whole && self.wrong.is_empty() && ids.iter().all(|id| self.ids.contains(id))
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
    let (ids, well) = order::all(git, dir)?;
    let mut read = these(git, dir, &ids)?;
    read.whole &= well;
    Ok(read)
}

/// These objects of the repository at `dir`.
pub(super) fn these(git: &Git<'_>, dir: &Path, ids: &[Oid]) -> Result<Read> {
    let mut read = run(git, dir, ids)?;
    // One that stopped early may say that all is well. What is missing is among what was found.
    read.whole &= !read.told_all() || ids.iter().all(|id| read.ids.contains(id));
    Ok(read)
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

pub(super) fn go_on(git: &Git<'_>) -> Result<()> {
    if (git.ask.cancel)() { Err(cancelled()) } else { Ok(()) }
}

fn lost() -> Fault {
    Fault::machine("the proof stopped", "the search ended too early")
}

fn run(git: &Git<'_>, dir: &Path, ids: &[Oid]) -> Result<Read> {
    let mut command = cat_file(git, dir);
    command.args(["--batch", "--buffer"]);
    let (seen, whole) = child::reading(git, command, Some(ids), |pipe| searched(git, pipe))?;
    let Seen { ids, mut found, packed } = seen;
    for (id, size) in packed {
        let mut command = cat_file(git, dir);
        command.args(["blob", &id.to_string()]);
        match inside(git, command, size)? {
            Inside::Held => found.dirty.push(format!("blob {id}")),
            Inside::Unread => found.unread.push(format!("blob {id}")),
            Inside::Clean => {}
        }
    }
    Ok(Read { ids, found: found.dirty, unread: found.unread, wrong: found.wrong, whole })
}

pub(super) fn cat_file(git: &Git<'_>, dir: &Path) -> Command {
    let mut command = git.bare();
    command.args(BY_PIECES).arg("--git-dir").arg(cli::plain(dir)).arg("cat-file");
    command
}

/// All that comes out of `pipe`, searched by a second thread.
fn searched(git: &Git<'_>, pipe: &mut Pipe<'_>) -> Result<Seen> {
    let (search, stop) = (git.search, git.ask.cancel);
    let (filled, pieces) = sync_channel::<Piece>(PIECES);
    let (back, spare) = sync_channel(PIECES);
    std::thread::scope(|scope| {
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
        let read = read::read(pipe, search, &mut seen, &mut round);
        drop(round);
        let found = found.join().map_err(|_| lost())?;
        // Stopped while it read, or looked into an archive: what it says then is no answer.
        go_on(git)?;
        read?;
        seen.found = seen.found.and(found);
        Ok(seen)
    })
}

/// What a large file packs.
#[derive(Debug, PartialEq, Eq)]
enum Inside {
    Held,
    Clean,
    /// Not all of it came: what it packs is not known.
    Unread,
}

/// Does the file that `command` writes, of `size` bytes, hold the key in what it packs?
fn inside(git: &Git<'_>, command: Command, size: u64) -> Result<Inside> {
    let look = |pipe: &mut Pipe<'_>| {
        let held = archive::holds_stream(git.search, &mut *pipe, size, git.ask.cancel);
        go_on(git)?;
        // An archive may end before its file does: only a git that wrote all of it ends well.
        let read = held || std::io::copy(pipe, &mut std::io::sink()).is_ok();
        go_on(git)?;
        Ok((held, read && pipe.got() == size))
    };
    let ((held, read), well) = child::reading(git, command, None, look)?;
    Ok(match (held, read && well) {
        (true, _) => Inside::Held,
        (false, true) => Inside::Clean,
        (false, false) => Inside::Unread,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use super::super::super::Ask;
    use super::super::super::needle::Needles;
    use super::*;

    fn key() -> String {
        format!("sk-{}-{}", "proj", "Qz7_xW9".repeat(6))
    }

    /// Works with a git that is cancelled once `stop` says so.
    fn with<T>(stop: &(dyn Fn() -> bool + Sync), work: impl FnOnce(&Git<'_>) -> T) -> T {
        let key = key();
        let (needles, at) = (Needles::new(&[key.as_bytes()]).unwrap(), Path::new("/nowhere"));
        let ask = Ask { repo: at, backup_root: at, keys: &[key.as_bytes()], cancel: stop, progress: &|_| {} };
        let search = needles.search();
        work(&Git { ask: &ask, search: &search, dir: at.into(), work: None, settings: Vec::new() })
    }

    /// A program in place of git.
    fn sh(script: &str, arg: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(arg).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    fn gzip(file: &Path, text: &[u8]) -> u64 {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        gzip.write_all(text).unwrap();
        let mut packed = gzip.finish().unwrap();
        // What follows is no gzip: nobody reads to the end because of the archive.
        packed.extend(vec![0; 3 << 20]);
        std::fs::write(file, &packed).unwrap();
        packed.len() as u64
    }

    #[test]
    fn what_a_large_file_packs_is_clean_only_if_all_of_it_came() {
        let temp = tempfile::NamedTempFile::new().unwrap();
        let at = temp.path();
        let size = gzip(at, b"none");
        with(&|| false, |git| {
            let ask = |script: &str| inside(git, sh(script, at), size).unwrap();
            assert_eq!(ask("cat \"$0\""), Inside::Clean);
            assert_eq!(ask("exit 128"), Inside::Unread);
            assert_eq!(ask("exit 0"), Inside::Unread, "short");
            assert_eq!(ask("cat \"$0\"; exit 128"), Inside::Unread);
            assert_eq!(ask("head -c 100000 \"$0\""), Inside::Unread);
            gzip(at, key().repeat(3).as_bytes());
            assert_eq!(ask("cat \"$0\""), Inside::Held);
            let since = Instant::now();
            assert_eq!(ask("cat \"$0\"; exec sleep 60"), Inside::Held, "found is found");
            assert!(since.elapsed() < Duration::from_secs(30));
        });
    }

    #[test]
    fn a_cancel_ends_a_git_that_neither_reads_nor_writes() {
        let since = Instant::now();
        let stop = || since.elapsed() > Duration::from_millis(300);
        with(&stop, |git| {
            let input = vec![Oid::ZERO_SHA1; 100_000];
            let silent = || sh("exec sleep 60", Path::new(""));
            let fed = child::reading(git, silent(), Some(&input), |pipe| searched(git, pipe));
            assert_eq!(fed.unwrap_err(), cancelled());
            assert_eq!(inside(git, silent(), 9).unwrap_err(), cancelled());
        });
        assert!(since.elapsed() < Duration::from_secs(30));
    }
}
