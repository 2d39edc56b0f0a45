//! What can be asked of the history engine, and its answers. Shared by the engine, the stages and the command line.
//!
//! Must not know: how a repository is read. Paths and names in here are redacted already.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Risk;
pub use super::remote::*;

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

/// Every copy of the key in one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CopyMap {
    pub copies: Vec<Copy>,
    pub objects: u64,
    pub bytes: u64,
    pub not_looked_into: Vec<String>,
}

/// One object (or file of the git directory) that holds the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// Object id, or the file's path for a leftover file.
    pub id: String,
    pub what: CopyKind,
    /// `plain`, `base64`, `utf-16le`, …
    pub form: String,
    /// For a blob: a path it is or was found at, redacted.
    pub path: Option<String>,
    /// Oldest and newest commit that hold it, if any.
    pub first: Option<String>,
    pub last: Option<String>,
    /// Refs that reach it, shortened list.
    pub refs: Vec<String>,
    /// A remote-tracking ref reaches it: it was pushed or fetched.
    pub on_remote: bool,
    pub reachable: bool,
    /// The smallest act that removes it.
    pub remedy: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyKind {
    Blob,
    Commit,
    Tag,
    Tree,
    Index,
    Leftover,
}

/// A rewrite that was worked out, objects written, nothing switched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Short hash over all ref moves: the same repository and key give the same plan.
    pub id: String,
    /// What a person types to apply it: the repository's name.
    pub phrase: String,
    pub nothing_to_do: bool,
    pub commits_changed: u64,
    pub commits_total: u64,
    /// Oldest changed commit (old id); what support desks ask for.
    pub first_changed: Vec<String>,
    pub files: Vec<String>,
    pub refs: Vec<RefMove>,
    /// Old ids of commits and tags that lose a signature.
    pub signatures_lost: Vec<String>,
    /// Old ids of commits whose whole change was to the key: they are kept and change nothing now, or are dropped, as
    /// `policy.emptied` says.
    #[serde(default)]
    pub became_empty: Vec<String>,
    /// Ids in messages that follow the rewritten commits.
    #[serde(default)]
    pub citations_followed: u64,
    /// Ids in messages that can't follow: `<who> names <digits>`. Mostly in commits that keep their ids.
    #[serde(default)]
    pub citations_left: Vec<String>,
    /// Redacted `-`/`+` lines, one pair per distinct line.
    pub diff: Vec<String>,
    pub copies: Vec<Copy>,
    /// Copies that only an expiry and prune removes (unreachable objects, reflogs).
    pub prune_only: u64,
    /// A remote holds none of it: no force push is needed.
    pub push_needed: bool,
    pub not_looked_into: Vec<String>,
    /// Each remote as it answered when the plan was made.
    #[serde(default)]
    pub remotes: Vec<RemoteLook>,
    /// What was chosen for files that can't be edited as text, and each such file.
    #[serde(default)]
    pub policy: Policy,
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Submodules' commits that were rewritten by a purge of the submodule: the commits here that name the old ones
    /// follow.
    #[serde(default)]
    pub gitlinks: Vec<Gitlink>,
    /// Large files that hold the key: gone here when it is applied, and for the server to delete.
    #[serde(default)]
    pub lfs: Vec<LfsObject>,
    /// Why it can't be done safely, each with the way forward. Not empty: apply refuses.
    pub refusals: Vec<Refusal>,
}

/// What becomes of files that can't be edited as text, and of commits that become empty. A person's choice; it stays
/// with the plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policy {
    #[serde(default)]
    pub archives: Archives,
    #[serde(default)]
    pub binaries: Binaries,
    #[serde(default)]
    pub emptied: Emptied,
    /// For single files, by their blob's id: it goes before what holds for their sort.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, FileChoice>,
}

/// Commits that change nothing any more once the key, or the files that held it, are gone. What was empty before stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Emptied {
    /// They keep their place, and say that something was done.
    #[default]
    Keep,
    /// What came after them stands on their parent.
    Drop,
}

/// What becomes of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChoice {
    /// The key goes, the file stays: an archive is packed anew, in another binary the key is overwritten in place.
    Redact,
    /// It goes from every commit that has it.
    Drop,
    /// The key stays in it.
    Leave,
}

/// gzip, zip (jar, docx, …), tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Archives {
    /// Nobody chose yet: the plan shows what repacking would do, apply refuses.
    #[default]
    Ask,
    /// The file goes from every commit that has it.
    Drop,
    /// The same archive with the key taken out.
    Repack,
    /// The key stays in it.
    Leave,
}

/// Other content with NULs in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binaries {
    /// The key's bytes are overwritten, nothing moves.
    #[default]
    SameLength,
    Drop,
    Leave,
}

/// One commit of a submodule that this history names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gitlink {
    /// Where the submodule is or was, redacted.
    pub path: String,
    pub old: String,
    pub new: String,
}

/// A large file that git LFS keeps beside the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LfsObject {
    /// SHA-256 of its content.
    pub oid: String,
    pub size: u64,
    /// Where its pointer is in the history, and the commits that add or remove it, newest first.
    pub paths: Vec<String>,
    pub commits: Vec<String>,
}

/// One file that can't be edited as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The blob.
    pub id: String,
    pub path: Option<String>,
    /// `archive` or `binary`.
    pub what: String,
    /// Where in it: `gzip > tar > app/.env: plain`.
    pub holds: Vec<String>,
    #[serde(default)]
    pub fate: Fate,
    /// What the plan does with it, in words.
    pub way: String,
}

/// What a plan does with one file that can't be edited as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Nobody chose yet; it could be packed anew.
    #[default]
    Asked,
    /// The key is overwritten in place.
    SameLength,
    Repacked,
    Dropped,
    /// The key stays in it.
    Left,
    /// It was to be packed anew, and that does not work; [`Choice::way`] says why.
    Stuck,
}

impl Choice {
    pub fn is_stuck(&self) -> bool {
        self.fate == Fate::Stuck
    }

    pub fn is_left(&self) -> bool {
        self.fate == Fate::Left
    }

    /// Somebody must still say what becomes of it.
    pub fn is_open(&self) -> bool {
        matches!(self.fate, Fate::Asked | Fate::Stuck)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefMove {
    pub name: String,
    pub old: String,
    pub new: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Refusal {
    pub why: String,
    pub way_forward: String,
    /// It goes when somebody chooses what becomes of archives and binaries.
    #[serde(default)]
    pub asks: bool,
}

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
