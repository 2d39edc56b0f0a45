//! Brings the index and the tracked files from one tree to another, touching only what differs between the two. Each
//! step can be repeated, so that an interrupted one is simply done again.
//!
//! Must not know: why the trees differ.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

mod rights;

use rights::Rights;

use super::cli;
use super::repo::{Repo, Tree};
use super::store::{self, Mode};
use crate::base::Fault;
use crate::base::fault::Result;

/// One path that differs.
struct Change {
    path: Vec<u8>,
    old: Option<Side>,
    new: Option<Side>,
}

struct Side {
    mode: Vec<u8>,
    id: String,
}

/// How a file may be treated.
#[derive(Clone, Copy)]
pub(super) struct How<'a> {
    /// Git just said that every tracked file is as committed; otherwise a file that is neither the old nor the new one
    /// was edited by somebody and is left alone.
    pub(super) clean: bool,
    /// Files that went through a content filter are kept here for an undo, because no filter is run.
    pub(super) aside: &'a Path,
    /// Which rights files had that went, for an undo, one file for each working tree.
    pub(super) rights: &'a Path,
    /// An undo: those files come back.
    pub(super) back: bool,
}

/// Brings the working tree `at` from tree `from` to tree `to`.
pub(super) fn align(repo: &Repo<'_>, at: &Tree<'_>, from: &str, to: &str, how: How<'_>) -> Result<()> {
    if from == to || (!how.clean && !is_whole(at, from)?) {
        return Ok(());
    }
    let changes = changes(at, from, to)?;
    if !how.clean {
        sweep(&at.work, &changes)?;
    }
    let total = changes.len() as u64;
    let (gone, here): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(|c| c.new.is_none());
    let sparse = absent_on_purpose(at)?;
    let filtered = filtered(at, &here)?;
    let kept = how.rights.join(format!("tree-{}", at.name));
    let went = gone.iter().map(|change| change.path.as_slice());
    let rights = if how.back { Rights::kept(&kept)? } else { Rights::keep(&kept, &at.work, went, !how.clean)? };
    for (n, change) in gone.iter().chain(&here).enumerate() {
        super::say(repo.ask, "updating files", n as u64, total);
        if sparse.contains(&change.path) {
            continue;
        }
        if filtered.contains(&change.path) && through_filter(repo, at, change, how)? {
            continue;
        }
        one(repo, at, change, &rights, how)?;
    }
    // `-i`: the files are no longer what the index thinks of them, and rightly so.
    at.git.run(&["read-tree", "-m", "-i", to])?;
    // Exit code 1 only means that some file differs, which `git status` will show.
    at.git.ask_git(&["update-index", "-q", "--refresh"], None)?;
    Ok(())
}

/// Which of the changed files a content filter stands before.
fn filtered(at: &Tree<'_>, changes: &[Change]) -> Result<HashSet<Vec<u8>>> {
    let mut input = Vec::new();
    for change in changes {
        input.extend_from_slice(&change.path);
        input.push(0);
    }
    let said = at.git.feed(&["check-attr", "-z", "--stdin", "filter"], Some(&input))?;
    let parts: Vec<&[u8]> = said.split(|b| *b == 0).collect();
    let set = parts.chunks_exact(3).filter(|of| of.get(2).is_some_and(|v| *v != b"unspecified" && *v != b"unset"));
    Ok(set.filter_map(|of| of.first()).map(|path| path.to_vec()).collect())
}

