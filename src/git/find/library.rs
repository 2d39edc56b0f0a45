//! Any one object, read by our own reader. For the few that are wanted out of order.
//!
//! Must not know: why.

use git2::Oid;

use super::places::Places;
use crate::git::pack::entry::{Id, Kind};
use crate::git::pack::file::{Reader, Recent};
use crate::git::pack::inflate::Inflater;

/// Places to read from, packs open.
#[derive(Debug, Default)]
pub(in crate::git) struct Library(pub(super) Places);

/// Bytes of objects of one pack that a desk keeps.
const KEPT: usize = 1 << 23;

/// A reader that remembers, for many objects one after the other.
#[derive(Debug)]
pub(in crate::git) struct Desk<'l> {
    places: &'l Places,
    packs: Vec<(Reader<'l>, Recent)>,
}

impl Library {
    pub(in crate::git) fn desk(&self) -> Desk<'_> {
        let packs = self.0.all.iter().flat_map(|place| &place.packs);
        Desk { places: &self.0, packs: packs.map(|pack| (Reader::new(pack), Recent::new(KEPT))).collect() }
    }
}

impl Desk<'_> {
    /// The object `id`; `None` when nobody has it, or all copies are damaged.
    pub(in crate::git) fn read(&mut self, id: Oid) -> Option<(Kind, Vec<u8>)> {
        let raw: &Id = id.as_bytes().first_chunk()?;
        let object = |(reader, recent): &mut (Reader<'_>, Recent)| {
            reader.pack.rank_of(raw).and_then(|rank| reader.object_by(rank, recent))
        };
        self.packs.iter_mut().find_map(object).or_else(|| read(self.places, id))
    }
}

/// The same from places that are still in use.
pub(super) fn read(places: &Places, id: Oid) -> Option<(Kind, Vec<u8>)> {
    let id: &Id = id.as_bytes().first_chunk()?;
    for place in &places.all {
        if place.loose.binary_search(id).is_ok()
            && let Ok(file) = std::fs::read(place.file(id))
        {
            let mut data = Vec::new();
            if let Some(kind) = Inflater::default().loose(&file, &mut data) {
                return Some((kind, data));
            }
        }
        for pack in &place.packs {
            if let Some(object) = pack.rank_of(id).and_then(|rank| Reader::new(pack).object(rank)) {
                return Some(object);
            }
        }
    }
    None
}
