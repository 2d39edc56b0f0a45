//! A plan's details as they are kept: sealed with the key, and only for the repository and the key they were made for.
//!
//! Must not know: backups, how names are sealed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::plan::{Details, Stage};
use super::super::repo::Repo;
use super::super::{seal, store};
use super::{checked, json};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::base::id::hex;

pub(super) fn details_path(root: &Path, plan: &str) -> Result<PathBuf> {
    Ok(root.join(format!("plan-{}.json", checked(plan)?)))
}

/// A plan's details as they are kept.
#[derive(Debug, Serialize)]
struct Kept<'d> {
    /// Which key they are for: a hash that only the key gives, salted with the plan's id.
    key: String,
    #[serde(flatten)]
    details: &'d Details,
}

/// What is read of them first.
#[derive(Debug, Deserialize)]
struct Whose {
    #[serde(default)]
    key: Option<String>,
    git_dir: PathBuf,
}

fn fingerprint(repo: &Repo<'_>, plan: &str) -> String {
    let mut keys = repo.ask.keys.to_vec();
    keys.sort_unstable();
    let mut hash = Sha256::new();
    hash.update(b"stanch key");
    for part in [plan.as_bytes()].iter().chain(&keys) {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

pub(in crate::git) fn save(repo: &Repo<'_>, details: &Details) -> Result<()> {
    reached(repo, details, details.stage)
}

/// The same, with how far it has come.
pub(in crate::git) fn reached(repo: &Repo<'_>, details: &Details, stage: Stage) -> Result<()> {
    let root = repo.ask.backup_root;
    store::private_dir(root)?;
    let mut sealed = Details { stage, ..details.clone() };
    for name in sealed.names() {
        *name = seal::seal(repo.search, repo.ask.keys, &details.plan, name);
    }
    let kept = Kept { key: fingerprint(repo, &details.plan), details: &sealed };
    store::put(&details_path(root, &details.plan)?, &json(&kept)?)
}

/// The details of `plan`, if it was made here before.
pub(in crate::git) fn load(repo: &Repo<'_>, plan: &str) -> Result<Option<Details>> {
    let Some(bytes) = store::read_if(&details_path(repo.ask.backup_root, plan)?)? else { return Ok(None) };
    let broken = |e| Fault::machine("the plan's details can't be read", e).hint("plan again");
    let whose: Whose = serde_json::from_slice(&bytes).map_err(broken)?;
    if whose.git_dir != repo.dir {
        return Err(Fault::input("this plan is for another repository", "its git directory is another one")
            .hint("give the repository it was made for, or plan again"));
    }
    if whose.key.is_some_and(|key| key != fingerprint(repo, plan)) {
        return Err(Fault::input(
            "this purge was made for another key",
            "the key given now is not the one it took out",
        )
        .hint("give the key that it was planned with; nothing was changed"));
    }
    let mut details: Details = serde_json::from_slice(&bytes).map_err(broken)?;
    let salt = details.plan.clone();
    for name in details.names() {
        *name = seal::open(repo.ask.keys, &salt, name)?;
    }
    Ok(Some(details))
}

pub(in crate::git) fn need(repo: &Repo<'_>, plan: &str) -> Result<Details> {
    load(repo, plan)?.ok_or_else(|| {
        Fault::input(format!("there is no plan {plan}"), "it was made elsewhere, or its details were removed")
            .hint("plan again")
    })
}
