//! The one next thing of the stage, and what it costs.
//!
//! Must not know: the rest of the pane.

use crate::base::words::count;
use crate::effect::Effect;
use crate::incident::RepoFacts;
use crate::stages::{DoNow, View};

use super::name;
use super::next::{Next, next, wants};

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
    let waiting = |n: &Next| !matches!(n, Next::Nothing(_));
    let Some((repo, facts)) = wants(at, waiting) else {
        return DoNow { what: "Nothing. No repository given holds the key.".into(), ..DoNow::default() };
    };
    let name = name(repo);
    let busy = at.running_in("purge").find(|r| matches!(&r.effect, Effect::Git { repo: of, .. } if of == repo));
    if let Some(running) = busy {
        let check = if running.effect.writes() { "The proof, or the table of refs, follows." } else { "Reads only." };
        return DoNow { check: check.into(), ..wait(format!("Wait: {}", running.effect.words())) };
    }
    let (action, what, effect, check) = match next(at, repo, facts) {
        Next::Settle(what) => (
            "purge.check",
            format!("Check where {name} stands: {what}"),
            "A read.".to_owned(),
            "Old or new, never a mixture.",
        ),
        Next::Find if at.without_leaked().is_some() => return at.without_leaked().unwrap_or_default(),
        Next::Find => return wait(format!("Wait: looking through every object of {name}")),
        Next::Plan => (
            "purge.plan",
            format!("Plan the rewrite of {name}"),
            "Writes new objects that nothing refers to; no ref moves.".into(),
            "You see exactly what would change.",
        ),
        Next::Refused(why) => {
            ("purge.plan", format!("{name} can't be rewritten safely: {why}"), way_forward(facts), "Then plan again.")
        }
        Next::Apply => (
            "purge.switch",
            format!("Switch {name} to the clean history, or defer it (d)"),
            cost(facts),
            "git's own object list must not find the key.",
        ),
        Next::Prove => (
            "purge.prove",
            format!("A copy is left in {name}: look at the proof"),
            "Runs the proof again; a read.".into(),
            "Every line must be clean.",
        ),
        Next::Push => (
            "purge.push",
            format!("Push the clean history of {name}"),
            "Force-pushes ref by ref, each with a lease.".into(),
            "The table tells per ref.",
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

pub(super) fn way_forward(facts: &RepoFacts) -> String {
    facts.plan.as_ref().and_then(|(_, p)| p.refusals.first()).map(|r| r.way_forward.clone()).unwrap_or_default()
}

pub(super) fn cost(facts: &RepoFacts) -> String {
    let Some((_, plan)) = &facts.plan else { return String::new() };
    let push = if plan.push_needed { "a force push follows" } else { "never pushed: no force push needed" };
    let signatures = match plan.signatures_lost.len() {
        0 => "no signature is lost".to_owned(),
        1 => "1 signature is lost".to_owned(),
        n => format!("{n} signatures are lost"),
    };
    format!(
        "{} of {} commits and {} change, {signatures}; {push}.",
        plan.commits_changed,
        plan.commits_total,
        count(plan.refs.len(), "ref"),
    )
}
