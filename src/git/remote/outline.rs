//! The plan's own words, kept beside its details: what later steps tell other people. Masked, like all that is told.
//!
//! Must not know: what the words are used for.

use std::path::{Path, PathBuf};

use super::super::repo::Repo;
use super::super::{masked_value, shelf, store};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::Plan;

fn path(root: &Path, plan: &str) -> Result<PathBuf> {
    // The same check of the id as for a backup's folder; the name differs.
    let dir = shelf::backup_dir(root, plan)?;
    let name = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(root.join(format!("outline-{name}.json")))
}

/// Keeps `plan`, masked.
pub(in super::super) fn save(repo: &Repo<'_>, plan: &Plan) -> Result<()> {
    let (root, masked) = (repo.ask.backup_root, masked_value(repo.search, plan)?);
    let bytes = serde_json::to_vec(&masked).map_err(|e| Fault::machine("the plan's outline can't be written", e))?;
    store::private_dir(root)?;
    store::put(&path(root, &plan.id)?, &bytes)
}

/// `None`: the plan was made by an earlier version, or its outline was removed.
pub(in super::super) fn load(root: &Path, plan: &str) -> Result<Option<Plan>> {
    let Some(bytes) = store::read_if(&path(root, plan)?)? else { return Ok(None) };
    Ok(serde_json::from_slice(&bytes).ok())
}
