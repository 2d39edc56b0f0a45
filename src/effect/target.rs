//! What can be asked of a place that holds the key, and its answers.
//!
//! Must not know: what kinds of place there are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Risk, SecretRef};
use crate::base::Fingerprint;

/// One place that holds (or held) the leaked value: a file, an app's config, a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TargetRef {
    /// Id of a registered target kind: `dotenv`.
    pub kind: String,
    /// What names it within its kind: for a file, its absolute path.
    pub place: String,
}

impl TargetRef {
    /// The last part of the place, for narrow columns.
    pub fn short(&self) -> String {
        let mut parts = self.place.rsplit('/');
        let last = parts.next().unwrap_or_default();
        parts.next().map_or_else(|| last.to_owned(), |dir| format!("{dir}/{last}"))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum TargetOp {
    /// Look below `roots` for places that hold the leaked value.
    Discover { roots: Vec<PathBuf> },
    /// What stands there now?
    Inspect { at: TargetRef },
    /// Put `with` where the leaked value stands; refused when the content is no longer `expect`.
    Put { at: TargetRef, expect: String, with: SecretRef },
    /// Read it again and say which key stands there.
    ReadBack { at: TargetRef },
    /// Run the user's declared reload command.
    Reload { at: TargetRef },
    /// Run the user's declared check command.
    Prove { at: TargetRef },
    /// Put the backup back.
    Undo { at: TargetRef },
    /// Destroy all backups of this incident.
    DropBackups,
    /// Take the new key's value back into the vault from a place it was written to (after a crash); only the value
    /// with this print is taken.
    Recover { at: TargetRef, print: Fingerprint },
}

impl TargetOp {
    pub fn risk(&self) -> Risk {
        match self {
            Self::Discover { .. }
            | Self::Inspect { .. }
            | Self::ReadBack { .. }
            | Self::Prove { .. }
            | Self::Recover { .. } => Risk::Read,
            Self::Put { .. } | Self::Undo { .. } => Risk::Write,
            Self::Reload { .. } => Risk::Outward,
            Self::DropBackups => Risk::Irreversible,
        }
    }

    pub fn at(&self) -> Option<&TargetRef> {
        match self {
            Self::Discover { .. } | Self::DropBackups => None,
            Self::Inspect { at }
            | Self::Put { at, .. }
            | Self::ReadBack { at }
            | Self::Reload { at }
            | Self::Prove { at }
            | Self::Undo { at }
            | Self::Recover { at, .. } => Some(at),
        }
    }

    pub fn words(&self) -> String {
        let place = self.at().map(TargetRef::short).unwrap_or_default();
        match self {
            Self::Discover { roots } => {
                format!("look for the key below {}", crate::base::words::count(roots.len(), "root"))
            }
            Self::Inspect { .. } => format!("look at {place}"),
            Self::Put { .. } => format!("write the new key to {place}"),
            Self::ReadBack { .. } => format!("read back {place}"),
            Self::Reload { .. } => format!("reload what uses {place}"),
            Self::Prove { .. } => format!("check what uses {place}"),
            Self::Undo { .. } => format!("undo {place}"),
            Self::DropBackups => "destroy the backups".into(),
            Self::Recover { .. } => format!("take the new key back from {place}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum TargetReply {
    Discovered { found: Vec<Found>, skipped: Vec<NotRead>, files: u64 },
    Inspected { found: Found },
    Written { at: TargetRef, now: String, spots: usize },
    ReadBack { at: TargetRef, holds: Holds },
    Ran { at: TargetRef, what: Hook, ok: bool, said: String },
    Undone { at: TargetRef },
    BackupsDropped { files: u64 },
    Recovered { at: TargetRef },
}

/// What a look at one place brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub at: TargetRef,
    /// SHA-256 of the content, hexadecimal: what `Put` expects.
    pub content: String,
    /// Where the leaked value stands.
    pub spots: Vec<Spot>,
    pub holds: Holds,
    /// Why it can't be written, if it can't.
    pub blocked: Option<String>,
    /// Things a person should know: tracked by git, a browser variable, duplicates.
    pub warnings: Vec<String>,
    /// Masked `-`/`+` lines of what a write would change.
    pub diff: Vec<String>,
    /// The user declared a reload command / a check command for it.
    pub can_reload: bool,
    pub can_prove: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    pub name: String,
    /// 1-based.
    pub line: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRead {
    pub place: String,
    pub why: String,
}

/// Which key stands in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    Leaked,
    Replacement,
    /// Both: a copy was missed.
    Both,
    Neither,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    Reload,
    Check,
}