/// Takes the key out of the file as it lies there, because a filter is somebody's program and must not see the key.
/// False: it holds no key, or is not there.
fn through_filter(repo: &Repo<'_>, at: &Tree<'_>, change: &Change, how: How<'_>) -> Result<bool> {
    let path = at.work.join(OsStr::from_bytes(&change.path));
    let kept = how.aside.join(&at.name).join(OsStr::from_bytes(&change.path));
    let Some(mode) = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file).map(|m| m.permissions().mode())
    else {
        return Ok(false);
    };
    if how.back {
        if kept.is_file() {
            store::copy_whole(&kept, &path, mode & 0o7777)?;
        }
        return Ok(kept.is_file());
    }
    let Some(clean) = repo.search.replace_content(&store::read(&path)?)? else { return Ok(kept.is_file()) };
    if let Some(folder) = kept.parent().filter(|_| !kept.exists()) {
        store::private_dir(folder)?;
        store::copy_private(&path, &kept)?;
    }
    store::put_with(&path, &clean, mode & 0o7777)?;
    Ok(true)
}

/// The file at `path` of a working tree is as [`through_filter`] left it. Git can't tell without the filter.
pub(super) fn is_ours(repo: &Repo<'_>, at: &Tree<'_>, aside: &Path, path: &[u8]) -> Result<bool> {
    let Some(kept) = store::read_if(&aside.join(&at.name).join(OsStr::from_bytes(path)))? else { return Ok(false) };
    let now = store::read_if(&at.work.join(OsStr::from_bytes(path)))?;
    Ok(now.is_some_and(|now| repo.search.replace_content(&kept).is_ok_and(|clean| clean.is_some_and(|c| c == *now))))
}

/// Every tree below `from` can be read. When a switch goes on after a kill and some can't, the old objects were being
/// dropped already: that comes after the files, so they are in place.
fn is_whole(at: &Tree<'_>, from: &str) -> Result<bool> {
    Ok(at.git.ask_git(&["ls-tree", "-r", "-t", "--name-only", from], None)?.ok)
}

/// Removes half a file of our own that a killed process left beside the files it was changing.
fn sweep(work: &Path, changes: &[Change]) -> Result<()> {
    let files = changes.iter().map(|change| work.join(OsStr::from_bytes(&change.path)));
    let mut folders: Vec<PathBuf> = files.filter_map(|file| file.parent().map(Path::to_owned)).collect();
    folders.sort_unstable();
    folders.dedup();
    for file in folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten() {
        if file.file_name().to_string_lossy().starts_with(store::TEMP) {
            store::remove(&file.path())?;
        }
    }
    Ok(())
}

fn changes(at: &Tree<'_>, from: &str, to: &str) -> Result<Vec<Change>> {
    let raw = at.git.run(&["diff-tree", "-r", "-z", "--no-renames", "--raw", from, to])?;
    let mut parts = raw.split(|b| *b == 0);
    let mut changes = Vec::new();
    while let (Some(head), Some(path)) = (parts.next(), parts.next()) {
        // `:<mode> <mode> <id> <id> <letter>`
        let words: Vec<&[u8]> = head.strip_prefix(b":").unwrap_or(head).split(|b| *b == b' ').collect();
        let [old_mode, new_mode, old_id, new_id, _] = words[..] else { continue };
        let side = |mode: &[u8], id: &[u8]| {
            (mode != b"000000").then(|| Side { mode: mode.to_vec(), id: String::from_utf8_lossy(id).into_owned() })
        };
        changes.push(Change { path: path.to_vec(), old: side(old_mode, old_id), new: side(new_mode, new_id) });
    }
    Ok(changes)
}

/// Paths a sparse checkout leaves out.
fn absent_on_purpose(at: &Tree<'_>) -> Result<HashSet<Vec<u8>>> {
    let listed = at.git.run(&["ls-files", "-t", "-z"])?;
    Ok(listed.split(|b| *b == 0).filter_map(|line| line.strip_prefix(b"S ")).map(<[u8]>::to_vec).collect())
}

