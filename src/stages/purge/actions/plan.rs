//! Seeing what a rewrite would change: plan it, read the plan line by line, read the map of copies.
//!
//! Must not know: how a plan is made true.

use crate::effect::Risk;
use crate::stages::{Act, Action, Consequence};

use super::super::next::{Next, chosen, wants};
use super::super::{git, lists, name, policy, step};
use super::ready;

pub(super) const PLAN: Action = Action {
    id: "purge.plan",
    key: 'p',
    label: "plan the rewrite",
    why: "Works the new history out and shows exactly what a switch would change. Changes nothing itself.",
    risk: Risk::Read,
    ready: |at| {
        let fits = |n: &Next| {
            let open = matches!(n, Next::Plan | Next::Choose | Next::Apply | Next::Refused(_));
            open || matches!(n, Next::Kept(_) | Next::Back(_))
        };
        ready(at, fits, "no repository waits for a plan")
    },
    go: |at| {
        let Some((repo, _)) = wants(at, |n| matches!(n, Next::Plan | Next::Refused(_) | Next::Back(_)))
            .or_else(|| wants(at, |n| matches!(n, Next::Choose | Next::Apply | Next::Kept(_))))
        else {
            return Act::Now(Vec::new());
        };
        Act::perform(step("plan", repo), git(repo, policy::op(policy::chosen(at, repo))))
    },
};

pub(super) const MAP: Action = Action {
    id: "purge.map",
    key: 'm',
    label: "the map of copies, one by one",
    why: "Where each copy is, who holds it, and the smallest act that removes it. / filters.",
    risk: Risk::Read,
    ready: |at| {
        let mapped = chosen(at).and_then(|(_, facts)| facts.map.as_ref());
        mapped.map(|_| ()).ok_or_else(|| "the repository was not looked through yet".into())
    },
    go: |at| {
        let Some((repo, facts)) = chosen(at) else { return Act::Now(Vec::new()) };
        Act::Now(vec![Consequence::Show(lists::copies(&name(repo), facts))])
    },
};

pub(super) const PREVIEW: Action = Action {
    id: "purge.preview",
    key: 'l',
    label: "the plan, line by line",
    why: "Every distinct line that changes, every ref that moves, every signature that is lost. / filters.",
    risk: Risk::Read,
    ready: |at| {
        let planned = chosen(at).and_then(|(_, facts)| facts.plan.as_ref());
        planned.map(|_| ()).ok_or_else(|| "there is no plan of this repository yet (p)".into())
    },
    go: |at| {
        let Some((repo, facts)) = chosen(at) else { return Act::Now(Vec::new()) };
        Act::Now(vec![Consequence::Show(lists::preview(&name(repo), facts))])
    },
};
