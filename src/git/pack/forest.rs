//! Which entry of a pack is a delta against which: a forest, whose roots are the entries that stand whole.
//!
//! Must not know: what is in the entries.

use std::ops::Range;

use super::entry::{Head, Id, Kind, LONGEST_HEAD, Stored};
use super::file::{Pack, Reader};

/// No entry.
const NONE: u32 = u32::MAX;
/// In [`Forest::kinds`]: not known yet; being looked at; never to be known.
const UNKNOWN: u8 = 0xff;
const PASSING: u8 = 0xfe;
const LOST: u8 = 0xfd;

/// Every entry's place in the forest, by rank.
pub(in crate::git) struct Forest {
    /// First delta against an entry, and the next one against the same base: side by side, as both are asked for.
    links: Vec<(u32, u32)>,
    kinds: Vec<u8>,
    /// Entries that stand whole, in the pack's order.
    pub(in crate::git) roots: Vec<u32>,
    /// Entries whose head is broken or whose bases lead nowhere, with what is behind them. Their ids are known.
    pub(in crate::git) lost: Vec<u32>,
}

impl std::fmt::Debug for Forest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Forest({} of {} are roots)", self.roots.len(), self.kinds.len())
    }
}

/// One stretch of the pack, read by one thread: for each entry its kind or its base.
#[derive(Debug, Default)]
pub(in crate::git) struct Stretch {
    first: u32,
    bases: Vec<u32>,
    kinds: Vec<u8>,
}

impl Stretch {
    /// Reads the heads of the entries in `ranks`; `go_on` is asked now and then.
    pub(in crate::git) fn read(pack: &Pack, ranks: Range<u32>, go_on: &mut dyn FnMut() -> bool) -> Self {
        let mut reader = Reader::new(pack);
        let mut stretch = Self { first: ranks.start, ..Self::default() };
        for rank in ranks {
            stretch.add(pack, rank, reader.head(rank).as_ref());
            if rank % 4096 == 0 && !go_on() {
                break;
            }
        }
        stretch
    }

    /// Reads the heads that lie in `bytes`, which begin at `at` in the pack.
    pub(in crate::git) fn within(pack: &Pack, at: u64, bytes: &[u8]) -> Self {
        let ranks = pack.between(at, at + bytes.len() as u64);
        let mut stretch = Self { first: ranks.start, ..Self::default() };
        for rank in ranks {
            let place = |to: u64| usize::try_from(to - at).ok();
            let entry = pack.span(rank).and_then(|(start, end)| {
                let (start, end) = (place(start)?, place(end)?);
                // The head of the last one may be cut off.
                bytes.get(start..end.min(bytes.len())).filter(|few| end <= bytes.len() || few.len() >= LONGEST_HEAD)
            });
            let Some(entry) = entry else { break };
            stretch.add(pack, rank, Head::parse(entry).as_ref());
        }
        stretch
    }

    fn add(&mut self, pack: &Pack, rank: u32, head: Option<&Head>) {
        let (mut base, mut kind) = (NONE, UNKNOWN);
        match head.map(|head| (head, &head.stored)) {
            Some((_, Stored::Whole(whole))) => kind = number(*whole),
            Some((head, _)) => base = pack.base_of(rank, head).filter(|base| *base != rank).unwrap_or(NONE),
            None => {}
        }
        self.bases.push(base);
        self.kinds.push(kind);
    }

    fn ranks(&self) -> Range<u32> {
        self.first..self.first.saturating_add(u32::try_from(self.kinds.len()).unwrap_or(u32::MAX))
    }

    /// What is left of `0..count` by `stretches`, in pieces of at most `most`.
    pub(in crate::git) fn gaps(stretches: &[Self], count: u32, most: u32) -> Vec<Range<u32>> {
        let mut known: Vec<Range<u32>> = stretches.iter().map(Self::ranks).collect();
        known.sort_unstable_by_key(|ranks| ranks.start);
        known.push(count..count);
        let mut gaps = Vec::new();
        let mut at = 0;
        for ranks in known {
            while at < ranks.start {
                let end = ranks.start.min(at.saturating_add(most));
                gaps.push(at..end);
                at = end;
            }
            at = at.max(ranks.end);
        }
        gaps
    }
}

impl Forest {
    /// Puts stretches together that cover the whole pack, each entry once.
    pub(in crate::git) fn grow(mut stretches: Vec<Stretch>) -> Self {
        stretches.sort_unstable_by_key(|stretch| stretch.first);
        let mut bases = Vec::new();
        let mut kinds = Vec::new();
        for mut stretch in stretches {
            bases.append(&mut stretch.bases);
            kinds.append(&mut stretch.kinds);
        }
        inherit(&bases, &mut kinds);
        let mut links = vec![(NONE, NONE); bases.len()];
        let mut roots = Vec::new();
        let mut lost = Vec::new();
        // Backwards, so that each list of children ascends.
        for (at, base) in bases.iter().enumerate().rev() {
            let Ok(rank) = u32::try_from(at) else { continue };
            if kinds.get(at) == Some(&LOST) {
                lost.push(rank);
            } else if let Some((first, _)) = links.get_mut(*base as usize) {
                let elder = std::mem::replace(first, rank);
                if let Some((_, next)) = links.get_mut(at) {
                    *next = elder;
                }
            } else {
                roots.push(rank);
            }
        }
        roots.reverse();
        lost.reverse();
        Self { links, kinds, roots, lost }
    }

