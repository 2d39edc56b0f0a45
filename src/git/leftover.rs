//! Files that git leaves in its directory: the last message, logs, config, recorded conflicts, hooks. They can hold the
//! key long after the objects are clean.
//!
//! Must not know: objects.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::odd::{Link, To};
use super::repo::Repo;
use super::{present, raw, store, stray};
use crate::base::fault::Result;
use crate::effect::git::{Copy, CopyKind, Refusal};

/// One file of the git directory that holds the key.
#[derive(Debug)]
pub(super) struct Leftover {
    pub(super) path: PathBuf,
    /// Relative to the git directory.
    pub(super) name: PathBuf,
    form: &'static str,
    /// It is a symbolic link; the file behind it holds the key.
    behind: Option<PathBuf>,
}

/// Folders that are looked at in another way or belong to other programs.
pub(super) const OTHERS: [&str; 3] = ["objects", "modules", "lfs"];

/// The files of the git directory and those of linked working trees in it, but for objects and indexes.
pub(super) fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let skipped: Vec<PathBuf> = OTHERS.iter().map(|name| dir.join(name)).collect();
    let mut files = store::files(dir, &|folder| !skipped.iter().any(|s| s == folder))?;
    let trees = dir.join("worktrees");
    let is_index = |path: &Path| {
        let folder = path.parent();
        path.ends_with("index") && (folder == Some(dir) || folder.and_then(Path::parent) == Some(trees.as_path()))
    };
    files.retain(|path| !is_index(path));
    Ok(files)
}

/// `name`, relative to the git directory, without the folder of a linked working tree.
fn inner(name: &Path) -> &Path {
    let mut parts = name.components();
    if name.starts_with("worktrees") {
        parts.next();
        parts.next();
    }
    parts.as_path()
}

/// The log of a ref, of this or a linked working tree.
pub(super) fn is_log(name: &Path) -> bool {
    inner(name).starts_with("logs")
}

/// A file that holds refs or is one. A name in it that holds the key is the ref's own affair.
pub(super) fn is_ref(name: &Path) -> bool {
    let name = inner(name);
    name.starts_with("refs") || name == Path::new("packed-refs") || name == Path::new("HEAD")
}

/// Those that hold the key, in their text or their name.
pub(super) fn find(repo: &Repo<'_>) -> Result<Vec<Leftover>> {
    let mut found = Vec::new();
    for path in files(&repo.dir)?.into_iter().chain(stray::files(&repo.dir)?) {
        repo.go_on()?;
        // A lock or a temporary file of a running git may be gone by now.
        let Some(bytes) = store::read_if(&path)? else { continue };
        let name = path.strip_prefix(&repo.dir).unwrap_or(&path).to_owned();
        if is_ref(&name) {
            continue;
        }
        // A log has its ref's name: it goes or is renamed with it. Few names hold the key; for each log the list of packed
        // refs would be read.
        let named = in_name(repo, &name).filter(|_| !is_log(&name) || !log_is_used(repo, &name));
        let form = repo.search.form_in(&bytes).or_else(|| stray::form_inside(repo.search, &name, &bytes));
        if let Some(form) = form.or(named) {
            found.push(Leftover { path, name, form, behind: None });
        }
    }
    for link in &repo.links {
        let To::File(real) = &link.to else { continue };
        // A tracked file is looked at as one.
        let held = store::read_if(real)?.and_then(|bytes| repo.search.form_in(&bytes));
        if let Some(form) = held.filter(|_| !link.in_the_way() || is_text(link))
            && !tracked(repo, real)?
        {
            let (path, name, behind) = (link.path.clone(), link.name.clone(), Some(real.clone()));
            found.push(Leftover { path, name, form, behind });
        }
    }
    Ok(found)
}

/// Objects and indexes are read by others.
fn is_text(link: &Link) -> bool {
    !link.name.starts_with("objects") && !link.name.ends_with("index")
}

