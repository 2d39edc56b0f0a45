//! A pack with its index: entries in the order they lie in, by number. Its bytes are read by position, or held (see
//! `image`).
//!
//! Must not know: what is looked for in it.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::entry::{Head, Id, Stored};
pub(in crate::git) use super::image::Image;
use super::index::Index;
use crate::base::Fault;
use crate::base::fault::Result;

pub(in crate::git) use super::reader::Reader;

/// Signature, version, count.
const HEADER: u64 = 12;
/// The checksum at the end.
const TRAILER: u64 = 20;

/// An open pack. Entries go by *rank*: their number in the order of their offsets.
pub(in crate::git) struct Pack {
    pub(in crate::git) index: Index,
    file: File,
    /// Its first bytes, when they are held.
    image: Image,
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
        let (starts, places) = index.order(HEADER, end).ok_or_else(|| bad("its index points outside of it"))?;
        let mut ranks = vec![0; places.len()];
        for (rank, place) in (0_u32..).zip(&places) {
            if let Some(slot) = ranks.get_mut(*place as usize) {
                *slot = rank;
            }
        }
        Ok(Self { index, file, image: Image::default(), starts, places, ranks })
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

    /// The entries that begin at `start` or after it, and before `end`.
    pub(super) fn between(&self, start: u64, end: u64) -> std::ops::Range<u32> {
        let rank = |at: u64| u32::try_from(self.starts.partition_point(|start| *start < at)).unwrap_or(u32::MAX);
        rank(start).min(self.len())..rank(end).min(self.len())
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

    /// Its first `budget` bytes; see [`Image::read`].
    pub(in crate::git) fn image(
        &self,
        budget: u64,
        threads: usize,
        stop: &(dyn Fn() -> bool + Sync),
        each: &(dyn Fn(u64, &[u8]) + Sync),
    ) -> Image {
        Image::read(&self.file, budget, self.end(), threads, stop, each)
    }

    /// Holds its first bytes in memory from now on.
    pub(in crate::git) fn hold(&mut self, image: Image) {
        self.image = image;
    }

    /// Holds nothing any more; gives back what was held.
    pub(in crate::git) fn release(&mut self) -> Image {
        std::mem::take(&mut self.image)
    }

    /// The bytes from `start` to `end`, where they are held.
    #[inline]
    pub(super) fn held(&self, start: u64, end: u64) -> Option<&[u8]> {
        self.image.get(start, end)
    }
}
