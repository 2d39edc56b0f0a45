//! The old history that comes back while it is dropped: a colleague's push lands on a bare repository at any time, and
//! one that was accepted keeps all that it rests on.
//!
//! Must not know: how the old objects are dropped.

use super::plan::Details;
use super::repo::Repo;
use super::{bring, fold, private, roots, shelf};
use crate::base::fault::Result;

/// After the old objects went: when something was put on one of them, they come back. Whether they did.
pub(super) fn relink(repo: &Repo<'_>, details: &Details) -> Result<bool> {
    let (Some(pack), Some(backup)) = (&details.pack, shelf::whole(repo.ask.backup_root, &details.plan)?) else {
        return Ok(false);
    };
    let index = repo.objects().join("pack").join(format!("{pack}.idx"));
    // Where git packed anew since, it kept what is needed.
    if !index.exists() || fold::holds(repo, pack, &roots::all(repo, &repo.refs()?)?, Some(&backup.join("objects")))? {
        return Ok(false);
    }
    bring::objects(repo, &backup)?;
    Ok(true)
}

/// What leads to the old history, refs by name.
pub(super) fn back(repo: &Repo<'_>, details: &Details) -> Result<Vec<String>> {
    let new: String = details.map.values().flat_map(|id| ["^", id.as_str(), "\n"]).collect();
    let mut found = Vec::new();
    for at in repo.refs()?.direct {
        let id = at.id.to_string();
        let moved = || details.moves.iter().any(|m| m.name == at.name && m.new == id);
        if at.name.starts_with(private::OURS) || moved() {
            continue;
        }
        let said = repo.git.ask_git(
            &["rev-list", "--objects", "--no-object-names", "--ignore-missing", "--stdin"],
            Some(format!("{id}\n{new}").as_bytes()),
        )?;
        let mut ids = said.out.split(|b| *b == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        if ids.any(|id| details.map.contains_key(id) || details.dirty.contains(id)) {
            found.push(at.name);
        }
    }
    if found.is_empty() {
        found.push("an index, a log or a .keep file".into());
    }
    found.sort_unstable();
    Ok(found)
}
