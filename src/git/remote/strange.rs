//! What a remote has that is not here: fetched into a throw-away repository, so that no ref and no object of ours
//! changes, searched, and asked whether it leads to the old history.
//!
//! Must not know: what follows from it.

use std::collections::HashSet;

use git2::Oid;

use super::super::repo::Repo;
use super::super::{prove, raw, say};
use super::room::{COMMITS, Room};
use super::there::There;
use crate::base::FaultKind;
use crate::base::fault::Result;
use crate::base::words::count;

/// Refs that are fetched at once, of each sort.
const REFS: usize = 500;

/// What was seen of refs that are not here.
#[derive(Debug, Default)]
pub(super) struct Strange {
    /// Names of refs whose history has a first changed commit.
    pub(super) leads: HashSet<String>,
    /// Names of refs that bring objects with the key which are not here.
    pub(super) holds: HashSet<String>,
    /// Names of all refs that were looked into, for where they lead at least.
    pub(super) looked: HashSet<String>,
    /// What could not be looked into, and why.
    pub(super) not_looked_into: Vec<String>,
}

impl Strange {
    /// It was looked into, leads nowhere and holds nothing.
    pub(super) fn clean(&self, name: &str) -> bool {
        self.looked.contains(name) && !self.dirty(name)
    }

    pub(super) fn dirty(&self, name: &str) -> bool {
        self.leads.contains(name) || self.holds.contains(name)
    }
}

/// Looks at `refs` of `remote`, which are not here. `starts`: first changed commits. Branches and tags come with all
/// their content; the heads of pull requests as commits only, since a host can have thousands.
pub(super) fn look(repo: &Repo<'_>, remote: &str, refs: &[&There], starts: &[String]) -> Result<Strange> {
    let mut seen = Strange::default();
    // A name that holds the key must not stand among a process's arguments.
    let (fit, loud): (Vec<&There>, Vec<&There>) =
        refs.iter().partition(|at| repo.search.form_in(at.name.as_bytes()).is_none());
    if !loud.is_empty() {
        let n = count(loud.len(), "ref");
        seen.not_looked_into.push(format!("{n} of {remote} whose name holds the key: their content"));
    }
    let (forge, own): (Vec<&There>, Vec<&There>) = fit.into_iter().partition(|at| at.forge);
    for (what, refs, full) in [("ref", own, true), ("pull request's ref", forge, false)] {
        if refs.is_empty() {
            continue;
        }
        say(repo.ask, "looking into refs that are not here", 0, refs.len() as u64);
        let now = refs.get(..REFS).unwrap_or(&refs);
        if let Some(why) = one(repo, remote, now, starts, full, &mut seen)? {
            seen.not_looked_into.push(format!("{} of {remote}: {why}", count(now.len(), what)));
        } else if !full {
            let n = count(now.len(), what);
            seen.not_looked_into.push(format!("the files of {n} of {remote} that are not here"));
        }
        if refs.len() > REFS {
            seen.not_looked_into.push(format!("{} of {remote} more", count(refs.len() - REFS, what)));
        }
    }
    Ok(seen)
}

/// Why nothing was seen, if nothing was.
fn one(
    repo: &Repo<'_>,
    remote: &str,
    refs: &[&There],
    starts: &[String],
    full: bool,
    seen: &mut Strange,
) -> Result<Option<String>> {
    let room = Room::new(repo, true)?;
    let what: Vec<String> = refs.iter().enumerate().map(|(n, at)| format!("+{}:refs/seen/{n}", at.name)).collect();
    let said = match room.fetch(remote, &what, if full { &[] } else { &[COMMITS] }) {
        Ok(said) if said.ok => said,
        Ok(said) => return Ok(Some(said.err.lines().next().unwrap_or("git gave no reason").to_owned())),
        Err(fault) if fault.kind == FaultKind::Unreachable => return Ok(Some(fault.why)),
        Err(fault) => return Err(fault),
    };
    drop(said);
    let name = |line: &str| {
        let n = line.strip_prefix("refs/seen/").and_then(|n| n.parse::<usize>().ok());
        n.and_then(|n| refs.get(n)).map(|at| at.name.clone())
    };
    for start in starts {
        repo.go_on()?;
        // A start that was not fetched, and is not here, is in no history.
        let listed = room.read(&["for-each-ref", "--format=%(refname)", "--contains", start, "refs/seen/"], None)?;
        let listed = if listed.ok { String::from_utf8_lossy(&listed.out).into_owned() } else { String::new() };
        seen.leads.extend(listed.lines().filter_map(name));
    }
    if full {
        let ids: Vec<String> = (0..refs.len()).map(|n| format!("refs/seen/{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let found = prove::holding(repo, &room.dir(), &fresh(repo, &room, &ids)?)?;
        let held: HashSet<Oid> = found.iter().filter_map(|what| raw::oid(what.split(' ').nth(1)?.as_bytes())).collect();
        // Only then it matters which ref brings it.
        for (n, at) in refs.iter().enumerate().filter(|_| !held.is_empty()) {
            if fresh(repo, &room, &[&format!("refs/seen/{n}")])?.iter().any(|id| held.contains(id)) {
                seen.holds.insert(at.name.clone());
            }
        }
    }
    seen.looked.extend(refs.iter().map(|at| at.name.clone()));
    Ok(None)
}

/// Objects that these refs of the room reach, and none of ours.
fn fresh(repo: &Repo<'_>, room: &Room<'_, '_>, refs: &[&str]) -> Result<Vec<Oid>> {
    let ours: HashSet<Oid> = repo.refs()?.direct.iter().map(|at| at.id).collect();
    let ours = ours.iter().flat_map(|id| ["^".to_owned(), id.to_string(), "\n".into()]);
    let input: String = refs.iter().flat_map(|name| [(*name).to_owned(), "\n".into()]).chain(ours).collect();
    let args = ["rev-list", "--objects", "--no-object-names", "--stdin"];
    let said = room.read(&args, Some(input.as_bytes()))?;
    if !said.ok {
        return Err(super::super::cli::failed(&args, &said));
    }
    Ok(said.out.split(|b| *b == b'\n').filter_map(raw::oid).collect())
}
