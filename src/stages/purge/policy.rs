//! Files that can't be edited as text: what a person chose for them, what is still to be chosen, what stays.
//!
//! Must not know: how it is asked.

use std::path::Path;

use crate::base::words::count;
use crate::effect::GitOp;
use crate::effect::git::{Archives, Binaries, Choice, Plan, Policy, Proof};
use crate::incident::RepoFacts;
use crate::stages::View;

/// The two sorts of such files. Each has its own topic in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Archives,
    Binaries,
}

impl Sort {
    /// As [`Choice::what`] names it.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Archives => "archive",
            Self::Binaries => "binary",
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Archives => "archives",
            Self::Binaries => "binaries",
        }
    }

    pub(super) fn topic(self, repo: &Path) -> String {
        format!("{}:{}", self.word(), repo.display())
    }

    /// The files of this sort that hold the key.
    pub(super) fn of(self, plan: &Plan) -> impl Iterator<Item = &Choice> {
        plan.choices.iter().filter(move |choice| choice.what == self.what())
    }

    /// The policy with this sort's part answered. A word that is none of its answers changes nothing.
    pub(super) fn with(self, mut policy: Policy, answer: &str) -> Policy {
        match (self, answer) {
            (Self::Archives, "repack") => policy.archives = Archives::Repack,
            (Self::Archives, "drop") => policy.archives = Archives::Drop,
            (Self::Archives, "leave") => policy.archives = Archives::Leave,
            (Self::Binaries, "same_length") => policy.binaries = Binaries::SameLength,
            (Self::Binaries, "drop") => policy.binaries = Binaries::Drop,
            (Self::Binaries, "leave") => policy.binaries = Binaries::Leave,
            _ => {}
        }
        policy
    }

    /// What a plan of this policy does with this sort, in a few words.
    pub(super) fn way(self, policy: Policy) -> &'static str {
        match (self, policy.archives, policy.binaries) {
            (Self::Archives, Archives::Ask, _) => "not decided yet",
            (Self::Archives, Archives::Repack, _) => "packed anew without the key",
            (Self::Archives, Archives::Drop, _) | (Self::Binaries, _, Binaries::Drop) => "taken out of every commit",
            (Self::Archives, Archives::Leave, _) | (Self::Binaries, _, Binaries::Leave) => "left, with the key inside",
            (Self::Binaries, _, Binaries::SameLength) => "the key is overwritten in place",
        }
    }
}

/// What was chosen for a repository, by the last word on each sort.
pub(super) fn chosen(at: &View<'_>, repo: &Path) -> Policy {
    [Sort::Archives, Sort::Binaries].into_iter().fold(Policy::default(), |policy, sort| {
        at.incident.decision(&sort.topic(repo)).map_or(policy, |d| sort.with(policy, &d.choice))
    })
}

/// The plan to ask for.
pub(super) fn op(policy: Policy) -> GitOp {
    if policy == Policy::default() { GitOp::Plan } else { GitOp::PlanAs { policy } }
}

/// Archives that somebody must say a word about: nobody did yet, or packing them anew does not work.
pub(super) fn open(plan: &Plan) -> impl Iterator<Item = &Choice> {
    let asks = plan.policy.archives == Archives::Ask;
    Sort::Archives.of(plan).filter(move |choice| asks || choice.is_stuck())
}

/// Files that keep the key by a person's choice.
pub(super) fn left(plan: &Plan) -> Vec<&Choice> {
    let stays = |choice: &&Choice| {
        Sort::Archives.what() == choice.what && plan.policy.archives == Archives::Leave
            || Sort::Binaries.what() == choice.what && plan.policy.binaries == Binaries::Leave
    };
    plan.choices.iter().filter(stays).collect()
}

/// Files of the newest plan that keep the key: nothing when there is no plan.
pub(super) fn left_in(facts: &RepoFacts) -> Vec<&Choice> {
    facts.plan.as_ref().map(|(_, plan)| left(plan)).unwrap_or_default()
}

/// A path of the file. A plan that leaves it has no copy of it: the map has.
pub(super) fn path<'a>(facts: &'a RepoFacts, choice: &'a Choice) -> &'a str {
    let mapped = || facts.map.iter().flat_map(|(_, map)| &map.copies).find(|copy| copy.id == choice.id);
    choice.path.as_deref().or_else(|| mapped().and_then(|copy| copy.path.as_deref())).unwrap_or(&choice.id)
}

/// `a.zip`, `a.zip and b.zip`, `a.zip, b.zip and 3 more`. One path may be several versions of a file.
pub(super) fn paths<'a>(facts: &'a RepoFacts, choices: impl IntoIterator<Item = &'a Choice>) -> String {
    let mut all: Vec<&str> = choices.into_iter().map(|choice| path(facts, choice)).collect();
    all.sort_unstable();
    all.dedup();
    match all[..] {
        [] => String::new(),
        [one] => one.to_owned(),
        [one, two] => format!("{one} and {two}"),
        [one, two, ..] => format!("{one}, {two} and {} more", all.len() - 2),
    }
}

/// What the plan does with such files, a line for each sort there is.
pub(super) fn lines(plan: &Plan) -> Vec<String> {
    let line = |sort: Sort| {
        let n = sort.of(plan).count();
        (n > 0).then(|| format!("{}: {}", count(n, sort.what()), sort.way(plan.policy)))
    };
    [Sort::Archives, Sort::Binaries].into_iter().filter_map(line).collect()
}

/// What becomes of one file. Before somebody chose, the engine tells what packing anew would do: that is no fate yet.
pub(super) fn fate(plan: &Plan, choice: &Choice) -> String {
    let asks = plan.policy.archives == Archives::Ask && choice.what == Sort::Archives.what();
    if asks && !choice.is_stuck() { "not decided yet".into() } else { choice.way.clone() }
}

/// Does the proof name an object that nobody chose to leave? Its lines name a few; that all were compared is a person's word.
pub(super) fn names_another(plan: &Plan, proof: &Proof) -> bool {
    let left = left(plan);
    let is_id = |word: &&str| matches!(word.len(), 40 | 64) && word.bytes().all(|b| b.is_ascii_hexdigit());
    let unclean = proof.checks.iter().filter(|check| !check.clean);
    let mut named = unclean.flat_map(|check| check.saw.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_id));
    left.is_empty() || named.any(|id| left.iter().all(|choice| choice.id != id))
}
