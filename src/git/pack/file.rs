//! A pack with its index: entries in the order they lie in, read by position. No part of it is held in memory.
//!
//! Must not know: what is looked for in it.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::delta::Delta;
use super::entry::{Head, Id, Kind, LONGEST_HEAD, Stored};
use super::index::Index;
use super::inflate::{Inflater, room};
use crate::base::Fault;
use crate::base::fault::Result;

/// Signature, version, count.
const HEADER: u64 = 12;
/// The checksum at the end.
const TRAILER: u64 = 20;
/// Bytes read at once.
const BLOCK: u64 = 1 << 12;
/// Bytes of a part that threads share.
const PART: u64 = 1 << 16;
/// Blocks a reader keeps.
const BLOCKS: usize = 2048;
/// Bases behind each other at most; git's own writers stop at 4,095.
const DEEPEST: usize = 1 << 13;

/// An open pack. Entries go by *rank*: their number in the order of their offsets.
pub(in crate::git) struct Pack {
    pub(in crate::git) index: Index,
    file: File,
    /// Where each entry begins, ascending, and where the last one ends.
    starts: Vec<u64>,
    /// From rank to place in the index.
    places: Vec<u32>,
    /// From place in the index to rank.
    ranks: Vec<u32>,
}

impl std::fmt::Debug for Pack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pack({} entries)", self.len())
    }
}

impl Pack {
    /// Opens the pack at `path` (`….pack`) with the index beside it. Refuses when the two don't belong together.
    pub(in crate::git) fn open(path: &Path) -> Result<Self> {
        let bad = |why: &str| {
            Fault::refused(format!("{} can't be used", path.display()), why.to_owned())
                .hint("`git fsck` says more; a fresh clone has sound packs")
        };
        let cant = |e: std::io::Error| Fault::machine(format!("{} can't be read", path.display()), e);
        let index = Index::read(&path.with_extension("idx"))?;
        let file = crate::git::store::open(path).map_err(cant)?;
        let len = file.metadata().map_err(cant)?.len();
        let end = len.checked_sub(TRAILER).filter(|end| *end >= HEADER).ok_or_else(|| bad("it is cut off"))?;
        let mut header = [0; 12];
        file.read_exact_at(&mut header, 0).map_err(cant)?;
        let version = header.get(4..8).unwrap_or_default();
        if !header.starts_with(b"PACK") || version != [0, 0, 0, 2] && version != [0, 0, 0, 3] {
            return Err(bad("it is no pack of version 2 or 3"));
        }
        let mut sum = [0; 20];
        file.read_exact_at(&mut sum, end).map_err(cant)?;
        if header.get(8..) != Some(&index.len().to_be_bytes()[..]) || index.pack_sum() != Some(&sum) {
            return Err(bad("its index belongs to another pack"));
        }
        let mut order: Vec<(u64, u32)> = Vec::with_capacity(index.len() as usize);
        for place in 0..index.len() {
            let start = index.offset(place).filter(|at| (HEADER..end).contains(at));
            order.push((start.ok_or_else(|| bad("its index points outside of it"))?, place));
        }
        order.sort_unstable();
        let mut ranks = vec![0; order.len()];
        for (rank, (_, place)) in (0_u32..).zip(&order) {
            if let Some(slot) = ranks.get_mut(*place as usize) {
                *slot = rank;
            }
        }
        let starts = order.iter().map(|(start, _)| *start).chain([end]).collect();
        let places = order.iter().map(|(_, place)| *place).collect();
        Ok(Self { index, file, starts, places, ranks })
    }

    /// How many entries.
    pub(in crate::git) fn len(&self) -> u32 {
        self.index.len()
    }

    #[inline]
    pub(in crate::git) fn id(&self, rank: u32) -> Option<&Id> {
        self.index.id(*self.places.get(rank as usize)?)
    }

    /// CRC-32 of the raw entry, by the index.
    pub(in crate::git) fn crc(&self, rank: u32) -> Option<u32> {
        self.index.crc(*self.places.get(rank as usize)?)
    }

    /// Where the entry begins and ends.
    #[inline]
    pub(in crate::git) fn span(&self, rank: u32) -> Option<(u64, u64)> {
        let rank = rank as usize;
        Some((*self.starts.get(rank)?, *self.starts.get(rank + 1)?))
    }

