//! New objects on their way into a pack: kept in memory while they are few, and outside the repository, in a file without
//! a name, which is gone when this process is. None of them holds the key. Of a tree in which only ids changed, just these
//! are kept, and whoever reads it has to bring the old one.
//!
//! Must not know: what they replace.
//!
//! Here they are put; `patch` is how one is kept as its difference from an old one, `stock` how they are read back.

mod patch;
mod stock;

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

pub(super) use patch::Patch;
pub(super) use stock::Stock;

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
