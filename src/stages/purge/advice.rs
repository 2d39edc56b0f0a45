//! The one next thing of the stage, and what it costs.
//!
//! Must not know: the rest of the pane.

use crate::base::words::count;
use crate::effect::git::Plan;
use crate::effect::{Effect, GitOp};
use crate::incident::RepoFacts;
use crate::stages::{DoNow, View};

use super::next::{Next, busy, next, wants};
use super::{name, policy, step};

pub(super) fn do_now(at: &View<'_>) -> DoNow {
    if at.incident.repos.is_empty() {
        return DoNow {
            action: Some("purge.repo"),
            what: "Give a repository to look through (a), or skip this with a reason (s)".into(),
            effect: "None was given, so nothing was looked into: the key may stand in any history.".into(),
            check: "It is looked through at once; a read.".into(),
        };
    }
    let wait = |what: String| DoNow { what, check: "Reads only.".into(), ..DoNow::default() };
    let Some((repo, facts)) = wants(at, is_open) else { return nothing(at) };
    let name = name(repo);
    if let Some(running) = busy(at, repo) {
        let check = follows(&running.effect);
        let effect = if running.cancelling { String::new() } else { stoppable(&running.effect) };
        let far = running.words(at.now);
        let far = if far.is_empty() { far } else { format!(" ({far})") };
        let what = format!("Wait: {}{far}", running.effect.words());
        return DoNow { effect, check: check.into(), ..wait(what) };
    }
    let (action, what, effect, check) = match next(at, repo, facts) {
        Next::Settle(what) => (
            "purge.check",
            format!("Check where {name} stands: {what}"),
            "A read.".to_owned(),
            "Old or new, never a mixture.",
        ),
        Next::Find if at.without_leaked().is_some() => return at.without_leaked().unwrap_or_default(),
        Next::Find => match at.incident.faults.get(&step("find", repo)) {
            None => return wait(format!("Wait: looking through every object of {name}")),
            Some((_, fault)) => (
                "purge.check",
                format!("Look through {name} again: {}", fault.what),
                format!("{}. A wrong path? t takes it off the list.", fault.why),
                "Reads only.",
            ),
        },
        Next::Plan => (
            "purge.plan",
            format!("Plan the rewrite of {name}"),
            "Changes nothing in it; the new history is only worked out.".into(),
            "You see exactly what would change.",
        ),
        Next::Choose => choose(&name, facts),
        Next::Left(paths) => return wait(format!("Nothing. By your choice the key stays in {paths} of {name}")),
        Next::Refused(why) => {
            ("purge.plan", format!("{name} can't be rewritten safely: {why}"), way_forward(facts), "Then plan again.")
        }
        Next::Apply => (
            "purge.switch",
            format!("Switch {name} to the clean history, leave it as it is (o), or defer it (d)"),
            cost(facts),
            "git's own object list must not find the key.",
        ),
        Next::Kept(why) => return wait(format!("Nothing. {name} is left as it is: {why}")),
        Next::Prove => (
            "purge.prove",
            format!("A copy is left in {name}: look at the proof"),
            "Runs the proof again; a read.".into(),
            "Every line must be clean.",
        ),
        Next::Accept => (
            "purge.accept",
            format!("Compare: does the proof of {name} find only what you left?"),
            format!("Left: {}. See the evidence below.", policy::paths(policy::left_in(facts))),
            "Your word goes on record beside the proof.",
        ),
        Next::Push => (
            "purge.push",
            format!("Push the clean history of {name}"),
            "Force-pushes ref by ref, each with a lease.".into(),
            "The table tells per ref.",
        ),
        Next::Look => match at.incident.faults.get(&step("after", repo)) {
            None => return wait(format!("Wait: asking the remotes of {name} what they still serve")),
            Some((_, fault)) => (
                "purge.after",
                format!("Ask the remotes of {name} again: {}", fault.what),
                format!("{}. z finishes without it.", fault.why),
                "Reads only.",
            ),
        },
        Next::Back(place) => (
            "purge.plan",
            format!("The old history is back: {place}. `git fetch` in {name}, then plan again (p)"),
            "Somebody pushed or merged from a clone of before. Send them colleagues.sh (W writes it).".into(),
            "Switch, push and look again (i): no ref may lead to it.",
        ),
        Next::Papers => (
            "purge.papers",
            format!("Write the papers for others (W): who has a clone of {name} must act"),
            "Request to the host's support, script for colleagues, hook that keeps the key out. z can do without."
                .into(),
            "You see where they lie; none holds the key.",
        ),
        Next::Finish => (
            "purge.finish",
            format!("Finish {name}: destroy the backup"),
            "After that there is no undo.".into(),
            "The backup is seen to be gone.",
        ),
        Next::Nothing(why) => return wait(why),
    };
    DoNow { action: Some(action), what, effect, check: check.into() }
}

