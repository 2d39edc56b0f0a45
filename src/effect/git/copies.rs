//! Where the key is: every copy in one repository.
//!
//! Must not know: how it was found.

use serde::{Deserialize, Serialize};

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
