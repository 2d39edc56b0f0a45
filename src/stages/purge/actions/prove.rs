//! Reads that say where a switched repository stands: the proof again, and the end that nobody saw.
//!
//! Must not know: what is changed because of them.

use crate::effect::{GitOp, Risk};
use crate::stages::{Act, Action};

use super::super::next::{Next, chosen, next, wants};
use super::super::{git, step};
use super::{plan_of, ready};

/// The clean history stands, and can be proven again.
fn switched(n: &Next) -> bool {
    let pushed = matches!(n, Next::Look | Next::Back(_) | Next::Papers);
    pushed || matches!(n, Next::Prove | Next::Accept | Next::Push | Next::Finish)
}

pub(super) const PROVE: Action = Action {
    id: "purge.prove",
    key: 'v',
    label: "prove it again",
    why: "git's own enumeration of all objects, a fresh clone, fsck: independent of the program's reader.",
    risk: Risk::Read,
    ready: |at| ready(at, switched, "nothing was switched yet"),
    go: |at| {
        wants(at, switched)
            .map_or(Act::Now(Vec::new()), |(repo, _)| Act::perform(step("prove", repo), git(repo, GitOp::Prove)))
    },
};

pub(super) const CHECK: Action = Action {
    id: "purge.check",
    key: 'c',
    label: "check: where does it stand?",
    why: "A read. Settles a switch, push or undo whose end nobody saw; else looks again.",
    risk: Risk::Read,
    ready: |at| ready(at, |_| true, "no repository was given"),
    go: |at| {
        let Some((repo, facts)) = wants(at, |n| matches!(n, Next::Settle(_))).or_else(|| chosen(at)) else {
            return Act::Now(Vec::new());
        };
        let plan = plan_of(facts).0;
        // Nothing was switched, so there is no end to look for: the objects are looked through anew.
        let began = facts.applied.is_some() || matches!(next(at, repo, facts), Next::Settle(_));
        let op = if began && !plan.is_empty() { GitOp::Check { plan } } else { GitOp::Find };
        let what = if op == GitOp::Find { "find" } else { "check" };
        Act::perform(step(what, repo), git(repo, op))
    },
};
