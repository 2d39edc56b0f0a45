//! A delta: an object said as copies out of its base and as new bytes.
//!
//! Must not know: where base and delta come from. Nothing in a delta is believed before it is checked.

use super::entry::Kind;

/// One step of a delta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) enum Op<'d> {
    /// `len` bytes of the base, from `from` on. Lies inside the base as the delta knows it.
    Copy {
        from: usize,
        len: usize,
    },
    New(&'d [u8]),
}

/// A delta whose two sizes have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) struct Delta<'d> {
    /// Bytes of the object it must be applied to.
    pub(in crate::git) base_size: usize,
    /// Bytes of the object it makes.
    pub(in crate::git) size: usize,
    ops: &'d [u8],
}

impl<'d> Delta<'d> {
    pub(in crate::git) fn parse(bytes: &'d [u8]) -> Option<Self> {
        let (base_size, ops) = size(bytes)?;
        let (size, ops) = size(ops)?;
        Some(Self { base_size, size, ops })
    }

    /// Its steps in order. Ends early with [`Ops::broken`] set when a step is cut off, lies outside the base, or makes
    /// more than `size` bytes.
    pub(in crate::git) fn ops(&self) -> Ops<'d> {
        Ops { rest: self.ops, base_size: self.base_size, missing: self.size, broken: false }
    }

    /// Puts the object it makes of `base` into `out`, in place of what was there. `None` when they don't belong together,
    /// or no memory holds it.
    pub(in crate::git) fn apply(&self, base: &[u8], out: &mut Vec<u8>) -> Option<()> {
        out.clear();
        if base.len() != self.base_size || self.size > Kind::Blob.most() {
            return None;
        }
        // What the delta claims is not believed beyond reason: then the vector grows as it is filled.
        out.try_reserve(self.size.min(1 << 26)).ok()?;
        let mut ops = self.ops();
        for op in ops.by_ref() {
            let bytes = match op {
                Op::Copy { from, len } => base.get(from..from + len)?,
                Op::New(bytes) => bytes,
            };
            out.try_reserve(bytes.len()).ok()?;
            out.extend_from_slice(bytes);
        }
        ops.whole().then_some(())
    }
}

/// See [`Delta::ops`].
#[derive(Debug, Clone)]
pub(in crate::git) struct Ops<'d> {
    rest: &'d [u8],
    base_size: usize,
    missing: usize,
    broken: bool,
}

impl Ops<'_> {
    /// Bytes of the delta that were not read yet.
    pub(in crate::git) fn left(&self) -> usize {
        self.rest.len()
    }

    /// After the last step: all of it was sound, and made as much as was promised.
    pub(in crate::git) fn whole(&self) -> bool {
        !self.broken && self.missing == 0 && self.rest.is_empty()
    }
}

impl<'d> Iterator for Ops<'d> {
    type Item = Op<'d>;

    #[inline]
    fn next(&mut self) -> Option<Op<'d>> {
        if self.rest.is_empty() || self.broken {
            return None;
        }
        let op = step(&mut self.rest).filter(|op| {
            let len = match op {
                Op::Copy { from, len } => {
                    if from.checked_add(*len).is_none_or(|end| end > self.base_size) {
                        return false;
                    }
                    *len
                }
                Op::New(bytes) => bytes.len(),
            };
            self.missing.checked_sub(len).map(|left| self.missing = left).is_some()
        });
        self.broken = op.is_none();
        op
    }
}

#[inline]
fn step<'d>(rest: &mut &'d [u8]) -> Option<Op<'d>> {
    let (first, after) = rest.split_first()?;
    if first & 0x80 == 0 {
        // Zero is reserved.
        let (new, after) = after.split_at_checked(usize::from(*first)).filter(|_| *first != 0)?;
        *rest = after;
        return Some(Op::New(new));
    }
    let (value, taken) = if let Some(seven) = after.first_chunk() {
        fields(first & 0x7f, *seven)?
    } else {
        // The last ones.
        let mut seven = [0; 7];
        seven.get_mut(..after.len())?.copy_from_slice(after);
        fields(first & 0x7f, seven).filter(|(_, taken)| *taken <= after.len())?
    };
    *rest = after.get(taken..)?;
    let from = usize::try_from(value & 0xffff_ffff).ok()?;
    let len = usize::try_from(value >> 32).ok()?;
    Some(Op::Copy { from, len: if len == 0 { 0x1_0000 } else { len } })
}

