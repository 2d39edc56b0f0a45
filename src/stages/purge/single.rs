//! The choice for one file that can't be edited as text, against what holds for its sort.
//!
//! Must not know: how a plan is made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::effect::Risk;
use crate::effect::git::Plan;
use crate::incident::Event;
use crate::stages::{Act, Action, Ask, Consequence, Kind, Then, View};

use super::choose::{open, with_key};
use super::next::{Next, wants};
use super::policy;
use super::{git, name, step};

/// Files that are offered. More than these are decided by their sort, or on the command line.
const OFFERED: usize = 40;

const WAYS: [(&str, &str); 4] = [
    ("redact", "redact  the key goes, the file stays: packed anew, or overwritten in place"),
    ("drop", "drop    gone from every commit, and from today's files"),
    ("leave", "leave   the key stays in it, here and in every clone"),
    ("same", "same    as the others of its sort"),
];

pub(super) const FILE: Action = Action {
    id: "purge.file",
    key: 'F',
    label: "decide about one file alone",
    why: "An archive or binary whose fate differs from the others'. The plan is made again; nothing else changes.",
    risk: Risk::Read,
    ready: |at| {
        let none = "no plan that can still change has the key in an archive or binary";
        with_key(at, asked(at).map(|(repo, _)| repo).ok_or(none))
    },
    go: ask,
};

fn asked<'a>(at: &'a View<'_>) -> Option<(&'a PathBuf, &'a Plan)> {
    let waits = wants(at, |n| matches!(n, Next::Choose));
    let waits = waits.and_then(|(repo, facts)| facts.plan.as_ref().map(|(_, plan)| (repo, plan)));
    waits.or_else(|| open(at)).filter(|(_, plan)| !plan.choices.is_empty())
}

fn ask(at: &View<'_>) -> Act {
    let Some((repo, plan)) = asked(at) else { return Act::Now(Vec::new()) };
    // One path may be several versions of a file: what is decided holds for all of them.
    let mut files: BTreeMap<&str, (Vec<&str>, &str)> = BTreeMap::new();
    for choice in &plan.choices {
        let (blobs, way) = files.entry(policy::path(choice)).or_default();
        blobs.push(&choice.id);
        *way = &choice.way;
    }
    let now = policy::chosen(at, repo);
    let (mut options, mut follows) = (Vec::new(), Vec::new());
    for (path, (blobs, way)) in files.iter().take(OFFERED) {
        options.push(((*path).to_owned(), format!("{path} (now: {way})")));
        for (answer, _) in WAYS {
            let decided = Event::Decided {
                topic: policy::file_topic(repo, path),
                choice: answer.into(),
                facts: [("plan", plan.id.clone()), ("blobs", blobs.join(" "))].map(|(k, v)| (k.into(), v)).into(),
                reason: String::new(),
            };
            let policy = policy::one(now.clone(), blobs.iter().copied(), answer);
            let plan = Consequence::Perform { step: step("plan", repo), effect: git(repo, policy::op(policy)) };
            follows.push((format!("{path}\n{answer}"), vec![Consequence::Record(decided), plan]));
        }
    }
    let more = files.len().saturating_sub(OFFERED);
    let body = (more > 0).then(|| format!("{more} more go with their sort.")).into_iter().collect();
    let ways = WAYS.map(|(answer, words)| (answer.to_owned(), words.to_owned())).to_vec();
    let asks = vec![
        Ask::new(format!("Which file of {}?", name(repo)), body, Kind::Choice(options)),
        Ask::new("What becomes of it?", Vec::new(), Kind::Choice(ways)),
    ];
    Act::Ask { asks, then: Then::Each(follows) }
}
