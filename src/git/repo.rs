//! Opening a repository and reading where it stands: HEAD, refs, reflogs' ids. Says why one can't be opened.
//!
//! Must not know: what is done with it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository, RepositoryOpenFlags};

use super::Ask;
use super::cli::Git;
use super::needle::Search;
use super::raw;
use crate::base::Fault;
use crate::base::fault::Result;

/// A repository, open in both ways: libgit2 for objects, git for the rest.
pub(super) struct Repo<'a> {
    pub(super) git2: Repository,
    pub(super) git: Git<'a>,
    pub(super) ask: &'a Ask<'a>,
    pub(super) search: &'a Search<'a>,
    /// The `.git` directory, absolute.
    pub(super) dir: PathBuf,
    /// The working tree, absolute; `None` when bare.
    pub(super) work: Option<PathBuf>,
}

impl std::fmt::Debug for Repo<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo").field("bare", &self.work.is_none()).finish_non_exhaustive()
    }
}

/// One ref that holds an id by itself (symbolic refs follow theirs).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ref {
    pub(super) name: String,
    pub(super) id: Oid,
}

/// Where everything points.
#[derive(Debug, Clone, Default)]
pub(super) struct Refs {
    pub(super) direct: Vec<Ref>,
    /// The branch HEAD names, born or not; `None` when detached.
    pub(super) branch: Option<String>,
    /// The commit HEAD is at; `None` when unborn.
    pub(super) head: Option<Oid>,
    /// Ids in the stash's log, oldest first.
    pub(super) stash: Vec<Oid>,
    /// Every id any log names.
    pub(super) logged: Vec<Oid>,
    /// Names that are not UTF-8.
    pub(super) odd_names: usize,
}

/// Opens `ask.repo`, or a repository above it.
pub(super) fn open<'a>(ask: &'a Ask<'a>, search: &'a Search<'a>) -> Result<Repo<'a>> {
    // Each object would be hashed again on every read; `git fsck` proves the hashes where it matters.
    git2::opts::strict_hash_verification(false);
    let none: [&OsStr; 0] = [];
    let git2 =
        Repository::open_ext(ask.repo, RepositoryOpenFlags::empty(), none).map_err(|e| unopened(ask.repo, &e))?;
    let absolute =
        |path: &Path| std::fs::canonicalize(path).map_err(|e| Fault::machine("the repository can't be read", e));
    let dir = absolute(git2.path())?;
    let work = git2.workdir().map(absolute).transpose()?;
    refuse_partial(&git2)?;
    outside(ask.backup_root, work.as_deref().unwrap_or(&dir), &dir)?;
    let git = Git { ask, search, dir: dir.clone(), work: work.clone(), may_cancel: true };
    Ok(Repo { git2, git, ask, search, dir, work })
}

/// Can it be opened at all?
pub(super) fn openable(path: &Path) -> Result<()> {
    let none: [&OsStr; 0] = [];
    let opened = Repository::open_ext(path, RepositoryOpenFlags::empty(), none);
    opened.map(drop).map_err(|e| unopened(path, &e))
}

fn unopened(path: &Path, e: &git2::Error) -> Fault {
    let what = format!("{} can't be opened", path.display());
    let says = e.message().to_owned();
    let lower = says.to_lowercase();
    if e.code() == ErrorCode::Owner {
        return Fault::refused(what, "it belongs to another user")
            .hint("run as its owner, or `git config --global --add safe.directory <path>` if you trust it");
    }
    if lower.contains("refstorage") || lower.contains("reftable") {
        return Fault::refused(what, "it stores its refs as a reftable, which this program can't read yet")
            .hint("convert it first: `git refs migrate --ref-format=files`")
            .hint("or work on a fresh `git clone --ref-format=files`");
    }
    if lower.contains("partialclone") || lower.contains("promisor") {
        return partial(what);
    }
    if lower.contains("object format") || lower.contains("objectformat") || lower.contains("sha256") {
        return Fault::refused(what, "its ids are SHA-256, which this program can't rewrite yet")
            .hint("use `git filter-repo --replace-text` with git 2.45 or newer");
    }
    if e.code() == ErrorCode::NotFound {
        return Fault::input(what, "there is no git repository there").hint("give the folder that holds `.git`");
    }
    Fault::refused(what, says).hint("`git fsck` in it says more")
}

fn partial(what: String) -> Fault {
    Fault::refused(what, "it is a partial clone: some objects are on the server only, so no search can be complete")
        .hint("make a full clone and work there: `git clone <url> <new folder>`")
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

impl Repo<'_> {
    /// What a person calls this repository: its directory's name, redacted.
    pub(super) fn name(&self) -> String {
        let path = self.work.as_deref().unwrap_or(&self.dir);
        let name = path.file_name().unwrap_or(path.as_os_str());
        self.search.text(name.as_bytes())
    }

    /// Where loose objects and packs are.
    pub(super) fn objects(&self) -> PathBuf {
        self.dir.join("objects")
    }

    pub(super) fn odb(&self) -> Result<git2::Odb<'_>> {
        self.git2.odb().map_err(|e| Fault::machine("the objects can't be read", e.message()))
    }

    /// A fault when somebody pressed cancel.
    pub(super) fn go_on(&self) -> Result<()> {
        if (self.ask.cancel)() { Err(super::cancelled()) } else { Ok(()) }
    }

    pub(super) fn refs(&self) -> Result<Refs> {
        let mut refs = Refs::default();
        let listed = self.git.run(&["for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)"])?;
        for line in listed.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            let mut parts = line.split(|b| *b == 0);
            let (name, id, to) = (parts.next(), parts.next(), parts.next());
            if to.is_some_and(|to| !to.is_empty()) {
                continue;
            }
            match (name.map(|n| std::str::from_utf8(n)), id.and_then(raw::oid)) {
                (Some(Ok(name)), Some(id)) => refs.direct.push(Ref { name: name.to_owned(), id }),
                _ => refs.odd_names += 1,
            }
        }
        let branch = self.git.ask_git(&["symbolic-ref", "-q", "HEAD"], None)?;
        refs.branch = branch.ok.then(|| String::from_utf8_lossy(branch.out.trim_ascii()).into_owned());
        let head = self.git.ask_git(&["rev-parse", "-q", "--verify", "HEAD^0"], None)?;
        refs.head = if head.ok { raw::oid(head.out.trim_ascii()) } else { None };
        for log in super::reflog::all(&self.dir)? {
            let bytes = super::store::read(&log)?;
            let ids = super::reflog::ids(&bytes);
            if log == self.dir.join("logs/refs/stash") {
                refs.stash.clone_from(&ids);
            }
            refs.logged.extend(ids);
        }
        refs.logged.sort_unstable();
        refs.logged.dedup();
        Ok(refs)
    }

    /// Everything a rewrite keeps alive: refs, HEAD, each stash.
    pub(super) fn kept(refs: &Refs) -> Vec<Oid> {
        let mut roots: Vec<Oid> = refs.direct.iter().map(|r| r.id).chain(refs.head).collect();
        roots.extend(&refs.stash);
        roots.sort_unstable();
        roots.dedup();
        roots
    }
}
