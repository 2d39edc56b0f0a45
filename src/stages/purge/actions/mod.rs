//! What can be done: plan, switch, prove, push, finish, undo, check, or say that it was done by hand. Here is the list, and
//! what its rooms share.
//!
//! Must not know: how the pane looks.

mod list;
mod plan;
mod prove;
mod push;
mod switch;
mod word;

use std::path::Path;

use crate::base::SecretRef;
use crate::effect::GitOp;
use crate::incident::RepoFacts;
use crate::stages::{Act, Action, Ask, Kind, View};

use super::next::{Next, busy, wants};
use super::{choose, emptied, git, name, outside, single, step};

/// Nothing runs in this repository.
pub(super) fn quiet(at: &View<'_>, repo: &Path) -> Result<(), String> {
    busy(at, repo).map_or(Ok(()), |r| Err(format!("running: {} (x stops it)", r.effect.words())))
}

/// Ready when some repository wants this step and nothing runs in it.
pub(super) fn ready(at: &View<'_>, test: fn(&Next) -> bool, why: &str) -> Result<(), String> {
    if !at.held.contains(&SecretRef::Leaked) {
        return Err("the leaked key is not in the vault; resume with a key source".into());
    }
    wants(at, test).map_or_else(|| Err(why.to_owned()), |(repo, _)| quiet(at, repo))
}

pub(super) fn plan_of(facts: &RepoFacts) -> (String, String) {
    facts.plan.as_ref().map(|(_, p)| (p.id.clone(), p.phrase.clone())).unwrap_or_default()
}

/// A write of one repository behind its name.
pub(super) fn phrase(
    at: &View<'_>,
    test: fn(&Next) -> bool,
    what: &str,
    title: &str,
    body: fn(&Path, &RepoFacts) -> Vec<String>,
    op: fn(String) -> GitOp,
) -> Act {
    let Some((repo, facts)) = wants(at, test) else { return Act::Now(Vec::new()) };
    let (plan, phrase) = plan_of(facts);
    let ask = Ask::new(format!("{title} {}", name(repo)), body(repo, facts), Kind::Phrase(phrase));
    Act::guarded(ask, step(what, repo), git(repo, op(plan)))
}

pub(super) static ACTIONS: [Action; 20] = [
    plan::PLAN,
    choose::ARCHIVES,
    choose::BINARIES,
    emptied::EMPTIED,
    single::FILE,
    switch::SWITCH,
    word::KEEP,
    plan::MAP,
    plan::PREVIEW,
    prove::PROVE,
    choose::ACCEPT,
    push::PUSH,
    switch::FINISH,
    outside::LOOK,
    outside::PAPERS,
    switch::UNDO,
    prove::CHECK,
    word::BY_HAND,
    list::ADD,
    list::DROP,
];
