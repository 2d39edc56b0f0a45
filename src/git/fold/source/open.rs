//! Opens packs and loose files and gives every object its number: heads, then kinds, then ids.
//!
//! Must not know: who asks for an object.

use std::path::Path;

use super::table::Table;
use super::{Entry, NONE, Source, damaged, loose};
use crate::base::fault::Result;
use crate::git::fold::{joined, threads};
use crate::git::pack::entry::{Kind, Stored};
use crate::git::pack::file::{Pack, Reader};
use crate::git::pack::inflate::Inflater;
use crate::git::store;

impl Source {
    /// Reads what is in the folder `objects`, and the heads of all entries.
    pub(in crate::git::fold) fn open(objects: &Path, cancel: &(dyn Fn() -> bool + Sync)) -> Result<Self> {
        let mut packs = Vec::new();
        for path in store::files(&objects.join("pack"), &|_| false)? {
            if path.extension().is_some_and(|e| e == "pack") && path.with_extension("idx").exists() {
                packs.push(Pack::open(&path)?);
            }
        }
        // The largest first: what it holds is not taken from another, and its order is the order.
        packs.sort_by_key(|pack| std::cmp::Reverse(pack.len()));
        let loose = loose::all(objects)?;
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

    /// Where every entry's base is. A whole one's kind is known at once.
    fn heads(&mut self, cancel: &(dyn Fn() -> bool + Sync)) -> Result<()> {
        let mut entries = Vec::with_capacity(self.firsts.last().map_or(0, |n| *n as usize) + self.loose.len());
        for (p, pack) in self.packs.iter().enumerate() {
            let first = self.number(p, 0);
            let threads = u32::try_from(threads()).unwrap_or(1);
            let share = pack.len().div_ceil(threads).max(1);
            let parts: Vec<Result<Vec<Entry>>> = std::thread::scope(|scope| {
                let workers: Vec<_> = (0..threads)
                    .map(|t| {
                        let ranks = (t * share).min(pack.len())..((t + 1) * share).min(pack.len());
                        scope.spawn(move || some_heads(pack, ranks, first, cancel))
                    })
                    .collect();
                workers.into_iter().map(joined).collect()
            });
            for part in parts {
                entries.extend(part?);
            }
        }
        let mut inflater = Inflater::default();
        let mut out = Vec::new();
        for (_, path) in &self.loose {
            let large = loose::flow(path).map(|flow| flow.kind);
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
