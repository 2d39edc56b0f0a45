//! What one thread notes about the objects it sees.
//!
//! Must not know: how objects are read.

use std::sync::Arc;

use git2::Oid;

use super::crew::Pulse;
use super::family::{Seen, Sink};
use super::inside::Opener;
use super::upward::{Branch, Upward};
use crate::git::archive::{Looked, looks_like};
use crate::git::cite::Style;
use crate::git::pack::entry::{Id, Kind};
use crate::git::pack::file::Pack;
use crate::git::raw::{self, Commit};

#[derive(Debug, Default)]
pub(super) struct Notes {
    /// With the number of the place it was seen in.
    pub(super) dirty: Vec<(Id, Kind, &'static str, usize)>,
    pub(super) commits: Vec<(Oid, Commit)>,
    pub(super) tags: Vec<(Oid, Oid)>,
    pub(super) broken: Vec<Id>,
    /// Commits and tags that don't say what they name.
    pub(super) odd: Vec<Id>,
    /// Trees that no pack of ours can show again.
    pub(super) trees: Vec<Id>,
    /// Files whose bytes alone don't tell what is in them, with the number of the place.
    pub(super) opaque: Vec<(Id, usize)>,
    /// What was seen in those that were looked into at once.
    pub(super) looked: Vec<(Id, usize, Looked)>,
    pub(super) objects: u64,
    pub(super) bytes: u64,
    /// Numbers of trees: one below, the one that holds it.
    pub(super) edges: Vec<(u32, u32)>,
    /// Numbers of dirty objects, and of a tree that holds them.
    pub(super) holders: Vec<(u32, u32)>,
    /// What may be ids of commits in the messages of commits and tags.
    pub(super) cites: Vec<(Oid, Vec<String>)>,
    /// How such ids are told; none: nobody asks.
    style: Option<Arc<Style>>,
}

impl Notes {
    /// Empty, and cited ids will be noted.
    pub(super) fn citing(style: &Arc<Style>) -> Self {
        Self { style: Some(style.clone()), ..Self::default() }
    }

    fn cited(&mut self, id: Oid, data: &[u8]) {
        let Some(style) = &self.style else { return };
        let cited = style.cited(raw::split(data).1);
        if !cited.is_empty() {
            self.cites.push((id, cited));
        }
    }

    /// Counts an object and keeps what is needed of it. `upward`: note what a tree holds.
    pub(super) fn saw(&mut self, id: &Id, place: usize, seen: &Seen<'_>, upward: Option<&Upward<'_>>) {
        self.count(seen.size);
        if let Some(form) = seen.form {
            self.dirty.push((*id, seen.kind, form, place));
        }
        if opaque(seen) {
            self.opaque.push((*id, place));
        }
        let Some(data) = seen.data else { return };
        match seen.kind {
            Kind::Commit => match (Oid::from_bytes(id), raw::commit(data)) {
                (Ok(oid), Some(commit)) => {
                    self.commits.push((oid, commit));
                    self.cited(oid, data);
                }
                _ => self.odd.push(*id),
            },
            Kind::Tag => match (Oid::from_bytes(id), raw::tag_target(data)) {
                (Ok(oid), Some(target)) => {
                    self.tags.push((oid, target));
                    self.cited(oid, data);
                }
                _ => self.odd.push(*id),
            },
            Kind::Tree => {
                if let Some(upward) = upward {
                    upward.tree(id, data, self);
                }
            }
            Kind::Blob => {}
        }
    }

    fn count(&mut self, size: usize) {
        self.objects += 1;
        self.bytes += size as u64;
    }
}

/// Whether its bytes alone don't tell what is in a file.
fn opaque(seen: &Seen<'_>) -> bool {
    seen.kind == Kind::Blob && (seen.packed || seen.data.is_some_and(|data| looks_like(data).is_some()))
}

/// Whether nothing but its number is kept of an object.
fn plain(seen: &Seen<'_>) -> bool {
    seen.form.is_none()
        && match seen.kind {
            Kind::Commit | Kind::Tag => false,
            Kind::Tree => true,
            Kind::Blob => !opaque(seen),
        }
}

/// Notes about the entries of one pack.
#[derive(Debug)]
pub(super) struct PackNotes<'n, 'c> {
    pub(super) pack: &'n Pack,
    pub(super) place: usize,
    pub(super) notes: &'n mut Notes,
    /// Large, and of no use outside of this pack: it ends with the pass over it.
    pub(super) branch: &'n mut Branch,
    pub(super) pulse: &'n mut Pulse<'c>,
    /// And the number of each entry that is a tree.
    pub(super) upward: Option<(&'n Upward<'n>, &'n [u32])>,
    pub(super) opener: &'n Opener<'n>,
}

impl Sink for PackNotes<'_, '_> {
    fn wants(&self, start: &[u8]) -> bool {
        looks_like(start).is_some()
    }

    fn wants_trees(&self) -> bool {
        self.upward.is_some()
    }

    fn saw(&mut self, rank: u32, seen: Seen<'_>) -> bool {
        if let (Kind::Tree, Some((upward, numbers)), Some(data)) = (seen.kind, self.upward, seen.data)
            && let Some(own) = numbers.get(rank as usize)
        {
            upward.grown(*own, data, &seen, self.branch, self.notes);
        }
        // Ids lie in another order than entries: each costs a walk through memory.
        if plain(&seen) {
            self.notes.count(seen.size);
        } else if let Some(id) = self.pack.id(rank) {
            let opaque = self.notes.opaque.len();
            self.notes.saw(id, self.place, &seen, None);
            // Its bytes are here now. Else it is looked into later.
            if self.notes.opaque.len() > opaque
                && let Some(looked) = seen.data.and_then(|data| self.opener.look(data))
            {
                self.notes.opaque.truncate(opaque);
                self.notes.looked.push((*id, self.place, looked));
            }
        }
        // Only what was built cost its size.
        self.pulse.beat(seen.data.map_or(0, <[u8]>::len))
    }

    fn broken(&mut self, rank: u32) {
        self.notes.broken.extend(self.pack.id(rank));
    }
}
