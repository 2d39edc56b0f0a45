//! What in a git directory is neither file nor folder: pipes and devices, which nobody may open, and symbolic links, behind
//! which git's files can be anywhere. Looked for before anything is opened, by name and kind alone.
//!
//! Must not know: what the files mean to git's objects; that a link is in the way of a switch is told here, and decided
//! in `refuse`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use super::includes::Includes;
use super::repo::Repo;
use super::store;
use crate::base::Fault;
use crate::base::fault::Result;

/// Alternates of alternates: git follows so many.
const DEEPEST: usize = 5;
/// A file behind a link is read up to this size.
const LARGEST: u64 = 256 << 20;

/// A symbolic link in a git directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) path: PathBuf,
    /// Below the git directory.
    pub(super) name: PathBuf,
    pub(super) to: To,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum To {
    /// Something in the git directory itself, which is looked at there.
    Inside,
    /// A file elsewhere, by its real path.
    File(PathBuf),
    /// A folder elsewhere, a very large file, or nothing that can be read.
    Other,
}

/// What was seen in a git directory.
#[derive(Debug, Default)]
struct Seen {
    links: Vec<Link>,
    /// Pipes and devices.
    wild: Vec<PathBuf>,
}

/// The links in each git directory that a look at `path` opens, by the directory's real path.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<(PathBuf, Vec<Link>)>);

impl Links {
    /// Every symbolic link in the git directory `dir`, sorted.
    pub(super) fn of(self, dir: &Path) -> Result<Vec<Link>> {
        match self.0.into_iter().find(|(seen, _)| seen == dir) {
            Some((_, links)) => Ok(links),
            None => Ok(look(dir)?.links),
        }
    }
}

/// Refuses a repository at or above `path` in which git has a pipe or a device for a file: opening one can wait for ever,
/// in git and in its libraries, and no cancel would end it. What is no repository is left to who opens it.
pub(super) fn check(path: &Path) -> Result<Links> {
    let mut links = Links::default();
    let mut includes = Includes::of(path);
    let Some(dir) = git_dir(path) else { return Ok(links) };
    let mut open: Vec<(PathBuf, usize)> = vec![(dir.clone(), 0)];
    // A linked working tree has its own directory; the rest is in the one it names.
    open.extend(named(&dir, "commondir", "").map(|dir| (dir, 0)));
    while let Some((dir, depth)) = open.pop() {
        let Ok(real) = fs::canonicalize(&dir) else { continue };
        if links.0.iter().any(|(seen, _)| *seen == real) {
            continue;
        }
        let seen = look(&real)?;
        if let Some(first) = seen.wild.first() {
            return Err(waits(path, first).hint("git makes no such thing: find out who did, and remove it"));
        }
        if depth == 0 {
            includes.check(&real)?;
        }
        let objects = if depth == 0 { real.join("objects") } else { real.clone() };
        if depth == 0 && objects.is_symlink() {
            open.push((objects.clone(), 1));
        }
        links.0.push((real, seen.links));
        let listed = store::read_if(&objects.join("info/alternates")).ok().flatten();
        let others = listed.as_ref().map(|text| text.as_slice()).unwrap_or_default().split(|b| *b == b'\n');
        let others = others.filter(|line| depth < DEEPEST && !line.is_empty() && !line.starts_with(b"#"));
        open.extend(others.map(|line| (objects.join(OsStr::from_bytes(line)), depth + 1)));
    }
    Ok(links)
}

pub(super) fn waits(repo: &Path, first: &Path) -> Fault {
    Fault::refused(
        format!("{} is no repository one can read", repo.display()),
        format!("{} is no file but a pipe or a device, and whoever opens it waits", first.display()),
    )
}

/// The git directory at or above `path`, found as git does it, opening regular files only.
pub(super) fn git_dir(path: &Path) -> Option<PathBuf> {
    let path = fs::canonicalize(path).ok()?;
    path.ancestors().find_map(|folder| {
        let own = folder.join(".git");
        if own.is_dir() {
            return Some(own);
        }
        let bare = || folder.join("objects").is_dir() && folder.join("refs").is_dir();
        named(folder, ".git", "gitdir:")
            .or_else(|| (bare() || folder.join("commondir").is_file()).then(|| folder.to_owned()))
    })
}

/// The folder that the file `name` in `folder` names after `word`.
fn named(folder: &Path, name: &str, word: &str) -> Option<PathBuf> {
    let text = store::read_if(&folder.join(name)).ok()??;
    let text = text.strip_prefix(word.as_bytes())?.trim_ascii();
    Some(folder.join(OsStr::from_bytes(text)))
}

fn look(dir: &Path) -> Result<Seen> {
    let mut seen = Seen::default();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(listed) = fs::read_dir(&folder) else { continue };
        for entry in listed {
            let cant = |e: std::io::Error| Fault::machine(format!("{} can't be listed", folder.display()), e);
            let entry = entry.map_err(cant)?;
            let kind = entry.file_type().map_err(cant)?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_symlink() {
                let path = entry.path();
                let to = leads(dir, &path);
                if fs::metadata(&path).is_ok_and(|meta| is_wild(meta.file_type())) && !is_nothing(&path) {
                    seen.wild.push(path.clone());
                }
                let name = path.strip_prefix(dir).unwrap_or(&path).to_owned();
                seen.links.push(Link { path, name, to });
            } else if is_wild(kind) {
                seen.wild.push(entry.path());
            }
        }
    }
    seen.links.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    seen.wild.sort_unstable();
    Ok(seen)
}

/// A socket can't be opened, and so harms nobody: git's file watcher has one.
pub(super) fn is_wild(kind: fs::FileType) -> bool {
    kind.is_fifo() || kind.is_char_device() || kind.is_block_device()
}

/// A link to `/dev/null` is how people say that there shall be nothing.
pub(super) fn is_nothing(path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|real| real == Path::new("/dev/null"))
}

fn leads(dir: &Path, link: &Path) -> To {
    match fs::canonicalize(link) {
        Ok(real) if real.starts_with(dir) || is_nothing(link) => To::Inside,
        Ok(real) if fs::metadata(&real).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST) => To::File(real),
        _ => To::Other,
    }
}

impl Link {
    /// Whether a switch would write it, or what is behind it: refs, logs, objects, index, config and HEAD, of this or a
    /// linked working tree. Git's older way to say HEAD is a link to a ref of its own.
    pub(super) fn in_the_way(&self) -> bool {
        let mut parts = self.name.iter().filter_map(|part| part.to_str());
        let mut first = parts.next().unwrap_or_default();
        if first == "worktrees" {
            let _ = parts.next();
            first = parts.next().unwrap_or_default();
        }
        let alone = parts.next().is_none();
        match first {
            "refs" | "objects" | "logs" | "worktrees" => true,
            // Git's older way to say HEAD is a link to a ref.
            "HEAD" => self.to != To::Inside,
            "packed-refs" | "index" | "config" | "config.worktree" | "shallow" => alone,
            other => alone && other.ends_with("_HEAD"),
        }
    }
}

/// For people: links out of the git directory that nothing was read through.
pub(super) fn unread(repo: &Repo<'_>) -> impl Iterator<Item = String> {
    // Refs, logs and objects are read wherever they are.
    let others = repo.links.iter().filter(|link| link.to == To::Other && !link.in_the_way());
    others.map(|link| {
        let to = fs::read_link(&link.path).unwrap_or_default();
        let shown = |path: &Path| repo.search.text(path.as_os_str().as_bytes());
        format!("what is behind the symbolic link {} in git's folder (it leads to {})", shown(&link.name), shown(&to))
    })
}
