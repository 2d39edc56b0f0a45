//! The index beside a pack, versions 1 and 2: which objects are in it, and where.
//!
//! Must not know: the pack itself.

use std::path::Path;

use super::entry::Id;
use crate::base::Fault;
use crate::base::fault::Result;

const FANOUT: usize = 1024;
/// Both checksums at the end.
const TRAILER: usize = 40;
/// The highest bit of an offset in version 2: the rest is a place in the table of far offsets.
const FAR: u32 = 1 << 31;

/// An index as it is on disk, with its tables found.
pub(in crate::git) struct Index {
    bytes: Vec<u8>,
    count: u32,
    layout: Layout,
}

#[derive(Debug, Clone, Copy)]
enum Layout {
    /// Offset and id side by side.
    One,
    /// Starts of the tables: ids, checksums, offsets, far offsets.
    Two { ids: usize, crcs: usize, offsets: usize, far: usize },
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Index({} objects)", self.count)
    }
}

impl Index {
    pub(in crate::git) fn read(path: &Path) -> Result<Self> {
        let bytes = crate::git::store::bytes(path)
            .map_err(|e| Fault::machine(format!("{} can't be read", path.display()), e))?;
        Self::parse(bytes).ok_or_else(|| {
            Fault::refused(format!("{} can't be used", path.display()), "it is no index of a pack with SHA-1 ids")
                .hint("`git fsck` says more; `git index-pack` makes an index anew")
        })
    }

