//! What stands in the way of a safe rewrite, each with the way forward. Looked at before anything is written.
//!
//! Must not know: the plan's details.

use std::path::Path;

use super::repo::{Refs, Repo};
use super::store;
use crate::base::fault::Result;
use crate::effect::git::Refusal;

fn no(why: impl Into<String>, way_forward: impl Into<String>) -> Refusal {
    Refusal { why: why.into(), way_forward: way_forward.into() }
}

/// Every reason, not only the first. `moves`: some ref will move (a mere prune minds a dirty tree less).
pub(super) fn all(repo: &Repo<'_>, refs: &Refs, moves: bool) -> Result<Vec<Refusal>> {
    let mut found = Vec::new();
    shape(repo, &mut found)?;
    packs(repo, &mut found)?;
    operation(&repo.dir, &mut found);
    locks(repo, &mut found)?;
    names(repo, refs, &mut found);
    if repo.work.is_some() && moves {
        dirty(repo, refs, &mut found)?;
    }
    Ok(found)
}

fn shape(repo: &Repo<'_>, found: &mut Vec<Refusal>) -> Result<()> {
    if repo.git2.is_shallow() {
        found.push(no(
            "this is a shallow clone: its older history is on the server only",
            "`git fetch --unshallow`, then plan again",
        ));
    }
    let alternates = store::read_if(&repo.dir.join("objects/info/alternates"))?;
    if alternates.is_some_and(|bytes| !bytes.trim_ascii().is_empty()) {
        found.push(no(
            "this repository borrows objects from another one (objects/info/alternates); the key would stay there",
            "`git repack -a -d` and remove objects/info/alternates, then plan again; clean the other one as well",
        ));
    }
    if repo.git2.is_worktree() {
        found.push(no("this is a linked worktree", "run in the main repository, after removing its other worktrees"));
    }
    let linked = std::fs::read_dir(repo.git2.commondir().join("worktrees"));
    if linked.is_ok_and(|mut entries| entries.next().is_some()) {
        found.push(no(
            "other worktrees are linked to this repository; their files and indexes would be left behind",
            "`git worktree list`, then `git worktree remove <path>` for each (or `git worktree prune`)",
        ));
    }
    if store::read_if(&repo.dir.join("info/grafts"))?.is_some_and(|bytes| !bytes.trim_ascii().is_empty()) {
        found.push(no("the history is bent by info/grafts", "`git replace --convert-graft-file`, then plan again"));
    }
    let shared = std::fs::read_dir(&repo.dir).into_iter().flatten().flatten();
    if shared.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("sharedindex.")) {
        found.push(no("the index is split in two files", "`git update-index --no-split-index`, then plan again"));
    }
    if repo.dir.join(super::switch::JOURNAL).exists() {
        found.push(no("an earlier switch was interrupted", "check it first: it is rolled forward or back"));
    }
    Ok(())
}

fn packs(repo: &Repo<'_>, found: &mut Vec<Refusal>) -> Result<()> {
    let kept = store::files(&repo.dir.join("objects/pack"), &|_| false)?;
    let kept = kept.iter().filter(|path| path.extension().is_some_and(|e| e == "keep")).count();
    if kept > 0 {
        found.push(no(
            format!("{kept} pack(s) are marked to be kept (objects/pack/*.keep); git would not drop the key from them"),
            "remove the .keep files when you know who made them, then plan again",
        ));
    }
    let promised = store::files(&repo.dir.join("objects/pack"), &|_| false)?;
    if promised.iter().any(|path| path.extension().is_some_and(|e| e == "promisor")) {
        found.push(no("some packs stand in for objects on a server (a partial clone)", "work in a full `git clone`"));
    }
    let precious = repo.git.ask_git(&["config", "--bool", "extensions.preciousObjects"], None)?;
    if precious.out.trim_ascii() == b"true" {
        found.push(no(
            "extensions.preciousObjects is set: git refuses to drop any object",
            "if no other repository borrows from this one: `git config --unset extensions.preciousObjects`",
        ));
    }
    Ok(())
}

