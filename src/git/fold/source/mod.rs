//! Every object of a repository by number: packs entry by entry in the order they lie, then loose files.
//!
//! `open` numbers them, `table` finds a number by its id, `loose` knows the files without a pack, `readers` read.
//!
//! Must not know: which of them stay.

mod loose;
mod open;
mod readers;
mod table;

use std::path::PathBuf;

use crate::base::Fault;
use crate::git::pack::entry::{Id, Kind};
use crate::git::pack::file::Pack;
use crate::git::pack::flow::Flow;
pub(super) use readers::Readers;
use table::Table;

/// No number.
pub(super) const NONE: u32 = u32::MAX;

/// See above.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) packs: Vec<Pack>,
    /// First number of each pack; then of the loose objects.
    firsts: Vec<u32>,
    loose: Vec<(Id, PathBuf)>,
    entries: Vec<Entry>,
    table: Table,
}

/// One object as it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// What it is a delta against.
    pub(super) base: u32,
    /// The same object, stored before; itself when there is none.
    pub(super) first: u32,
    pub(super) kind: Kind,
}

/// Where an object is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In which pack, at which rank.
    Packed(usize, u32),
    Loose(usize),
}

impl Source {
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(NONE)
    }

    pub(super) fn entry(&self, n: u32) -> Entry {
        self.entries.get(n as usize).copied().unwrap_or(Entry { base: NONE, first: n, kind: Kind::Blob })
    }

    pub(super) fn id(&self, n: u32) -> Option<&Id> {
        match self.place(n)? {
            Place::Packed(pack, rank) => self.packs.get(pack)?.id(rank),
            Place::Loose(nth) => self.loose.get(nth).map(|(id, _)| id),
        }
    }

    /// A loose file that is too large to be held.
    pub(super) fn flow(&self, n: u32) -> Option<Flow<'static>> {
        let Place::Loose(nth) = self.place(n)? else { return None };
        loose::flow(&self.loose.get(nth)?.1)
    }

    /// The number of an object: the first, when it is stored more than once.
    pub(super) fn find(&self, id: &Id) -> Option<u32> {
        self.table.find(id, &|n| self.id(n))
    }

    pub(super) fn place(&self, n: u32) -> Option<Place> {
        let pack = self.firsts.partition_point(|first| *first <= n).checked_sub(1)?;
        let rank = n - self.firsts.get(pack)?;
        Some(if pack < self.packs.len() { Place::Packed(pack, rank) } else { Place::Loose(rank as usize) })
    }

    pub(super) fn number(&self, pack: usize, rank: u32) -> u32 {
        self.firsts.get(pack).map_or(NONE, |first| first + rank)
    }
}

pub(super) fn damaged(why: &str) -> Fault {
    Fault::refused("the repository is damaged", why.to_owned())
        .hint("`git fsck --full` lists what is broken; fetch it, or work on a fresh clone")
}
