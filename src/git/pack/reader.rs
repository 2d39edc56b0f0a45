//! One thread's way to read a pack's entries.
//!
//! Must not know: what is looked for in them.

use super::delta::Delta;
use super::entry::{Head, Kind, LONGEST_HEAD, Stored};
use super::file::Pack;
use super::inflate::{Inflater, room};

/// Bytes read at once.
const BLOCK: u64 = 1 << 12;
/// Blocks a reader keeps.
const BLOCKS: usize = 2048;
/// Bases behind each other at most; git's own writers stop at 4,095.
const DEEPEST: usize = 1 << 13;

/// A decompressor, and, for what the pack does not hold in memory, some of the blocks read last. Deltas jump about, yet
/// stay in a neighbourhood: most blocks are read once.
#[derive(Debug)]
pub(in crate::git) struct Reader<'p> {
    pub(in crate::git) pack: &'p Pack,
    inflater: Inflater,
    blocks: Blocks,
}

#[derive(Debug, Default)]
struct Blocks {
    all: Vec<Block>,
    /// An entry that crosses the edge of a block.
    long: Vec<u8>,
}

/// A stretch of the pack that begins at a multiple of [`BLOCK`].
#[derive(Debug, Default)]
struct Block {
    number: Option<u64>,
    bytes: Vec<u8>,
}

impl<'p> Reader<'p> {
    pub(in crate::git) fn new(pack: &'p Pack) -> Self {
        Self { pack, inflater: Inflater::default(), blocks: Blocks::default() }
    }

    /// The entry as it is in the pack, head and compressed bytes. `None` when it can't be read.
    pub(in crate::git) fn raw(&mut self, rank: u32) -> Option<&[u8]> {
        entry(self.pack, &mut self.blocks, rank)
    }

    /// Inflates the entry, object or delta, into `out`. `None` when it is broken.
    pub(in crate::git) fn inflate(&mut self, rank: u32, out: &mut Vec<u8>) -> Option<Head> {
        let entry = entry(self.pack, &mut self.blocks, rank)?;
        let head = Head::parse(entry)?;
        self.inflater.exact(entry.get(head.len..)?, head.size, out)?;
        Some(head)
    }

    /// The head alone.
    pub(in crate::git) fn head(&mut self, rank: u32) -> Option<Head> {
        let (start, end) = self.pack.span(rank)?;
        if let Some(entry) = self.pack.held(start, end) {
            return Head::parse(entry);
        }
        if end - start <= BLOCK {
            return Head::parse(self.raw(rank)?);
        }
        let mut few = [0; LONGEST_HEAD];
        self.pack.read_at(start, &mut few).ok()?;
        Head::parse(&few)
    }

    /// Bytes that inflating the entry takes.
    pub(in crate::git) fn size(&mut self, rank: u32) -> u64 {
        self.head(rank).map_or(0, |head| head.size)
    }

    /// The object itself, through all its bases in this pack. `None` when something is broken, or a base is not here.
    pub(in crate::git) fn object(&mut self, rank: u32) -> Option<(Kind, Vec<u8>)> {
        let mut deltas = Vec::new();
        let mut at = rank;
        let mut data = Vec::new();
        let kind = loop {
            let head = self.inflate(at, &mut data)?;
            if let Stored::Whole(kind) = head.stored {
                break kind;
            }
            at = self.pack.base_of(at, &head)?;
            if deltas.len() == DEEPEST {
                return None;
            }
            deltas.push(std::mem::take(&mut data));
        };
        let mut made = Vec::new();
        while let Some(delta) = deltas.pop() {
            Delta::parse(&delta)?.apply(&data, &mut made)?;
            std::mem::swap(&mut data, &mut made);
        }
        Some((kind, data))
    }

    /// Gives back the memory that a very large entry took.
    pub(in crate::git) fn slim(&mut self) {
        if self.blocks.long.capacity() > 1 << 22 {
            self.blocks.long = Vec::new();
        }
    }
}

fn entry<'b>(pack: &'b Pack, blocks: &'b mut Blocks, rank: u32) -> Option<&'b [u8]> {
    let (start, end) = pack.span(rank)?;
    match pack.held(start, end) {
        Some(entry) => Some(entry),
        None => blocks.read(pack, start, end),
    }
}

impl Blocks {
    fn read(&mut self, pack: &Pack, start: u64, end: u64) -> Option<&[u8]> {
        if self.all.is_empty() {
            let count = usize::try_from(pack.end() / BLOCK + 1).unwrap_or(BLOCKS).min(BLOCKS).next_power_of_two();
            self.all.resize_with(count, Block::default);
        }
        let number = start / BLOCK;
        let len = usize::try_from(end.checked_sub(start)?).ok()?;
        if end > (number + 1) * BLOCK {
            room(&mut self.long, len);
            pack.read_at(start, &mut self.long).ok()?;
            return Some(&self.long);
        }
        let slot = usize::try_from(number).ok()? & (self.all.len() - 1);
        let block = self.all.get_mut(slot)?;
        let first = number * BLOCK;
        if block.number != Some(number) {
            block.number = None;
            room(&mut block.bytes, usize::try_from(BLOCK.min(pack.end() - first)).ok()?);
            pack.read_at(first, &mut block.bytes).ok()?;
            block.number = Some(number);
        }
        let from = usize::try_from(start - first).ok()?;
        block.bytes.get(from..from + len)
    }
}
