//! What a repository wants next, and how that makes it stand.
//!
//! Must not know: how it is said.

use std::path::{Path, PathBuf};

use crate::effect::Effect;
use crate::incident::{RepoFacts, StepState};
use crate::stages::{Running, View};

use super::step;

/// What a repository wants next. The order of the walk through one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Settle(String),
    Find,
    Plan,
    Refused(String),
    Apply,
    /// Somebody decided to leave the history as it is; why.
    Kept(String),
    Prove,
    Push,
    Finish,
    Nothing(String),
}

pub(super) fn next(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> Next {
    if let Some(unknown) =
        at.incident.unknowns().find(|i| matches!(&i.effect, Effect::Git { repo: of, .. } if of == repo))
    {
        return Next::Settle(unknown.effect.words());
    }
    if facts.finished.is_some() {
        return Next::Nothing("clean, proven, backup destroyed".into());
    }
    if facts.applied.is_none() {
        if let Some(why) = kept(at, repo).filter(|_| !facts.is_free()) {
            return Next::Kept(why.to_owned());
        }
        return match (&facts.map, &facts.plan) {
            (None, _) => Next::Find,
            (Some((_, map)), _) if map.copies.is_empty() => Next::Nothing(format!("{} objects, no copy", map.objects)),
            (_, None) => Next::Plan,
            (_, Some((_, plan))) if plan.nothing_to_do => Next::Nothing("nothing to do".into()),
            (_, Some((_, plan))) => plan.refusals.first().map_or(Next::Apply, |r| Next::Refused(r.why.clone())),
        };
    }
    let push_needed = facts.plan.as_ref().is_some_and(|(_, plan)| plan.push_needed);
    match (&facts.proof, &facts.push) {
        (None, _) => Next::Prove,
        (Some((_, proof)), _) if !proof.clean() => Next::Prove,
        (_, None) if push_needed => Next::Push,
        (_, Some((_, push))) if push.refs.iter().any(|r| !r.ok) => Next::Push,
        _ => Next::Finish,
    }
}

/// What runs in this repository; others don't hold it up.
pub(super) fn busy<'a>(at: &'a View<'_>, repo: &Path) -> Option<&'a Running> {
    at.running.iter().find(|r| matches!(&r.effect, Effect::Git { repo: of, .. } if of == repo))
}

/// The topic under which it is journaled whether a repository is rewritten.
pub(super) fn topic(repo: &Path) -> String {
    format!("rewrite:{}", repo.display())
}

/// Why it is left as it is, if that was the last word on it.
fn kept<'a>(at: &'a View<'_>, repo: &Path) -> Option<&'a str> {
    at.incident.decision(&topic(repo)).filter(|d| d.choice == "no").map(|d| d.reason.as_str())
}

pub(super) fn repo_state(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> StepState {
    let find = step("find", repo);
    if busy(at, repo).is_some_and(|r| r.effect.writes()) {
        return StepState::Running;
    }
    let next = next(at, repo, facts);
    if let Next::Settle(what) = &next {
        return StepState::Unknown(format!("{what}: nobody saw the end"));
    }
    if let Some((_, answer)) = at.incident.by_hand.get(&step("repo", repo)) {
        return StepState::ByHand(answer.clone());
    }
    match next {
        Next::Settle(what) => StepState::Unknown(what),
        Next::Find if at.is_running(&find) => StepState::Running,
        Next::Find => at.fault(&find).unwrap_or(StepState::Ready),
        Next::Plan | Next::Apply => {
            at.fault(&step("apply", repo)).or_else(|| at.fault(&step("plan", repo))).unwrap_or(StepState::Ready)
        }
        Next::Refused(why) => StepState::Failed(why),
        Next::Kept(why) => StepState::Skipped(format!("left as it is: {why}")),
        Next::Prove => facts
            .proof
            .as_ref()
            .map_or(StepState::Verifying("asking git itself".into()), |_| StepState::Failed("a copy is left".into())),
        Next::Push => StepState::Verifying("clean here; the remote still has the old history".into()),
        Next::Finish => StepState::Verifying("clean and proven; the backup still contains the key".into()),
        Next::Nothing(why) => StepState::Done(why),
    }
}

/// The repository under the cursor.
pub(super) fn chosen<'a>(at: &'a View<'_>) -> Option<(&'a PathBuf, &'a RepoFacts)> {
    at.incident.repos.iter().nth(at.cursor).or_else(|| at.incident.repos.iter().next())
}

/// The repository an action is about: the one under the cursor if it wants that, else the first that does. One that
/// something runs in comes last: it can only be waited for.
pub(super) fn wants<'a>(at: &'a View<'_>, test: impl Fn(&Next) -> bool) -> Option<(&'a PathBuf, &'a RepoFacts)> {
    let fits = |(repo, facts): &(&'a PathBuf, &'a RepoFacts)| test(&next(at, repo, facts));
    let free = |one: &(&'a PathBuf, &'a RepoFacts)| fits(one) && busy(at, one.0).is_none();
    let chosen = || chosen(at).into_iter().chain(&at.incident.repos);
    chosen().find(free).or_else(|| chosen().find(fits))
}
