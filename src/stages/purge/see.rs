//! What is known of a repository, and what stays open although the walk is through.
//!
//! Must not know: what to do about it.

use std::path::Path;

use crate::base::words::count;
use crate::effect::git::Plan;
use crate::incident::RepoFacts;
use crate::stages::{Text, Tone, View};

use super::advice::cost;
use super::next::{Next, busy, next};
use super::{policy, step};

pub(super) fn see(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> Vec<Text> {
    let mut see = vec![Text::tone(Tone::Strong, repo.display().to_string())];
    // The one that is waited for stands above, under what to do.
    let waited = busy(at, repo).map(|r| r.run);
    for running in at.running_in("purge").filter(|r| Some(r.run) != waited) {
        let far = running.words(at.now);
        let far = if far.is_empty() { String::new() } else { format!(": {far}") };
        see.push(Text::plain(format!("{}{far}", running.effect.words())));
    }
    if let Some((_, map)) = &facts.map {
        see.push(Text::plain(format!(
            "{} looked through, {} of the key {}",
            count(usize::try_from(map.objects).unwrap_or(usize::MAX), "object"),
            count(map.copies.len(), "copy"),
            if facts.applied.is_some() { "found then" } else { "found" }
        )));
        // Once there is a plan its cost says so.
        if facts.plan.is_none() && !map.copies.is_empty() && map.copies.iter().all(|copy| !copy.on_remote) {
            see.push(Text::tone(Tone::Good, "None of them was ever pushed: no force push is needed."));
        }
        see.extend(map.not_looked_into.iter().map(|n| Text::tone(Tone::Warn, format!("not looked into: {n}"))));
    }
    if let Some((_, plan)) = &facts.plan.as_ref().filter(|(_, p)| !p.nothing_to_do) {
        if next(at, repo, facts) != Next::Apply {
            see.push(Text::plain(cost(facts)));
        }
        if let Some(first) = plan.first_changed.first() {
            see.push(Text::plain(format!("First changed commit: {first}")));
        }
        see.extend(also(plan, facts.applied.is_none()));
        // What the command line would answer to is asked here.
        let other = plan.refusals.iter().filter(|r| !r.asks);
        see.extend(other.map(|r| Text::tone(Tone::Bad, format!("{}; {}", r.why, r.way_forward))));
    }
    for what in ["find", "plan", "apply", "prove", "push", "after", "papers", "undo", "finish", "check"] {
        if let Some((_, fault)) = at.incident.faults.get(&step(what, repo)) {
            see.push(Text::tone(Tone::Bad, format!("{}: {}", fault.what, fault.why)));
            see.extend(fault.hints.iter().map(|hint| Text::tone(Tone::Dim, format!("try: {hint}"))));
        }
    }
    if facts.applied.is_some() && facts.dropped > 0 {
        let dropped = count(usize::try_from(facts.dropped).unwrap_or(usize::MAX), "object");
        let where_now = if facts.finished.is_some() { "they went with the backup" } else { "only the backup has them" };
        see.push(Text::plain(format!("{dropped} that nothing needed were left out: {where_now}.")));
    }
    if facts.applied.is_some() && facts.finished.is_none() {
        see.push(Text::tone(Tone::Warn, "The backup still contains the key until you finish."));
    }
    if let Some((_, filed)) = &facts.papers {
        see.push(Text::plain(format!("The papers for others lie in {} (listed below).", filed.dir.display())));
    }
    if !facts.earlier.is_empty() {
        let backups = count(facts.earlier.len(), "earlier switch");
        see.push(Text::tone(Tone::Warn, format!("The backups of {backups} still contain the key until you finish.")));
    }
    see
}

/// What else a plan would do, each in a line: only what there is.
fn also(plan: &Plan, can_change: bool) -> Vec<Text> {
    let mut lines = Vec::new();
    lines.extend(policy::lines(plan).into_iter().map(Text::plain));
    if can_change && !plan.became_empty.is_empty() {
        lines.push(Text::tone(Tone::Dim, "D decides about commits that become empty"));
    }
    let followed = usize::try_from(plan.citations_followed).unwrap_or(usize::MAX);
    if followed > 0 {
        lines.push(Text::plain(format!("{} in messages brought up to the new commits", count(followed, "id"))));
    }
    if !plan.citations_left.is_empty() {
        let old = count(plan.citations_left.len(), "id");
        lines.push(Text::tone(Tone::Warn, format!("{old} in messages can't follow the rewrite (l lists them)")));
    }
    if !plan.lfs.is_empty() {
        let large = count(plan.lfs.len(), "large file");
        lines.push(Text::tone(
            Tone::Warn,
            format!("{large} (LFS) with the key: it goes from here, the LFS server has its own copy"),
        ));
    }
    lines
}

/// What stays although the walk is through: files left by choice, large files on their server.
pub(super) fn stays(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> Vec<String> {
    let Some((_, plan)) = &facts.plan else { return Vec::new() };
    if facts.applied.is_none() && !matches!(next(at, repo, facts), Next::Left(_)) {
        return Vec::new();
    }
    let left = policy::left(plan);
    let left =
        left.iter().map(|c| format!("Left with the key in it, by choice: {} in {}", policy::path(c), repo.display()));
    let large = plan.lfs.iter().map(|o| {
        let path = o.paths.first().unwrap_or(&o.oid);
        format!("For the LFS server's owner to delete: {path} of {} (sha256 {})", repo.display(), o.oid)
    });
    left.chain(large).collect()
}
