//! New objects on their way into a pack: kept in memory while they are few, and outside the repository, in a file without
//! a name, which is gone when this process is. None of them holds the key.
//!
//! Must not know: what they replace.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use git2::{ObjectType, Oid};

use super::pack::entry::{Id, Kind};
use super::store;
use crate::base::Fault;
use crate::base::fault::Result;

/// Bytes held in memory; more go to the file.
const HELD: usize = 1 << 23;
/// Of a stream, so much at once.
const PIECE: usize = 1 << 20;

/// See above. One writer; read when it is done.
pub(super) struct Fresh {
    inner: RefCell<Inner>,
}

struct Inner {
    file: File,
    /// What is on file; `tail` comes after it.
    length: u64,
    tail: Vec<u8>,
    known: HashMap<Id, Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    kind: Kind,
    at: u64,
    size: usize,
}

impl std::fmt::Debug for Fresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fresh({} objects)", self.inner.borrow().known.len())
    }
}

impl Fresh {
    /// An empty store; its file lies in `folder` and has no name.
    pub(super) fn new(folder: &Path) -> Result<Self> {
        store::private_dir(folder)?;
        let file = tempfile::tempfile_in(folder).map_err(|e| cant(&e))?;
        let inner = Inner { file, length: 0, tail: Vec::new(), known: HashMap::new() };
        Ok(Self { inner: RefCell::new(inner) })
    }

    /// Keeps an object. The same one twice is kept once.
    pub(super) fn put(&self, id: Oid, kind: ObjectType, bytes: &[u8]) -> Result<()> {
        let mut guard = self.inner.borrow_mut();
        let inner = &mut *guard;
        let (Some(id), Some(kind)) = (id.as_bytes().first_chunk::<20>(), known(kind)) else {
            return Err(cant(&io::Error::other("it is of no known kind")));
        };
        if inner.known.contains_key(id) {
            return Ok(());
        }
        let at = inner.length + inner.tail.len() as u64;
        inner.known.insert(*id, Place { kind, at, size: bytes.len() });
        inner.tail.extend_from_slice(bytes);
        if inner.tail.len() >= HELD { inner.flush() } else { Ok(()) }
    }

    /// Keeps a file of `size` bytes that comes as a stream.
    pub(super) fn put_stream(&self, id: Oid, size: u64, reader: &mut dyn Read) -> Result<()> {
        let mut guard = self.inner.borrow_mut();
        let inner = &mut *guard;
        let (Some(id), Ok(whole)) = (id.as_bytes().first_chunk::<20>(), usize::try_from(size)) else {
            return Err(cant(&io::Error::other("it is too large for this machine")));
        };
        if inner.known.contains_key(id) {
            return Ok(());
        }
        inner.flush()?;
        let at = inner.length;
        let mut piece = vec![0; PIECE];
        let mut left = size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let part = piece.get_mut(..most).unwrap_or_default();
            reader.read_exact(part).map_err(|e| cant(&e))?;
            inner.file.write_all_at(part, at + (size - left)).map_err(|e| cant(&e))?;
            left -= most as u64;
        }
        inner.known.insert(*id, Place { kind: Kind::Blob, at, size: whole });
        inner.length = at + size;
        Ok(())
    }

    /// No more will come.
    pub(super) fn done(self) -> Stock {
        let Inner { file, length, tail, known } = self.inner.into_inner();
        Stock { file, length, tail, known }
    }
}

impl Inner {
    fn flush(&mut self) -> Result<()> {
        self.file.write_all_at(&self.tail, self.length).map_err(|e| cant(&e))?;
        self.length += self.tail.len() as u64;
        self.tail.clear();
        Ok(())
    }
}

fn known(kind: ObjectType) -> Option<Kind> {
    match kind {
        ObjectType::Commit => Some(Kind::Commit),
        ObjectType::Tree => Some(Kind::Tree),
        ObjectType::Blob => Some(Kind::Blob),
        ObjectType::Tag => Some(Kind::Tag),
        ObjectType::Any => None,
    }
}

/// All new objects, to be read by many threads.
#[derive(Debug)]
pub(super) struct Stock {
    file: File,
    /// What is on file; `tail` comes after it.
    length: u64,
    tail: Vec<u8>,
    known: HashMap<Id, Place>,
}

impl Stock {
    pub(super) fn holds(&self, id: &Id) -> bool {
        self.known.contains_key(id)
    }

    /// What a new object is.
    pub(super) fn kind(&self, id: &Id) -> Option<Kind> {
        self.known.get(id).map(|place| place.kind)
    }

    /// Bytes of a new object; none: it is not one.
    pub(super) fn size(&self, id: &Id) -> u64 {
        self.known.get(id).map_or(0, |place| place.size as u64)
    }

    /// Kind of a new object, and its bytes as a stream.
    pub(super) fn flow(&self, id: &Id) -> Option<(Kind, impl Read + '_)> {
        let place = self.known.get(id)?;
        let end = if self.held(place).is_some() { place.at } else { place.at + place.size as u64 };
        Some((place.kind, self.held(place).unwrap_or_default().chain(Span { file: &self.file, at: place.at, end })))
    }

    /// Kind and bytes of a new object; `None` when it is not one, or can't be read back.
    pub(super) fn read(&self, id: &Id) -> Option<(Kind, Vec<u8>)> {
        let place = self.known.get(id)?;
        if let Some(bytes) = self.held(place) {
            return Some((place.kind, bytes.to_vec()));
        }
        let mut bytes = vec![0; place.size];
        self.file.read_exact_at(&mut bytes, place.at).ok()?;
        Some((place.kind, bytes))
    }
}

impl Stock {
    /// The bytes there, where they are in memory.
    fn held(&self, place: &Place) -> Option<&[u8]> {
        let at = usize::try_from(place.at.checked_sub(self.length)?).ok()?;
        self.tail.get(at..at + place.size)
    }
}

struct Span<'f> {
    file: &'f File,
    at: u64,
    end: u64,
}

impl Read for Span<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buf.len());
        let read = self.file.read_at(buf.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        if read == 0 && most > 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(read) }
    }
}

fn cant(e: &io::Error) -> Fault {
    Fault::machine("a new object can't be kept", e).hint("free some disk space where the backups are, and try again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let fresh = Fresh::new(folder.path()).unwrap();
        let id = |n: usize| Oid::from_bytes(&[u8::try_from(n).unwrap(); 20]).unwrap();
        let text = |n: usize| vec![b'a'; n * 50_000];
        for n in 0..30 {
            fresh.put(id(n), ObjectType::Blob, &text(n)).unwrap();
        }
        fresh.put(id(3), ObjectType::Tree, b"again").unwrap();
        let stock = fresh.done();
        for n in 0..30_u8 {
            assert_eq!(stock.read(&[n; 20]).unwrap(), (Kind::Blob, text(usize::from(n))));
        }
        assert!(stock.read(&[99; 20]).is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
