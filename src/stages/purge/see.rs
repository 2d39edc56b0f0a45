//! What is known of a repository, and what was seen that proves it.
//!
//! Must not know: what to do about it.

use std::path::Path;

use crate::base::words::count;
use crate::incident::RepoFacts;
use crate::stages::{Text, Tone, View};

use super::advice::cost;
use super::next::{Next, next};
use super::step;

pub(super) fn see(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> Vec<Text> {
    let mut see = vec![Text::tone(Tone::Strong, repo.display().to_string())];
    for running in at.running_in("purge") {
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
        if !map.copies.is_empty() && map.copies.iter().all(|copy| !copy.on_remote) {
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
        see.extend(plan.refusals.iter().map(|r| Text::tone(Tone::Bad, format!("{}; {}", r.why, r.way_forward))));
    }
    for what in ["find", "plan", "apply", "prove", "push", "undo", "finish", "check"] {
        if let Some((_, fault)) = at.incident.faults.get(&step(what, repo)) {
            see.push(Text::tone(Tone::Bad, format!("{}: {}", fault.what, fault.why)));
            see.extend(fault.hints.iter().map(|hint| Text::tone(Tone::Dim, format!("try: {hint}"))));
        }
    }
    if facts.applied.is_some() && facts.finished.is_none() {
        see.push(Text::tone(Tone::Warn, "The backup still contains the key until you finish."));
    }
    see
}

pub(super) fn evidence(facts: &RepoFacts) -> Vec<Text> {
    let mut seen = Vec::new();
    if let Some((_, proof)) = &facts.proof {
        for check in &proof.checks {
            let (tone, word) = if check.clean { (Tone::Good, "clean") } else { (Tone::Bad, "NOT CLEAN") };
            seen.push(Text::tone(tone, word).and(Tone::Plain, format!("  {}: {}", check.what, check.saw)));
        }
        // The proof is from before the backup's end; what it says of the backup is over then.
        let over = |n: &&String| facts.finished.is_some() && n.starts_with("the backup");
        seen.extend(
            proof.not_checked.iter().filter(|n| !over(n)).map(|n| Text::tone(Tone::Dim, format!("not checked: {n}"))),
        );
    }
    if let Some((_, push)) = &facts.push {
        for pushed in &push.refs {
            let (tone, word) = if pushed.ok { (Tone::Good, "pushed") } else { (Tone::Bad, "not pushed") };
            seen.push(Text::tone(tone, word).and(Tone::Plain, format!("  {} {}", pushed.name, pushed.said)));
        }
        seen.extend(
            push.needs_support.iter().map(|r| Text::tone(Tone::Warn, format!("only the host's support can clean {r}"))),
        );
    }
    if facts.push.as_ref().is_some_and(|(_, push)| push.refs.iter().any(|r| r.ok)) {
        seen.push(Text::tone(
            Tone::Dim,
            "not seen: the host may serve the old commits by their id until it collects garbage: ask its support to",
        ));
    }
    if let Some(when) = facts.finished {
        seen.push(
            Text::tone(Tone::Good, "gone").and(Tone::Plain, format!("   the backup: destroyed at {}", when.time())),
        );
    }
    seen
}
