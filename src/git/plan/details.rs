//! What later steps need of a plan, in this process or another: the form it is kept in.
//!
//! Must not know: how it was worked out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::rename::Rename;
use crate::effect::git::{Policy, RefMove};

/// How far a plan has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::git) enum Stage {
    Planned,
    Applied,
    Undone,
    /// Applied, and the backup is destroyed.
    Finished,
}

/// What later steps need of a plan, in this process or another. Ids and names only, never the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::git) struct Details {
    pub(in crate::git) plan: String,
    pub(in crate::git) stage: Stage,
    pub(in crate::git) git_dir: PathBuf,
    /// With HEAD, when it is detached.
    pub(in crate::git) moves: Vec<RefMove>,
    /// HEAD's tree before and after; equal when the files don't change.
    pub(in crate::git) tree: Option<(String, String)>,
    /// The same for linked working trees: name, before, after.
    #[serde(default)]
    pub(in crate::git) linked: Vec<(String, String, String)>,
    /// Refs whose names held the key.
    #[serde(default)]
    pub(in crate::git) renames: Vec<Rename>,
    /// Changed commits and tags: old id, new id.
    pub(in crate::git) map: BTreeMap<String, String>,
    /// Ids in logs that are dropped: nothing but a log holds them.
    pub(in crate::git) lost: BTreeSet<String>,
    /// Objects that hold the key and must be gone in the end.
    pub(in crate::git) dirty: BTreeSet<String>,
    /// What a person chose for files that can't be edited as text.
    #[serde(default)]
    pub(in crate::git) policy: Policy,
    /// Name of the pack with all that stays, once it was made.
    #[serde(default)]
    pub(in crate::git) pack: Option<String>,
    /// Objects that nothing needed, which were left out of it.
    #[serde(default)]
    pub(in crate::git) dropped: u64,
}

impl Details {
    /// The trees before and after of a working tree (the main one's name is empty).
    pub(in crate::git) fn tree_of(&self, name: &str) -> Option<(&str, &str)> {
        if name.is_empty() {
            return self.tree.as_ref().map(|(old, new)| (old.as_str(), new.as_str()));
        }
        self.linked.iter().find(|(own, ..)| own == name).map(|(_, old, new)| (old.as_str(), new.as_str()))
    }

    /// The new digits for an id, whole or abbreviated, of a changed commit.
    pub(in crate::git) fn cited(&self, digits: &str) -> Option<String> {
        let mut found = self.map.range(digits.to_owned()..).take_while(|(old, _)| old.starts_with(digits));
        match (found.next(), found.next()) {
            (Some((_, new)), None) => new.get(..digits.len()).map(str::to_owned),
            _ => None,
        }
    }

    /// Every name of a ref in here.
    pub(in crate::git) fn names(&mut self) -> impl Iterator<Item = &mut String> {
        let renamed =
            self.renames.iter_mut().flat_map(|r| [&mut r.old, &mut r.new].into_iter().chain(&mut r.followers));
        self.moves.iter_mut().map(|m| &mut m.name).chain(renamed)
    }
}
