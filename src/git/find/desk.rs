//! Objects read one after the other by our own reader, in an order far from that of packs: what a chain of deltas passes
//! through is remembered for the next.
//!
//! Must not know: why they are read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use git2::Oid;

use super::library::Library;
use crate::git::pack::delta::Delta;
use crate::git::pack::entry::{Id, Kind, Stored};
use crate::git::pack::file::Reader;
use crate::git::pack::inflate::Inflater;

/// Bytes that are remembered; then it begins anew.
const MOST: usize = 1 << 25;
/// An object above this is not remembered.
const LARGEST: usize = 1 << 20;
/// Bases behind each other at most.
const DEEPEST: usize = 1 << 13;

/// See above. One thread's.
pub(in crate::git) struct Desk<'l> {
    library: &'l Library,
    inner: RefCell<Inner<'l>>,
}

#[derive(Default)]
struct Inner<'l> {
    /// One for each pack, in the library's order.
    readers: Vec<Reader<'l>>,
    inflater: Inflater,
    known: HashMap<(usize, u32), (Kind, Rc<Vec<u8>>)>,
    bytes: usize,
}

impl std::fmt::Debug for Desk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Desk({} known)", self.inner.borrow().known.len())
    }
}

impl<'l> Desk<'l> {
    pub(in crate::git) fn new(library: &'l Library) -> Self {
        let packs = library.0.all.iter().flat_map(|place| &place.packs);
        let inner = Inner { readers: packs.map(Reader::new).collect(), ..Inner::default() };
        Self { library, inner: RefCell::new(inner) }
    }

    /// The object `id`; `None` when nobody has it, or all copies are damaged.
    pub(in crate::git) fn read(&self, id: Oid) -> Option<(Kind, Rc<Vec<u8>>)> {
        let id: &Id = id.as_bytes().first_chunk()?;
        let inner = &mut *self.inner.borrow_mut();
        for place in self.library.0.all.iter().filter(|place| place.loose.binary_search(id).is_ok()) {
            let mut data = Vec::new();
            if let Ok(file) = std::fs::read(place.file(id))
                && let Some(kind) = inner.inflater.loose(&file, &mut data)
            {
                return Some((kind, Rc::new(data)));
            }
        }
        (0..inner.readers.len()).find_map(|n| {
            let rank = inner.readers.get(n)?.pack.rank_of(id)?;
            inner.object(n, rank)
        })
    }
}

impl Inner<'_> {
    fn object(&mut self, n: usize, rank: u32) -> Option<(Kind, Rc<Vec<u8>>)> {
        let mut deltas = Vec::new();
        let mut at = rank;
        let (kind, mut data) = loop {
            if let Some(known) = self.known.get(&(n, at)) {
                break known.clone();
            }
            let reader = self.readers.get_mut(n)?;
            let mut bytes = Vec::new();
            let head = reader.inflate(at, &mut bytes)?;
            if let Stored::Whole(kind) = head.stored {
                let data = Rc::new(bytes);
                self.keep((n, at), kind, &data);
                break (kind, data);
            }
            if deltas.len() == DEEPEST {
                return None;
            }
            deltas.push((at, bytes));
            at = reader.pack.base_of(at, &head)?;
        };
        while let Some((rank, delta)) = deltas.pop() {
            let mut made = Vec::new();
            Delta::parse(&delta)?.apply(&data, &mut made)?;
            data = Rc::new(made);
            self.keep((n, rank), kind, &data);
        }
        Some((kind, data))
    }

    fn keep(&mut self, entry: (usize, u32), kind: Kind, data: &Rc<Vec<u8>>) {
        if data.len() > LARGEST {
            return;
        }
        if self.bytes + data.len() > MOST {
            self.known.clear();
            self.bytes = 0;
        }
        self.bytes += data.len();
        self.known.insert(entry, (kind, data.clone()));
    }
}
