//! New objects on their way into a pack: kept in memory while they are few, and outside the repository, in a file without
//! a name, which is gone when this process is. None of them holds the key. Of a tree in which only ids changed, just these
//! are kept, and whoever reads it has to bring the old one.
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
use super::pack::near::Known;
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
    /// Of the object.
    size: usize,
    /// So many changes are there, and the old id; none: the object itself.
    changes: usize,
}

impl Place {
    /// Bytes that are kept of it.
    fn kept(&self) -> usize {
        if self.changes == 0 { self.size } else { ID + self.changes * CHANGE }
    }
}

/// Bytes of an id, and of a place and an id.
const ID: usize = 20;
const CHANGE: usize = 4 + ID;
/// A larger object is kept whole.
const PATCHED: usize = 1 << 20;

/// How a new object differs from an old one of the same length.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) old: Oid,
    /// Where another id comes to stand, and which.
    pub(super) changes: Vec<(usize, Oid)>,
}

impl Patch {
    /// The new object made of the old one.
    pub(super) fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for (at, id) in &self.changes {
            if let Some(slot) = bytes.get_mut(*at..*at + ID) {
                slot.copy_from_slice(id.as_bytes());
            }
        }
        bytes
    }

    /// How it is kept; `None` when it saves nothing.
    fn record(&self, size: usize) -> Option<Vec<u8>> {
        let length = ID + self.changes.len() * CHANGE;
        if self.changes.is_empty() || length >= size || size > PATCHED {
            return None;
        }
        let mut record = Vec::with_capacity(length);
        record.extend_from_slice(self.old.as_bytes());
        for (at, id) in &self.changes {
            record.extend_from_slice(&u32::try_from(*at).ok()?.to_le_bytes());
            record.extend_from_slice(id.as_bytes());
        }
        Some(record)
    }

    fn parse(record: &[u8]) -> Option<Self> {
        let (old, rest) = record.split_at_checked(ID)?;
        let change = |change: &[u8]| {
            let (at, id) = change.split_first_chunk::<4>()?;
            Some((usize::try_from(u32::from_le_bytes(*at)).ok()?, Oid::from_bytes(id).ok()?))
        };
        let changes = rest.chunks_exact(CHANGE).map(change).collect::<Option<_>>()?;
        Some(Self { old: Oid::from_bytes(old).ok()?, changes })
    }
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
        self.put_patched(id, kind, bytes, None)
    }

    /// The same for one that may be kept as the `patch` that makes it of an old one.
    pub(super) fn put_patched(&self, id: Oid, kind: ObjectType, bytes: &[u8], patch: Option<&Patch>) -> Result<()> {
        let mut guard = self.inner.borrow_mut();
        let inner = &mut *guard;
        let (Some(id), Some(kind)) = (id.as_bytes().first_chunk::<20>(), known(kind)) else {
            return Err(cant(&io::Error::other("it is of no known kind")));
        };
        if inner.known.contains_key(id) {
            return Ok(());
        }
        let at = inner.length + inner.tail.len() as u64;
        let record = patch.and_then(|patch| Some((patch.record(bytes.len())?, patch.changes.len())));
        let (kept, changes) = record.as_ref().map_or((bytes, 0), |(record, changes)| (record, *changes));
        inner.known.insert(*id, Place { kind, at, size: bytes.len(), changes });
        inner.tail.extend_from_slice(kept);
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
        inner.known.insert(*id, Place { kind: Kind::Blob, at, size: whole, changes: 0 });
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

    /// Kind of a new object that is kept whole, and its bytes as a stream.
    pub(super) fn flow(&self, id: &Id) -> Option<(Kind, impl Read + '_)> {
        let place = self.known.get(id).filter(|place| place.changes == 0)?;
        let end = if self.held(place).is_some() { place.at } else { place.at + place.size as u64 };
        Some((place.kind, self.held(place).unwrap_or_default().chain(Span { file: &self.file, at: place.at, end })))
    }

    /// Kind and bytes of a new object; `None` when it is not one, or can't be read back. `old` reads an old object.
    pub(super) fn read(&self, id: &Id, old: &mut dyn FnMut(&Id) -> Option<Known>) -> Option<(Kind, Vec<u8>)> {
        let place = self.known.get(id)?;
        let bytes = if let Some(bytes) = self.held(place) {
            bytes.to_vec()
        } else {
            let mut bytes = vec![0; place.kept()];
            self.file.read_exact_at(&mut bytes, place.at).ok()?;
            bytes
        };
        if place.changes == 0 {
            return Some((place.kind, bytes));
        }
        let patch = Patch::parse(&bytes)?;
        let (_, base) = old(patch.old.as_bytes().first_chunk()?)?;
        (base.len() == place.size).then(|| (place.kind, patch.apply(base.to_vec())))
    }
}

impl Stock {
    /// The bytes there, where they are in memory.
    fn held(&self, place: &Place) -> Option<&[u8]> {
        let at = usize::try_from(place.at.checked_sub(self.length)?).ok()?;
        self.tail.get(at..at + place.kept())
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
        let old: Id = [77; 20];
        let made = |n: usize| (vec![b'o'; 7], vec![b'o'; 500 * n + 100], text(n)[..20].to_vec());
        let whole = |n: usize| {
            let (front, back, id) = made(n);
            [front, id, back].concat()
        };
        for n in 1..4 {
            let changes = vec![(7, Oid::from_bytes(&text(n)[..20]).unwrap())];
            let patch = Patch { old: Oid::from_bytes(&old).unwrap(), changes };
            fresh.put_patched(id(100 + n), ObjectType::Tree, &whole(n), Some(&patch)).unwrap();
        }
        let stock = fresh.done();
        for n in 0..30_u8 {
            assert_eq!(stock.read(&[n; 20], &mut |_| None).unwrap(), (Kind::Blob, text(usize::from(n))));
        }
        for n in 1..4 {
            let (key, size) = ([100 + u8::try_from(n).unwrap(); 20], 500 * n + 127);
            let read = |size: usize| {
                let base = std::rc::Rc::new(vec![b'o'; size]);
                stock.read(&key, &mut |asked| (*asked == old).then(|| (Kind::Tree, base.clone())))
            };
            assert_eq!((stock.size(&key), read(size)), (size as u64, Some((Kind::Tree, whole(n)))));
            assert_eq!(read(size - 1), None, "another one than it was made of");
            assert!(stock.flow(&key).is_none());
        }
        assert!(stock.read(&[99; 20], &mut |_| None).is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
