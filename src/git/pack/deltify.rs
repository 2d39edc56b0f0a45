//! Says one text in terms of another: copies of what both have, and what is new. Made for texts that hardly differ.
//!
//! Must not know: what the texts are.

/// Runs shorter than this are not worth a copy, and blocks of this length are what is looked up.
const BLOCK: usize = 16;
/// Blocks of a base that are remembered at most; a larger base is sampled.
const BLOCKS: usize = 1 << 18;
/// Git's own writers copy no more at once, and old readers can't.
const COPY: usize = 0x1_0000;
const INSERT: usize = 0x7f;

/// The base's blocks by their hash.
pub(in crate::git) struct Blocks<'b> {
    base: &'b [u8],
    /// Position plus one; zero is empty.
    table: Vec<u32>,
}

impl std::fmt::Debug for Blocks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blocks({} bytes)", self.base.len())
    }
}

impl<'b> Blocks<'b> {
    fn new(base: &'b [u8]) -> Self {
        let step = BLOCK.max(base.len() / BLOCKS);
        let slots = (base.len() / step * 2).next_power_of_two().max(16);
        let mut table = vec![0; slots];
        // Backwards, so that the first of equal blocks stays: long runs then start where they can.
        let mut at = base.len() / step * step;
        while at >= step {
            at -= step;
            if let (Some(hash), Ok(place)) = (hash(base, at), u32::try_from(at + 1)) {
                let slot = hash & (slots - 1);
                if let Some(entry) = table.get_mut(slot) {
                    *entry = place;
                }
            }
        }
        Self { base, table }
    }

    fn find(&self, hay: &[u8], at: usize) -> Option<usize> {
        let slot = hash(hay, at)? & (self.table.len() - 1);
        let place = usize::try_from(*self.table.get(slot)?).ok()?.checked_sub(1)?;
        (self.base.get(place..place + BLOCK)? == hay.get(at..at + BLOCK)?).then_some(place)
    }
}

fn hash(bytes: &[u8], at: usize) -> Option<usize> {
    let (one, two) = bytes.get(at..at + BLOCK)?.split_first_chunk::<8>()?;
    let two = two.first_chunk::<8>()?;
    let mixed = u64::from_le_bytes(*one)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(29)
        .wrapping_add(u64::from_le_bytes(*two))
        .wrapping_mul(0xff51_afd7_ed55_8ccd);
    usize::try_from(mixed >> 32).ok()
}

/// `target` as a delta against `base`, in git's pack format; `None` when it would be longer than `limit`.
pub(in crate::git) fn deltify(base: &[u8], target: &[u8], limit: usize) -> Option<Vec<u8>> {
    if base.len() >= 1 << 32 || base.is_empty() {
        return None;
    }
    let mut out = Delta { out: Vec::with_capacity(64), limit };
    out.size(base.len());
    out.size(target.len());
    let front = same(base, target);
    let back = base.iter().skip(front).rev().zip(target.iter().skip(front).rev()).take_while(|(a, b)| a == b).count();
    let front = if front < BLOCK && front < target.len() { 0 } else { front };
    let back = if back < BLOCK && back < target.len() { 0 } else { back };
    out.copy(0, front);
    let end = target.len() - back;
    middle(base, target, front, end, &mut out)?;
    out.copy(base.len() - back, back);
    (out.out.len() <= limit).then_some(out.out)
}

/// Between the common start and the common end.
fn middle(base: &[u8], target: &[u8], start: usize, end: usize, out: &mut Delta) -> Option<()> {
    let mut fresh = start;
    let mut at = start;
    if end - start > BLOCK + 4 {
        let blocks = Blocks::new(base);
        while at + BLOCK <= end {
            let Some(found) = blocks.find(target, at) else {
                at += 1;
                if at - fresh > out.limit {
                    return None;
                }
                continue;
            };
            let before = base.get(..found)?.iter().rev().zip(target.get(fresh..at)?.iter().rev());
            let before = before.take_while(|(a, b)| a == b).count();
            let after = same(base.get(found..)?, target.get(at..end)?);
            out.insert(target.get(fresh..at - before)?);
            out.copy(found - before, before + after);
            at += after;
            fresh = at;
            if out.out.len() > out.limit {
                return None;
            }
        }
    }
    out.insert(target.get(fresh..end)?);
    Some(())
}

