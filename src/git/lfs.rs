//! Large files that git LFS keeps beside the history: those that hold the key are found, set aside into the backup, and
//! listed for the server, which has its own copies. Source: the LFS specification, v1.
//!
//! Must not know: how history is rewritten. A pointer names content by its hash and holds no key: it stays as it is.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid};
use zeroize::Zeroizing;

use super::archive::{self, Bounds};
use super::repo::Repo;
use super::store;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::{Copy, CopyKind, LfsObject};

/// Commits that are named.
const NAMED: usize = 20;

/// A large file that holds the key.
#[derive(Debug)]
pub(super) struct Held {
    /// Relative to the git directory: `lfs/objects/aa/bb/<oid>`.
    pub(super) name: PathBuf,
    form: String,
    object: LfsObject,
}

#[derive(Debug, Default)]
pub(super) struct Lfs {
    pub(super) held: Vec<Held>,
    pub(super) not_looked_into: Vec<String>,
}

pub(super) fn find(repo: &Repo<'_>) -> Result<Lfs> {
    let mut found = Lfs::default();
    let folder = repo.dir.join("lfs");
    if !folder.is_dir() {
        return Ok(found);
    }
    for path in store::files(&folder, &|_| true)? {
        repo.go_on()?;
        let name = path.strip_prefix(&repo.dir).unwrap_or(&path).to_owned();
        let (form, size) = look(repo, &path, &mut found.not_looked_into)?;
        if let Some(form) = form {
            let object = object(repo, &name, size)?;
            found.held.push(Held { name, form, object });
        }
    }
    Ok(found)
}

fn look(repo: &Repo<'_>, path: &Path, unseen: &mut Vec<String>) -> Result<(Option<String>, u64)> {
    let lost = |e: std::io::Error| Fault::machine("a file of git LFS can't be read", e);
    let mut file = store::open(path).map_err(lost)?;
    let mut hits = Vec::new();
    let signs = repo.search.stream_with_signs(&mut file, &mut hits).map_err(lost)?;
    let size = file.metadata().map_err(lost)?.len();
    if let Some(hit) = hits.first() {
        return Ok((Some(hit.form.to_owned()), size));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    let again = store::open(path).map_err(lost)?;
    again.take(archive::HEAD as u64).read_to_end(&mut bytes).map_err(lost)?;
    if archive::looks_like(&bytes).is_none() && !signs {
        return Ok((None, size));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let again = store::open(path).map_err(lost)?;
    let looked = archive::search_stream(repo.search, again, size, &Bounds::new(repo.ask.cancel));
    repo.go_on()?;
    unseen.extend(looked.unseen.iter().map(|u| format!("in git LFS, {name} {}: {}", u.place, u.why.words())));
    Ok((looked.inside.first().map(ToString::to_string), size))
}

/// Which file of the history it belongs to, by the pointer git LFS writes for it.
fn object(repo: &Repo<'_>, name: &Path, size: u64) -> Result<LfsObject> {
    let oid = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut object = LfsObject { oid, size, paths: Vec::new(), commits: Vec::new() };
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {size}\n", object.oid);
    let id = Oid::hash_object(ObjectType::Blob, pointer.as_bytes())
        .map_err(|e| Fault::machine("an id can't be worked out", e.message()))?;
    if !repo.git.ask_git(&["cat-file", "-e", &id.to_string()], None)?.ok {
        return Ok(object);
    }
    let find = format!("--find-object={id}");
    let said = repo.git.run(&["log", "--all", "--no-renames", "-m", "--format=%x01%H", "--name-only", "-z", &find])?;
    for word in said.split(|b| matches!(*b, 0 | b'\n')).filter(|word| !word.is_empty()) {
        if let Some(commit) = word.strip_prefix(b"\x01") {
            let commit = String::from_utf8_lossy(commit).into_owned();
            if object.commits.len() < NAMED && !object.commits.contains(&commit) {
                object.commits.push(commit);
            }
        } else {
            let path = repo.search.text(word);
            if !object.paths.contains(&path) {
                object.paths.push(path);
            }
        }
    }
    Ok(object)
}

impl Held {
    pub(super) fn copy(&self, repo: &Repo<'_>) -> Copy {
        let name = repo.search.text(self.name.as_os_str().as_encoded_bytes());
        let of = self.object.paths.first().map_or_else(String::new, |path| format!(" (the content of {path})"));
        Copy {
            id: name.clone(),
            what: CopyKind::Leftover,
            form: self.form.clone(),
            path: Some(name),
            first: self.object.commits.last().cloned(),
            last: self.object.commits.first().cloned(),
            refs: Vec::new(),
            on_remote: false,
            reachable: false,
            remedy: format!("remove it here{of}; ask the host to delete LFS object {} on its side", self.object.oid),
        }
    }

    /// What the server must delete.
    pub(super) fn listed(&self) -> LfsObject {
        self.object.clone()
    }
}

/// Moves what holds the key into the backup. Can be done again.
pub(super) fn set_aside(repo: &Repo<'_>, backup: Option<&Path>) -> Result<()> {
    for held in find(repo)?.held {
        let from = repo.dir.join(&held.name);
        if let Some(backup) = backup {
            let to = backup.join(&held.name);
            if let Some(folder) = to.parent() {
                store::private_dir(folder)?;
            }
            store::remove(&to)?;
            store::copy_private(&from, &to)?;
        }
        store::remove(&from)?;
    }
    Ok(())
}

/// Puts back what was set aside.
pub(super) fn bring_back(repo: &Repo<'_>, backup: &Path) -> Result<()> {
    let folder = backup.join("lfs");
    if !folder.is_dir() {
        return Ok(());
    }
    for from in store::files(&folder, &|_| true)? {
        let Ok(name) = from.strip_prefix(backup) else { continue };
        let to = repo.dir.join(name);
        if to.exists() {
            continue;
        }
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(|e| Fault::machine("a folder of git LFS can't be made", e))?;
        }
        store::copy_whole(&from, &to, 0o444)?;
    }
    Ok(())
}
