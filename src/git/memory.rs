//! What a plan worked out, kept by the process that made it, so that applying it needs no second look: which object
//! becomes which, and the new objects, in a file without a name. It counts only while everything the look rested on is
//! as it was before that look; otherwise it is thrown away, and the repository is looked at again.
//!
//! Must not know: how a plan is made, or how it is applied.

use std::collections::HashMap;
use std::fs::{self, DirEntry};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use git2::Oid;
use sha2::{Digest as _, Sha256};

use super::fresh::Fresh;
use super::gitlink;
use super::plan::Details;
use super::repo::{Refs, Repo};
use super::store;
use crate::base::Fault;
use crate::base::fault::Result;

/// Plans kept at once, one for each repository; the oldest goes first.
const PLANS: usize = 8;
/// Folders whose files are named after what is in them: their names and times are enough.
const NAMED_BY_CONTENT: [&str; 2] = ["objects", "lfs"];

/// Plans of this process that were not applied yet. Clones share them.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Vec<Prepared>>>);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory(hidden)")
    }
}

/// A plan that can be applied as it is. None of it holds the key but for names of refs.
pub(super) struct Prepared {
    pub(super) print: Print,
    pub(super) dir: PathBuf,
    pub(super) details: Details,
    pub(super) map: HashMap<Oid, Oid>,
    pub(super) refs: Refs,
    pub(super) fresh: Fresh,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prepared({} changed)", self.map.len())
    }
}

impl Memory {
    /// Keeps a plan in place of an earlier one of the same repository.
    pub(super) fn keep(&self, prepared: Prepared) {
        self.forget(&prepared.dir);
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= PLANS {
            plans.remove(0);
        }
        plans.push(prepared);
    }

    /// Drops what is kept of the repository at `dir`.
    pub(super) fn forget(&self, dir: &Path) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|kept| kept.dir != dir);
    }

    /// The plan `plan`, if it is kept and still true. It is kept no longer.
    pub(super) fn take(&self, repo: &Repo<'_>, plan: &str) -> Result<Option<Prepared>> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = plans.iter().position(|kept| kept.dir == repo.dir && kept.details.plan == plan);
        let Some(kept) = here.map(|at| plans.remove(at)) else { return Ok(None) };
        drop(plans);
        Ok((Print::take(repo, &gitlink::known(repo)?)?.as_ref() == Some(&kept.print)).then_some(kept))
    }
}

/// A hash over everything a look rests on: the keys and the choices, git's configuration, what became of submodules'
/// commits, each file of the git directory
/// with its content (refs, HEADs, indexes, logs, leftovers, those of linked trees and submodules), each file of objects
/// with its name, size, inode and times. Working trees are not in it: whoever applies asks them again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Print([u8; 32]);

impl Print {
    /// `None` when more is involved than the git directory shows: objects of other repositories, symbolic links.
    pub(super) fn take(repo: &Repo<'_>, links: &HashMap<Oid, Oid>) -> Result<Option<Self>> {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        for key in repo.ask.keys {
            part(key);
        }
        part(format!("{:?} {:?} {:?}", repo.policy, repo.work, repo.linked).as_bytes());
        part(repo.dir.as_os_str().as_encoded_bytes());
        part(repo.ask.backup_root.as_os_str().as_encoded_bytes());
        part(repo.config.bytes());
        let mut links: Vec<_> = links.iter().collect();
        links.sort_unstable();
        for (old, new) in links {
            part(old.as_bytes());
            part(new.as_bytes());
        }
        let mut open = vec![(repo.dir.clone(), false)];
        while let Some((folder, named)) = open.pop() {
            repo.go_on()?;
            for entry in sorted(&folder)? {
                let (path, name) = (entry.path(), entry.file_name());
                let kind = entry.file_type().map_err(|e| unread(&path, &e))?;
                if kind.is_dir() {
                    let named = named || NAMED_BY_CONTENT.iter().any(|folder| name == *folder);
                    open.push((path, named));
                    continue;
                }
                if !kind.is_file() || path.ends_with("info/alternates") {
                    return Ok(None);
                }
                part(path.as_os_str().as_encoded_bytes());
                if named {
                    // One that is gone by now is another state, too.
                    let Ok(meta) = entry.metadata() else { return Ok(None) };
                    let times = [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()];
                    part(format!("{} {} {} {times:?}", meta.size(), meta.dev(), meta.ino()).as_bytes());
                } else {
                    let Some(bytes) = store::read_if(&path)? else { return Ok(None) };
                    part(&bytes);
                }
            }
        }
        Ok(Some(Self(hash.finalize().into())))
    }
}

fn sorted(folder: &Path) -> Result<Vec<DirEntry>> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<DirEntry>>>);
    let mut entries = listed.map_err(|e| unread(folder, &e))?;
    entries.sort_unstable_by_key(DirEntry::file_name);
    Ok(entries)
}

fn unread(path: &Path, e: &std::io::Error) -> Fault {
    Fault::machine(format!("{} can't be read", path.display()), e)
}