/// How many bytes both start with.
fn same(a: &[u8], b: &[u8]) -> usize {
    let eights = a.chunks_exact(8).zip(b.chunks_exact(8)).take_while(|(x, y)| x == y).count() * 8;
    let rest = a.iter().skip(eights).zip(b.iter().skip(eights));
    eights + rest.take_while(|(x, y)| x == y).count()
}

struct Delta {
    out: Vec<u8>,
    limit: usize,
}

impl Delta {
    fn size(&mut self, mut size: usize) {
        while size > 0x7f {
            self.out.push(low(size) | 0x80);
            size >>= 7;
        }
        self.out.push(low(size));
    }

    fn insert(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(INSERT) {
            self.out.push(low(part.len()));
            self.out.extend_from_slice(part);
        }
    }

    fn copy(&mut self, mut from: usize, mut length: usize) {
        while length > 0 {
            let now = length.min(COPY);
            let start = self.out.len();
            self.out.push(0x80);
            let mut flags = 0x80;
            // A length of 0x10000 is written as none.
            let size = if now == COPY { 0 } else { now };
            for (n, byte) in
                from.to_le_bytes().into_iter().take(4).chain(size.to_le_bytes().into_iter().take(3)).enumerate()
            {
                if byte != 0 {
                    flags |= 1 << n;
                    self.out.push(byte);
                }
            }
            if let Some(first) = self.out.get_mut(start) {
                *first = flags;
            }
            from += now;
            length -= now;
        }
    }
}

fn low(number: usize) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Git's reading of a delta, as plainly as it can be said.
    fn apply(base: &[u8], delta: &[u8]) -> Vec<u8> {
        let mut bytes = delta.iter().copied();
        let mut size = || {
            let (mut size, mut shift) = (0_usize, 0);
            loop {
                let byte = bytes.next().unwrap();
                size |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    return size;
                }
            }
        };
        assert_eq!(size(), base.len());
        let target = size();
        let mut out = Vec::new();
        while let Some(op) = bytes.next() {
            if op & 0x80 == 0 {
                assert_ne!(op, 0);
                out.extend((0..op).map(|_| bytes.next().unwrap()));
                continue;
            }
            let mut part = |flags: std::ops::Range<u8>| {
                let mut number = 0_usize;
                for (n, flag) in flags.enumerate() {
                    if op & (1 << flag) != 0 {
                        number |= usize::from(bytes.next().unwrap()) << (8 * n);
                    }
                }
                number
            };
            let (from, size) = (part(0..4), part(4..7));
            out.extend_from_slice(&base[from..from + if size == 0 { 0x10000 } else { size }]);
        }
        assert_eq!(out.len(), target);
        out
    }

    fn noise(length: usize, mut seed: u64) -> Vec<u8> {
        (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                seed.to_be_bytes()[0]
            })
            .collect()
    }

    #[test]
    fn a_delta_gives_the_target_again() {
        for (n, length) in [0, 1, 15, 16, 40, 333, 70_000, 200_000].into_iter().enumerate() {
            let base = noise(length, 7);
            let mut targets = vec![base.clone(), Vec::new(), noise(50, 9), [noise(30, 3), base.clone()].concat()];
            for cut in [0, 1.min(length), length / 3, length / 2, length.saturating_sub(1)] {
                targets.push([&base[..cut], b"some other words", &base[cut..]].concat());
                targets.push([&base[cut..], &base[..cut]].concat());
                targets.push(base[cut..].to_vec());
            }
            for target in targets {
                if let Some(delta) = deltify(&base, &target, usize::MAX) {
                    assert_eq!(apply(&base, &delta), target, "{n}");
                } else {
                    assert_eq!(length, 0);
                }
            }
        }
    }

    #[test]
    fn what_hardly_differs_is_said_in_few_bytes() {
        let base = noise(5_000, 1);
        let mut target = base.clone();
        target[1000..1020].copy_from_slice(&noise(20, 2));
        target[4000..4020].copy_from_slice(&noise(20, 3));
        assert!(deltify(&base, &target, 1000).unwrap().len() < 70);
        assert!(deltify(&base, &noise(5_000, 4), 1000).is_none());
    }
}