fn tracked(repo: &Repo<'_>, file: &Path) -> Result<bool> {
    for tree in repo.trees() {
        let Ok(path) = file.strip_prefix(&tree.work) else { continue };
        let listed = tree.git.run(&["ls-files", "-z"])?;
        if listed.split(|b| *b == 0).any(|listed| listed == path.as_os_str().as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Files that hold packed history which is not read: bundles and stray packs in the git directory, and bundles that lie at
/// the top of a working tree or beside it.
pub(super) fn bundles(repo: &Repo<'_>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let works = repo.trees();
    let tops = works.iter().flat_map(|tree| [Some(tree.work.as_path()), tree.work.parent()]).flatten();
    let tops: std::collections::BTreeSet<&Path> = tops.chain(repo.dir.parent()).collect();
    let entries = tops.iter().flat_map(|top| std::fs::read_dir(top).into_iter().flatten().flatten());
    let named = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "bundle"));
    for path in files(&repo.dir)?.into_iter().chain(named) {
        let mut start = [0; 16];
        let read = store::open(&path).and_then(|mut file| std::io::Read::read(&mut file, &mut start));
        let start = start.get(..read.unwrap_or(0)).unwrap_or_default();
        if start.starts_with(b"# v2 git bundle")
            || start.starts_with(b"# v3 git bundle")
            || start.starts_with(b"PACK\0\0\0")
        {
            found.push(format!("{}: packed history that is not read", repo.search.text(path.as_os_str().as_bytes())));
        }
    }
    Ok(found)
}

fn in_name(repo: &Repo<'_>, name: &Path) -> Option<&'static str> {
    repo.search.form_in(name.as_os_str().as_bytes())
}

/// The log's ref is still there.
fn log_is_used(repo: &Repo<'_>, name: &Path) -> bool {
    let Ok(of) = inner(name).strip_prefix("logs") else { return false };
    let depth = name.components().count() - inner(name).components().count();
    let own: PathBuf = name.components().take(depth).collect();
    repo.dir.join(own).join(of).is_file() || packed(repo, of)
}

fn packed(repo: &Repo<'_>, name: &Path) -> bool {
    let line = [b" ", name.as_os_str().as_bytes(), b"\n"].concat();
    let file = store::read_if(&repo.dir.join("packed-refs")).ok().flatten();
    file.is_some_and(|bytes| memchr::memmem::find(&bytes, &line).is_some())
}

impl Leftover {
    /// What is behind a link is not ours to change: it may be anything.
    pub(super) fn refusal(&self, repo: &Repo<'_>) -> Option<Refusal> {
        let shown = |path: &Path| repo.search.text(path.as_os_str().as_bytes());
        let behind = self.behind.as_ref()?;
        Some(Refusal {
            why: format!("the key is in {}, behind the symbolic link {}", shown(behind), shown(&self.name)),
            way_forward: "replace it there by hand, then plan again".into(),
            asks: false,
        })
    }

    pub(super) fn copy(&self, repo: &Repo<'_>) -> Copy {
        let shown = |path: &Path| repo.search.text(path.as_os_str().as_bytes());
        let name = match &self.behind {
            Some(behind) => format!("{} (a link to {})", shown(&self.name), shown(behind)),
            None => shown(&self.name),
        };
        let remedy = match self.name.to_string_lossy().as_ref() {
            _ if self.behind.is_some() => "replace it in the file that the link leads to",
            "config" => "replace it in git's config; a remote that used it needs a new password",
            name if stray::is_half(Path::new(name)) => "remove it: a git that was killed left it",
            name if name.starts_with("hooks/") => "replace it in the hook; check that the hook still works",
            _ => "replace it in the file",
        };
        Copy {
            id: name.clone(),
            what: CopyKind::Leftover,
            form: self.form.into(),
            path: Some(name),
            first: None,
            last: None,
            refs: Vec::new(),
            on_remote: false,
            reachable: false,
            remedy: remedy.into(),
        }
    }
}

/// Takes the key out of every such file and file name. The log of a ref that is gone goes as well.
pub(super) fn clean(repo: &Repo<'_>) -> Result<()> {
    for left in find(repo)?.into_iter().filter(|left| left.behind.is_none()) {
        let named = in_name(repo, &left.name).is_some();
        if named && is_log(&left.name) || stray::is_half(&left.name) {
            store::remove(&left.path)?;
            continue;
        }
        let bytes = store::read(&left.path)?;
        let clean = repo.search.replace_content(&bytes)?;
        if named && let Some(name) = repo.search.replace(left.name.as_os_str().as_bytes(), false)? {
            let mode = std::fs::metadata(&left.path).map_or(0o600, |meta| meta.permissions().mode() & 0o777);
            let to = repo.dir.join(std::ffi::OsStr::from_bytes(&name));
            store::put_with(&to, clean.as_deref().unwrap_or(&bytes), mode)?;
            store::remove(&left.path)?;
            // Its folder may have the key in its name as well, and be empty now.
            let _ = left.path.parent().map(std::fs::remove_dir);
        } else if let Some(clean) = clean {
            store::put(&left.path, &clean)?;
        }
    }
    super::rename::sweep(repo)
}

/// Points `ORIG_HEAD`, `FETCH_HEAD` and the like at the clean counterparts; one that leads nowhere is removed.
pub(super) fn retarget(repo: &Repo<'_>, now: &dyn Fn(git2::Oid) -> Option<git2::Oid>) -> Result<()> {
    let dirs = repo.linked.iter().map(|tree| tree.dir.as_path()).chain([repo.dir.as_path()]);
    let names = ["ORIG_HEAD", "FETCH_HEAD", "AUTO_MERGE", "REBASE_HEAD"];
    let mut files = Vec::new();
    for path in dirs.flat_map(|dir| names.map(|name| dir.join(name))) {
        files.extend(store::read_if(&path)?.map(|bytes| (path, bytes)));
    }
    let lines = files.iter().flat_map(|(_, bytes)| bytes.split(|b| *b == b'\n'));
    let ids: Vec<git2::Oid> = lines.filter_map(|line| raw::oid(line.get(..40)?)).collect();
    let there = there(repo, ids.into_iter().map(|id| now(id).unwrap_or(id)).collect())?;
    for (path, bytes) in files {
        let mut out = Vec::with_capacity(bytes.len());
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let Some(id) = line.get(..40).and_then(raw::oid) else {
                out.extend_from_slice(line);
                continue;
            };
            let new = now(id).unwrap_or(id);
            if there.contains(&new) {
                out.extend_from_slice(new.to_string().as_bytes());
                out.extend_from_slice(line.get(40..).unwrap_or_default());
            }
        }
        if out.is_empty() && !bytes.is_empty() {
            store::remove(&path)?;
        } else if out != **bytes {
            store::put(&path, &out)?;
        }
    }
    Ok(())
}

/// Those of `ids` that exist. Libgit2 is not asked: it remembers objects that are gone.
fn there(repo: &Repo<'_>, ids: HashSet<git2::Oid>) -> Result<HashSet<git2::Oid>> {
    if ids.is_empty() {
        return Ok(ids);
    }
    if let Some(there) = present::of(&repo.objects(), ids.iter().copied()) {
        return Ok(there);
    }
    let asked: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let asked = asked.join("\n") + "\n";
    let said = repo.git.feed(&["cat-file", "--batch-check"], Some(asked.as_bytes()))?;
    let there = said.split(|b| *b == b'\n').filter(|line| !line.ends_with(b" missing"));
    Ok(there.filter_map(|line| raw::oid(line.get(..40)?)).collect())
}
