//! A look at the remotes before a rewrite: which of their refs it changes, which pull requests, and whether they have
//! work that is not here. The answer is as of now; the push asks again.
//!
//! Must not know: how a plan is made.

use std::collections::HashSet;

use super::super::plan::Details;
use super::super::repo::Repo;
use super::super::say;
use super::there::{self, Is, There};
use super::{ask, strange};
use crate::base::FaultKind;
use crate::base::fault::Result;
use crate::base::words::{self, count};
use crate::effect::git::{Plan, Refusal, RemoteLook};

/// Refs named in one sentence.
const NAMED: usize = 3;

/// Adds to `plan` what the remotes answer. One that does not answer is told, and no reason to stop.
pub(in super::super) fn survey(repo: &Repo<'_>, details: &Details, plan: &mut Plan) -> Result<()> {
    if details.moves.is_empty() {
        return Ok(());
    }
    let remotes = ask::remotes(repo)?;
    if repo.offline && !remotes.is_empty() {
        plan.not_looked_into.push(format!("what the remotes hold now ({}): --offline", remotes.join(", ")));
        return Ok(());
    }
    for remote in remotes {
        let (look, not_looked_into) = look_into(repo, details, &plan.first_changed, &remote)?;
        plan.not_looked_into.extend(not_looked_into);
        if let Some(why) = &look.silent {
            plan.not_looked_into.push(format!("what {remote} holds now: {why}"));
        }
        if !look.behind.is_empty() {
            plan.refusals.push(Refusal {
                why: format!("{remote} has newer commits than this clone on {}", some(&look.behind)),
                way_forward: format!(
                    "`git fetch {}`, then plan again: otherwise that work could not be pushed",
                    words::shell(&remote)
                ),
                asks: false,
            });
        }
        if !look.strange.is_empty() {
            let (refs, first) = (some(&look.strange), look.strange.first().map_or("", String::as_str));
            let kept = first.strip_prefix("refs/heads/").unwrap_or(first);
            plan.refusals.push(Refusal {
                why: format!(
                    "{remote} has commits that are not here, with the key or on the history that changes: {refs}"
                ),
                way_forward: format!(
                    "`git fetch {remote} '+{first}:refs/remotes/{remote}/{kept}'`, the same for each, then plan again"
                ),
                asks: false,
            });
        }
        if !look.unfetched.is_empty() {
            let refs = some(&look.unfetched);
            let n = count(look.unfetched.len(), "ref");
            plan.not_looked_into.push(format!("{n} of {remote} that were not fetched here: {refs}"));
        }
        plan.push_needed |= !look.refs.is_empty();
        pushed(plan, &look);
        plan.remotes.push(look);
    }
    Ok(())
}

/// A copy that a ref of the remote holds is on the remote, even where no tracking ref says so: mirrors have none.
fn pushed(plan: &mut Plan, look: &RemoteLook) {
    let there: HashSet<&str> = look.refs.iter().map(String::as_str).collect();
    for copy in plan.copies.iter_mut().filter(|copy| copy.reachable && !copy.on_remote) {
        if copy.refs.iter().any(|name| there.contains(name.as_str())) {
            copy.on_remote = true;
            copy.remedy = "rewrite the history, then force-push each ref with a lease".into();
        }
    }
}

fn some(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(|n| n.strip_prefix("refs/heads/").unwrap_or(n)).collect();
    let more = names.len().saturating_sub(NAMED);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// One remote, as it answers now. `starts`: first changed commits. Only a cancel is an error.
pub(in super::super) fn look_at(
    repo: &Repo<'_>,
    details: &Details,
    starts: &[String],
    remote: &str,
) -> Result<RemoteLook> {
    Ok(look_into(repo, details, starts, remote)?.0)
}

/// The same. Its commits that are not here are fetched aside and looked into: what it has must not be a surprise
/// when it is pushed to. And what of that could not be looked into.
fn look_into(repo: &Repo<'_>, details: &Details, starts: &[String], remote: &str) -> Result<(RemoteLook, Vec<String>)> {
    let (mut look, all) = listed(repo, details, remote)?;
    let unknown: Vec<&There> = all.iter().filter(|at| at.is == Is::Unknown && !there::is_merge(&at.name)).collect();
    if unknown.is_empty() {
        return Ok((look, Vec::new()));
    }
    let seen = strange::look(repo, remote, &unknown, starts)?;
    look.looked_aside = seen.looked.len();
    look.strange = look.unfetched.iter().filter(|name| seen.dirty(name)).cloned().collect();
    look.unfetched.retain(|name| !seen.looked.contains(name));
    for at in unknown.iter().filter(|at| at.forge && seen.looked.contains(&at.name)) {
        let Some(number) = there::request(&at.name) else { continue };
        look.unknown.retain(|n| *n != number);
        look.pull_requests.extend(seen.dirty(&at.name).then_some(number));
    }
    look.pull_requests.sort_unstable();
    look.pull_requests.dedup();
    look.open = open(&look, &all);
    Ok((look, seen.not_looked_into))
}

fn listed(repo: &Repo<'_>, details: &Details, remote: &str) -> Result<(RemoteLook, Vec<There>)> {
    say(repo.ask, "asking the remotes", 0, 0);
    let mut look = RemoteLook { name: remote.into(), url: ask::place(repo, remote)?, ..RemoteLook::default() };
    let listed = match there::there(repo, details, remote) {
        Ok(listed) => listed,
        Err(fault) if fault.kind == FaultKind::Cancelled => return Err(fault),
        Err(fault) => {
            look.silent = Some(format!("{}: {}", fault.what, fault.why.lines().next().unwrap_or_default()));
            return Ok((look, Vec::new()));
        }
    };
    let specs = ask::fetch_specs(repo, remote)?;
    let ours: HashSet<&str> =
        details.moves.iter().filter(|m| details.map.contains_key(&m.old)).map(|m| m.name.as_str()).collect();
    for at in &listed {
        sort(&mut look, at, || ask::tracking(&specs, &at.name).is_some_and(|t| ours.contains(t.as_str())));
    }
    for numbers in [&mut look.pull_requests, &mut look.unknown] {
        numbers.sort_unstable();
        numbers.dedup();
    }
    look.open = open(&look, &listed);
    Ok((look, listed))
}

/// Those of its pull requests that look open.
fn open(look: &RemoteLook, listed: &[There]) -> Vec<u64> {
    let open: HashSet<u64> = listed.iter().filter_map(|at| there::open_request(&at.name)).collect();
    look.pull_requests.iter().copied().filter(|n| open.contains(n)).collect()
}

fn sort(look: &mut RemoteLook, at: &There, changes_here: impl Fn() -> bool) {
    match (&at.is, at.forge) {
        (Is::Old(_), true) => look.pull_requests.extend(there::request(&at.name)),
        (Is::Unknown, true) => look.unknown.extend(there::request(&at.name)),
        (Is::Old(_), false) => look.refs.push(at.name.clone()),
        (Is::Unknown, false) if changes_here() => look.behind.push(at.name.clone()),
        (Is::Unknown, false) => look.unfetched.push(at.name.clone()),
        (Is::Clean | Is::Untouched, _) => {}
    }
}
