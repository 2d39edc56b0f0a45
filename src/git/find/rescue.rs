//! What our own reader can't read is asked of libgit2: it may know another copy, or another way.
//!
//! Must not know: packs' insides.

use std::collections::HashSet;
use std::sync::Arc;

use git2::{ObjectType, Odb, Oid};

use super::family::Seen;
use super::note::Notes;
use super::places::Places;
use super::sweep::Grown;
use super::upward::Upward;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::git::cite::Style;
use crate::git::pack::entry::{Id, Kind};
use crate::git::repo::Repo;

pub(super) struct Rescue<'r, 'a> {
    pub(super) repo: &'r Repo<'a>,
    pub(super) odb: Odb<'r>,
    /// What nobody can read.
    pub(super) broken: HashSet<Id>,
    pub(super) style: &'r Arc<Style>,
}

impl std::fmt::Debug for Rescue<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rescue({} broken)", self.broken.len())
    }
}

impl Rescue<'_, '_> {
    /// Entries whose bases lead nowhere, and everything in packs that could not be opened.
    pub(super) fn strangers(&mut self, places: &Places, grown: &[Grown<'_>], all: &mut Vec<Notes>) -> Result<()> {
        let mut ids: HashSet<Id> = grown.iter().flat_map(Grown::lost).collect();
        if !places.unread.is_empty() {
            let mut asked = 0_u32;
            let listed = self.odb.foreach(|id| {
                asked = asked.wrapping_add(1);
                if let Some(id) = id.as_bytes().first_chunk().filter(|id| !places.has(id)) {
                    ids.insert(*id);
                }
                asked % 4096 != 0 || !(self.repo.ask.cancel)()
            });
            self.repo.go_on()?;
            listed.map_err(|e| Fault::machine("the objects can't be listed", e.message()))?;
        }
        let mut notes = Notes::citing(self.style);
        for id in ids {
            self.one(&id, &mut notes, None)?;
        }
        all.push(notes);
        Ok(())
    }

    /// What a pass could not read.
    pub(super) fn broken(&mut self, all: &mut Vec<Notes>, upward: Option<&Upward<'_>>) -> Result<()> {
        let ids: HashSet<Id> = all.iter_mut().flat_map(|notes| std::mem::take(&mut notes.broken)).collect();
        let mut notes = Notes::citing(self.style);
        for id in ids {
            self.one(&id, &mut notes, upward)?;
        }
        // Read, and still not what it should be.
        self.broken.extend(std::mem::take(&mut notes.broken));
        all.push(notes);
        Ok(())
    }

    /// Asks trees what they hold.
    pub(super) fn trees(&mut self, ids: &[Id], upward: &Upward<'_>) -> Result<Notes> {
        let mut notes = Notes::default();
        for id in ids {
            self.repo.go_on()?;
            match Oid::from_bytes(id).and_then(|oid| self.odb.read(oid)) {
                Ok(object) => upward.tree(id, object.data(), &mut notes),
                Err(_) => drop(self.broken.insert(*id)),
            }
        }
        Ok(notes)
    }

    fn one(&mut self, id: &Id, notes: &mut Notes, upward: Option<&Upward<'_>>) -> Result<()> {
        self.repo.go_on()?;
        let object = Oid::from_bytes(id).and_then(|oid| self.odb.read(oid));
        let Some((object, kind)) = object.ok().and_then(|object| kind(object.kind()).map(|kind| (object, kind))) else {
            self.broken.insert(*id);
            return Ok(());
        };
        let data = object.data();
        let form = self.repo.search.form_in(data);
        if kind == Kind::Tree && upward.is_none() {
            notes.trees.push(*id);
        }
        notes.saw(id, 0, &Seen { kind, size: data.len(), data: Some(data), form }, upward);
        Ok(())
    }
}

fn kind(kind: ObjectType) -> Option<Kind> {
    match kind {
        ObjectType::Commit => Some(Kind::Commit),
        ObjectType::Tree => Some(Kind::Tree),
        ObjectType::Blob => Some(Kind::Blob),
        ObjectType::Tag => Some(Kind::Tag),
        _ => None,
    }
}