fn one(repo: &Repo<'_>, at: &Tree<'_>, change: &Change, rights: &Rights, how: How<'_>) -> Result<()> {
    let work = at.work.as_path();
    let path = work.join(OsStr::from_bytes(&change.path));
    if change.old.iter().chain(&change.new).any(|side| side.mode == b"160000") {
        return Ok(());
    }
    let meta = fs::symlink_metadata(&path).ok();
    let now = match &meta {
        Some(meta) => Some(id_on_disk(at, &path, &change.path, meta)?),
        None => None,
    };
    let is = |side: &Option<Side>| side.as_ref().map(|side| side.id.as_str()) == now.as_deref();
    if is(&change.new) {
        return Ok(());
    }
    // Git's own word counts where the stored bytes and the file's differ for good (odd line ends, filters).
    let ours = is(&change.old) || (how.clean && change.old.is_some() && meta.is_some());
    if !ours {
        return Ok(());
    }
    if let Some(new) = &change.new {
        let most = if new.mode == b"100755" { 0o777 } else { 0o666 };
        let mode = match rights::of_file(&path) {
            Some(mode) => Some(mode),
            None if how.back => rights.of(&change.path),
            None => rights.heir(repo.search, &change.path, most)?,
        };
        return write(at, &path, &change.path, new, mode.map_or(Mode::UpTo(most), Mode::Is));
    }
    store::remove(&path)?;
    let mut folder = path.parent();
    // Folders that became empty go, as git does it.
    while let Some(dir) = folder.filter(|dir| *dir != work && fs::remove_dir(dir).is_ok()) {
        folder = dir.parent();
    }
    Ok(())
}

fn id_on_disk(at: &Tree<'_>, file: &Path, path: &[u8], meta: &fs::Metadata) -> Result<String> {
    if meta.file_type().is_symlink() {
        let target = fs::read_link(file).map_err(|e| Fault::machine("a symbolic link can't be read", e))?;
        let id = git2::Oid::hash_object(git2::ObjectType::Blob, target.as_os_str().as_bytes());
        return id.map(|id| id.to_string()).map_err(|e| Fault::machine("a link can't be hashed", e.message()));
    }
    if !meta.is_file() {
        return Ok(String::new());
    }
    let said = at.git.run(&[OsString::from("hash-object"), flag("--path=", path), "--".into(), file.into()])?;
    Ok(String::from_utf8_lossy(said.trim_ascii()).into_owned())
}

fn flag(name: &str, path: &[u8]) -> OsString {
    OsString::from_vec([name.as_bytes(), path].concat())
}

fn write(at: &Tree<'_>, file: &Path, path: &[u8], new: &Side, mode: Mode) -> Result<()> {
    if new.mode == b"120000" {
        let target = at.git.run(&["cat-file", "blob", &new.id])?;
        return link(file, &target);
    }
    // As a checkout would: line ends as the user has set them.
    let args = [OsString::from("cat-file"), "--filters".into(), flag("--path=", path), new.id.clone().into()];
    // A large file is never held, by git neither.
    store::put_stream(file, mode, &mut |to| {
        let mut command = at.git.command();
        command.args(["-c", "core.bigFileThreshold=32m"]).args(&args).stderr(Stdio::null());
        let mut child = cli::start(&mut command)?;
        let copied = child.stdout.take().map(|mut out| std::io::copy(&mut out, to));
        let ended = child.wait();
        match (copied, ended) {
            (Some(Ok(_)), Ok(status)) if status.success() => Ok(()),
            (Some(Err(e)), _) | (_, Err(e)) => Err(Fault::machine(format!("{} can't be written", file.display()), e)),
            _ => Err(Fault::machine(format!("{} can't be written", file.display()), "git could not read the file out")),
        }
    })
}

fn link(file: &Path, target: &[u8]) -> Result<()> {
    let cant = |e: std::io::Error| Fault::machine("a symbolic link can't be written", e);
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    let temp: PathBuf = folder.join(format!("{}{}", store::TEMP, std::process::id()));
    store::remove(&temp)?;
    fs::create_dir_all(folder).map_err(cant)?;
    std::os::unix::fs::symlink(OsStr::from_bytes(target), &temp).map_err(cant)?;
    fs::rename(&temp, file).map_err(cant)
}
