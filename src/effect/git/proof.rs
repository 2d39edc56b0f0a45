//! Where a repository stands, and what independent checks saw.
//!
//! Must not know: how it is checked.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Old,
    New,
    Mixed,
}

/// One independent check and its finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub checks: Vec<ProofLine>,
    pub not_checked: Vec<String>,
}

impl Proof {
    /// True when at least one check ran and none found a copy or failed.
    pub fn clean(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|c| c.clean)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofLine {
    pub what: String,
    pub clean: bool,
    pub saw: String,
}
