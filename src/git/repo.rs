//! Opening a repository and reading where it stands: HEAD, refs, reflogs' ids, in every working tree. Says why one can't
//! be opened.
//!
//! Must not know: what is done with it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository, RepositoryOpenFlags};

use super::Ask;
use super::cli::Git;
use super::config::Config;
use super::needle::Search;
use super::tamed::Tamed;
use super::{odd, raw};
use crate::base::fault::Result;
use crate::base::{Fault, words};
use crate::effect::git::Policy;

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

/// One ref that holds an id by itself (symbolic refs follow theirs). Private refs of a linked working tree, and its HEAD
/// when detached, are named as git does it from outside: `worktrees/<name>/HEAD`.
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
    /// The commits linked working trees' HEADs are at, by the tree's name.
    pub(super) heads: Vec<(String, Oid)>,
    /// Symbolic refs and what they name, HEADs too, whether that exists or not.
    pub(super) symbolic: Vec<(String, String)>,
    /// Ids in the stash's log, oldest first.
    pub(super) stash: Vec<Oid>,
    /// Every id any log names.
    pub(super) logged: Vec<Oid>,
    /// Names that are not UTF-8.
    pub(super) odd_names: usize,
}

/// Opens `ask.repo`, or a repository above it. In a linked working tree that is the repository it is linked to.
pub(super) fn open<'a>(ask: &'a Ask<'a>, search: &'a Search<'a>) -> Result<Repo<'a>> {
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
    let mut git = Git { ask, search, dir: dir.clone(), work: work.clone(), may_cancel: true, settings: Vec::new() };
    let config = Config::read(&git)?;
    let tamed = Tamed::read(&git, &config, &linked)?;
    git.settings.clone_from(&tamed.settings);
    let links = links.of(&dir)?;
    let policy = Policy::default();
    Ok(Repo { git2, git, ask, search, dir, work, linked, policy, config, links, tamed, offline: false })
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
        let Some(to) = super::store::read_if(&own.join("gitdir"))? else { continue };
        // The path of the tree's `.git` file; git 2.48 and newer may write it relative to its own folder.
        let file = own.join(OsStr::from_bytes(to.trim_ascii_end()));
        let work = file.parent().filter(|_| file.exists()).and_then(|work| std::fs::canonicalize(work).ok());
        found.push(Linked { name: entry.file_name().to_string_lossy().into_owned(), dir: own, work });
    }
    found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The git directory that all working trees of the repository at or above `path` share.
pub(super) fn home(path: &Path) -> Option<PathBuf> {
    odd::check(path).ok()?;
    let none: [&OsStr; 0] = [];
    let git2 = Repository::open_ext(path, RepositoryOpenFlags::empty(), none).ok()?;
    std::fs::canonicalize(git2.commondir()).ok()
}

/// Can it be opened at all?
pub(super) fn openable(path: &Path) -> Result<()> {
    odd::check(path)?;
    let none: [&OsStr; 0] = [];
    let opened = Repository::open_ext(path, RepositoryOpenFlags::empty(), none);
    opened.map(drop).map_err(|e| unopened(path, &e))
}

