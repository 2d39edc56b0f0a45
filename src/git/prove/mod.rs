//! The proof: git itself reads every object out, makes a fresh clone, checks the whole; every worktree and every file
//! git keeps is read again. It shares the search with the engine and nothing else: not its reader, not its graph, not
//! its plan.
//!
//! Must not know: what was rewritten.
//!
//! Nothing is read twice: `objects` searches each object once, holds it against its id and keeps the ids; `clone` proves
//! that a fresh clone brings nothing but these; git's own check follows every link; `files` reads what is not an object.
//! So the check needs no second reading of contents, and a clone no contents at all.

mod child;
mod clone;
mod files;
mod objects;
mod order;
mod piece;
mod pipe;
mod read;
mod stream;

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::thread::ScopedJoinHandle;

use super::repo::Repo;
use super::{odd, say, shelf, store};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::{Proof, ProofLine};

/// Copies named in one line of the proof.
const NAMED: usize = 5;

pub(super) fn prove(repo: &Repo<'_>) -> Result<Proof> {
    let (git, dir) = (&repo.git, repo.git2.commondir());
    let (read, copy, whole, trees, files) = std::thread::scope(|scope| {
        let read = scope.spawn(|| objects::all(git, dir));
        let copy = scope.spawn(|| clone::make(git));
        let whole = scope.spawn(|| fsck(git));
        let trees = files::trees(repo);
        let files = trees.as_ref().ok().map(|trees| files::all(repo, trees));
        (joined(read), joined(copy), joined(whole), trees, files)
    });
    let (read, trees) = (read?, trees?);
    let mut checks = vec![read.line("every object, read out by git")];
    checks.push(clone::line(repo, copy?, &read)?);
    checks.extend(files.transpose()?.unwrap_or_default());
    for module in files::modules(repo)? {
        let read = objects::all(git, &module)?;
        let name = module.strip_prefix(repo.git2.commondir()).unwrap_or(&module);
        checks.push(read.line(&format!(
            "every object of {}, read out by git",
            repo.search.text(name.as_os_str().as_encoded_bytes())
        )));
    }
    checks.push(whole?);
    Ok(Proof { checks, not_checked: not_checked(repo, &trees)? })
}

fn joined<T>(thread: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().unwrap_or_else(|_| Err(Fault::machine("the proof stopped", "a thread ended too early")))
}

/// Those of `ids`, objects of the repository at `dir`, that hold the key, or may: `kind id`.
pub(super) fn holding(repo: &Repo<'_>, dir: &std::path::Path, ids: &[git2::Oid]) -> Result<Vec<String>> {
    let read = objects::these(&repo.git, dir, ids)?;
    if read.has_all(ids) {
        // Whether what could not be read to its end is clean, nobody knows.
        return Ok([read.found, read.unread].concat());
    }
    Err(Fault::machine("objects can't be read", "git did not give each of them as its id says"))
}

/// What is unread may hold the key, and is no copy: it is counted by itself.
fn line(what: &str, looked: &str, found: &[String], unread: &[String]) -> ProofLine {
    let mut saw = match (found, unread) {
        ([], []) => format!("{looked}, none holds the key"),
        ([], _) => format!("{looked}, none that could be read holds the key"),
        _ => format!("{looked}, {} hold the key: {}", found.len(), some(found)),
    };
    if !unread.is_empty() {
        saw.extend(["; ", &unread.len().to_string(), " can't be read: ", &some(unread)]);
    }
    ProofLine { what: what.into(), clean: found.is_empty() && unread.is_empty(), saw }
}

fn some(names: &[String]) -> String {
    let more = if names.len() > NAMED { ", …" } else { "" };
    names.get(..NAMED).unwrap_or(names).join(", ") + more
}

/// Complaints about how an object was written long ago are no damage: a rewrite keeps such bytes as they are.
fn fsck(git: &super::cli::Git<'_>) -> Result<ProofLine> {
    say(git.ask, "git checks the whole", 0, 0);
    let args = ["-c", "core.bigFileThreshold=32m", "fsck", "--connectivity-only", "--no-dangling", "--no-progress"];
    let mut command = git.command();
    // It asks other gits in turn, which end with it.
    command.process_group(0).args(args);
    let said = git.finish(command, None)?;
    let what = "git fsck --connectivity-only".to_owned();
    if said.ok {
        return Ok(ProofLine { what, clean: true, saw: "every object that is needed is there".into() });
    }
    let out = git.search.text(&said.out);
    let lines: Vec<&str> = said.err.lines().chain(out.lines()).filter(|l| !l.trim().is_empty()).collect();
    let odd = |l: &&str| l.starts_with("error in ") || l.starts_with("warning in ") || l.starts_with("dangling ");
    if !lines.is_empty() && lines.iter().all(odd) {
        let n = lines.iter().filter(|l| l.starts_with("error in ")).count();
        return Ok(ProofLine {
            what,
            clean: true,
            saw: format!("whole; {n} objects are oddly written, as they were before"),
        });
    }
    let first = lines.iter().find(|l| !odd(l)).map_or("git gave no reason", |l| *l);
    Ok(ProofLine { what, clean: false, saw: first.to_owned() })
}

fn not_checked(repo: &Repo<'_>, trees: &[PathBuf]) -> Result<Vec<String>> {
    let mut list = Vec::new();
    let root = repo.ask.backup_root;
    let labels = store::files(root, &|_| true)?;
    if labels.iter().any(|path| path.file_name().is_some_and(|name| name == shelf::LABEL)) {
        list.push("the backup: it still contains the key until `finish` destroys it".into());
    }
    if repo.config.has_remotes() {
        list.push("the remotes: what they serve, their hidden refs (pull requests), caches and forks".into());
    }
    list.extend(odd::unread(repo));
    let stray = objects::stray(repo.git2.commondir())?;
    if stray > 0 {
        list.push(format!(
            "{stray} unfinished file(s) of a git that was killed (tmp_* below objects): `git gc` removes them"
        ));
    }
    list.extend(
        files::absent(repo, trees).into_iter().map(|path| format!("the linked worktree {path}: it is not there now")),
    );
    list.push(
        "inside of files packed in another way than gzip, zip and tar, or beyond a bound (`find` lists them)".into(),
    );
    list.push("archives by another program: this one unpacked them, no second one did".into());
    list.push(
        "files that git does not track, other clones (also such as borrow objects from here), and people's copies"
            .into(),
    );
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_read_is_no_copy_and_not_clean() {
        let names = |n: usize| (0..n).map(|n| format!("blob {n}")).collect::<Vec<_>>();
        let told = |found: usize, unread: usize| {
            let line = line("w", "9 objects", &names(found), &names(unread));
            (line.clean, line.saw)
        };
        assert_eq!(told(0, 0), (true, "9 objects, none holds the key".into()));
        assert_eq!(
            told(0, 1),
            (false, "9 objects, none that could be read holds the key; 1 can't be read: blob 0".into())
        );
        assert_eq!(told(1, 2), (false, "9 objects, 1 hold the key: blob 0; 2 can't be read: blob 0, blob 1".into()));
        assert!(told(0, NAMED + 1).1.ends_with(", …"));
    }
}
