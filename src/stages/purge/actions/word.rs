//! A person's word in place of a rewrite: the history stays as it is, or was purged by hand.
//!
//! Must not know: how a history is rewritten.

use crate::effect::Risk;
use crate::stages::{Act, Action, Ask, Then};

use super::super::next::{Next, chosen, topic, wants};
use super::super::weigh::{costs, weigh};
use super::super::{name, step};

pub(super) const KEEP: Action = Action {
    id: "purge.keep",
    key: 'o',
    label: "leave the history as it is",
    why: "A dead key opens nothing. Your reason goes on record, with what a rewrite would have cost.",
    risk: Risk::Read,
    ready: |at| {
        let open = |n: &Next| matches!(n, Next::Plan | Next::Choose | Next::Apply | Next::Refused(_));
        wants(at, open).map(|_| ()).ok_or_else(|| "no repository waits for that decision".into())
    },
    go: |at| {
        let open = |n: &Next| matches!(n, Next::Plan | Next::Choose | Next::Apply | Next::Refused(_));
        let Some((repo, facts)) = wants(at, open) else { return Act::Now(Vec::new()) };
        let body = std::iter::once(repo.display().to_string()).chain(weigh(at, facts)).collect();
        let ask = Ask::line(&format!("Leave {} as it is", name(repo)), "Why?", body);
        let then = Then::DecideFor { topic: topic(repo), choice: "no".into(), facts: costs(at, facts) };
        Act::Ask { asks: vec![ask], then }
    },
};

pub(super) const BY_HAND: Action = Action {
    id: "purge.by_hand",
    key: 'h',
    label: "I purged it by hand",
    why: "With filter-repo, BFG or by deleting the repository; say how you know that no copy is left.",
    risk: Risk::Read,
    ready: |at| chosen(at).map(|_| ()).ok_or_else(|| "no repository was given".into()),
    go: |at| {
        let Some((repo, _)) = chosen(at) else { return Act::Now(Vec::new()) };
        let body = vec![
            repo.display().to_string(),
            "BFG protects HEAD: clean the tip first. filter-branch is not advised by git itself.".into(),
        ];
        let asks = vec![Ask::line("Purged by hand", "How do you know that no copy is left?", body)];
        Act::Ask { asks, then: Then::ByHand(step("repo", repo)) }
    },
};
