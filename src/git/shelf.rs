//! What is kept outside the repository: the plan's details and the backup. And the small journal inside it that tells
//! a later process that a switch was under way.
//!
//! Must not know: how a plan is made or applied.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::plan::{Details, Stage};
use super::repo::Repo;
use super::{seal, store};
use crate::base::fault::Result;
use crate::base::id::hex;
use crate::base::{Fault, FaultKind};

/// Only file of ours in the git directory, and only while a switch or an undo runs.
pub(super) const JOURNAL: &str = "stanch-switch.json";
/// Says what the folder beside it is.
pub(super) const LABEL: &str = "STILL-CONTAINS-THE-KEY.txt";
/// Written last: a backup without it is not whole.
const WHOLE: &str = "whole";

/// What was under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) plan: String,
    pub(super) doing: Doing,
    pub(super) backup_root: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Doing {
    Apply,
    Undo,
}

pub(super) fn begin(repo: &Repo<'_>, plan: &str, doing: Doing) -> Result<()> {
    let journal = Journal { plan: plan.into(), doing, backup_root: repo.ask.backup_root.to_owned() };
    store::put(&repo.dir.join(JOURNAL), &json(&journal)?)
}

pub(super) fn end(repo: &Repo<'_>) -> Result<()> {
    store::remove(&repo.dir.join(JOURNAL))?;
    store::sync_dir(&repo.dir);
    Ok(())
}

pub(super) fn under_way(repo: &Repo<'_>) -> Result<Option<Journal>> {
    let Some(bytes) = store::read_if(&repo.dir.join(JOURNAL))? else { return Ok(None) };
    let journal = serde_json::from_slice(&bytes).map_err(|e| {
        Fault::machine(format!("{JOURNAL} in the git directory can't be read"), e)
            .hint("it tells that a switch was interrupted; keep the backup and ask for help")
    })?;
    Ok(Some(journal))
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|e| Fault::machine("our own notes can't be written", e))
}

/// Ids come from people and journals: only what we made ourselves may become a part of a path.
fn checked(plan: &str) -> Result<&str> {
    if plan.len() == 12 && plan.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(plan);
    }
    Err(Fault::input("this is not a plan's id", "an id is 12 hexadecimal digits").hint("plan again and take its id"))
}

fn details_path(root: &Path, plan: &str) -> Result<PathBuf> {
    Ok(root.join(format!("plan-{}.json", checked(plan)?)))
}

/// A plan's details as they are kept.
#[derive(Debug, Serialize)]
struct Kept<'d> {
    /// Which key they are for: a hash that only the key gives, salted with the plan's id.
    key: String,
    #[serde(flatten)]
    details: &'d Details,
}

/// What is read of them first.
#[derive(Debug, Deserialize)]
struct Whose {
    #[serde(default)]
    key: Option<String>,
    git_dir: PathBuf,
}

