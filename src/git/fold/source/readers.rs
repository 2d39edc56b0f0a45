//! Reading objects, each thread with readers of its own.
//!
//! Must not know: what is read for.

use super::{Place, Source};
use crate::git::pack::file::Reader;
use crate::git::pack::inflate::Inflater;
use crate::git::pack::near::{Known, Near};
use crate::git::store;

impl Source {
    pub(in crate::git::fold) fn readers(&self) -> Readers<'_> {
        let packs = self.packs.iter().map(|pack| Near::new(Reader::new(pack))).collect();
        Readers { source: self, packs, inflater: Inflater::default() }
    }
}

/// One thread's way to read objects.
#[derive(Debug)]
pub(in crate::git::fold) struct Readers<'s> {
    source: &'s Source,
    packs: Vec<Near<'s>>,
    inflater: Inflater,
}

impl<'s> Readers<'s> {
    /// How the pack with this number is read entry by entry.
    pub(in crate::git::fold) fn pack(&mut self, pack: usize) -> Option<&mut Reader<'s>> {
        self.packs.get_mut(pack).map(|near| &mut near.reader)
    }

    /// The whole object.
    pub(in crate::git::fold) fn object(&mut self, n: u32) -> Option<Known> {
        match self.source.place(n)? {
            Place::Packed(pack, rank) => self.packs.get_mut(pack)?.object(rank),
            Place::Loose(nth) => {
                let (_, path) = self.source.loose.get(nth)?;
                let mut out = Vec::new();
                let kind = self.inflater.loose(&store::bytes(path).ok()?, &mut out)?;
                Some((kind, out.into()))
            }
        }
    }
}
