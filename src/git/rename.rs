//! Refs whose names hold the key: the names they get, and everything that follows a name: symbolic refs (HEAD among them),
//! logs, the config's `branch.*` and upstreams. The refs themselves move in the same transaction as all others.
//!
//! Must not know: what the refs name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::needle::Search;
use super::plan::Details;
use super::repo::{Refs, Repo};
use super::{reflog, shelf, store};
use crate::base::Fault;
use crate::base::fault::Result;

/// One ref's old name, which holds the key, and its new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rename {
    pub(super) old: String,
    pub(super) new: String,
    /// Symbolic refs that name it.
    pub(super) followers: Vec<String>,
}

/// Every name that holds the key gets one without it; a name that is taken gets a number.
pub(super) fn plan(search: &Search<'_>, refs: &Refs) -> Result<Vec<Rename>> {
    let mut taken: BTreeSet<String> = refs.direct.iter().map(|r| r.name.clone()).collect();
    taken.extend(refs.symbolic.iter().flat_map(|(name, to)| [name.clone(), to.clone()]));
    let mut renames = Vec::new();
    for old in taken.clone() {
        let Some(clean) = search.replace(old.as_bytes(), false)? else { continue };
        let clean = String::from_utf8_lossy(&clean).into_owned();
        let new = free(&taken, &old, &clean).ok_or_else(|| {
            Fault::refused(format!("the ref {clean} can't get a name without the key"), "every name for it is taken")
                .hint("rename it by hand (`git branch -m`), then plan again")
        })?;
        taken.insert(new.clone());
        let followers = refs.symbolic.iter().filter(|(_, to)| *to == old).map(|(name, _)| name.clone()).collect();
        renames.push(Rename { old, new, followers });
    }
    Ok(renames)
}

/// `clean`, or the same with a number on the part of the path that held the key in `old`: what is above that part stays,
/// and refs that had a folder in common have one afterwards.
fn free(taken: &BTreeSet<String>, old: &str, clean: &str) -> Option<String> {
    let parts: Vec<&str> = clean.split('/').collect();
    let held = parts.iter().zip(old.split('/')).position(|(new, old)| *new != old).unwrap_or(parts.len() - 1);
    let numbered = |n: usize| {
        let part = |(at, part): (usize, &&str)| if at == held { format!("{part}-{n}") } else { (*part).to_owned() };
        parts.iter().enumerate().map(part).collect::<Vec<_>>().join("/")
    };
    // Each name that is taken stands in the way of one number at most.
    let more = (2..taken.len() + 3).map(numbered);
    std::iter::once(clean.to_owned()).chain(more).find(|name| is_free(taken, old, name))
}