fn fingerprint(repo: &Repo<'_>, plan: &str) -> String {
    let mut keys = repo.ask.keys.to_vec();
    keys.sort_unstable();
    let mut hash = Sha256::new();
    hash.update(b"stanch key");
    for part in [plan.as_bytes()].iter().chain(&keys) {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

pub(super) fn save(repo: &Repo<'_>, details: &Details) -> Result<()> {
    reached(repo, details, details.stage)
}

/// The same, with how far it has come.
pub(super) fn reached(repo: &Repo<'_>, details: &Details, stage: Stage) -> Result<()> {
    let root = repo.ask.backup_root;
    store::private_dir(root)?;
    let mut sealed = Details { stage, ..details.clone() };
    for name in sealed.names() {
        *name = seal::seal(repo.search, repo.ask.keys, &details.plan, name);
    }
    let kept = Kept { key: fingerprint(repo, &details.plan), details: &sealed };
    store::put(&details_path(root, &details.plan)?, &json(&kept)?)
}

/// The details of `plan`, if it was made here before.
pub(super) fn load(repo: &Repo<'_>, plan: &str) -> Result<Option<Details>> {
    let Some(bytes) = store::read_if(&details_path(repo.ask.backup_root, plan)?)? else { return Ok(None) };
    let broken = |e| Fault::machine("the plan's details can't be read", e).hint("plan again");
    let whose: Whose = serde_json::from_slice(&bytes).map_err(broken)?;
    if whose.git_dir != repo.dir {
        return Err(Fault::input("this plan is for another repository", "its git directory is another one")
            .hint("give the repository it was made for, or plan again"));
    }
    if whose.key.is_some_and(|key| key != fingerprint(repo, plan)) {
        return Err(Fault::input(
            "this purge was made for another key",
            "the key given now is not the one it took out",
        )
        .hint("give the key that it was planned with; nothing was changed"));
    }
    let mut details: Details = serde_json::from_slice(&bytes).map_err(broken)?;
    let salt = details.plan.clone();
    for name in details.names() {
        *name = seal::open(repo.ask.keys, &salt, name)?;
    }
    Ok(Some(details))
}

pub(super) fn need(repo: &Repo<'_>, plan: &str) -> Result<Details> {
    load(repo, plan)?.ok_or_else(|| {
        Fault::input(format!("there is no plan {plan}"), "it was made elsewhere, or its details were removed")
            .hint("plan again")
    })
}

pub(super) fn backup_dir(root: &Path, plan: &str) -> Result<PathBuf> {
    Ok(root.join(checked(plan)?))
}

/// Puts the whole git directory into a new backup for `plan`; one of an earlier try is replaced. Objects never change
/// and are not copied but get a second name there, where the file system can do that. It is whole when it is settled.
pub(super) fn back_up(repo: &Repo<'_>, plan: &str) -> Result<Backup> {
    let root = repo.ask.backup_root;
    store::private_dir(root)?;
    let to = backup_dir(root, plan)?;
    store::remove_all(&to)?;
    store::private_dir(&to)?;
    let made = fill(repo, &to);
    if made.is_err() {
        // Half a backup is of no use and holds the key. What made the copy fail may stop this as well.
        let _ = store::remove_all(&to);
    }
    made.map(|all| Backup { to, all })
}

/// A backup that is not on disk yet, and counts as none until then.
#[derive(Debug)]
pub(super) struct Backup {
    to: PathBuf,
    /// Files and folders of it.
    all: Vec<PathBuf>,
}

impl Backup {
    /// The copy of the git directory in it.
    pub(super) fn git(&self) -> PathBuf {
        self.to.join("git")
    }

    /// Brings it to disk; from here on it is whole.
    pub(super) fn settle(&self) -> Result<()> {
        store::bring_to_disk(&self.to, self.all.iter())?;
        store::put(&self.to.join(WHOLE), b"yes\n")
    }
}

/// Files and folders that it made.
fn fill(repo: &Repo<'_>, to: &Path) -> Result<Vec<PathBuf>> {
    let label = "This folder is a copy of a git directory from before the leaked key was taken out of it.\n\
        It STILL CONTAINS THE KEY. It is here for `undo`, and `finish` destroys it.\n";
    store::write_private(&to.join(LABEL), label.as_bytes())?;
    let skipped: Vec<PathBuf> = ["modules", "lfs"].iter().map(|name| repo.dir.join(name)).collect();
    let files = store::files(&repo.dir, &|dir| !skipped.iter().any(|s| s == dir))?;
    let total = files.len() as u64;
    let objects = repo.dir.join("objects");
    let mut folders = BTreeSet::from([to.to_owned(), to.join("git")]);
    let mut written = vec![to.join(LABEL)];
    for (n, from) in files.iter().enumerate() {
        repo.go_on()?;
        if n % 64 == 0 {
            super::say(repo.ask, "backing up", n as u64, total);
        }
        let Ok(name) = from.strip_prefix(&repo.dir) else { continue };
        let target = to.join("git").join(name);
        let above = target.ancestors().skip(1).take_while(|folder| *folder != to);
        folders.extend(above.map(Path::to_owned));
        if let Some(folder) = target.parent() {
            store::private_dir(folder)?;
        }
        let put = if from.starts_with(&objects) { store::link_private } else { store::copy_private };
        put(from, &target).map_err(|fault| if from.exists() { fault } else { vanished() })?;
        written.push(target);
    }
    // Old gits made HEAD a link to its branch: what counts is where it leads, not what is there.
    if let Ok(branch) = std::fs::read_link(repo.dir.join("HEAD")) {
        store::put(&to.join("git/HEAD"), &[b"ref: ", branch.as_os_str().as_encoded_bytes(), b"\n"].concat())?;
    }
    written.extend(folders);
    Ok(written)
}

fn vanished() -> Fault {
    Fault::new(
        FaultKind::Changed,
        "the repository is changing now",
        "a file went while the backup was made, as when another git packs; nothing was changed",
    )
    .hint("wait until the other git ends, then plan and apply again")
}

/// The copy of the git directory in a whole backup of `plan`.
pub(super) fn whole(root: &Path, plan: &str) -> Result<Option<PathBuf>> {
    let dir = backup_dir(root, plan)?;
    Ok(dir.join(WHOLE).is_file().then(|| dir.join("git")))
}

/// The plans of this repository whose backups are here, each marked as finished when it was applied; and the names of
/// backups that no plan tells of. No key is needed: a purge of another key counts as well.
pub(super) fn backups(repo: &Repo<'_>) -> Result<(Vec<String>, Vec<String>)> {
    let root = repo.ask.backup_root;
    let (mut own, mut strange) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if checked(&name).is_err() || !entry.path().is_dir() {
            continue;
        }
        let path = details_path(root, &name)?;
        let told = store::read_if(&path)?.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        let Some(mut told) = told else {
            strange.push(name);
            continue;
        };
        if serde_json::to_value(&repo.dir).ok().as_ref() != told.get("git_dir") {
            continue;
        }
        if let Some(stage) = told.get_mut("stage").filter(|stage| **stage == "applied") {
            *stage = "finished".into();
            store::put(&path, &json(&told)?)?;
        }
        own.push(name);
    }
    own.sort_unstable();
    Ok((own, strange))
}

/// Files and folders that serve one call of ours and lie in the backup folder meanwhile: notes for a push (they name refs
/// that hold the key), throw-away repositories. Their names tell the repository, for the folder may serve several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    Push,
    Look,
    Proof,
}

