//! The old objects go, and it is looked whether every one that held the key is gone. What somebody still needs stays.
//!
//! Must not know: where the refs are.

use std::path::Path;

use super::super::plan::Details;
use super::super::repo::Repo;
use super::super::{came, fold, present, raw, roots, say, shelf, store};
use crate::base::fault::Result;

/// Drops every object file there was before the switch, and looks whether every object that held the key is gone. What
/// brought some back meanwhile, by name.
pub(super) fn drop_old(repo: &Repo<'_>, details: &Details) -> Result<Vec<String>> {
    if details.dirty.is_empty() && details.map.is_empty() {
        return Ok(Vec::new());
    }
    say(repo.ask, "dropping the old objects", 0, 0);
    let info = repo.objects().join("info");
    let backup = shelf::whole(repo.ask.backup_root, &details.plan)?;
    // An earlier try may have removed it: the backup knows whether there was one.
    let had = backup.as_ref().map(|backup| backup.join("objects/info"));
    let graph = [Some(&info), had.as_ref()]
        .into_iter()
        .flatten()
        .any(|info| info.join("commit-graph").exists() || info.join("commit-graphs").exists());
    store::remove(&info.join("commit-graph"))?;
    store::remove_all(&info.join("commit-graphs"))?;
    if let (Some(pack), Some(backup)) = (&details.pack, &backup)
        && fold::holds(repo, pack, &roots::all(repo, &repo.refs()?)?, None)?
    {
        unlink(repo, backup, pack)?;
        came::relink(repo, details)?;
    }
    if let Some(pack) = &details.pack {
        fold::release(repo, pack)?;
    }
    say(repo.ask, "dropping the old objects", 1, 2);
    let mut left = still_there(repo, details)?;
    if left > 0 {
        // Somebody else worked at the same time: another git packed the old objects anew, or began a branch on them.
        // Git sorts out what is needed.
        sort_out(repo)?;
        left = still_there(repo, details)?;
    }
    if graph {
        repo.git.run(&["commit-graph", "write", "--reachable"])?;
    }
    // What somebody needs stays, and is told: the proof finds it, and the next plan takes it in.
    if left > 0 { came::back(repo, details) } else { Ok(Vec::new()) }
}

/// Removes from the repository what the backup holds of its objects. The new pack holds all that is needed.
fn unlink(repo: &Repo<'_>, backup: &Path, pack: &str) -> Result<()> {
    let mut files = shelf::objects(backup)?;
    files.retain(|name| !name.starts_with("objects/info") && !fold::is_of(name, pack));
    // What refers to packs goes before them, and an index before its pack: readers at work never see half a pack.
    files.sort_by_key(|name| {
        let text = name.to_string_lossy();
        (!text.contains("multi-pack-index"), !text.ends_with(".idx"))
    });
    let total = files.len() as u64;
    for (n, name) in files.iter().enumerate() {
        if n % 1024 == 0 {
            say(repo.ask, "unlinking the old objects", n as u64, total);
        }
        let old = repo.dir.join(name);
        store::remove(&old)?;
        store::hide(&backup.join(name))?;
        if let Some(folder) = old.parent().filter(|folder| !folder.ends_with("pack")) {
            // It stays while others have objects in it.
            let _ = std::fs::remove_dir(folder);
        }
    }
    store::sync_dir(&repo.objects().join("pack"));
    Ok(())
}

/// Git itself keeps what is needed and drops all else.
pub(in crate::git) fn sort_out(repo: &Repo<'_>) -> Result<()> {
    repo.git.run(&["repack", "-a", "-d", "-n", "-q"])?;
    repo.git.run(&["prune", "--expire=now"]).map(drop)
}

pub(in crate::git) fn still_there(repo: &Repo<'_>, details: &Details) -> Result<usize> {
    let ids = details.dirty.iter().filter_map(|id| raw::oid(id.as_bytes()));
    if present::of(&repo.objects(), ids).is_some_and(|there| there.is_empty()) {
        return Ok(0);
    }
    let mut input = String::new();
    for id in &details.dirty {
        input.push_str(id);
        input.push('\n');
    }
    let said = repo.git.feed(&["cat-file", "--batch-check"], Some(input.as_bytes()))?;
    Ok(said.split(|b| *b == b'\n').filter(|line| !line.is_empty() && !line.ends_with(b" missing")).count())
}
