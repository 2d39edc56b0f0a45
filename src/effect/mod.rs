//! L1: the closed set of things the program can do to the world, and what comes back. Plain serde data.
//!
//! Must not know: how any of it is done, or who shows it. An effect names secrets by [`SecretRef`], never by bytes.

pub mod git;
pub mod provider;
pub mod remote;
pub mod target;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use crate::base::SecretRef;
use crate::base::{Fault, Stamp};
pub use git::{GitOp, GitReply};
pub use provider::{ProviderOp, ProviderReply};
pub use target::{TargetOp, TargetReply};

/// One operation. The verbs are closed; the nouns (which provider, which target) are open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum Effect {
    /// `provider` is the id of a registered provider.
    Provider {
        provider: String,
        op: ProviderOp,
    },
    /// The kind of target stands in the op's `TargetRef`; discovery asks them all.
    Target {
        op: TargetOp,
    },
    Git {
        repo: PathBuf,
        op: GitOp,
    },
}

/// Decides journaling, friction and retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Changes nothing: no friction, retried by itself.
    Read,
    /// Changes something that can be undone: preview, then `y`.
    Write,
    /// Changes something others see: preview, Cancel focused.
    Outward,
    /// Can't be undone: a typed phrase.
    Irreversible,
}

/// What came of an effect. "Don't know" has no variant: it is a missing record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    Done {
        reply: Reply,
    },
    /// The world said no, and nothing was changed.
    Refused {
        fault: Fault,
    },
    /// It did not work, and nothing was changed.
    Failed {
        fault: Fault,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Reply {
    Provider { reply: ProviderReply },
    Target { reply: TargetReply },
    Git { reply: GitReply },
}

/// How far a running effect is, in its present phase: `done` of `total`; `total` 0 means unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The phase, in words: `searching objects`. Another phase has other words.
    pub words: String,
    pub done: u64,
    pub total: u64,
    /// 1 for the first try.
    pub attempt: u32,
    /// Bytes worked through in this phase; 0 where nobody counts them.
    #[serde(default)]
    pub bytes: u64,
}

/// How sure we are. Three-valued everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Live,
    Dead,
    Unknown,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
        }
    }
}

/// One line of the request log: what was asked of whom. Never a body, a query value or a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    pub at: Stamp,
    /// `GET`, `DELETE`, `git`, `file`, `run`.
    pub verb: String,
    pub what: String,
    /// HTTP status or exit code; `None` when no answer came.
    pub status: Option<i32>,
    pub millis: u64,
    pub note: String,
}

impl Effect {
    pub fn risk(&self) -> Risk {
        match self {
            Self::Provider { op, .. } => op.risk(),
            Self::Target { op } => op.risk(),
            Self::Git { op, .. } => op.risk(),
        }
    }

    /// Intent must be on disk before it is done.
    pub fn writes(&self) -> bool {
        self.risk() > Risk::Read
    }

    /// A short name for logs, evidence and the list of running work.
    pub fn words(&self) -> String {
        match self {
            Self::Provider { provider, op } => format!("{} ({provider})", op.words()),
            Self::Target { op } => op.words(),
            Self::Git { repo, op } => {
                let name = repo.file_name().map_or_else(|| repo.display().to_string(), |n| n.to_string_lossy().into());
                format!("{} in {name}", op.words())
            }
        }
    }
}
