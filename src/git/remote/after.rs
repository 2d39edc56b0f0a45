//! After a push: which old ids a remote still hands out, which of its refs lead to the old history, and whether that
//! came back here. Only reads; what it must fetch goes to a throw-away repository.
//!
//! Must not know: how the push went.

use std::collections::{BTreeMap, HashSet};

use super::super::plan::{Details, Stage};
use super::super::repo::Repo;
use super::super::{say, shelf, switch};
use super::room::{COMMITS, Room};
use super::there::{self, Is, There};
use super::{ask, forks, outline, strange};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::git::{Aftermath, CopyKind, Plan, RemoteAfter, ServedId, Serves};

/// Old ids a remote is asked for: each is a connection.
const ASKED: usize = 12;
/// First changed commits that are looked for in each history.
const STARTS: usize = 32;
/// Objects and refs named; the rest is counted.
const NAMED: usize = 20;

pub(in super::super) fn after(repo: &Repo<'_>, plan: &str) -> Result<Aftermath> {
    if shelf::under_way(repo)?.is_some() {
        return Err(switch::interrupted());
    }
    let details = shelf::need(repo, plan)?;
    if !matches!(details.stage, Stage::Applied | Stage::Finished) {
        return Err(Fault::refused("there is nothing to look at yet", "this plan is not applied here")
            .hint("apply it, prove it, push it, then look what the remotes still serve"));
    }
    let told = outline::load(repo.ask.backup_root, plan)?.unwrap_or_default();
    let starts: Vec<String> = told.first_changed.iter().take(STARTS).cloned().collect();
    let mut seen = Aftermath { came_back: came_back(repo, &details)?, ..Aftermath::default() };
    seen.here = here(repo, &details, &starts)?;
    if told.first_changed.len() > STARTS {
        let n = told.first_changed.len() - STARTS;
        seen.not_checked.push(format!("{n} of {} first changed commits", told.first_changed.len()));
    }
    for remote in ask::remotes(repo)? {
        let one = one_remote(repo, &details, &told, &starts, &remote, &mut seen.not_checked)?;
        seen.remotes.push(one);
    }
    seen.not_checked
        .push("forks and clones elsewhere, caches and web pages of the host, CI logs, people's copies".into());
    Ok(seen)
}

/// Objects that held the key and are in the store again: a fetch between switch and push brings them.
pub(super) fn came_back(repo: &Repo<'_>, details: &Details) -> Result<Vec<String>> {
    let ids: HashSet<&str> = details.dirty.iter().map(String::as_str).collect();
    let mut back: Vec<String> = there::present(repo, &ids)?.into_iter().map(str::to_owned).collect();
    back.sort_unstable();
    let more = back.len().saturating_sub(NAMED);
    back.truncate(NAMED);
    if more > 0 {
        back.push(format!("and {more} more"));
    }
    Ok(back)
}

/// Local refs at an old id, or with a first changed commit in their history.
fn here(repo: &Repo<'_>, details: &Details, starts: &[String]) -> Result<Vec<String>> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let refs = repo.refs()?;
    for at in &refs.direct {
        let id = at.id.to_string();
        if details.map.contains_key(&id) {
            found.insert(at.name.clone(), id);
        }
    }
    let ids: HashSet<&str> = starts.iter().map(String::as_str).collect();
    for start in there::present(repo, &ids)? {
        let listed = repo.git.run(&["for-each-ref", "--format=%(refname)", "--contains", start])?;
        for name in String::from_utf8_lossy(&listed).lines() {
            found.entry(name.to_owned()).or_insert_with(|| start.to_owned());
        }
    }
    Ok(found.into_iter().map(|(name, id)| format!("{name} leads to {id}")).collect())
}

