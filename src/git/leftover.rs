//! Files that git leaves in its directory: the last message, logs, config, recorded conflicts, hooks. They can hold the
//! key long after the objects are clean.
//!
//! Must not know: objects.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::repo::Repo;
use super::{raw, store};
use crate::base::fault::Result;
use crate::effect::git::{Copy, CopyKind};

/// One file of the git directory that holds the key.
#[derive(Debug)]
pub(super) struct Leftover {
    pub(super) path: PathBuf,
    /// Relative to the git directory.
    pub(super) name: PathBuf,
    form: &'static str,
}

/// Folders that are looked at in another way or belong to other programs.
pub(super) const OTHERS: [&str; 4] = ["objects", "modules", "lfs", "worktrees"];

/// The files of the git directory, but for objects and the index.
pub(super) fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let skipped: Vec<PathBuf> = OTHERS.iter().map(|name| dir.join(name)).collect();
    let mut files = store::files(dir, &|folder| !skipped.iter().any(|s| s == folder))?;
    files.retain(|path| *path != dir.join("index"));
    Ok(files)
}

/// Those that hold the key.
pub(super) fn find(repo: &Repo<'_>) -> Result<Vec<Leftover>> {
    let mut found = Vec::new();
    for path in files(&repo.dir)? {
        repo.go_on()?;
        // A lock or a temporary file of a running git may be gone by now.
        let Some(bytes) = store::read_if(&path)? else { continue };
        if let Some(form) = repo.search.form_in(&bytes) {
            let name = path.strip_prefix(&repo.dir).unwrap_or(&path).to_owned();
            found.push(Leftover { path, name, form });
        }
    }
    Ok(found)
}

impl Leftover {
    pub(super) fn copy(&self, repo: &Repo<'_>) -> Copy {
        let name = repo.search.text(self.name.as_os_str().as_bytes());
        let remedy = match self.name.to_string_lossy().as_ref() {
            "config" => "replace it in git's config; a remote that used it needs a new password",
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

/// Takes the key out of every such file. `packed-refs` and refs can only hold it in a name, which is refused before.
pub(super) fn clean(repo: &Repo<'_>) -> Result<()> {
    for left in find(repo)? {
        let bytes = store::read(&left.path)?;
        if let Some(clean) = repo.search.replace_content(&bytes)? {
            store::put(&left.path, &clean)?;
        }
    }
    Ok(())
}

/// Points `ORIG_HEAD`, `FETCH_HEAD` and the like at the clean counterparts; one that leads nowhere is removed.
pub(super) fn retarget(repo: &Repo<'_>, now: &dyn Fn(git2::Oid) -> Option<git2::Oid>) -> Result<()> {
    // Git is asked: libgit2 remembers objects that are gone.
    let exists = |id: git2::Oid| Ok(repo.git.ask_git(&["cat-file", "-e", &id.to_string()], None)?.ok);
    for name in ["ORIG_HEAD", "FETCH_HEAD", "AUTO_MERGE", "REBASE_HEAD"] {
        let path = repo.dir.join(name);
        let Some(bytes) = store::read_if(&path)? else { continue };
        let mut out = Vec::with_capacity(bytes.len());
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let Some(id) = line.get(..40).and_then(raw::oid) else {
                out.extend_from_slice(line);
                continue;
            };
            let new = now(id).unwrap_or(id);
            if exists(new)? {
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
