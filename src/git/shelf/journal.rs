//! The small journal in the git directory: a switch or an undo is under way, and where its backup is.
//!
//! Must not know: what a switch does.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::repo::Repo;
use super::super::store;
use super::json;
use crate::base::Fault;
use crate::base::fault::Result;

/// Only file of ours in the git directory, and only while a switch or an undo runs.
pub(in crate::git) const JOURNAL: &str = "stanch-switch.json";

/// What was under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::git) struct Journal {
    pub(in crate::git) plan: String,
    pub(in crate::git) doing: Doing,
    pub(in crate::git) backup_root: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::git) enum Doing {
    Apply,
    Undo,
}

pub(in crate::git) fn begin(repo: &Repo<'_>, plan: &str, doing: Doing) -> Result<()> {
    let journal = Journal { plan: plan.into(), doing, backup_root: repo.ask.backup_root.to_owned() };
    store::put(&repo.dir.join(JOURNAL), &json(&journal)?)
}

pub(in crate::git) fn end(repo: &Repo<'_>) -> Result<()> {
    store::remove(&repo.dir.join(JOURNAL))?;
    store::sync_dir(&repo.dir);
    Ok(())
}

pub(in crate::git) fn under_way(repo: &Repo<'_>) -> Result<Option<Journal>> {
    let Some(bytes) = store::read_if(&repo.dir.join(JOURNAL))? else { return Ok(None) };
    let journal = serde_json::from_slice(&bytes).map_err(|e| {
        Fault::machine(format!("{JOURNAL} in the git directory can't be read"), e)
            .hint("it tells that a switch was interrupted; keep the backup and ask for help")
    })?;
    Ok(Some(journal))
}