    /// The first delta against `rank`.
    #[inline]
    pub(in crate::git) fn child(&self, rank: u32) -> Option<u32> {
        self.links.get(rank as usize).map(|(first, _)| *first).filter(|child| *child != NONE)
    }

    /// The next delta against the same base.
    #[inline]
    pub(in crate::git) fn sibling(&self, rank: u32) -> Option<u32> {
        self.links.get(rank as usize).map(|(_, next)| *next).filter(|next| *next != NONE)
    }

    /// What the entry is, once its deltas are applied.
    pub(in crate::git) fn kind(&self, rank: u32) -> Option<Kind> {
        match self.kinds.get(rank as usize)? {
            0 => Some(Kind::Commit),
            1 => Some(Kind::Tree),
            2 => Some(Kind::Blob),
            3 => Some(Kind::Tag),
            _ => None,
        }
    }

    /// `rank` and everything that stands on it.
    pub(in crate::git) fn family(&self, rank: u32) -> Vec<u32> {
        let mut all = vec![rank];
        let mut at = 0;
        while let Some(rank) = all.get(at).copied() {
            let mut child = self.child(rank);
            while let Some(rank) = child {
                all.push(rank);
                child = self.sibling(rank);
            }
            at += 1;
        }
        all
    }

    /// How many entries are of one of `kinds`.
    pub(in crate::git) fn count(&self, kinds: &[Kind]) -> u64 {
        let wanted = kinds.iter().map(|kind| number(*kind)).collect::<Vec<u8>>();
        self.kinds.iter().filter(|kind| wanted.contains(kind)).count() as u64
    }

    /// All entries of `kind` and their ids, which ascend as the index has them.
    pub(in crate::git) fn of<'p>(&'p self, pack: &'p Pack, kind: Kind) -> impl Iterator<Item = (u32, Id)> + 'p {
        (0..pack.len()).filter_map(move |place| {
            let rank = pack.rank_in(place)?;
            Some((rank, *pack.index.id(place).filter(|_| self.kind(rank) == Some(kind))?))
        })
    }
}

fn number(kind: Kind) -> u8 {
    match kind {
        Kind::Commit => 0,
        Kind::Tree => 1,
        Kind::Blob => 2,
        Kind::Tag => 3,
    }
}

/// A delta is what its base is. Bases nearly always come first; one named by its id may come later, and in a damaged
/// pack they may run in a circle.
fn inherit(bases: &[u32], kinds: &mut [u8]) {
    let mut way = Vec::new();
    for rank in 0..bases.len() {
        let mut at = rank;
        way.clear();
        let kind = loop {
            match kinds.get_mut(at) {
                Some(kind) if *kind == UNKNOWN => *kind = PASSING,
                Some(kind) if *kind != PASSING => break *kind,
                _ => break LOST,
            }
            way.push(at);
            at = bases.get(at).map_or(usize::MAX, |base| *base as usize);
        };
        for at in &way {
            if let Some(slot) = kinds.get_mut(*at) {
                *slot = kind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(entries: &[(u32, u8)]) -> Forest {
        let (bases, kinds) = entries.iter().copied().unzip();
        Forest::grow(vec![Stretch { first: 0, bases, kinds }])
    }

    #[test]
    fn families_and_kinds() {
        let forest = grown(&[(NONE, 2), (0, UNKNOWN), (4, UNKNOWN), (1, UNKNOWN), (NONE, 1), (0, UNKNOWN)]);
        assert_eq!(forest.roots, [0, 4]);
        assert_eq!(forest.family(0), [0, 1, 5, 3]);
        assert_eq!((forest.kind(3), forest.kind(2)), (Some(Kind::Blob), Some(Kind::Tree)));
        assert!(forest.lost.is_empty());
    }

    #[test]
    fn what_no_stretch_has_is_a_gap() {
        let stretch = |first, len| Stretch { first, bases: vec![NONE; len], kinds: vec![0; len] };
        let gaps = |stretches: &[Stretch]| Stretch::gaps(stretches, 10, 4);
        assert_eq!(gaps(&[]), [0..4, 4..8, 8..10]);
        assert_eq!(gaps(&[stretch(7, 2), stretch(0, 3), stretch(3, 0), stretch(4, 1)]), [3..4, 5..7, 9..10]);
        assert!(gaps(&[stretch(0, 10)]).is_empty());
    }

    #[test]
    fn circles_and_orphans_are_lost() {
        let forest = grown(&[(1, UNKNOWN), (2, UNKNOWN), (0, UNKNOWN), (NONE, UNKNOWN), (3, UNKNOWN), (NONE, 0)]);
        assert_eq!(forest.lost, [0, 1, 2, 3, 4]);
        assert_eq!(forest.roots, [5]);
    }
}