/// `fault` of a key that is too short, with how many objects hold it: a number convinces.
pub(super) fn counted(ask: &Ask<'_>, mut fault: Fault) -> Fault {
    let none: [&OsStr; 0] = [];
    if odd::check(ask.repo).is_err() {
        return fault;
    }
    let short = ask.keys.iter().filter(|key| !key.is_empty()).min_by_key(|key| key.len());
    let (Ok(git2), Some(short)) = (Repository::open_ext(ask.repo, RepositoryOpenFlags::empty(), none), short) else {
        return fault;
    };
    let Ok(odb) = git2.odb() else { return fault };
    let mut ids = Vec::new();
    let listed = odb.foreach(|id| {
        ids.push(*id);
        true
    });
    if listed.is_ok() {
        let finder = memchr::memmem::Finder::new(short);
        let holds = |id: &Oid| !(ask.cancel)() && odb.read(*id).is_ok_and(|o| finder.find(o.data()).is_some());
        let found = ids.iter().filter(|id| holds(id)).count();
        fault.why = format!("{}; it stands in {found} of {} objects here", fault.why, ids.len());
    }
    fault
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
    if std::fs::read_dir(path).is_err_and(|e| e.kind() == std::io::ErrorKind::PermissionDenied) {
        return Fault::input(what, "this user may not read it (Permission denied)")
            .hint("run as its owner, or let this user read the folder and all below it");
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

    pub(super) fn refs(&self) -> Result<Refs> {
        let mut refs = Refs::default();
        refs.list(&self.git, &[], "")?;
        (refs.branch, refs.head) = self.at_head(&mut refs, &self.git, "")?;
        for linked in &self.linked {
            // What another working tree keeps to itself is listed from inside of it only.
            let git = Git { dir: linked.dir.clone(), work: None, ..self.git.clone() };
            let prefix = format!("worktrees/{}/", linked.name);
            refs.list(&git, &["refs/worktree", "refs/bisect", "refs/rewritten"], &prefix)?;
            let (branch, head) = self.at_head(&mut refs, &git, &prefix)?;
            if let Some(head) = head {
                refs.heads.push((linked.name.clone(), head));
                if branch.is_none() {
                    refs.direct.push(Ref { name: format!("{prefix}HEAD"), id: head });
                }
            }
        }
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

    /// The branch HEAD names and the commit it is at. `refs` are those that were listed.
    fn at_head(&self, refs: &mut Refs, git: &Git<'_>, prefix: &str) -> Result<(Option<String>, Option<Oid>)> {
        if let Some((branch, head)) = self.plain_head(refs, &git.dir) {
            refs.symbolic.extend(branch.iter().map(|branch| (format!("{prefix}HEAD"), branch.clone())));
            return Ok((branch, head));
        }
        let branch = git.ask_git(&["symbolic-ref", "-q", "HEAD"], None)?;
        let branch = branch.ok.then(|| String::from_utf8_lossy(branch.out.trim_ascii()).into_owned());
        if let Some(branch) = &branch {
            refs.symbolic.push((format!("{prefix}HEAD"), branch.clone()));
        }
        let head = git.ask_git(&["rev-parse", "-q", "--verify", "HEAD^0"], None)?;
        Ok((branch, if head.ok { raw::oid(head.out.trim_ascii()) } else { None }))
    }

    /// The same from the file, where that is as plain as it nearly always is: the id of a commit, or the name of a
    /// branch with one. Two processes less for each look.
    fn plain_head(&self, refs: &Refs, dir: &Path) -> Option<(Option<String>, Option<Oid>)> {
        let path = dir.join("HEAD");
        if !std::fs::symlink_metadata(&path).ok()?.is_file() {
            return None;
        }
        let bytes = super::store::bytes(&path).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?.strip_suffix('\n')?;
        let (branch, id) = match text.strip_prefix("ref: ") {
            // A branch that is not there, or itself a symbolic ref, is git's affair.
            Some(name) if name.starts_with("refs/heads/") => {
                (Some(name.to_owned()), refs.direct.iter().find(|r| r.name == name)?.id)
            }
            Some(_) => return None,
            None => (None, raw::oid(text.as_bytes())?),
        };
        let (_, kind) = self.git2.odb().ok()?.read_header(id).ok()?;
        (kind == git2::ObjectType::Commit).then_some((branch, Some(id)))
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

impl Refs {
    /// The commit that the HEAD of the linked working tree `name` is at.
    pub(super) fn head_of(&self, name: &str) -> Option<Oid> {
        self.heads.iter().find(|(own, _)| own == name).map(|(_, id)| *id)
    }

    /// Adds the refs that `git` sees below `below` (all, when empty), with `prefix` before their names.
    fn list(&mut self, git: &Git<'_>, below: &[&str], prefix: &str) -> Result<()> {
        let format = ["for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)"];
        let listed = git.run(&[&format[..], below].concat())?;
        for line in listed.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            let mut parts = line.split(|b| *b == 0).map(std::str::from_utf8);
            match (parts.next(), parts.next().and_then(|id| raw::oid(id.ok()?.as_bytes())), parts.next()) {
                (Some(Ok(name)), _, Some(Ok(to))) if !to.is_empty() => {
                    self.symbolic.push((format!("{prefix}{name}"), to.to_owned()));
                }
                (Some(Ok(name)), Some(id), _) => self.direct.push(Ref { name: format!("{prefix}{name}"), id }),
                _ => self.odd_names += 1,
            }
        }
        Ok(())
    }
}
