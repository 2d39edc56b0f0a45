//! Every object of a repository by number: packs entry by entry in the order they lie, then loose files.
//!
//! Must not know: which of them stay.

use std::path::{Path, PathBuf};

use crate::base::Fault;
use crate::base::fault::Result;
use crate::git::pack::entry::{Id, Kind, Stored};
use crate::git::pack::file::{Pack, Reader};
use crate::git::pack::flow::{Flow, LARGE};
use crate::git::pack::inflate::Inflater;
use crate::git::pack::near::{Known, Near};
use crate::git::store;

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

impl Source {
    /// Reads what is in the folder `objects`, and the heads of all entries.
    pub(super) fn open(objects: &Path, cancel: &(dyn Fn() -> bool + Sync)) -> Result<Self> {
        let mut packs = Vec::new();
        for path in store::files(&objects.join("pack"), &|_| false)? {
            if path.extension().is_some_and(|e| e == "pack") && path.with_extension("idx").exists() {
                packs.push(Pack::open(&path)?);
            }
        }
        // The largest first: what it holds is not taken from another, and its order is the order.
        packs.sort_by_key(|pack| std::cmp::Reverse(pack.len()));
        let loose = loose(objects)?;
        let mut firsts = vec![0_u32];
        let mut count = 0_u32;
        for pack in &packs {
            count = count.checked_add(pack.len()).ok_or_else(|| damaged("it has too many objects"))?;
            firsts.push(count);
        }
        let mut source = Self { packs, firsts, loose, entries: Vec::new(), table: Table::default() };
        source.heads(cancel)?;
        source.kinds()?;
        source.name()?;
        Ok(source)
    }

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
        loose_flow(&self.loose.get(nth)?.1)
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

    pub(super) fn readers(&self) -> Readers<'_> {
        let packs = self.packs.iter().map(|pack| Near::new(Reader::new(pack))).collect();
        Readers { source: self, packs, inflater: Inflater::default() }
    }

    /// Where every entry's base is. A whole one's kind is known at once.
    fn heads(&mut self, cancel: &(dyn Fn() -> bool + Sync)) -> Result<()> {
        let mut entries = Vec::with_capacity(self.firsts.last().map_or(0, |n| *n as usize) + self.loose.len());
        for (p, pack) in self.packs.iter().enumerate() {
            let first = self.number(p, 0);
            let threads = u32::try_from(super::threads()).unwrap_or(1);
            let share = pack.len().div_ceil(threads).max(1);
            let parts: Vec<Result<Vec<Entry>>> = std::thread::scope(|scope| {
                let workers: Vec<_> = (0..threads)
                    .map(|t| {
                        let ranks = (t * share).min(pack.len())..((t + 1) * share).min(pack.len());
                        scope.spawn(move || some_heads(pack, ranks, first, cancel))
                    })
                    .collect();
                workers.into_iter().map(super::joined).collect()
            });
            for part in parts {
                entries.extend(part?);
            }
        }
        let mut inflater = Inflater::default();
        let mut out = Vec::new();
        for (_, path) in &self.loose {
            let large = loose_flow(path).map(|flow| flow.kind);
            let kind = if large.is_some() { large } else { inflater.loose(&store::read(path)?, &mut out) };
            let kind = kind.ok_or_else(|| damaged("a loose object can't be read"))?;
            entries.push(Entry { base: NONE, first: NONE, kind });
        }
        self.entries = entries;
        Ok(())
    }

    /// A delta is of its base's kind.
    fn kinds(&mut self) -> Result<()> {
        let mut known: Vec<bool> = self.entries.iter().map(|e| e.base == NONE).collect();
        let mut path = Vec::new();
        for n in 0..self.len() {
            let mut at = n;
            while !known.get(at as usize).copied().unwrap_or(true) {
                path.push(at);
                at = self.entry(at).base;
                if path.len() > self.entries.len() {
                    return Err(damaged("deltas go in a circle"));
                }
            }
            let kind = self.entry(at).kind;
            for n in path.drain(..) {
                if let (Some(entry), Some(known)) = (self.entries.get_mut(n as usize), known.get_mut(n as usize)) {
                    entry.kind = kind;
                    *known = true;
                }
            }
        }
        Ok(())
    }

    /// Fills the table of ids.
    fn name(&mut self) -> Result<()> {
        let mut table = Table::new(self.entries.len());
        let mut firsts = Vec::with_capacity(self.entries.len());
        for n in 0..self.len() {
            let id = self.id(n).ok_or_else(|| damaged("an index ends too early"))?;
            firsts.push(table.add(id, n, &|other| self.id(other)));
        }
        for (entry, first) in self.entries.iter_mut().zip(firsts) {
            entry.first = first;
        }
        self.table = table;
        Ok(())
    }
}

