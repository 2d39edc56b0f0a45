//! What stands in the way of a safe rewrite, each with the way forward. Looked at before anything is written.
//!
//! Must not know: the plan's details.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::repo::{Refs, Repo, Tree};
use super::{align, store};
use crate::base::fault::Result;
use crate::base::words::count;
use crate::effect::git::Refusal;

/// Files of a dirty tree that are named.
const NAMED: usize = 5;
/// Folders beside the repository that are asked whether they borrow from it.
const NEIGHBOURS: usize = 500;
/// Below so many bits, a value is too ordinary: other text may well say the same.
const BITS: f64 = 45.0;

fn no(why: impl Into<String>, way_forward: impl Into<String>) -> Refusal {
    Refusal { why: why.into(), way_forward: way_forward.into() }
}

/// Every reason, not only the first. `moves`: some ref will move (a mere prune minds a dirty tree less). `aside`: where
/// files are that went through a content filter when they were rewritten, if this is an undo.
pub(super) fn all(repo: &Repo<'_>, refs: &Refs, moves: bool, aside: Option<&Path>) -> Result<Vec<Refusal>> {
    let mut found = Vec::new();
    shape(repo, &mut found)?;
    packs(repo, &mut found)?;
    linked(repo, &mut found);
    operation(&repo.dir, "", &mut found);
    for tree in repo.trees().iter().filter(|tree| !tree.name.is_empty()) {
        operation(&tree.dir, &format!(" in {}", tree.words()), &mut found);
    }
    locks(repo, &mut found)?;
    names(repo, refs, &mut found);
    if moves {
        for tree in repo.trees() {
            dirty(repo, &tree, aside, &mut found)?;
        }
    }
    writable(repo, &mut found);
    space(repo, &mut found)?;
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
    if let Some(borrower) = borrower(repo) {
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

/// A repository beside this one that borrows from it. Borrowers can be anywhere and leave no trace here, so this finds
/// the usual ones only: `git clone --shared` into a folder nearby.
fn borrower(repo: &Repo<'_>) -> Option<PathBuf> {
    let own = repo.dir.join("objects");
    let beside = repo.work.as_deref().unwrap_or(&repo.dir).parent();
    let neighbours = beside.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    for entry in neighbours.take(NEIGHBOURS) {
        for objects in [".git/objects", "objects"].map(|inner| entry.path().join(inner)) {
            // A neighbour that can't be read is no reason to stop.
            let Ok(Some(listed)) = store::read_if(&objects.join("info/alternates")) else { continue };
            let lends = |line: &[u8]| std::fs::canonicalize(objects.join(OsStr::from_bytes(line))).ok();
            if listed.split(|b| *b == b'\n').filter_map(lends).any(|path| path == own) {
                return Some(entry.path());
            }
        }
    }
    None
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

/// Everything that will be written can be.
fn writable(repo: &Repo<'_>, found: &mut Vec<Refusal>) {
    use rustix::fs::{Access, access};
    let trees = repo.linked.iter().flat_map(|tree| [Some(tree.dir.clone()), tree.work.clone()]).flatten();
    let own = ["", "objects", "objects/pack", "refs"].map(|name| repo.dir.join(name));
    for path in own.into_iter().chain(repo.work.clone()).chain(trees) {
        if path.exists() && access(&path, Access::WRITE_OK | Access::EXEC_OK).is_err() {
            found.push(no(
                format!("{} can't be written", repo.search.text(path.as_os_str().as_bytes())),
                "run as its owner, or give yourself the right to write, then plan again",
            ));
            return;
        }
    }
}

/// Room for the backup, and for the new objects beside the old ones.
fn space(repo: &Repo<'_>, found: &mut Vec<Refusal>) -> Result<()> {
    let skipped = ["modules", "lfs"].map(|name| repo.dir.join(name));
    let files = store::files(&repo.dir, &|dir| !skipped.iter().any(|s| s == dir))?;
    let size: u64 = files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|meta| meta.len()).sum();
    let nearest = repo.ask.backup_root.ancestors().find(|folder| folder.exists());
    let mut wants: BTreeMap<u64, (PathBuf, u64)> = BTreeMap::new();
    for folder in nearest.into_iter().chain([repo.dir.as_path()]) {
        let Ok(meta) = std::fs::metadata(folder) else { continue };
        let device = std::os::unix::fs::MetadataExt::dev(&meta);
        wants.entry(device).or_insert_with(|| (folder.to_owned(), 0)).1 += size;
    }
    for (folder, wanted) in wants.into_values() {
        let Ok(room) = rustix::fs::statvfs(&folder) else { continue };
        let free = room.f_bavail.saturating_mul(room.f_frsize);
        if free < wanted {
            found.push(no(
                format!(
                    "there is no space for the backup and the new objects: {} MiB free at {}, {} MiB wanted",
                    free >> 20,
                    repo.search.text(folder.as_os_str().as_bytes()),
                    (wanted >> 20) + 1
                ),
                "free some space, or keep the backup on another disk, then plan again",
            ));
        }
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
    if repo.config.is_true("extensions.preciousobjects") {
        found.push(no(
            "extensions.preciousObjects is set: git refuses to drop any object",
            "if no other repository borrows from this one: `git config --unset extensions.preciousObjects`",
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

fn dirty(repo: &Repo<'_>, at: &Tree<'_>, aside: Option<&Path>, found: &mut Vec<Refusal>) -> Result<()> {
    let args = ["status", "--porcelain", "--no-renames", "-z", "--untracked-files=no", "--ignore-submodules=all"];
    let status = at.git.run(&args)?;
    let mut changed: Vec<&[u8]> = status.split(|b| *b == 0).filter_map(|line| line.get(3..)).collect();
    if let Some(aside) = aside {
        changed.retain(|path| !align::is_ours(repo, at, aside, path).unwrap_or(false));
    }
    let mut total = changed.len();
    if at.git.ask_git(&["rev-parse", "-q", "--verify", "HEAD"], None)?.ok {
        let staged =
            at.git.ask_git(&["diff-index", "--cached", "--quiet", "--ignore-submodules=none", "HEAD"], None)?;
        if !staged.ok {
            total = total.max(1);
        }
    }
    let filtered = at.git.settings.iter().any(|s| s.contains(".clean="));
    if total > 0 {
        let mut named: Vec<String> = Vec::new();
        for path in changed.iter().take(NAMED) {
            let holds = store::read_if(&at.work.join(OsStr::from_bytes(path)))
                .is_ok_and(|file| file.is_some_and(|bytes| repo.search.form_in(&bytes).is_some()));
            let mark = if holds { " (holds the key)" } else { "" };
            named.push(format!("{}{mark}", repo.search.text(path)));
        }
        let more = if changed.len() > NAMED { ", …" } else { "" };
        found.push(no(
            format!(
                "{} is dirty: {total} tracked file(s) differ from HEAD, in the index or on disk: {}{more}",
                at.words(),
                named.join(", ")
            ),
            if filtered {
                "commit them, or `git stash` (the stash is cleaned too), then plan again. Content filters are not run \
                 here: when `git status` shows nothing, `git update-index --refresh` lets git see it without them"
            } else {
                "commit them, or `git stash` (the stash is cleaned too), then plan again"
            },
        ));
    }
    let flagged = at.git.run(&["ls-files", "-v", "-z"])?;
    let hidden = flagged.split(|b| *b == 0).filter(|line| line.first().is_some_and(u8::is_ascii_lowercase)).count();
    if hidden > 0 {
        found.push(no(
            format!("{hidden} file(s) are marked assume-unchanged in {}: changes in them can't be seen", at.words()),
            "`git ls-files -v` shows them with a lower-case letter; `git update-index --no-assume-unchanged <file>`",
        ));
    }
    Ok(())
}