fn operation(dir: &Path, found: &mut Vec<Refusal>) {
    const SIGNS: [(&str, &str, &str); 8] = [
        ("rebase-merge", "a rebase", "`git rebase --continue` or `git rebase --abort`"),
        ("rebase-apply", "a rebase or `git am`", "`git rebase --abort` or `git am --abort`"),
        ("MERGE_HEAD", "a merge", "`git commit` or `git merge --abort`"),
        ("CHERRY_PICK_HEAD", "a cherry-pick", "`git cherry-pick --continue` or `--abort`"),
        ("REVERT_HEAD", "a revert", "`git revert --continue` or `--abort`"),
        ("BISECT_LOG", "a bisect", "`git bisect reset`"),
        ("sequencer", "a cherry-pick or revert of several commits", "`git cherry-pick --quit` or `git revert --quit`"),
        ("NOTES_MERGE_PARTIAL", "a merge of notes", "`git notes merge --commit` or `--abort`"),
    ];
    for (sign, what, way) in SIGNS {
        if dir.join(sign).exists() {
            found.push(no(format!("{what} is in progress"), format!("{way}, then plan again")));
        }
    }
}

fn locks(repo: &Repo<'_>, found: &mut Vec<Refusal>) -> Result<()> {
    let files = super::leftover::files(&repo.dir)?;
    let locks: Vec<String> = files
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "lock"))
        .map(|path| repo.search.text(path.strip_prefix(&repo.dir).unwrap_or(path).as_os_str().as_encoded_bytes()))
        .collect();
    if !locks.is_empty() {
        found.push(no(
            format!("another git process holds {}", locks.join(", ")),
            "wait until it ends; if none runs, it crashed: remove the .lock file, then plan again",
        ));
    }
    Ok(())
}

fn names(repo: &Repo<'_>, refs: &Refs, found: &mut Vec<Refusal>) {
    let branch = refs.branch.iter().map(String::as_str);
    let mut named: Vec<&str> = refs.direct.iter().map(|r| r.name.as_str()).chain(branch).collect();
    named.sort_unstable();
    named.dedup();
    for name in named {
        if repo.search.form_in(name.as_bytes()).is_some() {
            found.push(no(
                format!("the key is in the name of {}", repo.search.text(name.as_bytes())),
                "rename or delete it first (`git branch -m`, `git tag -d`, `git update-ref -d`), also on the remote",
            ));
        }
    }
    if refs.odd_names > 0 {
        found.push(no(
            format!("{} ref(s) have a name that is not UTF-8 or no readable id", refs.odd_names),
            "rename or delete them (`git for-each-ref` lists all), then plan again",
        ));
    }
}

fn dirty(repo: &Repo<'_>, refs: &Refs, found: &mut Vec<Refusal>) -> Result<()> {
    let status = repo.git.run(&["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all"])?;
    let mut changed = status.split(|b| *b == 0).filter(|line| line.len() > 3).count();
    if refs.head.is_some() {
        let staged =
            repo.git.ask_git(&["diff-index", "--cached", "--quiet", "--ignore-submodules=none", "HEAD"], None)?;
        if !staged.ok {
            changed = changed.max(1);
        }
    }
    if changed > 0 {
        found.push(no(
            format!("the working tree is dirty: {changed} tracked file(s) differ from HEAD, in the index or on disk"),
            "commit them, or `git stash` (the stash is cleaned too), then plan again",
        ));
    }
    let flagged = repo.git.run(&["ls-files", "-v", "-z"])?;
    let hidden = flagged.split(|b| *b == 0).filter(|line| line.first().is_some_and(u8::is_ascii_lowercase)).count();
    if hidden > 0 {
        found.push(no(
            format!("{hidden} file(s) are marked assume-unchanged: changes in them can't be seen"),
            "`git ls-files -v` shows them with a lower-case letter; `git update-index --no-assume-unchanged <file>`",
        ));
    }
    Ok(())
}
