//! The parts of a scenario that are lists: projects, env files, commits, faults, lines for the player.
//!
//! Must not know: how any of it is simulated.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

/// A project and the other keys in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectSpec {
    pub name: String,
    #[serde(default)]
    pub keys: u32,
    /// Live keys whose owner lost access to the project: a plain listing hides them.
    #[serde(default)]
    pub hidden_keys: u32,
    #[serde(default)]
    pub archived: bool,
}

/// An env file. `{key}` in `text` is the leaked key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What runs with it: `billing-api`.
    pub service: String,
    /// Below the world's folder.
    pub path: String,
    pub text: String,
    /// The service is part of production.
    #[serde(default)]
    pub production: bool,
    /// Reload and check scripts stand beside it.
    #[serde(default)]
    pub hooks: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepoSpec {
    /// Folder name below the world's folder.
    pub name: String,
    pub commits: Vec<CommitSpec>,
    /// Branches that were never pushed.
    #[serde(default)]
    pub unpushed: Vec<String>,
    /// Uncommitted work, put away with `git stash`.
    #[serde(default)]
    pub stash: Vec<FileSpec>,
}

/// One commit, oldest first. `{key}`, `{key:base64}` and `{key:hex}` are filled in in messages and files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitSpec {
    #[serde(default = "main_branch")]
    pub branch: String,
    /// Where a new branch starts; the first commit of all has none.
    #[serde(default)]
    pub from: Option<String>,
    /// Branch merged by this commit.
    #[serde(default)]
    pub merge: Option<String>,
    pub author: String,
    pub minutes_before: u32,
    pub message: String,
    #[serde(default)]
    pub files: Vec<FileSpec>,
    #[serde(default)]
    pub delete: Vec<String>,
    #[serde(default)]
    pub tag: Option<TagSpec>,
}

fn main_branch() -> String {
    "main".into()
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    pub path: String,
    pub text: String,
}

/// Annotated when it has a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagSpec {
    pub name: String,
    #[serde(default)]
    pub message: Option<String>,
}

/// An administrative act from before the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditSpec {
    pub minutes_before: u32,
    /// The vendor's event name: `login.failed`.
    pub what: String,
    pub email: String,
    pub ip: String,
    pub country: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// `METHOD path-glob` below the server's root: `DELETE /v1/organization/projects/*/api_keys/*`. `*` is one
    /// segment, `**` any rest; the method may be `*`.
    pub on: String,
    /// The first matching request it hits, from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// How many matching requests in a row it hits.
    #[serde(default = "one")]
    pub times: u32,
    pub kind: FaultKind,
    /// Seconds for `rate_limited`, status for `server_error` and `echo_key`, milliseconds for `latency` and
    /// `applied_then_timeout`.
    #[serde(default)]
    pub value: u32,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 429 with `Retry-After`; nothing is done.
    RateLimited,
    /// 500 or the status given; nothing is done.
    ServerError,
    /// Answers late.
    Latency,
    /// Does it, then cuts the line without an answer.
    AppliedThenTimeout,
    /// An error whose message holds the caller's whole key; nothing is done.
    EchoKey,
}

/// A line that reaches the player during the drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectSpec {
    /// Seconds after the start.
    pub at_s: u32,
    pub text: String,
}

/// Stays below the folder it is joined to.
pub(super) fn is_below(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}
