//! What the history engine tells of the world outside the repository: remotes, pushes, what a server still serves, and
//! the papers for other people.
//!
//! Must not know: how a remote is asked. Names and addresses in here are redacted already, and hold no password.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a push did, ref by ref.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PushReport {
    /// The remotes' names, with commas.
    pub remote: String,
    pub refs: Vec<PushedRef>,
    /// Refs the remote hides or refuses for good: only its owner can clean them.
    pub needs_support: Vec<String>,
    /// Objects that held the key and are here again: something fetched the old history between switch and push.
    #[serde(default)]
    pub came_back: Vec<String>,
}

/// One ref of one remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRef {
    /// With the remote's name before it where there are several.
    pub name: String,
    /// The remote was seen to have the clean history there.
    pub ok: bool,
    pub said: String,
    #[serde(default)]
    pub outcome: PushOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushOutcome {
    /// Moved to the clean history now, and seen there.
    Pushed,
    /// The remote had the clean history before.
    CleanAlready,
    /// An old name that held the key is gone from the remote.
    Deleted,
    /// Somebody pushed meanwhile: fetch, plan, apply, push.
    Behind,
    /// The server refuses: a protected branch, a hook, a setting. Lift it, push again.
    Protected,
    /// It still has the old history, and nothing was tried.
    Old,
    /// No connection, or it was stopped; push again.
    #[default]
    Failed,
}

/// One remote before a rewrite, as it answers now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RemoteLook {
    pub name: String,
    /// Without user and password.
    pub url: String,
    /// Why it is not known what it holds.
    pub silent: Option<String>,
    /// Its refs that the rewrite changes and that can be pushed.
    pub refs: Vec<String>,
    /// Numbers of pull (or merge) requests whose head is in the history that changes.
    pub pull_requests: Vec<u64>,
    /// Those of them that look open: the host keeps a merge ref for them.
    pub open: Vec<u64>,
    /// Numbers of those whose commits are not here: nobody knows.
    pub unknown: Vec<u64>,
    /// Refs that moved on since the last fetch: their new commits are not here.
    pub behind: Vec<String>,
    /// Refs that were never fetched here and could not be looked into.
    pub unfetched: Vec<String>,
    /// Refs whose commits are not here, and that bring the key or lead to the history that changes.
    #[serde(default)]
    pub strange: Vec<String>,
    /// How many refs whose commits are not here were fetched aside and looked into.
    #[serde(default)]
    pub looked_aside: usize,
}

/// What was seen outside after a push. Can be asked again at any time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Aftermath {
    pub remotes: Vec<RemoteAfter>,
    /// Local refs that lead to the old history again, as `ref contains commit`.
    pub here: Vec<String>,
    /// Objects that held the key and are here again.
    pub came_back: Vec<String>,
    pub not_checked: Vec<String>,
}

impl Aftermath {
    /// What all of it amounts to.
    pub fn outside(&self) -> Outside {
        let seen = |r: &RemoteAfter| {
            let served = r.served.iter().any(|s| s.answer == Serves::Yes);
            served || !(r.old.is_empty() && r.again.is_empty() && r.anew.is_empty() && r.pull_requests.is_empty())
        };
        if !self.here.is_empty() || !self.came_back.is_empty() || self.remotes.iter().any(seen) {
            return Outside::Seen;
        }
        let silent = |r: &RemoteAfter| r.silent.is_some() || r.served.iter().any(|s| s.answer == Serves::Unknown);
        if self.remotes.iter().any(silent) { Outside::Unknown } else { Outside::Gone }
    }
}

/// Whether the old history was seen outside, or came back here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// Everybody who could be asked answered, and none has it.
    Gone,
    /// It was not seen, but a remote did not answer, or not all that it was asked.
    Unknown,
    /// Somebody has it.
    Seen,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RemoteAfter {
    pub name: String,
    /// Without user and password.
    pub url: String,
    /// Why it is not known what it holds.
    pub silent: Option<String>,
    /// Refs that are still at an old id.
    pub old: Vec<String>,
    /// Refs whose newer commits lead to the old history: somebody merged or pushed from a clone of before.
    pub again: Vec<String>,
    /// Refs whose newer commits bring the key itself, in commits that were not there before.
    #[serde(default)]
    pub anew: Vec<String>,
    /// Numbers of pull (or merge) requests that lead to the old history.
    pub pull_requests: Vec<u64>,
    /// Old ids that were asked for.
    pub served: Vec<ServedId>,
    /// Copies of the repository that borrow its objects, or that it borrows from.
    pub forks: Vec<Fork>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedId {
    pub id: String,
    pub answer: Serves,
    pub said: String,
}

/// Does the server hand an object out to somebody who knows its id?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Serves {
    Yes,
    No,
    /// It answers to no id that it does not advertise, or it did not answer.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    pub place: String,
    /// `None`: it can't be looked into.
    pub holds: Option<bool>,
    pub said: String,
}

/// Texts for other people, made of a plan. None holds the key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Papers {
    pub papers: Vec<Paper>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// File name.
    pub name: String,
    /// Who it is for, in a line.
    pub what: String,
    /// A script: 0700 instead of 0600.
    pub runs: bool,
    pub text: String,
}

/// Papers that were written to files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Filed {
    pub dir: PathBuf,
    /// File name, and who it is for.
    pub files: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_answer_is_neither_clean_nor_dirty() {
        let look = |silent: Option<&str>, answers: &[Serves], old: &[&str]| {
            let served =
                answers.iter().map(|answer| ServedId { id: "1".into(), answer: *answer, said: "x".into() }).collect();
            let old = old.iter().map(|name| (*name).to_owned()).collect();
            let remote = RemoteAfter { silent: silent.map(str::to_owned), served, old, ..RemoteAfter::default() };
            Aftermath { remotes: vec![remote], ..Aftermath::default() }.outside()
        };
        assert_eq!(look(None, &[Serves::No], &[]), Outside::Gone);
        assert_eq!(look(Some("no network"), &[], &[]), Outside::Unknown);
        assert_eq!(look(None, &[Serves::No, Serves::Unknown], &[]), Outside::Unknown);
        assert_eq!(look(None, &[Serves::Unknown, Serves::Yes], &[]), Outside::Seen);
        assert_eq!(look(None, &[Serves::Unknown], &["refs/heads/a"]), Outside::Seen);
        assert_eq!(Aftermath { here: vec!["refs/heads/a".into()], ..Aftermath::default() }.outside(), Outside::Seen);
    }
}
