//! The push of the clean history to the repository's remote.
//!
//! Must not know: how a host is looked at afterwards.

use std::path::Path;

use crate::effect::{GitOp, Risk};
use crate::incident::RepoFacts;
use crate::stages::Action;

use super::super::next::Next;
use super::{phrase, ready};

pub(super) const PUSH: Action = Action {
    id: "purge.push",
    key: 'f',
    label: "force-push the clean history",
    why: "Ref by ref with leases, through your own git: a colleague's newer commit is never overwritten.",
    risk: Risk::Irreversible,
    ready: |at| ready(at, |n| *n == Next::Push, "no repository waits for a push"),
    go: |at| {
        let body = |repo: &Path, facts: &RepoFacts| {
            let refs = facts.plan.as_ref().map(|(_, p)| p.refs.len()).unwrap_or_default();
            vec![
                format!("{}: up to {refs} refs to its remote", repo.display()),
                "Everybody with a clone is affected. A ref that moved on the remote is not touched.".into(),
            ]
        };
        phrase(at, |n| *n == Next::Push, "push", "Push", body, |plan| GitOp::Push { plan })
    },
};
