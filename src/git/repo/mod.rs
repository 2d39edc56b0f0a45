//! A repository, open: objects by libgit2, the rest by git, in every working tree. Opening (`open`, with the reasons against
//! it in `faults`) and reading where it stands (`refs`).
//!
//! Must not know: what is done with it.

mod faults;
mod open;
mod refs;

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use git2::Repository;

use super::cli::Git;
use super::config::Config;
use super::needle::Search;
use super::tamed::Tamed;
use super::{Ask, odd};
use crate::base::fault::Result;
use crate::base::words;
use crate::effect::git::Policy;

pub(super) use faults::counted;
pub(super) use open::{home, open, openable};
pub(super) use refs::{Ref, Refs};

/// A repository, open in both ways: libgit2 for objects, git for the rest.
pub(super) struct Repo<'a> {
    pub(super) git2: Repository,
    pub(super) git: Git<'a>,
    pub(super) ask: &'a Ask<'a>,
    /// The same, and nobody can cancel it.
    pub(super) firm: &'a Ask<'a>,
    pub(super) search: &'a Search<'a>,
    /// The `.git` directory, absolute.
    pub(super) dir: PathBuf,
    /// The working tree, absolute; `None` when bare.
    pub(super) work: Option<PathBuf>,
    /// Further working trees (`git worktree add`), sorted by name.
    pub(super) linked: Vec<Linked>,
    /// What a person chose for files that can't be edited as text.
    pub(super) policy: Policy,
    pub(super) config: Config,
    /// Symbolic links in the git directory.
    pub(super) links: Vec<odd::Link>,
    pub(super) tamed: Tamed,
    /// No remote is asked.
    pub(super) offline: bool,
}

/// A linked working tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Linked {
    /// Git's name for it: that of its folder below `worktrees/`.
    pub(super) name: String,
    /// Its private git directory.
    pub(super) dir: PathBuf,
    /// Its files; `None`: the folder is gone.
    pub(super) work: Option<PathBuf>,
}

/// One working tree with files, the main or a linked one, and a git that works in it.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    /// Empty for the main one.
    pub(super) name: String,
    pub(super) git: Git<'a>,
    pub(super) dir: PathBuf,
    pub(super) work: PathBuf,
}

impl Tree<'_> {
    /// For people.
    pub(super) fn words(&self) -> String {
        if self.name.is_empty() {
            return "the working tree".into();
        }
        format!("the linked working tree {}", self.git.search.text(self.work.as_os_str().as_bytes()))
    }
}

impl std::fmt::Debug for Repo<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo").field("bare", &self.work.is_none()).finish_non_exhaustive()
    }
}

impl Repo<'_> {
    /// What a person calls this repository, and types to have it rewritten: its directory's name, redacted, without
    /// characters nobody can type.
    pub(super) fn name(&self) -> String {
        let path = self.work.as_deref().unwrap_or(&self.dir);
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = words::tame(&self.search.text(name.as_bytes()));
        if name.trim().is_empty() { "repository".into() } else { name }
    }

    /// Where loose objects and packs are.
    pub(super) fn objects(&self) -> PathBuf {
        self.dir.join("objects")
    }

    /// What has begun runs to its end: from here on nobody is asked whether to stop, here and in all that is called.
    pub(super) fn no_way_back(&mut self) {
        self.ask = self.firm;
        self.git.ask = self.firm;
    }

    /// A fault when somebody pressed cancel.
    pub(super) fn go_on(&self) -> Result<()> {
        if (self.ask.cancel)() { Err(super::cancelled()) } else { Ok(()) }
    }

    /// Every working tree that has files here, the main one first.
    pub(super) fn trees(&self) -> Vec<Tree<'_>> {
        let tree = |name: &str, dir: &Path, work: &Path| Tree {
            name: name.into(),
            git: Git { dir: dir.into(), work: Some(work.into()), ..self.git.clone() },
            dir: dir.into(),
            work: work.into(),
        };
        let main = self.work.iter().map(|work| tree("", &self.dir, work));
        let linked = self.linked.iter().filter_map(|l| Some(tree(&l.name, &l.dir, l.work.as_deref()?)));
        main.chain(linked).collect()
    }
}
