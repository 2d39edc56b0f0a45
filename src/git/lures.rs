//! Files that git opens by their name alone while it works, in any folder of a working tree (also one that only the history
//! knows), and the git directories of submodules: where one is a pipe or a device, git would wait at it for ever.
//!
//! Must not know: what the files say.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::odd::{self, is_nothing, is_wild, waits};
use super::repo::Repo;
use super::submodule;
use crate::base::fault::Result;

const NAMES: [&str; 3] = [".gitattributes", ".gitignore", ".gitmodules"];
/// Folders outside of the working tree that are looked into where symbolic links lead to them.
const OUTSIDE: usize = 10_000;

/// Refuses a repository in which git would wait. Changes nothing, and asks git nothing that could wait.
pub(super) fn check(repo: &Repo<'_>) -> Result<()> {
    let trees = repo.trees();
    for tree in &trees {
        if let Some(first) = first(repo, &tree.work)? {
            let hint = "git opens a file of this name whenever it works: find out who made it so, and remove it";
            return Err(waits(&tree.work, &first).hint(hint));
        }
    }
    let mut dirs: BTreeSet<PathBuf> = submodule::dirs(repo).into_iter().collect();
    for folder in trees.iter().flat_map(submodule::folders).filter(|folder| folder.join(".git").exists()) {
        dirs.extend(odd::git_dir(&folder).and_then(|dir| fs::canonicalize(dir).ok()));
    }
    dirs.remove(&repo.dir);
    dirs.iter().try_for_each(|dir| odd::check(dir).map(drop))
}

/// The first such file in the working tree `work`, or in a folder that a link in it leads to.
fn first(repo: &Repo<'_>, work: &Path) -> Result<Option<PathBuf>> {
    let mut open = vec![work.to_owned()];
    // Real folders outside of the tree: links can go in circles.
    let mut outside: HashSet<PathBuf> = HashSet::new();
    while let Some(folder) = open.pop() {
        repo.go_on()?;
        let within = folder.starts_with(work);
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (name, Ok(kind)) = (entry.file_name(), entry.file_type()) else { continue };
            if NAMES.iter().any(|lure| name == OsStr::new(lure)) {
                let path = entry.path();
                if fs::metadata(&path).is_ok_and(|meta| is_wild(meta.file_type())) && !is_nothing(&path) {
                    return Ok(Some(path));
                }
                continue;
            }
            let further =
                if kind.is_symlink() { led(&entry.path(), work) } else { kind.is_dir().then(|| entry.path()) };
            let Some(further) = further.filter(|_| name != OsStr::new(".git")) else { continue };
            // What lies in the tree has one way to it, and a folder outside is looked into once.
            let new = within && !kind.is_symlink() || outside.len() < OUTSIDE && outside.insert(further.clone());
            if new {
                open.push(further);
            }
        }
    }
    Ok(None)
}

/// The real folder outside of the working tree that a link leads to.
fn led(link: &Path, work: &Path) -> Option<PathBuf> {
    fs::canonicalize(link).ok().filter(|real| !real.starts_with(work) && real.is_dir())
}
