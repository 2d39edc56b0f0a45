//! What a person chose for files that can't be edited as text and for commits that become empty, what is still to be
//! chosen, what stays.
//!
//! Must not know: how it is asked.

use std::path::Path;

use crate::base::words::count;
use crate::effect::GitOp;
use crate::effect::git::{Archives, Binaries, Choice, Fate, FileChoice, Plan, Policy, Proof};
use crate::incident::RepoFacts;
use crate::stages::View;

use super::emptied;

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

    /// What the plan does with these files: `2 archives: packed anew without the key`, a line for each fate.
    pub(super) fn lines(self, plan: &Plan) -> Vec<String> {
        const FATES: [(Fate, &str); 6] = [
            (Fate::Asked, "not decided yet"),
            (Fate::Stuck, "can't be packed anew"),
            (Fate::Repacked, "packed anew without the key"),
            (Fate::SameLength, "the key is overwritten in place"),
            (Fate::Dropped, "taken out of every commit"),
            (Fate::Left, "left, with the key inside"),
        ];
        let line = |(fate, words): (Fate, &str)| {
            let n = self.of(plan).filter(|choice| choice.fate == fate).count();
            (n > 0).then(|| format!("{}: {words}", count(n, self.what())))
        };
        FATES.into_iter().filter_map(line).collect()
    }
}

/// The topic of one file's own choice.
pub(super) fn file_topic(repo: &Path, path: &str) -> String {
    format!("file:{}:{path}", repo.display())
}

/// What was chosen for a repository, by the last word on each sort, on emptied commits and on each file.
pub(super) fn chosen(at: &View<'_>, repo: &Path) -> Policy {
    let mut policy = Policy::default();
    for sort in [Sort::Archives, Sort::Binaries] {
        if let Some(decision) = at.incident.decision(&sort.topic(repo)) {
            policy = sort.with(policy, &decision.choice);
        }
    }
    if let Some(decision) = at.incident.decision(&emptied::topic(repo)) {
        policy = emptied::with(policy, &decision.choice);
    }
    let of = file_topic(repo, "");
    for decision in at.incident.decisions.iter().filter(|d| d.topic.starts_with(&of)) {
        let ids = decision.facts.get("blobs").map(String::as_str).unwrap_or_default();
        policy = one(policy, ids.split_whitespace(), &decision.choice);
    }
    policy
}

/// The policy with one file's own choice: these are its blobs. Any other word: it goes with its sort again.
pub(super) fn one<'a>(mut policy: Policy, blobs: impl Iterator<Item = &'a str>, answer: &str) -> Policy {
    let choice = match answer {
        "redact" => Some(FileChoice::Redact),
        "drop" => Some(FileChoice::Drop),
        "leave" => Some(FileChoice::Leave),
        _ => None,
    };
    for blob in blobs {
        match choice {
            Some(choice) => drop(policy.files.insert(blob.to_owned(), choice)),
            None => drop(policy.files.remove(blob)),
        }
    }
    policy
}

/// The plan to ask for.
pub(super) fn op(policy: Policy) -> GitOp {
    if policy == Policy::default() { GitOp::Plan } else { GitOp::PlanAs { policy } }
}

/// Files that somebody must say a word about: nobody did yet, or packing them anew does not work.
pub(super) fn open(plan: &Plan) -> impl Iterator<Item = &Choice> {
    plan.choices.iter().filter(|choice| choice.is_open())
}

/// Files that keep the key by a person's choice.
pub(super) fn left(plan: &Plan) -> Vec<&Choice> {
    plan.choices.iter().filter(|choice| choice.is_left()).collect()
}

/// Files of the newest plan that keep the key: nothing when there is no plan.
pub(super) fn left_in(facts: &RepoFacts) -> Vec<&Choice> {
    facts.plan.as_ref().map(|(_, plan)| left(plan)).unwrap_or_default()
}

/// A path of the file, or the blob's id where it has none.
pub(super) fn path(choice: &Choice) -> &str {
    choice.path.as_deref().unwrap_or(&choice.id)
}

/// `a.zip`, `a.zip and b.zip`, `a.zip, b.zip and 3 more`. One path may be several versions of a file.
pub(super) fn paths<'a>(choices: impl IntoIterator<Item = &'a Choice>) -> String {
    let mut all: Vec<&str> = choices.into_iter().map(path).collect();
    all.sort_unstable();
    all.dedup();
    match all[..] {
        [] => String::new(),
        [one] => one.to_owned(),
        [one, two] => format!("{one} and {two}"),
        [one, two, ..] => format!("{one}, {two} and {} more", all.len() - 2),
    }
}

/// What the plan does with such files, a line for each sort and fate, and with commits that become empty.
pub(super) fn lines(plan: &Plan) -> Vec<String> {
    let files = [Sort::Archives, Sort::Binaries].into_iter().flat_map(|sort| sort.lines(plan));
    files.chain(emptied::line(plan)).collect()
}

/// Does the proof name an object that nobody chose to leave? Its lines name a few; that all were compared is a person's word.
pub(super) fn names_another(plan: &Plan, proof: &Proof) -> bool {
    let left = left(plan);
    let is_id = |word: &&str| matches!(word.len(), 40 | 64) && word.bytes().all(|b| b.is_ascii_hexdigit());
    let unclean = proof.checks.iter().filter(|check| !check.clean);
    let mut named = unclean.flat_map(|check| check.saw.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_id));
    left.is_empty() || named.any(|id| left.iter().all(|choice| choice.id != id))
}