    /// The entry that begins at `offset`, not behind `rank`. Bases are near, so the search widens from there.
    fn rank_before(&self, rank: u32, offset: u64) -> Option<u32> {
        let mut high = rank as usize + 1;
        let mut step = 8;
        let low = loop {
            let low = high.saturating_sub(step);
            if low == 0 || *self.starts.get(low)? <= offset {
                break low;
            }
            high = low;
            step *= 4;
        };
        let near = self.starts.get(low..high)?.binary_search(&offset).ok()?;
        u32::try_from(low + near).ok()
    }

    /// The entry of the object in `place` of the index.
    pub(in crate::git) fn rank_in(&self, place: u32) -> Option<u32> {
        self.ranks.get(place as usize).copied()
    }

    /// The entry of `id`.
    pub(in crate::git) fn rank_of(&self, id: &Id) -> Option<u32> {
        self.rank_in(self.index.find(id)?)
    }

    /// The entry that `rank` is a delta against; `None` when it is whole, or its base is not in this pack.
    pub(in crate::git) fn base_of(&self, rank: u32, head: &Head) -> Option<u32> {
        match &head.stored {
            Stored::Whole(_) => None,
            Stored::Behind(back) => self.rank_before(rank, self.span(rank)?.0.checked_sub(*back)?),
            Stored::Named(id) => self.rank_of(id),
        }
    }

    /// Where the last entry ends.
    pub(in crate::git) fn end(&self) -> u64 {
        self.starts.last().copied().unwrap_or(HEADER)
    }

    /// Fills `out` from `offset` on.
    pub(in crate::git) fn read_at(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.file.read_exact_at(out, offset)
    }

    /// Tells the system that all of it will be read.
    pub(in crate::git) fn announce(&self) {
        let _ = rustix::fs::fadvise(&self.file, 0, None, rustix::fs::Advice::WillNeed);
    }
}

/// One thread's way to read a pack: a decompressor, and some of the blocks read last. Deltas jump about, yet stay in a
/// neighbourhood: most blocks are read once.
#[derive(Debug)]
pub(in crate::git) struct Reader<'p> {
    pub(in crate::git) pack: &'p Pack,
    inflater: Inflater,
    blocks: Vec<Block>,
    /// An entry that crosses the edge of a block.
    long: Vec<u8>,
    pool: Option<&'p Pool>,
}

/// Parts of a pack that all threads read from, each fetched once, up to a budget: for entries that are read in an order
/// far from the one they lie in.
#[derive(Debug)]
pub(in crate::git) struct Pool {
    parts: Vec<OnceLock<Option<Box<[u8]>>>>,
    /// Parts that may still be fetched.
    left: AtomicUsize,
}

impl Pool {
    /// For `pack`, with at most `budget` bytes.
    pub(in crate::git) fn new(pack: &Pack, budget: u64) -> Self {
        let count = usize::try_from(pack.end() / PART + 1).unwrap_or_default();
        let left = AtomicUsize::new(usize::try_from(budget / PART).unwrap_or(usize::MAX));
        Self { parts: std::iter::repeat_with(OnceLock::new).take(count).collect(), left }
    }

    /// The bytes from `start` to `end`, when they lie in one part, and there was room for it.
    fn get(&self, pack: &Pack, start: u64, end: u64) -> Option<&[u8]> {
        let number = start / PART;
        let first = number * PART;
        if end > first + PART {
            return None;
        }
        let part = self.parts.get(usize::try_from(number).ok()?)?.get_or_init(|| {
            self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).ok()?;
            let mut part = vec![0; usize::try_from(PART.min(pack.end() - first)).ok()?].into_boxed_slice();
            pack.read_at(first, &mut part).ok().map(|()| part)
        });
        part.as_ref()?.get(usize::try_from(start - first).ok()?..usize::try_from(end - first).ok()?)
    }
}

/// A stretch of the pack that begins at a multiple of [`BLOCK`].
#[derive(Debug, Default)]
struct Block {
    number: Option<u64>,
    bytes: Vec<u8>,
}