    /// `None` when sizes don't fit together. Ids and offsets are checked where they are used.
    pub(in crate::git) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let two = bytes.starts_with(b"\xfftOc");
        if two && be32(&bytes, 4)? != 2 {
            return None;
        }
        let fanout = if two { 8 } else { 0 };
        let mut count = 0;
        for n in 0..256 {
            let upto = be32(&bytes, fanout + 4 * n)?;
            if upto < count {
                return None;
            }
            count = upto;
        }
        let n = usize::try_from(count).ok()?;
        let tables = fanout + FANOUT;
        let end = bytes.len().checked_sub(TRAILER)?;
        if !two {
            return (tables + 24 * n == end).then_some(Self { bytes, count, layout: Layout::One });
        }
        let (ids, crcs) = (tables, tables + 20 * n);
        let (offsets, far) = (crcs + 4 * n, crcs + 8 * n);
        let more = end.checked_sub(far)?;
        (more % 8 == 0 && more / 8 <= n).then_some(Self {
            bytes,
            count,
            layout: Layout::Two { ids, crcs, offsets, far },
        })
    }

    /// How many objects.
    pub(in crate::git) fn len(&self) -> u32 {
        self.count
    }

    /// The id in place `n`; ids ascend.
    #[inline]
    pub(in crate::git) fn id(&self, n: u32) -> Option<&Id> {
        let n = usize::try_from(n).ok()?;
        let at = match self.layout {
            Layout::One => FANOUT + 24 * n + 4,
            Layout::Two { ids, .. } => ids + 20 * n,
        };
        self.bytes.get(at..)?.first_chunk()
    }

    /// Where the entry of the object in place `n` begins in the pack.
    pub(in crate::git) fn offset(&self, n: u32) -> Option<u64> {
        if n >= self.count {
            return None;
        }
        let n = usize::try_from(n).ok()?;
        match self.layout {
            Layout::One => be32(&self.bytes, FANOUT + 24 * n).map(u64::from),
            Layout::Two { offsets, far, .. } => {
                let near = be32(&self.bytes, offsets + 4 * n)?;
                if near & FAR == 0 {
                    return Some(u64::from(near));
                }
                let at = far + 8 * usize::try_from(near & !FAR).ok()?;
                let table = self.bytes.get(..self.bytes.len() - TRAILER)?;
                Some(u64::from_be_bytes(*table.get(at..)?.first_chunk()?))
            }
        }
    }

    /// CRC-32 of the entry as it is in the pack; version 1 has none.
    pub(in crate::git) fn crc(&self, n: u32) -> Option<u32> {
        match self.layout {
            Layout::Two { crcs, .. } if n < self.count => be32(&self.bytes, crcs + 4 * usize::try_from(n).ok()?),
            _ => None,
        }
    }

    /// The place of `id`.
    pub(in crate::git) fn find(&self, id: &Id) -> Option<u32> {
        let fanout = if matches!(self.layout, Layout::One) { 0 } else { 8 };
        let first = usize::from(*id.first()?);
        let mut low = match first.checked_sub(1) {
            Some(before) => be32(&self.bytes, fanout + 4 * before)?,
            None => 0,
        };
        let mut high = be32(&self.bytes, fanout + 4 * first)?;
        while low < high {
            let middle = low + (high - low) / 2;
            match self.id(middle)?.cmp(id) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// The checksum of the pack it belongs to.
    pub(in crate::git) fn pack_sum(&self) -> Option<&Id> {
        self.bytes.get(self.bytes.len().checked_sub(TRAILER)?..)?.first_chunk()
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fanout(ids: &[Id]) -> Vec<u8> {
        (0..=255_u8)
            .flat_map(|n| u32::try_from(ids.iter().filter(|id| id[0] <= n).count()).unwrap().to_be_bytes())
            .collect()
    }

    fn ids() -> Vec<Id> {
        vec![[0; 20], [3; 20], [3; 20].map(|b| b + 1), [255; 20]]
    }

    fn one(ids: &[Id]) -> Vec<u8> {
        let rows = ids.iter().zip(0_u32..).flat_map(|(id, n)| [&(n * 100).to_be_bytes()[..], id].concat());
        fanout(ids).into_iter().chain(rows).chain([9; 40]).collect()
    }

    fn two(ids: &[Id], offsets: &[u32], far: &[u64]) -> Vec<u8> {
        let mut bytes = b"\xfftOc\0\0\0\x02".to_vec();
        bytes.extend(fanout(ids));
        bytes.extend(ids.concat());
        bytes.extend((0_u32..).take(ids.len()).flat_map(u32::to_be_bytes));
        bytes.extend(offsets.iter().flat_map(|o| o.to_be_bytes()));
        bytes.extend(far.iter().flat_map(|o| o.to_be_bytes()));
        bytes.extend([9; 40]);
        bytes
    }

    #[test]
    fn both_versions_find_the_same() {
        let ids = ids();
        let old = Index::parse(one(&ids)).unwrap();
        let new = Index::parse(two(&ids, &[0, 100, 0x8000_0001, 300], &[1, 1 << 40])).unwrap();
        for (n, id) in (0..).zip(&ids) {
            for index in [&old, &new] {
                assert_eq!((index.find(id), index.id(n)), (Some(n), Some(id)));
            }
        }
        assert_eq!((old.offset(2), new.offset(2), new.offset(3)), (Some(200), Some(1 << 40), Some(300)));
        assert_eq!((old.crc(2), new.crc(2)), (None, Some(2)));
        assert_eq!((new.find(&[7; 20]), new.offset(4), new.crc(4)), (None, None, None));
        assert_eq!(new.pack_sum(), Some(&[9; 20]));
    }

    #[test]
    fn a_broken_index_is_none() {
        let good = two(&ids(), &[0, 100, 200, 300], &[]);
        for cut in [0, 3, 8, 700, good.len() - 1] {
            assert!(Index::parse(good[..cut].to_vec()).is_none(), "{cut}");
        }
        for (at, value) in [(7, 3), (8, 200), (1031, 9), (1031, 3)] {
            let mut bad = good.clone();
            bad[at] = value;
            assert!(Index::parse(bad).is_none(), "{at}");
        }
        // A far offset that points nowhere.
        let wild = Index::parse(two(&ids(), &[0x8000_0007; 4], &[1])).unwrap();
        assert_eq!(wild.offset(0), None);
    }
}
