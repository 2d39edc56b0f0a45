//! The questions about files that can't be edited as text, and the word on what the proof still finds of them.
//!
//! Must not know: how a plan is made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::base::words::count;
use crate::effect::Risk;
use crate::effect::git::{Choice, Plan};
use crate::incident::Event;
use crate::stages::{Act, Action, Ask, Consequence, Kind, Then, View};

use super::actions::quiet;
use super::next::{Next, accepted_topic, chosen, next, unclean, wants};
use super::policy::{self, Sort};
use super::{git, name, step};

/// Files named in a question; the rest is counted.
pub(super) const NAMED: usize = 4;

pub(super) const ARCHIVES: Action = Action {
    id: "purge.archives",
    key: 'r',
    label: "decide about archives",
    why: "Packed anew without the key, taken out, or left. The plan is made again; nothing else changes.",
    risk: Risk::Read,
    ready: |at| ready(at, Sort::Archives),
    go: |at| ask(at, Sort::Archives),
};

pub(super) const BINARIES: Action = Action {
    id: "purge.binaries",
    key: 'b',
    label: "decide about binary files",
    why: "The key overwritten in place, the file taken out, or left. The plan is made again; nothing else changes.",
    risk: Risk::Read,
    ready: |at| ready(at, Sort::Binaries),
    go: |at| ask(at, Sort::Binaries),
};

pub(super) const ACCEPT: Action = Action {
    id: "purge.accept",
    key: 'e',
    label: "the proof finds only what was left",
    why: "You left files with the key in them; the proof names them. Your word that it names nothing else.",
    risk: Risk::Read,
    ready: |at| {
        let (repo, _) = wants(at, |n| *n == Next::Accept).ok_or("no proof waits for that word")?;
        quiet(at, repo)
    },
    go: accept,
};

/// The repository under the cursor, and its plan while that can still change.
pub(super) fn open<'a>(at: &'a View<'_>) -> Option<(&'a PathBuf, &'a Plan)> {
    let open = |n: &Next| matches!(n, Next::Plan | Next::Choose | Next::Refused(_) | Next::Apply | Next::Left(_));
    let (repo, facts) = chosen(at).filter(|(repo, facts)| open(&next(at, repo, facts)))?;
    facts.plan.as_ref().map(|(_, plan)| (repo, plan))
}

/// A plan can be made again: with the key at hand, in a repository where nothing runs.
pub(super) fn with_key(at: &View<'_>, repo: Result<&PathBuf, impl Into<String>>) -> Result<(), String> {
    if !at.held.contains(&crate::base::SecretRef::Leaked) {
        return Err("the leaked key is not in the vault; resume with a key source".into());
    }
    quiet(at, repo.map_err(Into::into)?)
}

/// The repository a question is about: one that waits for it, else the one under the cursor while its plan has such files.
fn asked<'a>(at: &'a View<'_>, sort: Sort) -> Option<(&'a PathBuf, &'a Plan)> {
    let waits = (sort == Sort::Archives).then(|| wants(at, |n| matches!(n, Next::Choose))).flatten();
    let waits = waits.and_then(|(repo, facts)| facts.plan.as_ref().map(|(_, plan)| (repo, plan)));
    waits.or_else(|| open(at)).filter(|(_, plan)| sort.of(plan).next().is_some())
}

fn ready(at: &View<'_>, sort: Sort) -> Result<(), String> {
    let none = || format!("no plan that can still change has the key in {} files", sort.what());
    with_key(at, asked(at, sort).map(|(repo, _)| repo).ok_or_else(none))
}

