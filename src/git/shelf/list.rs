//! Which backups are here, of which plans. No key is needed for that.
//!
//! Must not know: what is in a backup.

use std::path::{Path, PathBuf};

use super::super::repo::Repo;
use super::super::store;
use super::details::details_path;
use super::{checked, json};
use crate::base::fault::Result;

/// The plans of this repository whose backups are here, each marked as finished when it was applied; and the names of
/// backups that no plan tells of. No key is needed: a purge of another key counts as well.
pub(in crate::git) fn backups(repo: &Repo<'_>) -> Result<(Vec<String>, Vec<String>)> {
    let root = repo.ask.backup_root;
    let (mut own, mut strange) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if checked(&name).is_err() || !entry.path().is_dir() {
            continue;
        }
        let path = details_path(root, &name)?;
        let told = store::read_if(&path)?.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        let Some(mut told) = told else {
            strange.push(name);
            continue;
        };
        if serde_json::to_value(&repo.dir).ok().as_ref() != told.get("git_dir") {
            continue;
        }
        if let Some(stage) = told.get_mut("stage").filter(|stage| **stage == "applied") {
            *stage = "finished".into();
            store::put(&path, &json(&told)?)?;
        }
        own.push(name);
    }
    own.sort_unstable();
    Ok((own, strange))
}

/// The copies of git directories in all backups below `root`.
pub(in crate::git) fn copies(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join("git")).filter(|dir| dir.is_dir()).collect()
}
