//! Writes a pack, version 2: a header, entries that are deflated already, and the SHA-1 of all before it.
//!
//! Must not know: which objects belong into it, or what they say.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write as _};

use libdeflater::Crc;
use sha1::{Digest as _, Sha1};

use super::entry::{Id, Kind};

/// Bytes taken from a stream at once.
const PIECE: usize = 1 << 16;

/// Where one object came to lie: what the index beside the pack says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) struct Placed {
    pub(in crate::git) id: Id,
    pub(in crate::git) at: u64,
    /// CRC-32 of the entry as it stands in the pack, its head included.
    pub(in crate::git) crc: u32,
}

/// What an entry is, as its head tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) enum As {
    Whole(Kind),
    /// A delta against the entry that begins at this offset, which is before it.
    Onto(u64),
    /// A delta against an object of this pack that may come later.
    OntoNamed(Id),
}

/// A pack that is being written.
pub(in crate::git) struct PackWriter {
    out: BufWriter<File>,
    sum: Sha1,
    at: u64,
    announced: u32,
    placed: Vec<Placed>,
}

impl std::fmt::Debug for PackWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PackWriter({} of {})", self.placed.len(), self.announced)
    }
}

impl PackWriter {
    /// Begins a pack of exactly `count` entries.
    pub(in crate::git) fn new(file: File, count: u32) -> io::Result<Self> {
        let mut pack = Self {
            out: BufWriter::with_capacity(1 << 20, file),
            sum: Sha1::new(),
            at: 0,
            announced: count,
            placed: Vec::with_capacity(count as usize),
        };
        pack.put(b"PACK\0\0\0\x02")?;
        pack.put(&count.to_be_bytes())?;
        Ok(pack)
    }

    /// Where the next entry will begin.
    pub(in crate::git) fn at(&self) -> u64 {
        self.at
    }

    /// Adds an entry of `size` inflated bytes. `deflated` is the whole zlib stream.
    pub(in crate::git) fn add(&mut self, id: Id, how: As, size: u64, deflated: &[u8]) -> io::Result<()> {
        let mut start = [0; 48];
        let length = write_head(&mut start, how, size, self.at)?;
        let start = start.get(..length).unwrap_or_default();
        let mut crc = Crc::new();
        crc.update(start);
        crc.update(deflated);
        self.placed.push(Placed { id, at: self.at, crc: crc.sum() });
        self.put(start)?;
        self.put(deflated)
    }

    /// Adds an entry byte for byte as it stood in another pack; `crc` is that of `whole`.
    pub(in crate::git) fn add_same(&mut self, id: Id, whole: &[u8], crc: u32) -> io::Result<()> {
        self.placed.push(Placed { id, at: self.at, crc });
        self.put(whole)
    }

