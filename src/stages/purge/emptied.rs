//! The choice for commits that change nothing once the key is gone: kept as empty ones, or dropped.
//!
//! Must not know: how a plan is made.

use std::path::{Path, PathBuf};

use crate::base::words::count;
use crate::effect::Risk;
use crate::effect::git::{Emptied, Plan, Policy};
use crate::incident::Event;
use crate::stages::{Act, Action, Ask, Consequence, Kind, Then, View};

use super::body::short;
use super::choose::{NAMED, open, with_key};
use super::{git, name, policy, step};

/// The answers as the journal has them, each with what it means. Short enough for a dialog on 80 columns.
const WAYS: [(&str, &str); 2] = [
    ("keep", "keep  it stays as an empty one, with author, date and message"),
    ("drop", "drop  it goes; what follows stands on the commit before it"),
];

pub(super) const EMPTIED: Action = Action {
    id: "purge.emptied",
    key: 'D',
    label: "decide about commits that become empty",
    why: "Kept, with their message and no change in them, or dropped. The plan is made again; nothing else changes.",
    risk: Risk::Read,
    ready: |at| with_key(at, asked(at).map(|(repo, _)| repo).ok_or("no plan that can still change empties a commit")),
    go: ask,
};

pub(super) fn topic(repo: &Path) -> String {
    format!("emptied:{}", repo.display())
}

/// The policy with this part answered. A word that is none of the answers changes nothing.
pub(super) fn with(mut policy: Policy, answer: &str) -> Policy {
    match answer {
        "keep" => policy.emptied = Emptied::Keep,
        "drop" => policy.emptied = Emptied::Drop,
        _ => {}
    }
    policy
}

/// What the plan does with them, in a line; nothing when there are none.
pub(super) fn line(plan: &Plan) -> Option<String> {
    let commits = count(plan.became_empty.len(), "commit");
    let fate = match plan.policy.emptied {
        Emptied::Keep => "kept, and empty from then on",
        Emptied::Drop => "dropped",
    };
    (!plan.became_empty.is_empty()).then(|| format!("{commits} changed nothing but the key: {fate}"))
}

fn asked<'a>(at: &'a View<'_>) -> Option<(&'a PathBuf, &'a Plan)> {
    open(at).filter(|(_, plan)| !plan.became_empty.is_empty())
}

fn ask(at: &View<'_>) -> Act {
    let Some((repo, plan)) = asked(at) else { return Act::Now(Vec::new()) };
    let now = policy::chosen(at, repo);
    let follows = WAYS.map(|(answer, _)| {
        let commits = plan.became_empty.len().to_string();
        let decided = Event::Decided {
            topic: topic(repo),
            choice: answer.into(),
            facts: [("plan", plan.id.clone()), ("commits", commits)].map(|(k, v)| (k.into(), v)).into(),
            reason: String::new(),
        };
        let effect = git(repo, policy::op(with(now.clone(), answer)));
        let plan = Consequence::Perform { step: step("plan", repo), effect };
        (answer.to_owned(), vec![Consequence::Record(decided), plan])
    });
    let options = WAYS.map(|(answer, words)| (answer.to_owned(), words.to_owned())).to_vec();
    let title = format!("Commits of {} that become empty: {}", name(repo), plan.became_empty.len());
    let asks = vec![Ask::new(title, body(plan), Kind::Choice(options))];
    Act::Ask { asks, then: Then::Each(follows.to_vec()) }
}

fn body(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> =
        plan.became_empty.iter().take(NAMED).map(|id| format!("commit {}", short(id))).collect();
    let rest = plan.became_empty.len().saturating_sub(NAMED);
    if rest > 0 {
        lines.push(format!("and {rest} more, all in the plan (l)"));
    }
    let now = match plan.policy.emptied {
        Emptied::Keep => "kept",
        Emptied::Drop => "dropped",
    };
    lines.push(format!("Nothing but the key was changed there. Now: {now}."));
    lines.push("A message that names a dropped commit keeps its old id.".into());
    lines
}
