//! Entries that can't be copied as they are: new objects, loose ones, and deltas whose base went. Each is read back at
//! once and held against its id.
//!
//! Must not know: where entries come to lie.

use std::io::Read;

use libdeflater::{CompressionLvl, Compressor};

use super::order::Order;
use super::source::{NONE, Place, Readers, Source};
use crate::git::find::object_type;
use crate::git::fresh::Stock;
use crate::git::pack::delta::Delta;
use crate::git::pack::deltify::deltify;
use crate::git::pack::entry::{Id, Kind};
use crate::git::pack::flow::LARGE;
use crate::git::pack::inflate::Inflater;
use crate::git::pack::near::Known;

/// Git's own level.
const LEVEL: i32 = 6;

/// An entry ready to be written.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) kind: Kind,
    /// Position of what it is a delta against.
    pub(super) base: Option<u32>,
    /// Inflated bytes, of the object or of the delta.
    pub(super) size: u64,
    pub(super) deflated: Vec<u8>,
}

/// Must the entry be encoded? Otherwise it is copied.
pub(super) fn is_needed(source: &Source, order: &Order, position: u32) -> bool {
    let Some(item) = order.item(position) else { return false };
    let entry = source.entry(item.old);
    item.new != NONE
        || matches!(source.place(item.old), Some(Place::Loose(_)) | None)
        || (entry.base != NONE && order.stays(source, entry.base).is_none())
}

/// An object that is too large to be held and stands for itself: it is deflated on its way into the pack.
pub(super) fn streamed<'s>(
    source: &'s Source,
    order: &Order,
    stock: &'s Stock,
    position: u32,
) -> Option<(Kind, u64, Box<dyn Read + 's>)> {
    let item = order.item(position)?;
    if item.new == NONE {
        let flow = source.flow(item.old)?;
        return Some((flow.kind, flow.size, Box::new(flow)));
    }
    let id = order.new_id(item.new)?;
    let size = stock.size(id);
    if size <= LARGE || order.base(source, position).is_some() {
        return None;
    }
    let (kind, flow) = stock.flow(id)?;
    Some((kind, size, Box::new(flow)))
}

/// One thread's tools.
pub(super) struct Encoder<'s> {
    source: &'s Source,
    order: &'s Order,
    stock: &'s Stock,
    readers: Readers<'s>,
    compressor: Compressor,
    inflater: Inflater,
    back: Vec<u8>,
    made: Vec<u8>,
}

impl<'s> Encoder<'s> {
    pub(super) fn new(source: &'s Source, order: &'s Order, stock: &'s Stock) -> Self {
        Self {
            source,
            order,
            stock,
            readers: source.readers(),
            compressor: Compressor::new(CompressionLvl::new(LEVEL).unwrap_or_default()),
            inflater: Inflater::default(),
            back: Vec::new(),
            made: Vec::new(),
        }
    }

    /// The entry at `position`. `None` when something can't be read or is not what its id says.
    pub(super) fn encode(&mut self, position: u32) -> Option<Encoded> {
        let (kind, target) = self.object(position)?;
        let id = self.order.id(self.source, position)?;
        if !is(kind, &target, id) {
            return None;
        }
        // A small object is not worth a delta; git thinks so too.
        let base = self.order.base(self.source, position).filter(|_| target.len() > 50);
        if let Some(base) = base {
            let (of, bytes) = self.object(base)?;
            if of == kind
                && let Some(delta) = deltify(&bytes, &target, target.len() / 2)
            {
                let deflated = self.deflate(&delta)?;
                self.inflater.exact(&deflated, delta.len() as u64, &mut self.back)?;
                Delta::parse(&self.back)?.apply(&bytes, &mut self.made)?;
                return (self.made == *target).then_some(Encoded {
                    kind,
                    base: Some(base),
                    size: delta.len() as u64,
                    deflated,
                });
            }
        }
        let deflated = self.deflate(&target)?;
        self.inflater.exact(&deflated, target.len() as u64, &mut self.back)?;
        (self.back == *target).then_some(Encoded { kind, base: None, size: target.len() as u64, deflated })
    }

    fn object(&mut self, position: u32) -> Option<Known> {
        let item = self.order.item(position)?;
        if item.new == NONE {
            return self.readers.object(item.old);
        }
        let mut old = |id: &Id| self.readers.object(self.source.find(id)?);
        let (kind, bytes) = self.stock.read(self.order.new_id(item.new)?, &mut old)?;
        Some((kind, bytes.into()))
    }

    fn deflate(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; self.compressor.zlib_compress_bound(bytes.len())];
        let length = self.compressor.zlib_compress(bytes, &mut out).ok()?;
        out.truncate(length);
        out.shrink_to_fit();
        Some(out)
    }
}

fn is(kind: Kind, bytes: &[u8], id: &Id) -> bool {
    crate::git::raw::id(object_type(kind), bytes).is_ok_and(|made| made.as_bytes() == id)
}
