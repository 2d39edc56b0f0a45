//! What lies in the backup folder for the length of one call, and its removal after a kill.
//!
//! Must not know: what is in it.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::super::repo::Repo;
use super::super::store;
use crate::base::fault::Result;
use crate::base::id::hex;

/// Files and folders that serve one call of ours and lie in the backup folder meanwhile: notes for a push (they name refs
/// that hold the key), throw-away repositories. Their names tell the repository, for the folder may serve several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) enum Passing {
    Push,
    Look,
    Proof,
}

impl Passing {
    /// Start of the name for the repository with the git directory `dir`.
    pub(in crate::git) fn prefix(self, dir: &Path) -> String {
        let word = match self {
            Self::Push => "push",
            Self::Look => "look",
            Self::Proof => "proof",
        };
        let name = hex(&Sha256::digest(dir.as_os_str().as_encoded_bytes()));
        format!("{word}-{}-", name.get(..12).unwrap_or(&name))
    }
}

/// Removes such things that a killed process left.
pub(in crate::git) fn sweep(repo: &Repo<'_>, kinds: &[Passing]) -> Result<()> {
    let prefixes: Vec<String> = kinds.iter().map(|kind| kind.prefix(&repo.dir)).collect();
    for entry in std::fs::read_dir(repo.ask.backup_root).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if prefixes.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            if entry.path().is_dir() { store::remove_all(&entry.path())? } else { store::remove(&entry.path())? }
        }
    }
    Ok(())
}
