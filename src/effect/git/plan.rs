//! What a rewrite would change: refs, files, ids, what is lost, and what stands in its way.
//!
//! Must not know: how it is worked out.

use serde::{Deserialize, Serialize};

use super::super::remote::RemoteLook;
use super::copies::Copy;
use super::policy::{Choice, Policy};

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
