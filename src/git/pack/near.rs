//! Objects of a pack in any order, where one that was read a moment ago is often what the next is a delta against: what
//! was built stays at hand for a while, within a budget.
//!
//! Must not know: who reads, and why.

use std::collections::HashMap;
use std::rc::Rc;

use super::delta::Delta;
use super::entry::{Kind, Stored};
use super::file::Reader;

/// Bytes kept, about.
const BUDGET: usize = 1 << 23;
/// An object above this is not kept.
const LARGE: usize = BUDGET / 8;
/// What an object costs beside its bytes.
const COST: usize = 128;
/// Bases behind each other at most; git's own writers stop at 4,095.
const DEEPEST: usize = 1 << 13;

/// An object: its kind and bytes.
pub(in crate::git) type Known = (Kind, Rc<Vec<u8>>);

/// One thread's way to read objects of a pack.
#[derive(Debug)]
pub(in crate::git) struct Near<'p> {
    pub(in crate::git) reader: Reader<'p>,
    /// By rank. What is asked for is young again; when the young are too many, the old go.
    young: HashMap<u32, Known>,
    old: HashMap<u32, Known>,
    bytes: usize,
}

impl<'p> Near<'p> {
    pub(in crate::git) fn new(reader: Reader<'p>) -> Self {
        Self { reader, young: HashMap::new(), old: HashMap::new(), bytes: 0 }
    }

    /// The object itself, through all its bases in this pack. `None` when something is broken, or a base is not here.
    pub(in crate::git) fn object(&mut self, rank: u32) -> Option<Known> {
        let mut deltas = Vec::new();
        let mut at = rank;
        let (kind, mut data) = loop {
            if let Some(known) = self.known(at) {
                break known;
            }
            let mut bytes = Vec::new();
            let head = self.reader.inflate(at, &mut bytes)?;
            if let Stored::Whole(kind) = head.stored {
                break self.keep(at, kind, bytes);
            }
            if deltas.len() == DEEPEST {
                return None;
            }
            deltas.push((at, bytes));
            at = self.reader.pack.base_of(at, &head)?;
        };
        while let Some((rank, delta)) = deltas.pop() {
            let mut made = Vec::new();
            Delta::parse(&delta)?.apply(&data, &mut made)?;
            (_, data) = self.keep(rank, kind, made);
        }
        Some((kind, data))
    }

    fn known(&mut self, rank: u32) -> Option<Known> {
        if let Some(known) = self.young.get(&rank) {
            return Some(known.clone());
        }
        let (kind, data) = self.old.remove(&rank)?;
        self.add(rank, (kind, data.clone()));
        Some((kind, data))
    }

    fn keep(&mut self, rank: u32, kind: Kind, bytes: Vec<u8>) -> Known {
        let known = (kind, Rc::new(bytes));
        if known.1.len() <= LARGE {
            self.add(rank, known.clone());
        }
        known
    }

    fn add(&mut self, rank: u32, known: Known) {
        self.bytes += known.1.capacity() + COST;
        self.young.insert(rank, known);
        if self.bytes > BUDGET / 2 {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
    }
}
