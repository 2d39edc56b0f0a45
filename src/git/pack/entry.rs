//! The head of a pack's entry: what it is, how long, and against what it is a delta.
//!
//! Must not know: where entries lie, what is in them.

/// An object's id, as packs and indexes hold it.
pub(in crate::git) type Id = [u8; 20];

/// The four kinds of objects, in the order of their numbers in a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::git) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl Kind {
    /// An object of more bytes is not built: git streams files long before that, and no commit, tag or tree is near. A few
    /// bytes can claim any size, and make it.
    pub(in crate::git) fn most(self) -> usize {
        if self == Self::Blob { u32::MAX as usize } else { 1 << 30 }
    }
}

/// How an entry stands in the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) enum Stored {
    Whole(Kind),
    /// A delta; its base begins so many bytes before it.
    Behind(u64),
    /// A delta; its base is the object with this id.
    Named(Id),
}

/// What stands before an entry's compressed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) struct Head {
    pub(in crate::git) stored: Stored,
    /// Inflated size in bytes: of the object, or of the delta.
    pub(in crate::git) size: u64,
    /// Bytes the head itself takes.
    pub(in crate::git) len: usize,
}

/// A head takes at most so many bytes: ten for kind and size, twenty for a base.
pub(in crate::git) const LONGEST_HEAD: usize = 30;

impl Head {
    /// The head at the start of `entry`; `None` when it is cut off or none.
    pub(in crate::git) fn parse(entry: &[u8]) -> Option<Self> {
        let first = *entry.first()?;
        let mut size = u64::from(first & 0x0f);
        let mut len = 1;
        let mut shift = 4;
        let mut byte = first;
        while byte & 0x80 != 0 {
            byte = *entry.get(len)?;
            len += 1;
            size |= shl(u64::from(byte & 0x7f), shift)?;
            shift += 7;
        }
        let stored = match (first >> 4) & 7 {
            1 => Stored::Whole(Kind::Commit),
            2 => Stored::Whole(Kind::Tree),
            3 => Stored::Whole(Kind::Blob),
            4 => Stored::Whole(Kind::Tag),
            6 => {
                let (back, taken) = distance(entry.get(len..)?)?;
                len += taken;
                Stored::Behind(back)
            }
            7 => {
                let id = *entry.get(len..)?.first_chunk::<20>()?;
                len += 20;
                Stored::Named(id)
            }
            _ => return None,
        };
        Some(Self { stored, size, len })
    }
}

/// `None` when a bit would be lost.
fn shl(value: u64, by: u32) -> Option<u64> {
    let shifted = value.checked_shl(by)?;
    (shifted >> by == value).then_some(shifted)
}

/// The distance to a base: seven bits a byte, high ones first, with one added at each step so that no value has two forms.
fn distance(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut byte = *bytes.first()?;
    let mut value = u64::from(byte & 0x7f);
    let mut len = 1;
    while byte & 0x80 != 0 {
        byte = *bytes.get(len)?;
        len += 1;
        value = value.checked_add(1)?;
        value = shl(value, 7)? | u64::from(byte & 0x7f);
    }
    Some((value, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_every_kind() {
        let blob = Head::parse(&[0b1011_0101, 0b0000_0010, 0x78]).unwrap();
        assert_eq!(blob, Head { stored: Stored::Whole(Kind::Blob), size: 5 + (2 << 4), len: 2 });
        // Distance 128 is 0x80 0x00.
        let behind = Head::parse(&[0b0110_0001, 0x80, 0x00]).unwrap();
        assert_eq!(behind.stored, Stored::Behind(128));
        let named = Head::parse(&[&[0b0111_0001][..], &[7; 20]].concat()).unwrap();
        assert_eq!((named.stored, named.len), (Stored::Named([7; 20]), 21));
    }

    #[test]
    fn nonsense_is_no_head() {
        for bad in [&[][..], &[0x00], &[0b0101_0000], &[0xb0], &[0xff; 40], &[0b0110_0001, 0xff], &[0b0111_0001, 1, 2]]
        {
            assert_eq!(Head::parse(bad), None, "{bad:?}");
        }
    }
}