impl Passing {
    /// Start of the name for the repository with the git directory `dir`.
    pub(super) fn prefix(self, dir: &Path) -> String {
        let word = match self {
            Self::Push => "push",
            Self::Look => "look",
            Self::Proof => "proof",
        };
        let name = hex(&Sha256::digest(dir.as_os_str().as_encoded_bytes()));
        format!("{word}-{}-", name.get(..12).unwrap_or(&name))
    }
}

/// Removes such things that a killed process left.
pub(super) fn sweep(repo: &Repo<'_>, kinds: &[Passing]) -> Result<()> {
    let prefixes: Vec<String> = kinds.iter().map(|kind| kind.prefix(&repo.dir)).collect();
    for entry in std::fs::read_dir(repo.ask.backup_root).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if prefixes.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            if entry.path().is_dir() { store::remove_all(&entry.path())? } else { store::remove(&entry.path())? }
        }
    }
    Ok(())
}

/// From here on the backup of `plan` counts as none, also after a power cut.
pub(super) fn spoil(root: &Path, plan: &str) -> Result<()> {
    let dir = backup_dir(root, plan)?;
    store::remove(&dir.join(WHOLE))?;
    store::sync_dir(&dir);
    Ok(())
}

/// The copies of git directories in all backups below `root`.
pub(super) fn copies(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join("git")).filter(|dir| dir.is_dir()).collect()
}

/// The object files in a whole backup, relative to the git directory. They were all there was when it was made.
pub(super) fn objects(backup: &Path) -> Result<Vec<PathBuf>> {
    let all = store::files(&backup.join("objects"), &|_| true)?;
    Ok(all.iter().filter_map(|path| path.strip_prefix(backup).ok()).map(Path::to_owned).collect())
}

/// Removes the backup of a plan that was not applied after all.
pub(super) fn discard(root: &Path, plan: &str) -> Result<()> {
    store::remove_all(&backup_dir(root, plan)?)
}
