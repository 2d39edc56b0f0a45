//! Files that hold the key and are left as they are, by a person's choice: told where they are, then taken out of what
//! is worked on.
//!
//! Must not know: how the choice was made.

use std::collections::{BTreeMap, HashSet};

use git2::{ObjectType, Oid};

use super::super::graph::{Graph, Trees};
use super::super::large;
use super::super::policy::{self, Way};
use super::super::repo::Repo;
use super::{Seen, places};
use crate::base::fault::Result;
use crate::effect::git::Choice;

/// `seen` without what is to be left, and a list of that.
pub(super) fn leave(repo: &Repo<'_>, mut seen: Seen) -> Result<Seen> {
    if !policy::may_leave(&repo.policy) {
        return Ok(seen);
    }
    let mut left: BTreeMap<Oid, &'static str> = BTreeMap::new();
    let mut desk = seen.scan.library.desk();
    for (id, _) in seen.scan.dirty.iter().filter(|(_, (kind, _))| *kind == ObjectType::Blob) {
        repo.go_on()?;
        let library = &seen.scan.library;
        let what = if library.large(*id).is_some() {
            let packed = seen.scan.archives.inside.contains_key(id);
            large::leaves(repo, &id.to_string(), &|| library.large(*id), packed)?
        } else {
            desk.read(*id).and_then(|(_, data)| policy::leaves(repo, &id.to_string(), &data))
        };
        left.extend(what.map(|what| (*id, what)));
    }
    drop(desk);
    if left.is_empty() {
        return Ok(seen);
    }
    let trees = &mut Trees::new(&seen.scan);
    let graph = Graph::new(repo, &seen.scan)?;
    let copies = places::copies(repo, &seen, trees, &graph)?;
    let one = |(id, what): (&Oid, &&str)| {
        let copy = copies.iter().find(|copy| copy.id == id.to_string());
        let inside = seen.scan.archives.inside.get(id).map(|all| all.iter().map(ToString::to_string).collect());
        Choice {
            id: id.to_string(),
            path: copy.and_then(|copy| copy.path.clone()),
            what: (*what).to_owned(),
            holds: inside.unwrap_or_else(|| copy.iter().map(|copy| copy.form.clone()).collect()),
            fate: Way::Left.fate(),
            way: Way::Left.words(),
        }
    };
    let listed = left.iter().map(one).collect();
    let ids: HashSet<Oid> = left.into_keys().collect();
    seen.scan.leave(&ids);
    seen.left = listed;
    Ok(seen)
}
