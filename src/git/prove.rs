//! The proof: git itself reads every object out, here and in a fresh clone, and every file git keeps is read again.
//! It shares the search with the engine and nothing else: not its reader, not its graph, not its plan.
//!
//! Must not know: what was rewritten.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::repo::{Repo, Tree};
use super::{archive, cli, leftover, say, store};
use crate::base::fault::Result;
use crate::base::{Fault, words};
use crate::effect::git::{Proof, ProofLine};

/// Copies named in one line of the proof.
const NAMED: usize = 5;

pub(super) fn prove(repo: &Repo<'_>) -> Result<Proof> {
    let mut checks = vec![objects(repo, &repo.dir, "every object, read out by git")?];
    checks.push(clone(repo)?);
    for tree in repo.trees() {
        checks.push(tracked(repo, &tree)?);
        checks.push(index(repo, &tree)?);
    }
    checks.push(names(repo)?);
    checks.push(left_over(repo)?);
    checks.push(fsck(repo)?);
    Ok(Proof { checks, not_checked: not_checked(repo)? })
}

fn line(what: &str, looked: &str, found: &[String]) -> ProofLine {
    if found.is_empty() {
        return ProofLine { what: what.into(), clean: true, saw: format!("{looked}, none holds the key") };
    }
    let mut saw = format!("{looked}, {} hold the key: {}", found.len(), found.get(..NAMED).unwrap_or(found).join(", "));
    if found.len() > NAMED {
        saw.push_str(", …");
    }
    ProofLine { what: what.into(), clean: false, saw }
}

