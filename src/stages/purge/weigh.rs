//! Should the history be rewritten at all? What speaks for it, what it costs, and what it can't do.
//!
//! Must not know: what was decided. Facts: the forges and git-filter-repo say that rotating may be enough; their support
//! helps only where rotation can't.

use std::collections::BTreeMap;

use crate::base::SecretRef;
use crate::base::words::count;
use crate::effect::git::RemoteLook;
use crate::incident::RepoFacts;
use crate::incident::death::Death;
use crate::stages::View;

use super::advice::signatures;
use super::policy;

/// The pros and cons, a line each.
pub(super) fn weigh(at: &View<'_>, facts: &RepoFacts) -> Vec<String> {
    let copies = facts.map.as_ref().map_or(0, |(_, map)| map.copies.len());
    let pushed = facts.map.as_ref().is_some_and(|(_, map)| map.copies.iter().any(|copy| copy.on_remote));
    let mut lines = Vec::new();
    lines.push(if Death::of(at.incident, SecretRef::Leaked).proven_at.is_some() {
        format!("Against: the key is proven dead; what a copy holds opens nothing any more ({copies} here).")
    } else {
        "Against: not yet. The key is not proven dead, and a rewrite stops nobody who has it.".into()
    });
    if let Some((_, plan)) = &facts.plan {
        lines.push(format!(
            "Cost: {} of {} commits get new ids, {} moved, {}.",
            plan.commits_changed,
            plan.commits_total,
            count(plan.refs.len(), "ref"),
            signatures(plan)
        ));
    }
    if pushed {
        lines.push("Cost: a force push; everybody with a clone must rebase; links to commits break.".into());
        lines.extend(requests(facts));
        lines.push("Left all the same: forks, clones and caches; the host serves old ids until it collects.".into());
    } else {
        lines.push("No cost to others: no copy was ever pushed, no force push is needed.".into());
    }
    lines.push("For: scanners stop reporting it, and nobody takes it for a pattern to copy.".into());
    lines
}

/// What the remotes list of pull requests on the history that changes.
fn requests(facts: &RepoFacts) -> Vec<String> {
    let Some((_, plan)) = &facts.plan else {
        return vec!["Cost: open pull requests break (a plan counts them).".into()];
    };
    let of = |look: &RemoteLook| {
        let unknown = look.unknown.len();
        let strange = (unknown > 0).then(|| format!("{unknown} more that nobody could look into"));
        let (n, open) = (look.pull_requests.len(), look.open.len());
        let told = match (n, open) {
            (0, _) => None,
            (n, 0) => Some(count(n, "pull request")),
            (n, open) => Some(format!("{}, {open} of them open as it seems,", count(n, "pull request"))),
        };
        let parts: Vec<String> = told.into_iter().chain(strange).collect();
        (!parts.is_empty()).then(|| format!("Cost: {} of {} on the old history break.", parts.join(" and "), look.name))
    };
    let told: Vec<String> = plan.remotes.iter().filter_map(of).collect();
    let asked = plan.remotes.iter().any(|r| r.silent.is_none());
    let none = asked.then(|| "No cost: no pull request that the remote lists is on the old history.".into());
    if told.is_empty() { none.into_iter().collect() } else { told }
}

/// The same as facts for the journal.
pub(super) fn costs(at: &View<'_>, facts: &RepoFacts) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    let mut tell = |name: &str, value: String| drop(told.insert(name.to_owned(), value));
    tell("key", Death::of(at.incident, SecretRef::Leaked).verdict().word().to_owned());
    if let Some((_, map)) = &facts.map {
        tell("copies", map.copies.len().to_string());
        tell("pushed", map.copies.iter().filter(|copy| copy.on_remote).count().to_string());
    }
    if let Some((_, plan)) = &facts.plan {
        tell("commits_changed", plan.commits_changed.to_string());
        tell("refs", plan.refs.len().to_string());
        let requests = |of: fn(&RemoteLook) -> &Vec<u64>| plan.remotes.iter().map(|r| of(r).len()).sum::<usize>();
        tell("pull_requests", requests(|r| &r.pull_requests).to_string());
        tell("pull_requests_open", requests(|r| &r.open).to_string());
        tell("files_left", policy::left(plan).len().to_string());
        tell("signatures_lost", plan.signatures_lost.len().to_string());
    }
    told
}
