//! What went wrong, why, and what to do next, in words a tired person can use.
//!
//! Must not know: where it will be shown. A fault never carries a secret; whoever makes one scrubs first.

use serde::{Deserialize, Serialize};

/// What sort of trouble it is: decides the exit code, the retry and the tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The input is wrong; asking again with other input can work.
    Input,
    /// The world says no (permission, refusal, precondition). Repeating changes nothing.
    Refused,
    /// It could not be reached or did not answer in time; nothing was changed.
    Unreachable,
    /// It answered in a form we do not understand.
    Malformed,
    /// It asks us to slow down.
    Busy,
    /// The state changed since it was looked at.
    Changed,
    /// This machine failed us (disk, permission, process).
    Machine,
    /// Somebody pressed cancel, in time.
    Cancelled,
    /// Our own bug; still no reason to lose anything.
    Internal,
}

/// One trouble. `what` happened, `why`, and `hints`: things to do, best first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub kind: FaultKind,
    pub what: String,
    pub why: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

impl Fault {
    pub fn new(kind: FaultKind, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { kind, what: what.into(), why: why.into(), hints: Vec::new() }
    }

    pub fn input(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(FaultKind::Input, what, why)
    }

    pub fn refused(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(FaultKind::Refused, what, why)
    }

    pub fn machine(what: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self::new(FaultKind::Machine, what, why.to_string())
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.why)?;
        for hint in &self.hints {
            write!(f, "\n  try: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

pub type Result<T, E = Fault> = std::result::Result<T, E>;
