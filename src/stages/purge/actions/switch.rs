//! The switch and its backup: made by the switch, used by the undo, destroyed by the finish.
//!
//! Must not know: how a plan is made.

use std::path::{Path, PathBuf};

use crate::base::words::count;
use crate::effect::{GitOp, Risk};
use crate::incident::{Event, RepoFacts};
use crate::stages::{Act, Action, Ask, Consequence, Kind, Then, View};

use super::super::advice::cost;
use super::super::next::{Next, chosen, topic, wants};
use super::super::weigh::costs;
use super::super::{git, name, policy, step};
use super::{phrase, plan_of, quiet, ready};

fn can_switch(n: &Next) -> bool {
    matches!(n, Next::Apply | Next::Kept(_))
}

/// The repository whose plan a switch would apply.
fn planned<'a>(at: &'a View<'_>) -> Result<(&'a PathBuf, &'a RepoFacts), String> {
    let (repo, facts) = wants(at, |n| *n == Next::Apply)
        .or_else(|| wants(at, can_switch))
        .ok_or("no repository has a plan that can be applied")?;
    match &facts.plan {
        Some((_, plan)) if plan.policy != policy::chosen(at, repo) => {
            Err("you chose otherwise since it was planned: plan again (p)".into())
        }
        Some((_, plan)) if plan.refusals.is_empty() => Ok((repo, facts)),
        Some(_) => Err("its plan can't be applied safely: see why, then plan again (p)".into()),
        None => Err("there is no plan of it yet: p makes one".into()),
    }
}

pub(super) const SWITCH: Action = Action {
    id: "purge.switch",
    key: 'w',
    label: "switch to the clean history",
    why: "Backs up outside the repository, moves all refs at once, expires and prunes. Undo until finish.",
    risk: Risk::Irreversible,
    ready: |at| {
        if let Some(why) = crate::stages::locked("purge", at) {
            return Err(why);
        }
        ready(at, can_switch, "no repository has a plan that can be applied")?;
        planned(at).map(|_| ())
    },
    go: |at| {
        let Ok((repo, facts)) = planned(at) else { return Act::Now(Vec::new()) };
        let (plan, phrase) = plan_of(facts);
        let files = facts.plan.iter().flat_map(|(_, plan)| policy::lines(plan)).map(|line| format!("{line}."));
        let head = [repo.display().to_string(), cost(facts)].into_iter().chain(files);
        let pushed = facts.plan.as_ref().is_some_and(|(_, plan)| plan.push_needed);
        let others = if pushed { " Colleagues must rebase, never merge." } else { "" };
        let tail = [
            format!("Backed up first; u undoes it until you finish.{others}"),
            "If a ref moved since the plan, nothing is done.".into(),
        ];
        let body = head.chain(tail).collect();
        let ask = Ask::new(format!("Rewrite {}", name(repo)), body, Kind::Phrase(phrase));
        let decided =
            Event::Decided { topic: topic(repo), choice: "yes".into(), facts: costs(at, facts), reason: String::new() };
        let perform = Consequence::Perform { step: step("apply", repo), effect: git(repo, GitOp::Apply { plan }) };
        Act::Ask { asks: vec![ask], then: Then::Do(vec![Consequence::Record(decided), perform]) }
    },
};

pub(super) const UNDO: Action = Action {
    id: "purge.undo",
    key: 'u',
    label: "undo the switch",
    why: "Puts refs, HEAD, index, stashes and reflogs back from the backup.",
    risk: Risk::Write,
    ready: |at| {
        if let Some((repo, _)) = chosen(at) {
            quiet(at, repo)?;
        }
        match chosen(at) {
            Some((_, facts)) if facts.finished.is_some() => Err("the backup is destroyed already".into()),
            Some((_, facts)) if facts.applied.is_some() => Ok(()),
            _ => Err("nothing was switched in this repository".into()),
        }
    },
    go: |at| {
        let Some((repo, facts)) = chosen(at) else { return Act::Now(Vec::new()) };
        let plan = facts.applied.as_ref().map(|(_, plan)| plan.clone()).unwrap_or_default();
        let body = vec![repo.display().to_string(), "The key will be in the history again.".into()];
        Act::guarded(
            Ask::new("Undo the switch", body, Kind::Confirm),
            step("undo", repo),
            git(repo, GitOp::Undo { plan }),
        )
    },
};

/// Nothing is left that the backup would be needed for. What others must do can take days.
fn can_finish(n: &Next) -> bool {
    matches!(n, Next::Look | Next::Papers | Next::Finish)
}

pub(super) const FINISH: Action = Action {
    id: "purge.finish",
    key: 'z',
    label: "finish: destroy the backup",
    why: "The backup still contains the key. After this there is no undo.",
    risk: Risk::Irreversible,
    ready: |at| ready(at, can_finish, "not proven or not pushed yet"),
    go: |at| {
        let body = |repo: &Path, facts: &RepoFacts| {
            let earlier = facts.earlier.len();
            let more = format!("The backups of {} go with it.", count(earlier, "earlier switch"));
            let end = "The old history is gone for good after this.".to_owned();
            [repo.display().to_string(), end].into_iter().chain((earlier > 0).then_some(more)).collect()
        };
        phrase(at, can_finish, "finish", "Finish", body, |plan| GitOp::Finish { plan })
    },
};
