//! The limit for any search that reads everything: each entry inflated, nothing done with it. For measuring only.
//!
//! It does what is fastest for it, not what the search does: entries in the order they lie in, a stretch read at once into
//! memory that stays warm.
//!
//! Must not know: what is in the entries.

use std::path::Path;

use super::crew::Crew;
use super::places::Places;
use crate::base::fault::Result;
use crate::git::Ask;
use crate::git::pack::entry::Head;
use crate::git::pack::file::Pack;
use crate::git::pack::inflate::Inflater;

/// Entries that one thread takes at a time.
const STRETCH: usize = 1 << 9;

/// Inflates every entry of every pack below `objects`. Entries and their bytes.
pub(in crate::git) fn inflate_all(objects: &Path) -> Result<(u64, u64)> {
    let ask = Ask { repo: objects, backup_root: objects, keys: &[], cancel: &|| false, progress: &|_| {} };
    let places = Places::open(objects)?;
    let crew = Crew::new(&ask, "inflating", places.count());
    let (mut entries, mut bytes) = (0, 0);
    for pack in places.all.iter().flat_map(|place| &place.packs) {
        let count = pack.len() as usize;
        let states = crew.run(count.div_ceil(STRETCH), 1, Limit::default, |limit, pulse, n| {
            let before = limit.bytes;
            for rank in limit.read(pack, n * STRETCH, count.min((n + 1) * STRETCH)) {
                limit.entry(pack, rank);
            }
            pulse.go_on(usize::try_from(limit.bytes - before).unwrap_or(usize::MAX))
        })?;
        for limit in states {
            entries += limit.entries;
            bytes += limit.bytes;
        }
    }
    Ok((entries, bytes))
}

/// One thread's state.
#[derive(Debug, Default)]
struct Limit {
    inflater: Inflater,
    /// A stretch of the pack, and where it begins.
    raw: Vec<u8>,
    start: u64,
    out: Vec<u8>,
    entries: u64,
    bytes: u64,
}

impl Limit {
    /// Reads a stretch; gives back what is in it.
    fn read(&mut self, pack: &Pack, from: usize, upto: usize) -> std::ops::Range<u32> {
        let rank = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let span = || Some((pack.span(rank(from))?.0, pack.span(rank(upto.checked_sub(1)?))?.1));
        let (start, end) = span().unwrap_or_default();
        self.start = start;
        self.raw.resize(usize::try_from(end - start).unwrap_or_default(), 0);
        if pack.read_at(start, &mut self.raw).is_err() {
            return 0..0;
        }
        rank(from)..rank(upto)
    }

    fn entry(&mut self, pack: &Pack, rank: u32) -> Option<()> {
        let (start, end) = pack.span(rank)?;
        let place = |at: u64| usize::try_from(at - self.start).ok();
        let entry = self.raw.get(place(start)?..place(end)?)?;
        let head = Head::parse(entry)?;
        self.inflater.exact(entry.get(head.len..)?, head.size, &mut self.out)?;
        self.entries += 1;
        self.bytes += self.out.len() as u64;
        Some(())
    }
}
