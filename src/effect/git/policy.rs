//! What a person chooses for files that can't be edited as text and for commits that become empty, and each such file.
//!
//! Must not know: how a choice is carried out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
