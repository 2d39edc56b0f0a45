//! Submodules that live inside the git directory or the working tree: each is a repository of its own, looked into and told. It is purged by
//! itself, before the repository around it.
//!
//! Must not know: what a rewrite does.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::repo::{self, Repo, Tree};
use super::{Ask, plan};
use crate::base::fault::Result;
use crate::base::words::count;
use crate::effect::git::{Copy, CopyKind, Refusal};

/// A submodule that holds the key.
#[derive(Debug)]
pub(super) struct Held {
    /// `modules/<name>`, masked.
    name: String,
    /// Its working tree, or its git directory.
    place: String,
    form: String,
    copies: usize,
}

/// What a look into all of them gave.
#[derive(Debug, Default)]
pub(super) struct Submodules {
    pub(super) held: Vec<Held>,
    /// Those that could not be looked into, and what in them was not.
    pub(super) not_looked_into: Vec<String>,
}

pub(super) fn find(repo: &Repo<'_>) -> Result<Submodules> {
    let mut found = Submodules::default();
    for dir in dirs(repo) {
        repo.go_on()?;
        let name = dir.strip_prefix(&repo.dir).ok().or_else(|| dir.strip_prefix(repo.work.as_deref()?).ok());
        let name = repo.search.text(name.unwrap_or(&dir).as_os_str().as_bytes());
        let ask = Ask { repo: &dir, ..*repo.ask };
        let looked = repo::open(&ask, repo.search).and_then(|sub| {
            let place = repo.search.text(sub.work.as_deref().unwrap_or(&sub.dir).as_os_str().as_bytes());
            plan::copy_map(&sub).map(|map| (place, map))
        });
        repo.go_on()?;
        match looked {
            Ok((place, map)) => {
                found.not_looked_into.extend(map.not_looked_into.iter().map(|line| format!("{name}: {line}")));
                if let Some(first) = map.copies.first() {
                    found.held.push(Held { name, place, form: first.form.clone(), copies: map.copies.len() });
                }
            }
            Err(fault) => found.not_looked_into.push(format!("submodule {name}: {}: {}", fault.what, fault.why)),
        }
    }
    Ok(found)
}

/// The git directories of submodules: those that git keeps in its own, for each working tree, and those that lie in a
/// folder that the index calls a submodule, as old gits and `git add` of a clone leave them.
pub(super) fn dirs(repo: &Repo<'_>) -> Vec<PathBuf> {
    let mut found = below(&repo.dir.join("modules"));
    for tree in &repo.linked {
        found.extend(below(&tree.dir.join("modules")));
    }
    let inside = repo.trees().iter().flat_map(folders).map(|folder| folder.join(".git")).collect::<Vec<_>>();
    found.extend(inside.iter().filter(|dir| is_git_dir(dir)).filter_map(|dir| std::fs::canonicalize(dir).ok()));
    found.sort();
    found.dedup();
    found
}

/// The folders of a working tree that its index calls submodules.
pub(super) fn folders(tree: &Tree<'_>) -> Vec<PathBuf> {
    let listed = tree.git.run(&["ls-files", "--stage", "-z"]).unwrap_or_default();
    let links = listed.split(|b| *b == 0).filter(|line| line.starts_with(b"160000 "));
    let paths = links.filter_map(|line| line.splitn(2, |b| *b == b'\t').nth(1));
    paths.map(|path| tree.work.join(OsStr::from_bytes(path))).collect()
}

fn is_git_dir(dir: &Path) -> bool {
    dir.join("HEAD").is_file() && dir.join("objects").is_dir()
}

/// A submodule's name may have folders.
fn below(modules: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![modules.to_owned()];
    while let Some(dir) = open.pop() {
        if is_git_dir(&dir) {
            // Submodules of a submodule lie in it, and are found with it.
            found.push(dir);
            continue;
        }
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
        open.extend(entries.filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir())).map(|e| e.path()));
    }
    found
}

impl Held {
    fn way(&self) -> String {
        format!("purge the submodule first: `stanch purge --repo {} --plan`", self.place)
    }

    pub(super) fn copy(&self) -> Copy {
        Copy {
            id: self.name.clone(),
            what: CopyKind::Leftover,
            form: self.form.clone(),
            path: Some(self.name.clone()),
            first: None,
            last: None,
            refs: Vec::new(),
            on_remote: false,
            reachable: false,
            remedy: self.way(),
        }
    }

    pub(super) fn refusal(&self) -> Refusal {
        Refusal {
            why: format!("the submodule {} holds the key ({})", self.name, count(self.copies, "copy")),
            way_forward: format!("{}; then plan again here: commits that name its old ones follow", self.way()),
            asks: false,
        }
    }
}
