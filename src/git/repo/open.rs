//! Opening a repository, or the one a linked working tree belongs to. What could not be searched or kept safely is refused
//! here.
//!
//! Must not know: what is done with it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use git2::{Repository, RepositoryOpenFlags};

use super::super::cli::Git;
use super::super::config::Config;
use super::super::needle::Search;
use super::super::tamed::Tamed;
use super::super::{Ask, odd, store};
use super::faults::{partial, unopened};
use super::{Linked, Repo};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::Policy;

/// Opens `ask.repo`, or a repository above it. In a linked working tree that is the repository it is linked to.
pub(in crate::git) fn open<'a>(ask: &'a Ask<'a>, search: &'a Search<'a>) -> Result<Repo<'a>> {
    // Each object would be hashed again on every read; `git fsck` proves the hashes where it matters.
    git2::opts::strict_hash_verification(false);
    let links = odd::check(ask.repo)?;
    let none: [&OsStr; 0] = [];
    let mut git2 =
        Repository::open_ext(ask.repo, RepositoryOpenFlags::empty(), none).map_err(|e| unopened(ask.repo, &e))?;
    if git2.is_worktree() {
        git2 = main_of(ask.repo, &git2)?;
    }
    let dir = absolute(git2.path())?;
    let work = git2.workdir().map(absolute).transpose()?;
    refuse_partial(&git2)?;
    outside(ask.backup_root, work.as_deref().unwrap_or(&dir), &dir)?;
    let linked = linked(&dir)?;
    for work in linked.iter().filter_map(|tree| tree.work.as_deref()) {
        outside(ask.backup_root, work, &dir)?;
    }
    let mut git = Git { ask, search, dir: dir.clone(), work: work.clone(), settings: Vec::new() };
    let config = Config::read(&git)?;
    let tamed = Tamed::read(&git, &config, &linked)?;
    git.settings.clone_from(&tamed.settings);
    let links = links.of(&dir)?;
    let policy = Policy::default();
    Ok(Repo { git2, git, ask, search, dir, work, linked, policy, config, links, tamed, firm: ask, offline: false })
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::fs::canonicalize(path).map_err(|e| Fault::machine("the repository can't be read", e))
}

/// The repository that a linked working tree belongs to.
fn main_of(asked: &Path, tree: &Repository) -> Result<Repository> {
    let main = Repository::open(tree.commondir()).map_err(|e| unopened(asked, &e))?;
    if !main.is_bare()
        && main.path().file_name() != Some(OsStr::new(".git"))
        && main.config().as_ref().is_ok_and(own_work)
    {
        return Err(Fault::input(
            format!("{} is a linked working tree", asked.display()),
            "its main working tree can't be told from here",
        )
        .hint("give the main working tree's folder (`git worktree list` names it first)"));
    }
    Ok(main)
}

/// The config does not say where the working tree is: the place of the git directory would have to.
fn own_work(config: &git2::Config) -> bool {
    config.get_string("core.worktree").is_err()
}

/// Every linked working tree, as git files them below its directory.
fn linked(dir: &Path) -> Result<Vec<Linked>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir.join("worktrees")).into_iter().flatten().flatten() {
        let own = entry.path();
        let Some(to) = store::read_if(&own.join("gitdir"))? else { continue };
        // The path of the tree's `.git` file; git 2.48 and newer may write it relative to its own folder.
        let file = own.join(OsStr::from_bytes(to.trim_ascii_end()));
        let work = file.parent().filter(|_| file.exists()).and_then(|work| std::fs::canonicalize(work).ok());
        found.push(Linked { name: entry.file_name().to_string_lossy().into_owned(), dir: own, work });
    }
    found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The git directory that all working trees of the repository at or above `path` share.
pub(in crate::git) fn home(path: &Path) -> Option<PathBuf> {
    odd::check(path).ok()?;
    let none: [&OsStr; 0] = [];
    let git2 = Repository::open_ext(path, RepositoryOpenFlags::empty(), none).ok()?;
    std::fs::canonicalize(git2.commondir()).ok()
}

/// Can it be opened at all?
pub(in crate::git) fn openable(path: &Path) -> Result<()> {
    odd::check(path)?;
    let none: [&OsStr; 0] = [];
    let opened = Repository::open_ext(path, RepositoryOpenFlags::empty(), none);
    opened.map(drop).map_err(|e| unopened(path, &e))
}

fn refuse_partial(git2: &Repository) -> Result<()> {
    let config = git2.config().map_err(|e| Fault::machine("the repository's config can't be read", e.message()))?;
    let mut found = false;
    if let Ok(entries) = config.entries(Some("^remote\\..*\\.(promisor|partialclonefilter)$")) {
        let _ = entries.for_each(|_| found = true);
    }
    if found { Err(partial(format!("{} can't be used", git2.path().display()))) } else { Ok(()) }
}

/// The backup holds the key: it must not lie where it would be committed, pushed or scanned.
fn outside(backup: &Path, work: &Path, dir: &Path) -> Result<()> {
    let mut probe = backup.to_owned();
    // The folder may not exist yet: its nearest existing ancestor decides.
    let real = loop {
        if let Ok(real) = std::fs::canonicalize(&probe) {
            break real;
        }
        if !probe.pop() {
            break backup.to_owned();
        }
    };
    if real.starts_with(work) || real.starts_with(dir) {
        return Err(Fault::input("the backup can't be kept there", "it lies inside the repository")
            .hint("give a folder outside of it that only you can read"));
    }
    Ok(())
}
