//! The vocabulary of the journal: what can be said to have happened. Versioned; old words are never changed.
//!
//! Must not know: files, screens, clocks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::base::{Fingerprint, SecretRef, Stamp};
use crate::effect::{Effect, Outcome};

/// Version of the vocabulary written by this program. A reader takes its own and older ones.
pub const VERSION: u32 = 1;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub v: u32,
    /// 0 for the first, without gaps.
    pub seq: u64,
    pub at: Stamp,
    /// Who was at the keyboard.
    pub by: String,
    /// SHA-256 of the line before (without its line end), hexadecimal; 64 zeros for the first.
    pub prev: String,
    pub event: Event,
}

/// A step of a stage: `revoke` / `kill`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StepRef {
    pub stage: String,
    pub step: String,
}

impl StepRef {
    pub fn new(stage: &str, step: &str) -> Self {
        Self { stage: stage.into(), step: step.into() }
    }
}

impl std::fmt::Display for StepRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.stage, self.step)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Live,
    Drill,
}

impl Mode {
    /// What stands on every frame and export.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Drill => "DRILL",
        }
    }
}

/// The first record: what the incident is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub incident: String,
    pub mode: Mode,
    pub provider: String,
    pub key: Fingerprint,
    /// Salt of every fingerprint in this incident.
    pub salt: String,
    /// How it was found: mail, bill, scanner, colleague, …
    pub found_by: String,
    pub exposed_since: Stamp,
    /// `exposed_since` was told by a person; otherwise it is the opening time, the latest it can be.
    pub exposed_known: bool,
    pub repos: Vec<PathBuf>,
    pub roots: Vec<PathBuf>,
    /// An admin key is at hand: the provider's API can be used.
    pub has_admin: bool,
    /// Only a drill has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillRef>,
}

/// Enough to build the same drill world again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillRef {
    pub scenario: String,
    pub seed: u64,
    /// Virtual seconds per real second; 0: the clock moves only when somebody waits.
    pub pace: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Opened(Box<Opened>),
    /// A write is about to be done. On disk before it starts.
    Intent {
        id: u64,
        step: StepRef,
        effect: Effect,
    },
    /// What came of it.
    Outcome {
        id: u64,
        outcome: Outcome,
    },
    /// It may or may not have happened; only a look at the world can tell.
    Unknown {
        id: u64,
        why: String,
    },
    /// A look at the world settled an unknown write.
    Settled {
        id: u64,
        happened: bool,
        evidence: String,
    },
    /// A read and its answer.
    Observed {
        step: StepRef,
        effect: Effect,
        outcome: Outcome,
    },
    /// A person did it elsewhere and answered the challenge.
    ByHand {
        step: StepRef,
        answer: String,
    },
    Skipped {
        stage: String,
        reason: String,
    },
    Deferred {
        stage: String,
        owner: String,
        due: String,
        reason: String,
    },
    /// Back to a stage that was skipped or deferred.
    Reopened {
        stage: String,
    },
    /// A choice between ways, with what was known.
    Decided {
        topic: String,
        choice: String,
        facts: BTreeMap<String, String>,
        reason: String,
    },
    Note {
        text: String,
    },
    Todo {
        id: String,
        text: String,
        due: Option<Stamp>,
    },
    TodoDone {
        id: String,
        evidence: String,
    },
    Handover {
        to: String,
        text: String,
    },
    /// A secret was put into the vault.
    Took {
        role: SecretRef,
        print: Fingerprint,
    },
    /// The journal was opened again; `torn` bytes of a half-written line were cut.
    Resumed {
        torn: u64,
    },
    Closed {
        open: Vec<String>,
    },
}
