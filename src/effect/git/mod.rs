//! What can be asked of the history engine, and its answers. Shared by the engine, the stages and the command line.
//!
//! Must not know: how a repository is read. Paths and names in here are redacted already.

mod copies;
mod plan;
mod policy;
mod proof;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Risk;

pub use super::remote::*;
pub use copies::{Copy, CopyKind, CopyMap};
pub use plan::{Gitlink, LfsObject, Plan, RefMove, Refusal};
pub use policy::{Archives, Binaries, Choice, Emptied, Fate, FileChoice, Policy};
pub use proof::{Proof, ProofLine, Standing};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum GitOp {
    /// Every copy of the leaked key in every object.
    Find,
    /// Work out the new objects and say exactly what a switch would change. Nothing is written to the repository.
    Plan,
    /// The same, with what a person chose for files that can't be edited as text.
    PlanAs { policy: Policy },
    /// The same, and no remote is asked.
    PlanOffline { policy: Policy },
    /// Back up, switch all refs to `plan`, expire and prune. Refused when a ref moved since.
    Apply { plan: String },
    /// Ask git itself whether a copy is left.
    Prove,
    /// Push the rewritten refs one by one, with leases.
    Push { plan: String },
    /// Where does the repository stand: old, new, or in between? Settles an interrupted write.
    Check { plan: String },
    /// Put everything back from the backup.
    Undo { plan: String },
    /// Destroy the backup and prove it.
    Finish { plan: String },
    /// After a push: what the remotes still serve, and whether the old history came back.
    After { plan: String },
    /// Write the texts for other people into `dir`: support request, colleagues' script, ban hook.
    Papers { plan: String, dir: PathBuf },
}

impl GitOp {
    pub fn risk(&self) -> Risk {
        match self {
            // Papers are files of ours that can be written again.
            Self::Find
            | Self::Plan
            | Self::PlanAs { .. }
            | Self::PlanOffline { .. }
            | Self::Prove
            | Self::Check { .. }
            | Self::After { .. }
            | Self::Papers { .. } => Risk::Read,
            Self::Undo { .. } => Risk::Write,
            Self::Apply { .. } | Self::Push { .. } | Self::Finish { .. } => Risk::Irreversible,
        }
    }

    pub fn words(&self) -> &'static str {
        match self {
            Self::Find => "find every copy",
            Self::Plan | Self::PlanAs { .. } | Self::PlanOffline { .. } => "plan the rewrite",
            Self::Apply { .. } => "switch to the clean history",
            Self::Prove => "prove that no copy is left",
            Self::Push { .. } => "push the clean history",
            Self::Check { .. } => "see where the repository stands",
            Self::Undo { .. } => "undo the rewrite",
            Self::Finish { .. } => "destroy the backup",
            Self::After { .. } => "see what the remotes still serve",
            Self::Papers { .. } => "write the papers for support and colleagues",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum GitReply {
    Found(CopyMap),
    Planned(Box<Plan>),
    Applied {
        plan: String,
        refs: usize,
        backup: String,
        /// Objects that nothing needed: they are in the backup only, and go with it.
        #[serde(default)]
        dropped: u64,
        /// Refs that somebody put on the old history while the switch ran. They keep it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        came_back: Vec<String>,
    },
    Proved(Proof),
    Pushed(PushReport),
    Stands {
        plan: String,
        at: Standing,
        /// What the remotes hold, ref by ref: `ok` is clean. `None`: nothing is to be pushed, or they did not answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remote: Option<PushReport>,
        /// The backup is destroyed, and that is on record beside the plan.
        #[serde(default)]
        finished: bool,
    },
    Undone {
        plan: String,
    },
    Finished {
        plan: String,
        backup: String,
    },
    After(Aftermath),
    Filed(Filed),
}
