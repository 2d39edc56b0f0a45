//! What stands in the way of a safe rewrite, each with the way forward. Looked at before anything is written.
//!
//! Must not know: the plan's details.

mod dirty;
mod neighbours;
mod room;

pub(super) use neighbours::twins;

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::repo::{Refs, Repo};
use super::store;
use crate::base::fault::Result;
use crate::base::words::count;
use crate::effect::git::Refusal;

/// Borrowers that are named.
const NAMED: usize = 5;
/// Below so many bits, a value is too ordinary: other text may well say the same.
const BITS: f64 = 45.0;

fn no(why: impl Into<String>, way_forward: impl Into<String>) -> Refusal {
    Refusal { why: why.into(), way_forward: way_forward.into(), asks: false }
}

/// Every reason, not only the first. `moves`: some ref will move (a mere prune minds a dirty tree less). `aside`: where
/// files are that went through a content filter when they were rewritten, if this is an undo.
pub(super) fn all(repo: &Repo<'_>, refs: &Refs, moves: bool, aside: Option<&Path>) -> Result<Vec<Refusal>> {
    let mut found = Vec::new();
    shape(repo, &mut found)?;
    packs(repo, &mut found)?;
    linked(repo, &mut found);
    links(repo, &mut found);
    operation(&repo.dir, "", &mut found);
    for tree in repo.trees().iter().filter(|tree| !tree.name.is_empty()) {
        operation(&tree.dir, &format!(" in {}", tree.words()), &mut found);
    }
    locks(repo, &mut found)?;
    names(repo, refs, &mut found);
    if moves {
        for tree in repo.trees() {
            dirty::dirty(repo, &tree, aside, &mut found)?;
        }
    }
    room::writable(repo, &mut found);
    room::space(repo, &mut found)?;
    Ok(found)
}

/// A value that ordinary text could hold by chance, with how often it does. Sooner or later a person pastes a
/// placeholder here, and a rewrite of all that says `your-api-key-here` is not what they want.
pub(super) fn common(repo: &Repo<'_>, copies: usize) -> impl Iterator<Item = Refusal> {
    repo.ask.keys.iter().filter_map(move |key| {
        let mut seen: BTreeMap<u8, f64> = BTreeMap::new();
        for byte in *key {
            *seen.entry(*byte).or_default() += 1.0;
        }
        let total: f64 = seen.values().sum();
        let bits: f64 = seen.values().map(|n| n * (total / n).log2()).sum();
        let plain = |b: &u8| b.is_ascii_lowercase() || b"-_.".contains(b);
        let loud = |b: &u8| b.is_ascii_uppercase() || b"-_.".contains(b);
        let words = key.iter().any(|b| b"-_".contains(b)) && (key.iter().all(plain) || key.iter().all(loud));
        if bits >= BITS && !words {
            return None;
        }
        let shape =
            if words { "it is made of words".to_owned() } else { format!("only {} different ones", seen.len()) };
        Some(no(
            format!(
                "this value is too common for a key: {} characters, {shape}; it stands in {}, and all would be changed",
                key.len(),
                count(copies, "place")
            ),
            "check that you gave the leaked key and not a placeholder; `stanch find` shows every place",
        ))
    })
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
    if store::read_if(&repo.dir.join("info/grafts"))?.is_some_and(|bytes| !bytes.trim_ascii().is_empty()) {
        found.push(no("the history is bent by info/grafts", "`git replace --convert-graft-file`, then plan again"));
    }
    let dirs = repo.linked.iter().map(|tree| tree.dir.as_path()).chain([repo.dir.as_path()]);
    let mut files = dirs.flat_map(|dir| std::fs::read_dir(dir).into_iter().flatten().flatten());
    if files.any(|entry| entry.file_name().to_string_lossy().starts_with("sharedindex.")) {
        found.push(no("the index is split in two files", "`git update-index --no-split-index`, then plan again"));
    }
    for borrower in neighbours::borrowers(repo).iter().take(NAMED) {
        found.push(no(
            format!(
                "{} borrows objects from this repository; dropping the old ones would break it",
                repo.search.text(borrower.as_os_str().as_bytes())
            ),
            "`git repack -a -d` in it and remove its objects/info/alternates, then plan again; clean it as well",
        ));
    }
    if repo.dir.join(super::switch::JOURNAL).exists() {
        found.push(no("an earlier switch was interrupted", "check it first: it is rolled forward or back"));
    }
    Ok(())
}

/// Linked working trees that can't be brought along.
fn linked(repo: &Repo<'_>, found: &mut Vec<Refusal>) {
    for tree in &repo.linked {
        let shown = |text: &[u8]| repo.search.text(text);
        let path = tree.work.as_deref().unwrap_or(&tree.dir).as_os_str().as_bytes();
        if repo.search.form_in(tree.name.as_bytes()).is_some() || repo.search.form_in(path).is_some() {
            found.push(no(
                format!("the key is in the name or path of the linked working tree {}", shown(path)),
                "`git worktree remove` it, and add it again under another name",
            ));
        } else if tree.work.is_none() {
            found.push(no(
                format!("the folder of the linked working tree {} is gone", shown(tree.name.as_bytes())),
                "bring its folder back (is a disk not mounted?), or `git worktree prune`, then plan again",
            ));
        }
    }
}

/// A switch replaces files and drops objects. Behind a link that would not happen, or happen to somebody else.
fn links(repo: &Repo<'_>, found: &mut Vec<Refusal>) {
    let there: Vec<String> = repo
        .links
        .iter()
        .filter(|link| link.in_the_way())
        .map(|link| repo.search.text(link.name.as_os_str().as_bytes()))
        .collect();
    if let Some(first) = there.first() {
        let more = if there.len() > 1 { format!(" and {} more", there.len() - 1) } else { String::new() };
        found.push(no(
            format!("{first}{more} in git's folder is a symbolic link: what is behind it would not be cleaned"),
            "put the file or folder itself in the place of the link, or work in the repository that it leads to (as for \
             a folder made by git-new-workdir), then plan again",
        ));
    }
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
    if repo.config.is_true("extensions.preciousobjects") {
        found.push(no(
            "extensions.preciousObjects is set: git refuses to drop any object",
            "if no other repository borrows from this one: `git config --unset extensions.preciousObjects`",
        ));
    }
    if repo.tamed.owns("gc.recentobjectshook") {
        found.push(no(
            "gc.recentObjectsHook is set here: git would run that program and keep the objects it names",
            "`git config --unset-all gc.recentObjectsHook`, then plan again",
        ));
    }
    Ok(())
}

fn operation(dir: &Path, place: &str, found: &mut Vec<Refusal>) {
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
            found.push(no(format!("{what} is in progress{place}"), format!("{way}, then plan again")));
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
    for (name, _) in refs.symbolic.iter().filter(|(name, _)| repo.search.form_in(name.as_bytes()).is_some()) {
        found.push(no(
            format!("the key is in the name of the symbolic ref {}", repo.search.text(name.as_bytes())),
            "`git symbolic-ref --delete` it, then plan again",
        ));
    }
    if refs.odd_names > 0 {
        found.push(no(
            format!("{} ref(s) have a name that is not UTF-8 or no readable id", refs.odd_names),
            "rename or delete them (`git for-each-ref` lists all), then plan again",
        ));
    }
}
