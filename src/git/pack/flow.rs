//! An object as a stream: inflated as it is read, never held. For those that are too large to be held.
//!
//! Must not know: what is done with the bytes.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::ZlibDecoder;

use super::delta::Delta;
use super::entry::{Head, Kind, LONGEST_HEAD, Stored};
use super::file::Pack;

/// Objects of more bytes than this are streamed wherever they stand whole.
pub(in crate::git) const LARGE: u64 = 1 << 25;
/// Entries of more compressed bytes than this are copied in pieces.
const LONG: u64 = 1 << 23;
/// Compressed bytes read at once.
const BLOCK: usize = 1 << 16;
/// Bytes of an entry that are enough to learn the sizes in a delta.
const FIRST: usize = 512;
/// Two sizes of a delta, at most.
const SIZES: u64 = 20;
/// Longest header of a loose object: kind, blank, size, NUL.
const HEADER: usize = 32;

/// The size of the object at `rank`: of a delta, what it makes. Only the entry's first bytes are read.
pub(in crate::git) fn size(pack: &Pack, rank: u32) -> Option<u64> {
    let (start, end) = pack.span(rank)?;
    let mut first = [0; FIRST];
    let first = first.get_mut(..usize::try_from(end - start).unwrap_or(usize::MAX).min(FIRST))?;
    pack.read_at(start, first).ok()?;
    let head = Head::parse(first)?;
    if let Stored::Whole(_) = head.stored {
        return Some(head.size);
    }
    let mut sizes = Vec::new();
    // It may be cut off behind the sizes: that is no matter here.
    let _ = ZlibDecoder::new(first.get(head.len..)?).take(SIZES).read_to_end(&mut sizes);
    u64::try_from(Delta::parse(&sizes)?.size).ok()
}

/// The bytes of one object. Its end is reached only if there were as many as were promised, and their checksum is right.
pub(in crate::git) struct Flow<'p> {
    pub(in crate::git) kind: Kind,
    pub(in crate::git) size: u64,
    left: u64,
    ended: bool,
    inner: ZlibDecoder<BufReader<Box<dyn Read + Send + 'p>>>,
}

impl std::fmt::Debug for Flow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Flow({:?}, {} bytes)", self.kind, self.size)
    }
}

impl<'p> Flow<'p> {
    fn new(kind: Kind, size: u64, inner: ZlibDecoder<BufReader<Box<dyn Read + Send + 'p>>>) -> Self {
        Self { kind, size, left: size, ended: false, inner }
    }

    /// The entry `rank` of a pack. `None`: it is a delta, or can't be read.
    pub(in crate::git) fn packed(pack: &'p Pack, rank: u32) -> Option<Self> {
        let (start, end) = pack.span(rank)?;
        let mut few = [0; LONGEST_HEAD];
        let few = few.get_mut(..usize::try_from(end - start).unwrap_or(usize::MAX).min(LONGEST_HEAD))?;
        pack.read_at(start, few).ok()?;
        let head = Head::parse(few)?;
        let Stored::Whole(kind) = head.stored else { return None };
        let raw: Box<dyn Read + Send> = Box::new(Raw { pack, at: start + head.len as u64, end });
        Some(Self::new(kind, head.size, ZlibDecoder::new(BufReader::with_capacity(BLOCK, raw))))
    }
}

impl Flow<'static> {
    /// A loose object's file. `None`: it can't be read.
    pub(in crate::git) fn loose(path: &Path) -> Option<Self> {
        let raw: Box<dyn Read + Send> = Box::new(File::open(path).ok()?);
        let mut inner = ZlibDecoder::new(BufReader::with_capacity(BLOCK, raw));
        let mut header = Vec::new();
        let mut byte = [1];
        while header.len() < HEADER {
            inner.read_exact(&mut byte).ok()?;
            if byte == [0] {
                break;
            }
            header.extend_from_slice(&byte);
        }
        let (kind, size) = std::str::from_utf8(&header).ok()?.split_once(' ')?;
        let kind = match kind {
            "blob" => Kind::Blob,
            "tree" => Kind::Tree,
            "commit" => Kind::Commit,
            "tag" => Kind::Tag,
            _ => return None,
        };
        Some(Self::new(kind, size.parse().ok()?, inner))
    }
}

impl Read for Flow<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            // The checksum is behind the last byte.
            if !self.ended && !buf.is_empty() {
                self.ended = true;
                if self.inner.read(&mut [0])? != 0 {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "an object is longer than it says"));
                }
            }
            return Ok(0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        let read = self.inner.read(buf.get_mut(..most).unwrap_or_default())?;
        if read == 0 && most > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "an object ends too early"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Bytes of a pack as they lie in it.
pub(in crate::git) struct Raw<'p> {
    pack: &'p Pack,
    at: u64,
    end: u64,
}

impl std::fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Raw({} to {})", self.at, self.end)
    }
}

impl<'p> Raw<'p> {
    /// CRC-32 of an entry that is too long to be read at once; `None`: it can't be read.
    pub(in crate::git) fn crc(mut self) -> Option<u32> {
        let mut crc = libdeflater::Crc::new();
        let mut piece = vec![0; BLOCK];
        loop {
            match self.read(&mut piece).ok()? {
                0 => return Some(crc.sum()),
                read => crc.update(piece.get(..read)?),
            }
        }
    }

    /// The entry `rank`, head and compressed bytes, if it takes more than [`LONG`] of them.
    pub(in crate::git) fn long(pack: &'p Pack, rank: u32) -> Option<Self> {
        Self::entry(pack, rank).filter(|raw| raw.end - raw.at > LONG)
    }

    /// The entry `rank`, head and compressed bytes.
    fn entry(pack: &'p Pack, rank: u32) -> Option<Self> {
        let (at, end) = pack.span(rank)?;
        Some(Self { pack, at, end })
    }
}

impl Read for Raw<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buf.len());
        let part = buf.get_mut(..most).unwrap_or_default();
        self.pack.read_at(self.at, part)?;
        self.at += most as u64;
        Ok(most)
    }
}