fn below(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// Not a ref's name, nor a folder of one, nor below one, but for one that `old` is below as well.
fn is_free(taken: &BTreeSet<String>, old: &str, name: &str) -> bool {
    !taken.iter().any(|other| other == name || below(other, name) || below(name, other) && !below(old, other))
}

/// After the refs moved: what names them follows. Can be repeated.
pub(super) fn follow(repo: &Repo<'_>, details: &Details) -> Result<()> {
    if details.renames.is_empty() {
        return Ok(());
    }
    let backup = shelf::whole(repo.ask.backup_root, &details.plan)?
        .ok_or_else(|| Fault::refused("the backup is gone", "logs of renamed refs can't be carried over without it"))?;
    for rename in &details.renames {
        for follower in &rename.followers {
            point(repo, follower, &rename.new)?;
        }
        // Git drops a ref's log with its name.
        if let Some(log) = store::read_if(&backup.join(reflog::path_of(&rename.old)))? {
            store::put_like(&repo.dir.join(reflog::path_of(&rename.new)), &log, &repo.dir.join("HEAD"))?;
        }
    }
    for name in ["config", "config.worktree"] {
        let path = repo.dir.join(name);
        let Some(mut bytes) = store::read_if(&path)? else { continue };
        let before = bytes.clone();
        for rename in &details.renames {
            *bytes = renamed(&bytes, short(&rename.old), short(&rename.new));
        }
        if bytes != before {
            store::put(&path, &bytes)?;
        }
    }
    Ok(())
}

/// After the refs moved back: symbolic refs too. Logs and config come back with the other files.
pub(super) fn back(repo: &Repo<'_>, details: &Details) -> Result<()> {
    for rename in &details.renames {
        for follower in &rename.followers {
            point(repo, follower, &rename.old)?;
        }
        store::remove(&repo.dir.join(reflog::path_of(&rename.new)))?;
    }
    Ok(())
}

/// Written by us and not by `git symbolic-ref`: a name that holds the key must not stand among arguments.
fn point(repo: &Repo<'_>, symbolic: &str, to: &str) -> Result<()> {
    let path = repo.dir.join(symbolic);
    let text = format!("ref: {to}\n");
    if store::read_if(&path)?.is_some_and(|now| *now == *text.as_bytes()) {
        return Ok(());
    }
    store::put(&path, text.as_bytes())
}

/// The name people and the config use.
fn short(name: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/remotes/"].iter().find_map(|start| name.strip_prefix(start)).unwrap_or(name)
}

/// `text` with the name `old` replaced where it stands by itself or after a slash.
fn renamed(text: &[u8], old: &str, new: &str) -> Vec<u8> {
    let goes_on = |b: &u8| b.is_ascii_alphanumeric() || b"-_/.".contains(b);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, old.as_bytes()) {
        let (head, tail) = rest.split_at(at);
        let tail = tail.get(old.len()..).unwrap_or_default();
        let inside = tail.first().is_some_and(goes_on) || head.last().is_some_and(|b| *b != b'/' && goes_on(b));
        out.extend_from_slice(head);
        out.extend_from_slice(if inside { old.as_bytes() } else { new.as_bytes() });
        rest = tail;
    }
    out.extend_from_slice(rest);
    out
}

/// Folders of refs and logs that are empty now and have the key in their name.
pub(super) fn sweep(repo: &Repo<'_>) -> Result<()> {
    let trees = repo.linked.iter().map(|tree| tree.dir.as_path());
    for dir in trees.chain([repo.dir.as_path()]) {
        for top in ["refs", "logs"] {
            sweep_below(repo, &dir.join(top))?;
        }
    }
    Ok(())
}

fn sweep_below(repo: &Repo<'_>, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep_below(repo, &entry.path())?;
            if repo.search.form_in(entry.path().as_os_str().as_encoded_bytes()).is_some() {
                // Only an empty one goes; one that is in use is told by the proof.
                let _ = fs::remove_dir(entry.path());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_config_is_replaced_whole() {
        let config = b"[branch \"k-1\"]\n merge = refs/heads/k-1\n[branch \"k-12\"]\n x = a-k-1\n y=k-1/z\n";
        let want = b"[branch \"new\"]\n merge = refs/heads/new\n[branch \"k-12\"]\n x = a-k-1\n y=k-1/z\n";
        assert_eq!(renamed(config, "k-1", "new"), want);
    }

    #[test]
    fn the_part_that_held_the_key_gets_the_number() {
        let taken = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<BTreeSet<_>>();
        // A parent is taken, a leaf is taken, a folder is taken: there is always a name.
        assert_eq!(free(&taken(&["h/K/x", "h/R"]), "h/K/x", "h/R/x").as_deref(), Some("h/R-2/x"));
        assert_eq!(free(&taken(&["h/K/x", "h/R/x", "h/R-2/x"]), "h/K/x", "h/R/x").as_deref(), Some("h/R-3/x"));
        assert_eq!(free(&taken(&["h/K", "h/R/x"]), "h/K", "h/R").as_deref(), Some("h/R-2"));
        // HEAD names a branch that is not born: what was below it stays there.
        assert_eq!(free(&taken(&["h/a", "h/a/K"]), "h/a/K", "h/a/R").as_deref(), Some("h/a/R"));
    }

    #[test]
    fn folders_count_as_taken() {
        let taken = BTreeSet::from(["refs/heads/a/b".to_owned()]);
        assert!(!is_free(&taken, "K", "refs/heads/a") && !is_free(&taken, "K", "refs/heads/a/b/c"));
        assert!(is_free(&taken, "K", "refs/heads/a/bc"));
    }
}
