//! Reads a new pack again before anything rests on it: its checksum, each entry's checksum, and that each delta is
//! against what it was meant to be.
//!
//! Must not know: how it was written.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use libdeflater::Crc;
use sha1::{Digest as _, Sha1};

use super::source::NONE;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::git::pack::entry::Stored;
use crate::git::pack::file::{Pack, Reader};
use crate::git::pack::flow::Raw;

/// `bases`: for each entry in the order they lie, the rank of its base, or [`NONE`].
pub(super) fn check(path: &Path, bases: &[u32], cancel: &(dyn Fn() -> bool + Sync)) -> Result<()> {
    let bad = |why: &str| {
        Fault::machine("the new pack is not as it was written", format!("{why}; nothing was changed"))
            .hint("check the disk and the memory of this machine, then try again")
    };
    let pack = Pack::open(path)?;
    if pack.len() as usize != bases.len() {
        return Err(bad("entries are missing"));
    }
    std::thread::scope(|scope| {
        let summed = scope.spawn(|| sum(path, cancel));
        let mut reader = Reader::new(&pack);
        for (rank, wanted) in (0..pack.len()).zip(bases) {
            if rank % 0x4000 == 0 && cancel() {
                return Err(crate::git::cancelled());
            }
            let sum = if let Some(long) = Raw::long(&pack, rank) {
                long.crc()
            } else {
                reader.raw(rank).map(|raw| {
                    let mut crc = Crc::new();
                    crc.update(raw);
                    crc.sum()
                })
            };
            let sum = sum.ok_or_else(|| bad("an entry can't be read"))?;
            if pack.crc(rank) != Some(sum) {
                return Err(bad("an entry's checksum is wrong"));
            }
            let head = reader.head(rank).ok_or_else(|| bad("an entry has no head"))?;
            let base = pack.base_of(rank, &head);
            if base.unwrap_or(NONE) != *wanted || base.is_none() != matches!(head.stored, Stored::Whole(_)) {
                return Err(bad("a delta is against another object"));
            }
        }
        let sum = super::joined(summed)?;
        if pack.index.pack_sum() == Some(&sum) { Ok(()) } else { Err(bad("its checksum is wrong")) }
    })
}

fn sum(path: &Path, cancel: &(dyn Fn() -> bool + Sync)) -> Result<[u8; 20]> {
    let cant = |e: std::io::Error| Fault::machine("the new pack can't be read back", e);
    let mut file = File::open(path).map_err(cant)?;
    let mut left = file.metadata().map_err(cant)?.len().saturating_sub(20);
    let mut sum = Sha1::new();
    let mut piece = vec![0; 1 << 20];
    while left > 0 {
        if cancel() {
            return Err(crate::git::cancelled());
        }
        let now = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        let piece = piece.get_mut(..now).unwrap_or_default();
        file.read_exact(piece).map_err(cant)?;
        sum.update(&*piece);
        left -= now as u64;
    }
    Ok(sum.finalize().into())
}