/// A loose object of more than [`LARGE`] bytes.
fn loose_flow(path: &Path) -> Option<Flow<'static>> {
    let long = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.len() > LARGE / 1032);
    if long { Flow::loose(path).filter(|flow| flow.size > LARGE) } else { None }
}

fn some_heads(
    pack: &Pack,
    ranks: std::ops::Range<u32>,
    first: u32,
    cancel: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Entry>> {
    let mut reader = Reader::new(pack);
    let mut entries = Vec::with_capacity(ranks.len());
    for rank in ranks {
        if rank % 0x4000 == 0 && cancel() {
            return Err(crate::git::cancelled());
        }
        let head = reader.head(rank).ok_or_else(|| damaged("an entry of a pack can't be read"))?;
        let (base, kind) = if let Stored::Whole(kind) = head.stored {
            (NONE, kind)
        } else {
            let base = pack.base_of(rank, &head).filter(|base| *base != rank);
            // Its kind is its base's, which is settled when all heads are read.
            (first + base.ok_or_else(|| damaged("a delta's base is not in its pack"))?, Kind::Blob)
        };
        entries.push(Entry { base, first: NONE, kind });
    }
    Ok(entries)
}

fn loose(objects: &Path) -> Result<Vec<(Id, PathBuf)>> {
    let mut found = Vec::new();
    for path in store::files(objects, &|dir| dir.file_name().is_some_and(|name| name.len() == 2))? {
        let mut parts = path.iter().rev().filter_map(|part| part.to_str());
        let (Some(rest), Some(two)) = (parts.next(), parts.next()) else { continue };
        if let Some(id) = crate::git::raw::oid(format!("{two}{rest}").as_bytes())
            && let Some(id) = id.as_bytes().first_chunk::<20>()
        {
            found.push((*id, path));
        }
    }
    Ok(found)
}

pub(super) fn damaged(why: &str) -> Fault {
    Fault::refused("the repository is damaged", why.to_owned())
        .hint("`git fsck --full` lists what is broken; fetch it, or work on a fresh clone")
}

/// Where an object is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In which pack, at which rank.
    Packed(usize, u32),
    Loose(usize),
}

/// One thread's way to read objects.
#[derive(Debug)]
pub(super) struct Readers<'s> {
    source: &'s Source,
    packs: Vec<Near<'s>>,
    inflater: Inflater,
}

impl<'s> Readers<'s> {
    /// How the pack with this number is read entry by entry.
    pub(super) fn pack(&mut self, pack: usize) -> Option<&mut Reader<'s>> {
        self.packs.get_mut(pack).map(|near| &mut near.reader)
    }

    /// The whole object.
    pub(super) fn object(&mut self, n: u32) -> Option<Known> {
        match self.source.place(n)? {
            Place::Packed(pack, rank) => self.packs.get_mut(pack)?.object(rank),
            Place::Loose(nth) => {
                let (_, path) = self.source.loose.get(nth)?;
                let mut out = Vec::new();
                let kind = self.inflater.loose(&crate::git::store::bytes(path).ok()?, &mut out)?;
                Some((kind, out.into()))
            }
        }
    }
}

/// From id to number. Ids are as good as random, so their own bytes are the hash.
#[derive(Debug, Default)]
struct Table {
    /// Part of the id, and the number plus one.
    slots: Vec<(u32, u32)>,
}

impl Table {
    fn new(count: usize) -> Self {
        Self { slots: vec![(0, 0); (count * 2).next_power_of_two().max(16)] }
    }

    fn slot(&self, id: &Id) -> (usize, u32) {
        let part = |from: usize| id.get(from..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
        let hash = usize::try_from(u32::from_le_bytes(part(0))).unwrap_or_default();
        (hash & self.slots.len().wrapping_sub(1), u32::from_le_bytes(part(4)))
    }

    fn find<'i>(&self, id: &Id, name: &dyn Fn(u32) -> Option<&'i Id>) -> Option<u32> {
        let (mut at, tag) = self.slot(id);
        loop {
            let (known, n) = *self.slots.get(at)?;
            let n = n.checked_sub(1)?;
            if known == tag && name(n) == Some(id) {
                return Some(n);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds `n` unless the id is there; gives the number it has.
    fn add<'i>(&mut self, id: &Id, n: u32, name: &dyn Fn(u32) -> Option<&'i Id>) -> u32 {
        if let Some(known) = self.find(id, name) {
            return known;
        }
        let (mut at, tag) = self.slot(id);
        while self.slots.get(at).is_some_and(|(_, n)| *n != 0) {
            at = (at + 1) & (self.slots.len() - 1);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (tag, n + 1);
        }
        n
    }
}
