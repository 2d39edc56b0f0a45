//! Where everything points: refs, HEADs and the ids in logs, of every working tree.
//!
//! Must not know: what becomes of them.

use std::path::Path;

use git2::Oid;

use super::super::cli::Git;
use super::super::pack::entry::Kind;
use super::super::pack::flow::Flow;
use super::super::{raw, reflog, store};
use super::Repo;
use crate::base::fault::Result;

/// One ref that holds an id by itself (symbolic refs follow theirs). Private refs of a linked working tree, and its HEAD
/// when detached, are named as git does it from outside: `worktrees/<name>/HEAD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::git) struct Ref {
    pub(in crate::git) name: String,
    pub(in crate::git) id: Oid,
}

/// Where everything points.
#[derive(Debug, Clone, Default)]
pub(in crate::git) struct Refs {
    pub(in crate::git) direct: Vec<Ref>,
    /// The branch HEAD names, born or not; `None` when detached.
    pub(in crate::git) branch: Option<String>,
    /// The commit HEAD is at; `None` when unborn.
    pub(in crate::git) head: Option<Oid>,
    /// The commits linked working trees' HEADs are at, by the tree's name.
    pub(in crate::git) heads: Vec<(String, Oid)>,
    /// Symbolic refs and what they name, HEADs too, whether that exists or not.
    pub(in crate::git) symbolic: Vec<(String, String)>,
    /// Ids in the stash's log, oldest first.
    pub(in crate::git) stash: Vec<Oid>,
    /// Every id any log names.
    pub(in crate::git) logged: Vec<Oid>,
    /// Names that are not UTF-8.
    pub(in crate::git) odd_names: usize,
}

impl Repo<'_> {
    pub(in crate::git) fn refs(&self) -> Result<Refs> {
        self.refs_beside(|| ()).1
    }

    /// The same, listed while `work` is done.
    pub(in crate::git) fn refs_beside<T>(&self, work: impl FnOnce() -> T) -> (T, Result<Refs>) {
        let (git, dir) = (&self.git, &self.dir);
        let (done, listed) = std::thread::scope(|scope| {
            let listed = scope.spawn(|| {
                let mut refs = Refs::default();
                if !refs.plain(dir) {
                    refs.list(git, &[], "")?;
                }
                Ok(refs)
            });
            let done = work();
            (done, listed.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        (done, listed.and_then(|refs| self.all_refs(refs)))
    }

    /// What git lists, and beside it HEADs, what other working trees keep to themselves, and the logs.
    fn all_refs(&self, mut refs: Refs) -> Result<Refs> {
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
        for log in reflog::all(&self.dir)? {
            let bytes = store::read(&log)?;
            let ids = reflog::ids(&bytes);
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
        let bytes = store::bytes(&path).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?.strip_suffix('\n')?;
        let (branch, id) = match text.strip_prefix("ref: ") {
            // A branch that is not there, or itself a symbolic ref, is git's affair.
            Some(name) if name.starts_with("refs/heads/") => {
                (Some(name.to_owned()), refs.direct.iter().find(|r| r.name == name)?.id)
            }
            Some(_) => return None,
            None => (None, raw::oid(text.as_bytes())?),
        };
        self.is_commit(id)?.then_some((branch, Some(id)))
    }

    /// `None`: git must tell. The library has no end where a loose object was cut: it is asked about packs only.
    fn is_commit(&self, id: Oid) -> Option<bool> {
        let (objects, hex) = (self.git2.commondir().join("objects"), id.to_string());
        let (folder, name) = hex.split_at_checked(2)?;
        let loose = objects.join(folder).join(name);
        if loose.exists() {
            return Some(Flow::loose(&loose)?.kind == Kind::Commit);
        }
        if objects.join("info/alternates").exists() {
            return None;
        }
        let (_, kind) = self.git2.odb().ok()?.read_header(id).ok()?;
        Some(kind == git2::ObjectType::Commit)
    }

    /// Everything a rewrite keeps alive: refs, HEAD, each stash.
    pub(in crate::git) fn kept(refs: &Refs) -> Vec<Oid> {
        let mut roots: Vec<Oid> = refs.direct.iter().map(|r| r.id).chain(refs.head).collect();
        roots.extend(&refs.stash);
        roots.sort_unstable();
        roots.dedup();
        roots
    }
}

impl Refs {
    /// The commit that the HEAD of the linked working tree `name` is at.
    pub(in crate::git) fn head_of(&self, name: &str) -> Option<Oid> {
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
