//! Stage 5: no object of the repositories holds the key, git itself says so, and the remote has the clean history.
//! The least urgent step: "plan now, run in daylight" is a good answer at three in the morning.
//!
//! Must not know: how history is rewritten.

mod actions;
mod advice;
mod body;
mod choose;
mod emptied;
mod evidence;
mod lists;
mod next;
mod outside;
mod policy;
mod see;
mod single;
mod weigh;

use std::path::{Path, PathBuf};

use crate::base::SecretRef;
use crate::effect::{Effect, GitOp};
use crate::incident::{RepoFacts, Step, StepRef, StepState};

use actions::ACTIONS;
use advice::do_now;
use body::body;
use evidence::evidence;
use next::{Next, chosen, next, repo_state};
use see::see;

use super::{Action, DoNow, Due, Sheet, Stage, Text, View};

pub static PURGE: Purge = Purge;

#[derive(Debug)]
pub struct Purge;

fn step(what: &str, repo: &Path) -> StepRef {
    StepRef::new("purge", &format!("{what}:{}", repo.display()))
}

fn git(repo: &Path, op: GitOp) -> Effect {
    Effect::Git { repo: repo.to_owned(), op }
}

fn name(repo: &Path) -> String {
    repo.file_name().map_or_else(|| repo.display().to_string(), |n| n.to_string_lossy().into_owned())
}

impl Stage for Purge {
    fn id(&self) -> &'static str {
        "purge"
    }

    fn title(&self) -> &'static str {
        "Purge"
    }

    fn goal(&self) -> &'static str {
        "no object of the repositories holds the key, and git itself says so"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        if at.incident.repos.is_empty() {
            // Nothing was looked into: that is no finding.
            return vec![Step::new("repos", "repositories", StepState::Ready)];
        }
        at.incident
            .repos
            .iter()
            .map(|(repo, facts)| {
                Step::new(&format!("repo:{}", repo.display()), &name(repo), repo_state(at, repo, facts))
            })
            .collect()
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at)
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        let mut sheet = Sheet { do_now: do_now(at), ..Sheet::default() };
        sheet.way_out = vec![
            Text::plain(
                "d defers it to daylight, with an owner and a date: a rewrite stops nobody who has the key already",
            ),
            Text::plain("By hand: git filter-repo --sensitive-data-removal --replace-text FILE, then c checks it"),
        ];
        if let Some((repo, facts)) = chosen(at) {
            sheet.see = see(at, repo, facts);
            sheet.evidence = evidence(at, repo, facts);
            sheet.body = body(at, repo, facts);
        }
        sheet
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    /// Looks from intake on, so that the result is there when the stage opens; proves after a switch and after a push,
    /// then asks the remotes what they still serve.
    fn reads(&self, at: &View<'_>) -> Vec<Due> {
        if !at.held.contains(&SecretRef::Leaked) {
            return Vec::new();
        }
        let due = |(repo, facts): (&PathBuf, &RepoFacts)| match next(at, repo, facts) {
            Next::Find => Some(Due { step: step("find", repo), effect: git(repo, GitOp::Find), at: at.now }),
            Next::Prove if facts.proof.is_none() => {
                Some(Due { step: step("prove", repo), effect: git(repo, GitOp::Prove), at: at.now })
            }
            Next::Look => {
                let plan = facts.applied.as_ref().map(|(_, plan)| plan.clone())?;
                Some(Due { step: step("after", repo), effect: git(repo, GitOp::After { plan }), at: at.now })
            }
            _ => None,
        };
        at.incident.repos.iter().filter_map(due).collect()
    }

    fn rows(&self, at: &View<'_>) -> usize {
        at.incident.repos.len()
    }

    fn still_open(&self, at: &View<'_>) -> Vec<String> {
        let of = |(repo, facts): (&PathBuf, &RepoFacts)| {
            let outside = outside::open(repo, facts);
            see::stays(at, repo, facts).into_iter().chain(outside).collect::<Vec<_>>()
        };
        at.incident.repos.iter().flat_map(of).collect()
    }

    fn not_looked_into(&self, at: &View<'_>) -> Option<&'static str> {
        at.incident.repos.is_empty().then_some("no repository was given")
    }
}