fn one_remote(
    repo: &Repo<'_>,
    details: &Details,
    told: &Plan,
    starts: &[String],
    remote: &str,
    not_checked: &mut Vec<String>,
) -> Result<RemoteAfter> {
    say(repo.ask, "asking the remotes", 0, 0);
    let mut seen = RemoteAfter { name: remote.into(), url: ask::place(repo, remote)?, ..RemoteAfter::default() };
    let listed = match there::there(repo, details, remote) {
        Ok(listed) => listed,
        Err(fault) if fault.kind == FaultKind::Unreachable => {
            seen.silent = Some(format!("{}: {}", fault.what, fault.why));
            return Ok(seen);
        }
        Err(fault) => return Err(fault),
    };
    let mut requests: HashSet<u64> = HashSet::new();
    for at in listed.iter().filter(|at| matches!(at.is, Is::Old(_))) {
        if at.forge {
            requests.extend(there::request(&at.name));
        } else {
            seen.old.push(at.name.clone());
        }
    }
    let strange: Vec<&There> = listed.iter().filter(|at| at.is == Is::Unknown && !there::is_merge(&at.name)).collect();
    // A name that holds the key is as bad as what it leads to.
    let loud = |at: &&There| repo.search.form_in(at.name.as_bytes()).is_some() && !matches!(at.is, Is::Old(_));
    seen.old.extend(listed.iter().filter(loud).map(|at| at.name.clone()));
    if !strange.is_empty() {
        if starts.is_empty() {
            not_checked.push(format!("where newer refs of {remote} lead: the first changed commits are not on record"));
        }
        let looked = strange::look(repo, remote, &strange, starts)?;
        not_checked.extend(looked.not_looked_into.iter().cloned());
        for at in &strange {
            match there::request(&at.name) {
                Some(number) if looked.dirty(&at.name) => drop(requests.insert(number)),
                _ if at.forge => {}
                _ if looked.leads.contains(&at.name) => seen.again.push(at.name.clone()),
                _ if looked.holds.contains(&at.name) => seen.anew.push(at.name.clone()),
                _ => {}
            }
        }
    }
    seen.pull_requests = requests.into_iter().collect();
    seen.pull_requests.sort_unstable();
    seen.served = served(repo, details, told, remote)?;
    seen.forks = forks::beside(repo, remote, starts)?;
    Ok(seen)
}

/// Does the remote hand out old commits to somebody who knows their id?
fn served(repo: &Repo<'_>, details: &Details, told: &Plan, remote: &str) -> Result<Vec<ServedId>> {
    let mut answers = Vec::new();
    let ids = asked(details, told);
    for (n, id) in ids.iter().enumerate() {
        repo.go_on()?;
        say(repo.ask, "asking for old ids", n as u64, ids.len() as u64);
        // A room for each: what one fetch brought must not answer the next.
        let room = Room::new(repo, false)?;
        let (answer, said) = match room.fetch(remote, std::slice::from_ref(id), &[COMMITS, "--depth=1"]) {
            Ok(said) if said.ok => (Serves::Yes, "still served".to_owned()),
            Ok(said) => refusal(&said.err),
            Err(fault) if fault.kind == FaultKind::Unreachable => (Serves::Unknown, fault.why),
            Err(fault) => return Err(fault),
        };
        answers.push(ServedId { id: id.clone(), answer, said });
    }
    Ok(answers)
}

fn refusal(err: &str) -> (Serves, String) {
    if err.contains("not our ref") {
        return (Serves::No, "not served any more".into());
    }
    if err.contains("unadvertised object") {
        return (Serves::Unknown, "this server answers to no id it does not advertise".into());
    }
    let last = err.lines().find(|l| l.starts_with("fatal:") || l.starts_with("remote:"));
    (Serves::Unknown, last.unwrap_or("git gave no reason").to_owned())
}

/// First changed commits, then commits and tags that hold the key themselves, then the first commit of each file's
/// copy, then the old tips; without doubles.
fn asked(details: &Details, told: &Plan) -> Vec<String> {
    let named = told.copies.iter().filter(|c| matches!(c.what, CopyKind::Commit | CopyKind::Tag)).map(|c| &c.id);
    let firsts = told.copies.iter().filter_map(|c| c.first.as_ref());
    let tips = details.moves.iter().map(|m| &m.old);
    let mut ids = Vec::new();
    // Only what was changed was ever old; the rest of a plan's ids is clean.
    for id in told.first_changed.iter().chain(named).chain(firsts).chain(tips) {
        if ids.len() < ASKED && details.map.contains_key(id) && !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_answers_to_no_id_proves_nothing() {
        assert_eq!(refusal("fatal: remote error: upload-pack: not our ref 1234").0, Serves::No);
        assert_eq!(refusal("error: Server does not allow request for unadvertised object 12").0, Serves::Unknown);
        assert_eq!(refusal("fatal: Could not read from remote repository.").0, Serves::Unknown);
    }
}