/// Streams `git cat-file --batch-all-objects` of the repository at `dir` and searches each object.
fn objects(repo: &Repo<'_>, dir: &Path, what: &str) -> Result<ProofLine> {
    let mut command = repo.git.bare();
    command.arg("--git-dir").arg(dir);
    command.args(["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"]).stderr(Stdio::null());
    let mut child = cli::start(&mut command)?;
    let read = match child.stdout.take() {
        Some(out) => stream(repo, BufReader::with_capacity(1 << 18, out)),
        None => Err(Fault::machine("git's answer can't be read", "no pipe")),
    };
    if read.is_err() {
        // It may have ended by itself; it is gone after the wait.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|e| Fault::machine("git did not end as it should", e))?;
    let (count, found) = read?;
    if !status.success() {
        return Ok(ProofLine { what: what.into(), clean: false, saw: format!("git stopped after {count} objects") });
    }
    Ok(line(what, &words::count(usize::try_from(count).unwrap_or(usize::MAX), "object"), &found))
}

fn stream(repo: &Repo<'_>, mut out: BufReader<std::process::ChildStdout>) -> Result<(u64, Vec<String>)> {
    let broken = |e: std::io::Error| Fault::machine("git's answer can't be read", e);
    let (mut count, mut found) = (0, Vec::new());
    let mut head = Vec::new();
    let mut body = Zeroizing::new(Vec::new());
    let mut unsaid = 0;
    loop {
        head.clear();
        if out.read_until(b'\n', &mut head).map_err(broken)? == 0 {
            return Ok((count, found));
        }
        // `<id> <type> <size>`
        let text = String::from_utf8_lossy(head.trim_ascii());
        let words: Vec<&str> = text.split(' ').collect();
        let [id, kind, size] = words[..] else {
            return Err(Fault::machine("git's answer can't be read", "an object's head has an unknown form"));
        };
        let size: u64 = size.parse().map_err(|e| Fault::machine("git's answer can't be read", e))?;
        body.clear();
        (&mut out).take(size + 1).read_to_end(&mut body).map_err(broken)?;
        if body.len() as u64 != size + 1 {
            return Err(Fault::machine("git's answer can't be read", "it ended in the middle of an object"));
        }
        let content = body.strip_suffix(b"\n").unwrap_or(&body);
        if repo.search.form_in(content).is_some() || archive::holds(repo.search, content, repo.ask.cancel) {
            found.push(format!("{kind} {id}"));
        }
        count += 1;
        unsaid += size + 4096;
        if unsaid > 1 << 20 {
            unsaid = 0;
            repo.go_on()?;
            say(repo.ask, "git reads every object", count, 0);
        }
    }
}

/// What a colleague would get.
fn clone(repo: &Repo<'_>) -> Result<ProofLine> {
    let what = "a fresh clone of every ref, read out by git";
    store::private_dir(repo.ask.backup_root)?;
    let temp = tempfile::Builder::new()
        .prefix("proof-")
        .tempdir_in(repo.ask.backup_root)
        .map_err(|e| Fault::machine("a folder for a fresh clone can't be made", e))?;
    let to = temp.path().join("clone.git");
    say(repo.ask, "making a fresh clone", 0, 0);
    let mut command: Command = repo.git.bare();
    command.args(["-c", "core.hooksPath=/dev/null", "-c", "protocol.file.allow=always", "clone", "--quiet"]);
    command.args(["--no-local", "--mirror", "--template="]).arg(cli::plain(&repo.dir)).arg(&to);
    let said = repo.git.finish(command, None)?;
    if !said.ok {
        return Ok(ProofLine { what: what.into(), clean: false, saw: format!("git could not clone it: {}", said.err) });
    }
    objects(repo, &to, what)
}

fn tracked(repo: &Repo<'_>, tree: &Tree<'_>) -> Result<ProofLine> {
    let work = &tree.work;
    let listed = tree.git.run(&["ls-files", "-z"])?;
    let (mut count, mut found) = (0, Vec::new());
    for path in listed.split(|b| *b == 0).filter(|path| !path.is_empty()) {
        repo.go_on()?;
        let file = work.join(std::ffi::OsStr::from_bytes(path));
        let Ok(meta) = std::fs::symlink_metadata(&file) else { continue };
        let bytes = if meta.file_type().is_symlink() {
            std::fs::read_link(&file).ok().map(|target| Zeroizing::new(target.as_os_str().as_bytes().to_vec()))
        } else if meta.is_file() {
            store::read_if(&file)?
        } else {
            None
        };
        count += 1;
        if bytes.is_some_and(|bytes| repo.search.form_in(&bytes).is_some()) {
            found.push(repo.search.text(path));
        }
    }
    Ok(line(&format!("every tracked file of {}", tree.words()), &words::count(count, "file"), &found))
}

fn index(repo: &Repo<'_>, tree: &Tree<'_>) -> Result<ProofLine> {
    let listed = tree.git.run(&["ls-files", "--stage", "-z"])?;
    let dirty = repo.search.form_in(&listed).map(|form| format!("a path ({form})"));
    let count = listed.split(|b| *b == 0).filter(|line| !line.is_empty()).count();
    let of = if tree.name.is_empty() { String::new() } else { format!(" of {}", tree.words()) };
    Ok(line(
        &format!("the names in the index{of}"),
        &words::count(count, "entry"),
        &dirty.into_iter().collect::<Vec<_>>(),
    ))
}

fn names(repo: &Repo<'_>) -> Result<ProofLine> {
    let listed = repo.git.run(&["for-each-ref", "--format=%(refname)"])?;
    let (mut count, mut found) = (0, Vec::new());
    for name in listed.split(|b| *b == b'\n').filter(|name| !name.is_empty()) {
        count += 1;
        if repo.search.form_in(name).is_some() {
            found.push(repo.search.text(name));
        }
    }
    Ok(line("the names of refs", &words::count(count, "ref"), &found))
}

fn left_over(repo: &Repo<'_>) -> Result<ProofLine> {
    let mut found = Vec::new();
    let files = leftover::files(&repo.dir)?;
    for file in &files {
        repo.go_on()?;
        let name = file.strip_prefix(&repo.dir).unwrap_or(file).as_os_str().as_bytes();
        let inside = store::read_if(file)?.is_some_and(|bytes| repo.search.form_in(&bytes).is_some());
        if inside || repo.search.form_in(name).is_some() {
            found.push(repo.search.text(name));
        }
    }
    Ok(line("git's own files: logs, config, messages, hooks", &words::count(files.len(), "file"), &found))
}

fn fsck(repo: &Repo<'_>) -> Result<ProofLine> {
    let what = "git fsck --full";
    say(repo.ask, "git checks every object", 0, 0);
    let said = repo.git.ask_git(&["fsck", "--full", "--no-dangling", "--no-progress"], None)?;
    if said.ok {
        return Ok(ProofLine { what: what.into(), clean: true, saw: "the repository is whole".into() });
    }
    let first = said.err.lines().next().map(str::to_owned);
    let first = first.unwrap_or_else(|| repo.search.text(said.out.split(|b| *b == b'\n').next().unwrap_or_default()));
    Ok(ProofLine { what: what.into(), clean: false, saw: first })
}

fn not_checked(repo: &Repo<'_>) -> Result<Vec<String>> {
    let mut list = Vec::new();
    let root = repo.ask.backup_root;
    let labels = store::files(root, &|_| true)?;
    if labels.iter().any(|path| path.file_name().is_some_and(|name| name == super::shelf::LABEL)) {
        list.push("the backup: it still contains the key until `finish` destroys it".into());
    }
    if !repo.git.run(&["remote"])?.trim_ascii().is_empty() {
        list.push("the remotes: what they serve, their hidden refs (pull requests), caches and forks".into());
    }
    if repo.dir.join("modules").exists() {
        list.push("submodules: each is a repository of its own".into());
    }
    if repo.dir.join("lfs").exists() {
        list.push("files that git LFS keeps, here and on its server".into());
    }
    list.push("inside of files packed in another way than gzip, zip and tar (`find` lists them)".into());
    list.push("files that git does not track, other clones, and people's copies".into());
    Ok(list)
}
