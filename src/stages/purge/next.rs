//! What a repository wants next, and how that makes it stand.
//!
//! Must not know: how it is said.

use std::path::{Path, PathBuf};

use crate::effect::Effect;
use crate::incident::{RepoFacts, StepState};
use crate::stages::View;

use super::step;

/// What a repository wants next. The order of the walk through one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Settle(String),
    Find,
    Plan,
    Refused(String),
    Apply,
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

pub(super) fn repo_state(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> StepState {
    let find = step("find", repo);
    if at.running.iter().any(|r| r.effect.writes() && matches!(&r.effect, Effect::Git { repo: of, .. } if of == repo)) {
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

/// The repository an action is about: the one under the cursor if it wants that, else the first that does.
pub(super) fn wants<'a>(at: &'a View<'_>, test: impl Fn(&Next) -> bool) -> Option<(&'a PathBuf, &'a RepoFacts)> {
    let fits = |(repo, facts): &(&'a PathBuf, &'a RepoFacts)| test(&next(at, repo, facts));
    chosen(at).filter(fits).or_else(|| at.incident.repos.iter().find(fits))
}
