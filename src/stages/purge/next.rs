//! What a repository wants next, and how that makes it stand.
//!
//! Must not know: how it is said.

use std::path::{Path, PathBuf};

use crate::base::Stamp;
use crate::effect::Effect;
use crate::effect::git::{Proof, RemoteAfter};
use crate::incident::facts::Decision;
use crate::incident::{RepoFacts, StepState};
use crate::stages::{Running, View};

use super::{policy, step};

/// What a repository wants next. The order of the walk through one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Settle(String),
    Find,
    Plan,
    /// The key is in archives, and somebody must say what becomes of them.
    Choose,
    Refused(String),
    Apply,
    /// Somebody decided to leave the history as it is; why.
    Kept(String),
    /// Nothing but files that keep the key by choice; which.
    Left(String),
    Prove,
    /// The proof finds copies, and some were left by choice: a person compares.
    Accept,
    Push,
    /// Pushed: what do the remotes still serve?
    Look,
    /// The old history came back, there or here; where.
    Back(String),
    /// Others must act, and have no text for it yet.
    Papers,
    Finish,
    Nothing(String),
}

pub(super) fn next(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> Next {
    if let Some(unknown) =
        at.incident.unknowns().find(|i| matches!(&i.effect, Effect::Git { repo: of, .. } if of == repo))
    {
        return Next::Settle(unknown.effect.words());
    }
    if let Some(place) = back(facts) {
        return Next::Back(place);
    }
    if facts.finished.is_some() {
        return Next::Nothing(match policy::left_in(facts)[..] {
            [] => "clean, proven, backup destroyed".into(),
            ref left => format!(
                "rewritten, backup destroyed; by choice the key stays in {}",
                policy::paths(left.iter().copied())
            ),
        });
    }
    if facts.applied.is_none() {
        if let Some(why) = kept(at, repo).filter(|_| !facts.is_free()) {
            return Next::Kept(why.to_owned());
        }
        return match (&facts.map, &facts.plan) {
            (None, _) => Next::Find,
            (Some((_, map)), _) if map.copies.is_empty() => Next::Nothing(format!("{} objects, no copy", map.objects)),
            (_, None) => Next::Plan,
            // Somebody chose otherwise since.
            (_, Some((_, plan))) if plan.policy != policy::chosen(at, repo) => Next::Plan,
            (_, Some((_, plan))) if plan.nothing_to_do => match policy::left(plan)[..] {
                [] => Next::Nothing("nothing to do".into()),
                ref left => Next::Left(policy::paths(left.iter().copied())),
            },
            (_, Some((_, plan))) if policy::open(plan).next().is_some() => Next::Choose,
            (_, Some((_, plan))) => plan.refusals.first().map_or(Next::Apply, |r| Next::Refused(r.why.clone())),
        };
    }
    let push_needed = facts.plan.as_ref().is_some_and(|(_, plan)| plan.push_needed);
    match (&facts.proof, &facts.push) {
        (None, _) => Next::Prove,
        (Some((at_proof, proof)), _) if !proof.clean() && accepted(at, repo, *at_proof, proof).is_none() => {
            let another = facts.plan.as_ref().is_none_or(|(_, plan)| policy::names_another(plan, proof));
            if another { Next::Prove } else { Next::Accept }
        }
        (_, None) if push_needed => Next::Push,
        (_, Some((_, push))) if push.refs.iter().any(|r| !r.ok) => Next::Push,
        (_, Some((pushed, _))) => outside(facts, *pushed),
        (_, None) => Next::Finish,
    }
}

/// What is left to do about the world outside, once everything is pushed.
fn outside(facts: &RepoFacts, pushed: Stamp) -> Next {
    match facts.seen_after() {
        None => Next::Look,
        Some((_, seen)) if seen.remotes.iter().any(|remote| !remote.old.is_empty()) => Next::Push,
        Some(_) if facts.papers.as_ref().is_none_or(|(at, _)| *at < pushed) => Next::Papers,
        Some(_) => Next::Finish,
    }
}

/// Where the old history was seen again after it was gone.
fn back(facts: &RepoFacts) -> Option<String> {
    let (_, seen) = facts.seen_after().filter(|_| facts.applied.is_some() && facts.push.is_some())?;
    let there = seen.remotes.iter().filter(|r| !r.again.is_empty() || !r.anew.is_empty());
    let refs = |r: &RemoteAfter| r.again.iter().chain(&r.anew).cloned().collect::<Vec<_>>().join(", ");
    let there: Vec<String> = there.map(|r| format!("{} of {}", refs(r), r.name)).collect();
    match (there.is_empty(), seen.here.is_empty() && seen.came_back.is_empty()) {
        (false, _) => Some(there.join("; ")),
        (true, false) => Some("this clone".into()),
        (true, true) => None,
    }
}

/// The topic of the word that a proof finds only what was left by choice.
pub(super) fn accepted_topic(repo: &Path) -> String {
    format!("left:{}", repo.display())
}

/// That word, given for this proof, or for one before it that said the very same.
pub(super) fn accepted<'a>(at: &'a View<'_>, repo: &Path, when: Stamp, proof: &Proof) -> Option<&'a Decision> {
    let same = |d: &Decision| d.facts.get("proof").is_some_and(|said| *said == unclean(proof).join("; "));
    at.incident.decision(&accepted_topic(repo)).filter(|d| d.choice == "yes" && (d.at >= when || same(d)))
}

/// The lines of a proof that are not clean.
pub(super) fn unclean(proof: &Proof) -> Vec<String> {
    let checks = proof.checks.iter().filter(|check| !check.clean);
    checks.map(|check| format!("{}: {}", check.what, check.saw)).collect()
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
        Next::Plan | Next::Choose | Next::Apply => {
            at.fault(&step("apply", repo)).or_else(|| at.fault(&step("plan", repo))).unwrap_or(StepState::Ready)
        }
        Next::Refused(why) => StepState::Failed(why),
        Next::Kept(why) => StepState::Skipped(format!("left as it is: {why}")),
        Next::Left(paths) => StepState::Skipped(format!("by your choice the key stays in {paths}")),
        Next::Accept => StepState::Verifying("is all that the proof finds what you left?".into()),
        Next::Prove => facts
            .proof
            .as_ref()
            .map_or(StepState::Verifying("asking git itself".into()), |_| StepState::Failed("a copy is left".into())),
        Next::Push => StepState::Verifying("clean here; the remote still has the old history".into()),
        Next::Look => StepState::Verifying("clean and pushed; what do the remotes still serve?".into()),
        Next::Back(place) => StepState::Failed(format!("the old history is back: {place}")),
        Next::Papers => StepState::Verifying("clean and pushed; the papers for others are not written".into()),
        Next::Finish if !policy::left_in(facts).is_empty() => {
            StepState::Verifying("proven but for what you left; the backup still contains the key".into())
        }
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