/// For each bit of `bits` one byte, low ones first, zero where the bit is not set; and how many bytes that took. Without a
/// branch: nobody can foretell which are there.
#[inline]
fn fields(bits: u8, bytes: [u8; 7]) -> Option<(u64, usize)> {
    let (mut value, mut taken) = (0, 0);
    for n in 0..7 {
        let there = bits >> n & 1;
        value |= u64::from(*bytes.get(taken)? * there) << (8 * n);
        taken += usize::from(there);
    }
    Some((value, taken))
}

/// A size at the start of a delta: seven bits a byte, low ones first.
fn size(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (n, byte) in bytes.iter().enumerate().take(9) {
        value |= usize::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(n + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
        let mut out = b"old".to_vec();
        Delta::parse(delta)?.apply(base, &mut out).map(|()| out)
    }

    #[test]
    fn copies_and_new_bytes() {
        // 10 bytes to 7: copy 2..5, "xy", copy 0..2.
        let delta = [10, 7, 0x91, 2, 3, 2, b'x', b'y', 0x90, 2];
        assert_eq!(apply(b"0123456789", &delta).unwrap(), b"234xy01");
        let long = vec![7; 0x1_0000];
        assert_eq!(apply(&long, &[0x80, 0x80, 4, 0x80, 0x80, 4, 0x80]).unwrap(), long);
    }

    #[test]
    fn what_no_memory_should_hold_is_not_built() {
        // 1 MiB, copied 4,096 times.
        let base = vec![0; 1 << 20];
        let sizes = [0x80, 0x80, 0x40, 0x80, 0x80, 0x80, 0x80, 0x10];
        let delta = [&sizes[..], &[0xc0, 0x10].repeat(1 << 12)].concat();
        assert_eq!(Delta::parse(&delta).unwrap().size, 1 << 32);
        assert!(Delta::parse(&delta).unwrap().ops().all(|op| matches!(op, Op::Copy { from: 0, len: 0x10_0000 })));
        assert!(apply(&base, &delta).is_none());
    }

    #[test]
    fn every_way_to_write_a_copy() {
        for bits in 0..0x80_u8 {
            let (mut bytes, mut from, mut len) = (vec![0x80 | bits], 0, 0);
            for n in (0..7).filter(|n| bits & (1 << n) != 0) {
                bytes.push(n + 1);
                if n < 4 { from |= usize::from(n + 1) << (8 * n) } else { len |= usize::from(n + 1) << (8 * (n - 4)) }
            }
            let want = Op::Copy { from, len: if len == 0 { 0x1_0000 } else { len } };
            for behind in [&[][..], &[9; 9]] {
                let all = [&bytes[..], behind].concat();
                let mut rest = &all[..];
                assert_eq!((step(&mut rest), rest), (Some(want), behind), "{bits:x}");
            }
            bytes.pop();
            assert!(bytes.is_empty() || step(&mut &bytes[..]) != Some(want), "{bits:x}");
        }
    }

    #[test]
    fn what_is_wrong_gives_nothing() {
        let base = b"0123456789";
        for (why, delta) in [
            ("no sizes", &[][..]),
            ("another base", &[9, 1, 0x90, 1]),
            ("beyond the base", &[10, 3, 0x91, 9, 3]),
            ("more than promised", &[10, 1, 0x90, 2]),
            ("less than promised", &[10, 3, 0x90, 2]),
            ("cut off", &[10, 3, 5, b'x']),
            ("reserved", &[10, 1, 0, 1, b'x']),
            ("endless size", &[0xff; 12]),
            ("copy cut off", &[10, 3, 0x91]),
        ] {
            assert_eq!(apply(base, delta), None, "{why}");
        }
    }
}
