//! What is not an object: the tracked files and the index of every worktree, names of refs, and the files of the git
//! directory itself.
//!
//! Must not know: objects.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::super::repo::Repo;
use super::super::{archive, cli, store};
use super::stream;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::base::words::count;
use crate::effect::git::ProofLine;

/// The working trees of this repository: its own and the linked ones. A bare one counts as none.
pub(super) fn trees(repo: &Repo<'_>) -> Result<Vec<PathBuf>> {
    let listed = repo.git.run(&["worktree", "list", "--porcelain", "-z"])?;
    let mut trees: Vec<PathBuf> = Vec::new();
    for field in listed.split(|b| *b == 0) {
        if let Some(path) = field.strip_prefix(b"worktree ") {
            trees.push(PathBuf::from(OsStr::from_bytes(path)));
        } else if field == b"bare" {
            trees.pop();
        }
    }
    // With core.worktree or a separate git directory the list names another folder.
    if let Some(work) = &repo.work {
        if let Some(first) = trees.first_mut().filter(|first| !first.join(".git").exists()) {
            first.clone_from(work);
        }
        if !trees.iter().any(|tree| std::fs::canonicalize(tree).is_ok_and(|tree| tree == *work)) {
            trees.push(work.clone());
        }
    }
    Ok(trees)
}

/// Linked worktrees whose folder is not there.
pub(super) fn absent(repo: &Repo<'_>, trees: &[PathBuf]) -> Vec<String> {
    let gone = trees.iter().filter(|tree| !tree.exists());
    gone.map(|tree| repo.search.text(tree.as_os_str().as_bytes())).collect()
}

/// All that is not an object.
pub(super) fn all(repo: &Repo<'_>, trees: &[PathBuf]) -> Result<Vec<ProofLine>> {
    let mut lines = worktrees(repo, trees)?;
    lines.push(names(repo, trees)?);
    lines.push(left_over(repo)?);
    lines.extend(lfs(repo)?);
    Ok(lines)
}

fn worktrees(repo: &Repo<'_>, trees: &[PathBuf]) -> Result<Vec<ProofLine>> {
    let mut lines = Vec::new();
    for tree in trees.iter().filter(|tree| tree.exists()) {
        let own = repo.work.as_deref() == Some(tree) || trees.len() == 1;
        let of = if own { "the working tree".to_owned() } else { format!("the worktree {}", shown(repo, tree)) };
        lines.push(tracked(repo, tree, &of)?);
        lines.push(index(repo, tree, &of)?);
    }
    Ok(lines)
}

fn shown(repo: &Repo<'_>, path: &Path) -> String {
    repo.search.text(path.as_os_str().as_bytes())
}

/// Runs git in the working tree `tree`.
fn ask(repo: &Repo<'_>, tree: &Path, args: &[&str]) -> Result<Zeroizing<Vec<u8>>> {
    if repo.work.as_deref() == Some(tree) {
        return repo.git.run(args);
    }
    let mut command = repo.git.bare();
    command.args(["-c", "core.hooksPath=/dev/null", "-C"]).arg(tree).args(args);
    let said = repo.git.finish(command, None)?;
    if said.ok { Ok(said.out) } else { Err(cli::failed(args, &said)) }
}

fn tracked(repo: &Repo<'_>, tree: &Path, of: &str) -> Result<ProofLine> {
    let listed = ask(repo, tree, &["ls-files", "-z"])?;
    let (mut looked, mut found) = (0, Vec::new());
    for path in listed.split(|b| *b == 0).filter(|path| !path.is_empty()) {
        repo.go_on()?;
        if let Some(holds) = holds(repo, &tree.join(OsStr::from_bytes(path)))? {
            looked += 1;
            if holds {
                found.push(repo.search.text(path));
            }
        }
    }
    Ok(super::line(&format!("every tracked file of {of}"), &count(looked, "file"), &found, &[]))
}

/// Does the file, what it packs, or the symlink's target, hold the key? `None`: there is no such file.
fn holds(repo: &Repo<'_>, path: &Path) -> Result<Option<bool>> {
    let Ok(meta) = std::fs::symlink_metadata(path) else { return Ok(None) };
    if meta.file_type().is_symlink() {
        let target = std::fs::read_link(path).map(|t| Zeroizing::new(t.as_os_str().as_bytes().to_vec()));
        return Ok(target.ok().map(|target| repo.search.form_in(&target).is_some()));
    }
    if !meta.is_file() {
        return Ok(None);
    }
    match store::open(path) {
        Ok(mut file) => {
            let looks = stream::all(&mut file, repo.search)?;
            if looks.found || !looks.packed {
                return Ok(Some(looks.found));
            }
            let cant = |e| Fault::machine(format!("{} can't be read", path.display()), e);
            let mut again = stream::Watched::new(store::open(path).map_err(cant)?);
            let inside = archive::holds_stream(repo.search, &mut again, meta.len(), repo.ask.cancel);
            repo.go_on()?;
            // What was not read to its end is not clean.
            if let (false, Some(fault)) = (inside, again.fault) {
                return Err(cant(fault));
            }
            Ok(Some(inside))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Fault::machine(format!("{} can't be read", path.display()), e)),
    }
}

