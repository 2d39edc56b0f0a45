//! The rewrite: the same objects with the key's bytes replaced, and nothing else changed. Works on bytes, so odd
//! modes, headers and encodings survive; what does not change keeps its id.
//!
//! Must not know: refs, files, who asked. Whether new objects are kept or only hashed is the caller's choice.
//!
//! Here is what is known so far, and the new id of anything. `history` takes the commits in turn, `text` writes commits
//! and tags, `tree` folders, `blob` files; `checked` reads and puts objects for all of them.

mod blob;
mod checked;
mod history;
mod text;
mod tree;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use git2::{ObjectType, Oid};

use super::ahead::Ahead;
use super::cite::Cites;
use super::find::{Desk, Scan};
use super::fresh::Fresh;
use super::graph::Trees;
use super::policy::Way;
use super::repo::Repo;
use crate::base::Fault;
use crate::base::fault::Result;

pub(super) struct Rewriter<'r> {
    pub(super) repo: &'r Repo<'r>,
    desk: RefCell<Desk<'r>>,
    pub(super) scan: &'r Scan,
    /// Where new objects go; without it only their ids are worked out.
    fresh: Option<&'r Fresh>,
    /// Files that others clean meanwhile.
    pub(super) ahead: Ahead,
    /// Changed objects: old id to new id.
    pub(super) map: HashMap<Oid, Oid>,
    /// Commits and tags that lose a signature, old ids.
    pub(super) signatures_lost: Vec<Oid>,
    /// Ids in messages.
    pub(super) cites: Cites,
    /// Commits that must get a new id, reachable or not.
    pub(super) changed: HashSet<Oid>,
    /// Files that are left out, and folders that would be empty without them.
    gone: HashSet<Oid>,
    /// Submodules' commits and what they became.
    links: &'r HashMap<Oid, Oid>,
    /// Those of them that some tree named.
    pub(super) relinked: BTreeSet<Oid>,
    /// Commits that change nothing any more, and stand for their parents by a person's choice.
    pub(super) vanished: HashSet<Oid>,
    /// Commits that must not vanish, whatever they change.
    pub(super) parts: HashSet<Oid>,
    /// The trees of commits that were made.
    made: HashMap<Oid, Oid>,
    /// What became of files that can't be edited as text.
    pub(super) fates: BTreeMap<Oid, (&'static str, Way)>,
    /// Folders in folders, or tags of tags, that are open now.
    depth: usize,
}

/// How deep folders may lie. No path that a system can open is so deep, and git itself stops at 2,048.
const DEEPEST: usize = 1000;

impl std::fmt::Debug for Rewriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rewriter({} changed)", self.map.len())
    }
}

impl<'r> Rewriter<'r> {
    pub(super) fn new(
        repo: &'r Repo<'r>,
        scan: &'r Scan,
        links: &'r HashMap<Oid, Oid>,
        fresh: Option<&'r Fresh>,
    ) -> Self {
        let cites = Cites::default();
        Self {
            repo,
            desk: RefCell::new(scan.library.desk()),
            scan,
            fresh,
            ahead: Ahead::default(),
            map: HashMap::new(),
            signatures_lost: Vec::new(),
            cites,
            changed: HashSet::new(),
            gone: HashSet::new(),
            links,
            relinked: BTreeSet::new(),
            vanished: HashSet::new(),
            parts: HashSet::new(),
            made: HashMap::new(),
            fates: BTreeMap::new(),
            depth: 0,
        }
    }

    /// Each level takes a part of the stack, and somebody can make more levels than any stack holds.
    fn deeper(&mut self, id: Oid) -> Result<()> {
        self.depth += 1;
        if self.depth <= DEEPEST {
            return Ok(());
        }
        Err(Fault::refused(
            "the history can't be rewritten",
            format!("what leads to the key lies more than {DEEPEST} folders or tags deep, at {id}"),
        )
        .hint("nobody works with such a tree by hand: find the ref that leads there (`stanch find`), and delete it"))
    }

    /// The new id of anything a ref can name. Commits must be rewritten before.
    pub(super) fn object(&mut self, id: Oid, trees: &mut Trees<'_>) -> Result<Oid> {
        if let Some(new) = self.map.get(&id) {
            return Ok(*new);
        }
        if self.scan.commits.contains_key(&id) {
            return Ok(id);
        }
        if let Some(target) = self.scan.tags.get(&id).copied() {
            self.deeper(id)?;
            let new_target = self.object(target, trees)?;
            self.depth -= 1;
            if new_target == target && !self.scan.dirty.contains_key(&id) {
                return Ok(id);
            }
            let bytes = self.tag_bytes(id, new_target)?;
            let new = self.put(ObjectType::Tag, &bytes)?;
            self.map.insert(id, new);
            return Ok(new);
        }
        match self.scan.dirty.get(&id) {
            Some((ObjectType::Blob, _)) => self.blob(id),
            _ => self.tree(id, trees),
        }
    }
}