impl<'p> Reader<'p> {
    pub(in crate::git) fn new(pack: &'p Pack) -> Self {
        let count = usize::try_from(pack.end() / BLOCK + 1).unwrap_or(BLOCKS).min(BLOCKS).next_power_of_two();
        let blocks = std::iter::repeat_with(Block::default).take(count).collect();
        Self { pack, inflater: Inflater::default(), blocks, long: Vec::new(), pool: None }
    }

    /// The same, with what all threads share.
    pub(in crate::git) fn pooled(pack: &'p Pack, pool: Option<&'p Pool>) -> Self {
        Self { pool, ..Self::new(pack) }
    }

    /// The entry as it is in the pack, head and compressed bytes. `None` when it can't be read.
    pub(in crate::git) fn raw(&mut self, rank: u32) -> Option<&[u8]> {
        read(self.pack, self.pool, &mut self.blocks, &mut self.long, rank)
    }

    /// Inflates the entry, object or delta, into `out`. `None` when it is broken.
    pub(in crate::git) fn inflate(&mut self, rank: u32, out: &mut Vec<u8>) -> Option<Head> {
        let entry = read(self.pack, self.pool, &mut self.blocks, &mut self.long, rank)?;
        let head = Head::parse(entry)?;
        self.inflater.exact(entry.get(head.len..)?, head.size, out)?;
        Some(head)
    }

    /// The head alone.
    pub(in crate::git) fn head(&mut self, rank: u32) -> Option<Head> {
        let (start, end) = self.pack.span(rank)?;
        if end - start <= BLOCK {
            return Head::parse(self.raw(rank)?);
        }
        let mut few = [0; LONGEST_HEAD];
        self.pack.read_at(start, &mut few).ok()?;
        Head::parse(&few)
    }

    /// Bytes that inflating the entry takes.
    pub(in crate::git) fn size(&mut self, rank: u32) -> u64 {
        self.head(rank).map_or(0, |head| head.size)
    }

    /// The object itself, through all its bases in this pack. `None` when something is broken, or a base is not here.
    pub(in crate::git) fn object(&mut self, rank: u32) -> Option<(Kind, Vec<u8>)> {
        let mut deltas = Vec::new();
        let mut at = rank;
        let mut data = Vec::new();
        let kind = loop {
            let head = self.inflate(at, &mut data)?;
            if let Stored::Whole(kind) = head.stored {
                break kind;
            }
            at = self.pack.base_of(at, &head)?;
            if deltas.len() == DEEPEST {
                return None;
            }
            deltas.push(std::mem::take(&mut data));
        };
        let mut made = Vec::new();
        while let Some(delta) = deltas.pop() {
            Delta::parse(&delta)?.apply(&data, &mut made)?;
            std::mem::swap(&mut data, &mut made);
        }
        Some((kind, data))
    }

    /// Gives back the memory that a very large entry took.
    pub(in crate::git) fn slim(&mut self) {
        if self.long.capacity() > 1 << 22 {
            self.long = Vec::new();
        }
    }
}

fn read<'b>(
    pack: &Pack,
    pool: Option<&'b Pool>,
    blocks: &'b mut [Block],
    long: &'b mut Vec<u8>,
    rank: u32,
) -> Option<&'b [u8]> {
    let (start, end) = pack.span(rank)?;
    if let Some(entry) = pool.and_then(|pool| pool.get(pack, start, end)) {
        return Some(entry);
    }
    let number = start / BLOCK;
    let len = usize::try_from(end.checked_sub(start)?).ok()?;
    if end > (number + 1) * BLOCK {
        room(long, len);
        pack.read_at(start, long).ok()?;
        return Some(long);
    }
    let slot = usize::try_from(number).ok()? & (blocks.len() - 1);
    let block = blocks.get_mut(slot)?;
    let first = number * BLOCK;
    if block.number != Some(number) {
        block.number = None;
        room(&mut block.bytes, usize::try_from(BLOCK.min(pack.end() - first)).ok()?);
        pack.read_at(first, &mut block.bytes).ok()?;
        block.number = Some(number);
    }
    let from = usize::try_from(start - first).ok()?;
    block.bytes.get(from..from + len)
}