fn ask(at: &View<'_>, sort: Sort) -> Act {
    let Some((repo, plan)) = asked(at, sort) else { return Act::Now(Vec::new()) };
    let now = policy::chosen(at, repo);
    let options: Vec<_> = options(sort).into_iter().filter(|(answer, _)| fits(plan, sort, answer)).collect();
    let follows = options.iter().map(|(answer, _)| {
        let decided = Event::Decided {
            topic: sort.topic(repo),
            choice: (*answer).to_owned(),
            facts: told(plan, sort),
            reason: String::new(),
        };
        let effect = git(repo, policy::op(sort.with(now.clone(), answer)));
        let plan = Consequence::Perform { step: step("plan", repo), effect };
        ((*answer).to_owned(), vec![Consequence::Record(decided), plan])
    });
    let then = Then::Each(follows.collect());
    let options = options.iter().map(|(answer, words)| ((*answer).to_owned(), (*words).to_owned())).collect();
    let title = format!("The key in {} of {}", count(sort.of(plan).count(), sort.what()), name(repo));
    Act::Ask { asks: vec![Ask::new(title, body(plan, sort), Kind::Choice(options))], then }
}

/// Every answer with what it costs. Short enough for a dialog on 80 columns.
fn options(sort: Sort) -> [(&'static str, &'static str); 3] {
    let (first, words) = match sort {
        Sort::Archives => ("repack", "repack     opens as before, without the key; new checksum"),
        Sort::Binaries => ("same_length", "overwrite  same size, the key's bytes gone; new checksum"),
    };
    let drop = ("drop", "drop       gone from every commit, and from today's files");
    let leave = ("leave", "leave      the key stays in it, here and in every clone");
    [(first, words), drop, leave]
}

/// Packing anew is no answer while it is known not to work.
fn fits(plan: &Plan, sort: Sort, answer: &str) -> bool {
    sort == Sort::Binaries || answer != "repack" || !sort.of(plan).any(Choice::is_stuck)
}

fn body(plan: &Plan, sort: Sort) -> Vec<String> {
    let mut lines: Vec<String> = sort
        .of(plan)
        .take(NAMED)
        .map(|choice| {
            let stuck = if choice.is_stuck() { format!(" ({})", choice.way) } else { String::new() };
            let holds = choice.holds.first().map(|inside| format!(": {inside}")).unwrap_or_default();
            let more = choice.holds.len().saturating_sub(1);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{holds}{more}{stuck}", policy::path(choice))
        })
        .collect();
    let rest = sort.of(plan).count().saturating_sub(NAMED);
    if rest > 0 {
        lines.push(format!("and {rest} more, all in the plan (l)"));
    }
    if sort == Sort::Archives && policy::open(plan).any(Choice::is_stuck) && sort.of(plan).any(|c| !c.is_stuck()) {
        lines.push("The others could be packed anew: F decides about one file alone.".into());
    }
    let which = if sort.of(plan).nth(1).is_some() { "What becomes of them all?" } else { "What becomes of it?" };
    lines.push(format!("Can't be edited as text. Now: {}. {which}", sort.lines(plan).join(", ")));
    lines
}

/// What was known when it was decided.
fn told(plan: &Plan, sort: Sort) -> BTreeMap<String, String> {
    let known = [
        ("plan", plan.id.clone()),
        ("files", sort.of(plan).count().to_string()),
        ("paths", policy::paths(sort.of(plan))),
        ("stuck", sort.of(plan).filter(|choice| choice.is_stuck()).count().to_string()),
    ];
    known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn accept(at: &View<'_>) -> Act {
    let Some((repo, facts)) = wants(at, |n| *n == Next::Accept) else { return Act::Now(Vec::new()) };
    let mut body = vec![format!("You left: {}", policy::paths(policy::left_in(facts)))];
    body.extend(policy::left_in(facts).iter().take(NAMED).map(|choice| format!("  blob {}", choice.id)));
    let found = facts.proof.as_ref().map(|(_, proof)| unclean(proof)).unwrap_or_default();
    body.extend(found.iter().cloned());
    body.push("Is that all the proof names? If not: esc, then u undoes the switch.".into());
    let facts_then = [("left", policy::left_in(facts).len().to_string()), ("proof", found.join("; "))];
    let decided = Event::Decided {
        topic: accepted_topic(repo),
        choice: "yes".into(),
        facts: facts_then.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        reason: "the proof names only what was left by choice".into(),
    };
    let ask = Ask::new(format!("Only what was left, in {}?", name(repo)), body, Kind::Confirm);
    Act::Ask { asks: vec![ask], then: Then::Do(vec![Consequence::Record(decided)]) }
}