    /// Adds an entry of `size` inflated bytes, whose zlib stream comes in pieces.
    pub(in crate::git) fn add_stream(
        &mut self,
        id: Id,
        kind: Kind,
        size: u64,
        deflated: &mut dyn Read,
    ) -> io::Result<()> {
        let mut start = [0; 48];
        let length = write_head(&mut start, As::Whole(kind), size, self.at)?;
        let (at, mut crc) = (self.at, Crc::new());
        let start = start.get(..length).unwrap_or_default();
        crc.update(start);
        self.put(start)?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = match deflated.read(&mut piece) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if read == 0 {
                break;
            }
            let piece = piece.get(..read).unwrap_or_default();
            crc.update(piece);
            self.put(piece)?;
        }
        self.placed.push(Placed { id, at, crc: crc.sum() });
        Ok(())
    }

    /// Adds an entry byte for byte as it stood in another pack, in pieces; `crc` is that of all of it.
    pub(in crate::git) fn add_same_stream(&mut self, id: Id, whole: &mut dyn Read, crc: u32) -> io::Result<()> {
        self.placed.push(Placed { id, at: self.at, crc });
        let mut piece = vec![0; PIECE];
        loop {
            let read = whole.read(&mut piece)?;
            if read == 0 {
                return Ok(());
            }
            self.put(piece.get(..read).unwrap_or_default())?;
        }
    }

    /// Ends the pack: its checksum, what lies where, and the file, which may not be on disk yet.
    pub(in crate::git) fn finish(mut self) -> io::Result<([u8; 20], Vec<Placed>, File)> {
        if self.placed.len() != self.announced as usize {
            let said = format!("{} objects were announced, {} came", self.announced, self.placed.len());
            return Err(io::Error::other(said));
        }
        let sum: [u8; 20] = self.sum.finalize().into();
        self.out.write_all(&sum)?;
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((sum, self.placed, file))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// The head of an entry that begins at `at`; gives its length.
fn write_head(to: &mut [u8; 48], how: As, size: u64, at: u64) -> io::Result<usize> {
    let kind = match how {
        As::Whole(Kind::Commit) => 1,
        As::Whole(Kind::Tree) => 2,
        As::Whole(Kind::Blob) => 3,
        As::Whole(Kind::Tag) => 4,
        As::Onto(_) => 6,
        As::OntoNamed(_) => 7,
    };
    let mut bytes = Bytes { to, length: 0 };
    let mut rest = size >> 4;
    let more = |rest: u64| if rest > 0 { 0x80 } else { 0 };
    bytes.push((kind << 4) | low(size, 0x0f) | more(rest));
    while rest > 0 {
        let byte = low(rest, 0x7f);
        rest >>= 7;
        bytes.push(byte | more(rest));
    }
    match how {
        As::Whole(_) => {}
        As::OntoNamed(id) => id.iter().for_each(|byte| bytes.push(*byte)),
        As::Onto(base) => {
            let mut back = at
                .checked_sub(base)
                .filter(|back| *back > 0)
                .ok_or_else(|| io::Error::other("a delta's base must come before it"))?;
            // Seven bits each, most significant first, and each further byte counts from one.
            let mut digits = [0; 10];
            let mut n = digits.len();
            loop {
                n -= 1;
                let mark = if n + 1 == digits.len() { 0 } else { 0x80 };
                if let Some(digit) = digits.get_mut(n) {
                    *digit = low(back, 0x7f) | mark;
                }
                back >>= 7;
                if back == 0 || n == 0 {
                    break;
                }
                back -= 1;
            }
            digits.iter().skip(n).for_each(|byte| bytes.push(*byte));
        }
    }
    Ok(bytes.length)
}

struct Bytes<'a> {
    to: &'a mut [u8; 48],
    length: usize,
}

impl Bytes<'_> {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.to.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }
}

fn low(number: u64, mask: u8) -> u8 {
    number.to_le_bytes()[0] & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::super::entry::{Head, Stored};

    fn head(how: As, size: u64, at: u64) -> Vec<u8> {
        let mut to = [0; 48];
        let length = write_head(&mut to, how, size, at).unwrap();
        to[..length].to_vec()
    }

    #[test]
    fn heads_are_as_the_format_has_them() {
        assert_eq!(head(As::Whole(Kind::Blob), 5, 12), [0x35]);
        assert_eq!(head(As::Whole(Kind::Commit), 0x1234, 12), [0x94, 0xa3, 0x02]);
        assert_eq!(head(As::Onto(100), 1, 227), [0x61, 0x7f]);
        assert_eq!(head(As::Onto(100), 1, 228), [0x61, 0x80, 0x00]);
        assert_eq!(head(As::Onto(0), 1, 16511), [0x61, 0xff, 0x7f]);
        assert_eq!(head(As::Onto(0), 1, 16512), [0x61, 0x80, 0x80, 0x00]);
        let mut to = [0; 48];
        assert!(write_head(&mut to, As::Onto(9), 1, 9).is_err());
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for size in [0, 15, 16, 2047, 2048, 1 << 33] {
            for back in [1, 127, 128, 16_511, 16_512, 1 << 32] {
                let seen = Head::parse(&head(As::Onto((1 << 34) - back), size, 1 << 34)).unwrap();
                assert_eq!((seen.stored, seen.size), (Stored::Behind(back), size));
            }
            let seen = Head::parse(&head(As::OntoNamed([7; 20]), size, 1 << 34)).unwrap();
            assert_eq!((seen.stored, seen.size), (Stored::Named([7; 20]), size));
        }
    }
}