fn index(repo: &Repo<'_>, tree: &Path, of: &str) -> Result<ProofLine> {
    let listed = ask(repo, tree, &["ls-files", "--stage", "--resolve-undo", "-z"])?;
    let lines = || listed.split(|b| *b == 0).filter(|line| !line.is_empty());
    let found: Vec<String> =
        lines().filter(|line| repo.search.form_in(line).is_some()).map(|line| repo.search.text(line)).collect();
    Ok(super::line(&format!("the names in the index of {of}"), &count(lines().count(), "entry"), &found, &[]))
}

/// Names of refs, those that belong to one worktree included.
fn names(repo: &Repo<'_>, trees: &[PathBuf]) -> Result<ProofLine> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut add = |listed: Zeroizing<Vec<u8>>| {
        names.extend(listed.split(|b| *b == b'\n').filter(|n| !n.is_empty()).map(<[u8]>::to_vec));
    };
    add(repo.git.run(&["for-each-ref", "--format=%(refname) %(symref)"])?);
    for tree in trees.iter().filter(|tree| tree.exists() && repo.work.as_ref() != Some(tree)) {
        add(ask(repo, tree, &["for-each-ref", "--format=%(refname) %(symref)"])?);
    }
    names.sort_unstable();
    names.dedup();
    let dirty = names.iter().filter(|name| repo.search.form_in(name).is_some());
    let found: Vec<String> = dirty.map(|name| repo.search.text(name)).collect();
    Ok(super::line("the names of refs", &count(names.len(), "ref"), &found, &[]))
}

/// Every file of the git directory but objects, of linked worktrees' and submodules' too, and their names.
fn left_over(repo: &Repo<'_>) -> Result<ProofLine> {
    let top = repo.git2.commondir();
    let lfs = top.join("lfs");
    let mut files = store::files(top, &|dir| dir.file_name().is_none_or(|n| n != "objects") && dir != lfs)?;
    if !repo.dir.starts_with(top) {
        files.extend(store::files(&repo.dir, &|dir| dir.file_name().is_none_or(|n| n != "objects"))?);
    }
    files.extend(repo.links.iter().filter(|link| !link.name.starts_with("objects")).map(|link| link.path.clone()));
    search(repo, "git's own files: logs, config, index, messages, hooks", top, &files)
}

/// Files that Git LFS keeps outside of objects.
fn lfs(repo: &Repo<'_>) -> Result<Option<ProofLine>> {
    let top = repo.git2.commondir().join("lfs");
    if !top.exists() {
        return Ok(None);
    }
    let files = store::files(&top, &|_| true)?;
    search(repo, "files that Git LFS keeps here", &top, &files).map(Some)
}

fn search(repo: &Repo<'_>, what: &str, top: &Path, files: &[PathBuf]) -> Result<ProofLine> {
    let mut found = Vec::new();
    for file in files {
        repo.go_on()?;
        let name = file.strip_prefix(top).unwrap_or(file).as_os_str().as_bytes();
        // What a link says, and the file it leads to.
        let behind = std::fs::canonicalize(file).ok().filter(|_| file.is_symlink());
        let behind = behind.map(|real| holds(repo, &real)).transpose()?.flatten();
        if holds(repo, file)? == Some(true) || behind == Some(true) || repo.search.form_in(name).is_some() {
            found.push(repo.search.text(name));
        }
    }
    Ok(super::line(what, &count(files.len(), "file"), &found, &[]))
}

/// The git directories of submodules that live in this one.
pub(super) fn modules(repo: &Repo<'_>) -> Result<Vec<PathBuf>> {
    let top = repo.git2.commondir().join("modules");
    let heads =
        store::files(&top, &|dir| dir.file_name().is_none_or(|n| n != "objects" && n != "refs" && n != "logs"))?;
    let dirs = heads.iter().filter(|file| file.file_name().is_some_and(|n| n == "HEAD")).filter_map(|f| f.parent());
    Ok(dirs.filter(|dir| dir.join("objects").is_dir() && dir.join("refs").is_dir()).map(Path::to_owned).collect())
}