/// A repository that still wants something; one that somebody is at comes after those that wait for a hand.
fn is_open(n: &Next) -> bool {
    !matches!(n, Next::Nothing(_) | Next::Kept(_) | Next::Left(_))
}

/// Archives wait for a word.
fn choose(name: &str, facts: &RepoFacts) -> (&'static str, String, String, &'static str) {
    let Some((_, plan)) = &facts.plan else { return ("purge.archives", String::new(), String::new(), "") };
    let stuck: Vec<_> = policy::open(plan).filter(|choice| choice.is_stuck()).collect();
    let paths = policy::paths(policy::open(plan));
    let what = match stuck.first() {
        Some(first) if stuck.len() == policy::open(plan).count() => {
            format!("Decide what becomes of {paths} of {name}: the key is inside, and it {}", first.way)
        }
        Some(first) => format!(
            "Decide what becomes of {paths} of {name}: the key is inside, and {} {}",
            policy::path(first),
            first.way
        ),
        None => format!("Decide what becomes of {paths} of {name}: the key is inside"),
    };
    let ways = if stuck.is_empty() { "Packed anew without it, taken out, or left. " } else { "Taken out, or left. " };
    ("purge.archives", what, format!("{ways}Only the plan is made again."), "The new plan says what becomes of each.")
}

fn nothing(at: &View<'_>) -> DoNow {
    let left = at.incident.repos.values().map(|facts| policy::left_in(facts).len()).sum::<usize>();
    if left > 0 {
        let what = format!("Nothing more. The key stays in {}, by your choice.", count(left, "file"));
        let check = "The closing list names each.".into();
        return DoNow { what, check, ..DoNow::default() };
    }
    let kept = at.incident.repos.iter().filter(|(repo, facts)| matches!(next(at, repo, facts), Next::Kept(_))).count();
    let what = match kept {
        0 if at.incident.repos.values().any(|facts| facts.applied.is_some()) => {
            "Nothing. No repository given holds the key any more.".to_owned()
        }
        0 => "Nothing. No repository given holds the key.".to_owned(),
        n => format!("Nothing. {} left as it is, by your decision.", count(n, "repository")),
    };
    let check = if kept == 0 { String::new() } else { "w or p takes it up after all.".into() };
    DoNow { what, check, ..DoNow::default() }
}

/// How the end of what runs will be seen.
fn follows(effect: &Effect) -> &'static str {
    match effect {
        Effect::Git { op: GitOp::Apply { .. }, .. } => "The proof follows.",
        Effect::Git { op: GitOp::Push { .. }, .. } => "The table of refs and another proof follow.",
        Effect::Git { op: GitOp::Finish { .. }, .. } => "The backup is seen to be gone.",
        Effect::Git { op: GitOp::Papers { .. }, .. } => "You see where they lie; none holds the key.",
        _ if effect.writes() => "It is looked at when it is over.",
        _ => "Reads only.",
    }
}

/// What a cancel would mean now.
fn stoppable(effect: &Effect) -> String {
    match effect {
        Effect::Git { op: GitOp::Apply { .. }, .. } => {
            "x stops it while nothing has moved yet; then the repository is as it was.".into()
        }
        Effect::Git { op: GitOp::Push { .. }, .. } => "x stops it between two refs; then c tells which went.".into(),
        _ if effect.writes() => String::new(),
        _ => "x stops it; the repository stays as it is.".into(),
    }
}

pub(super) fn way_forward(facts: &RepoFacts) -> String {
    facts.plan.as_ref().and_then(|(_, p)| p.refusals.first()).map(|r| r.way_forward.clone()).unwrap_or_default()
}

pub(super) fn cost(facts: &RepoFacts) -> String {
    let Some((_, plan)) = &facts.plan else { return String::new() };
    let (did, push) = match (&facts.applied, plan.push_needed) {
        (Some(_), _) => ("were changed", ""),
        (None, true) => ("change", "; a force push follows"),
        (None, false) => ("change", "; never pushed: no force push is needed"),
    };
    format!(
        "{} of {} commits and {} {did}, {}{push}.",
        plan.commits_changed,
        plan.commits_total,
        count(plan.refs.len(), "ref"),
        signatures(plan)
    )
}

/// `no signature lost`, `2 signatures lost`.
pub(super) fn signatures(plan: &Plan) -> String {
    match plan.signatures_lost.len() {
        0 => "no signature lost".into(),
        n => format!("{} lost", count(n, "signature")),
    }
}
