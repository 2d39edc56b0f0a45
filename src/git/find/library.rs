//! Any one object, read by our own reader. For the few that are wanted out of order.
//!
//! Must not know: why.

use git2::Oid;

use super::places::Places;
use crate::git::pack::entry::{Id, Kind};
use crate::git::pack::file::Reader;
use crate::git::pack::inflate::Inflater;

/// Places to read from, packs open.
#[derive(Debug, Default)]
pub(in crate::git) struct Library(pub(super) Places);

impl Library {
    /// The object `id`; `None` when nobody has it, or all copies are damaged.
    pub(in crate::git) fn read(&self, id: Oid) -> Option<(Kind, Vec<u8>)> {
        read(&self.0, id)
    }
}

/// The same from places that are still in use.
pub(super) fn read(places: &Places, id: Oid) -> Option<(Kind, Vec<u8>)> {
    let id: &Id = id.as_bytes().first_chunk()?;
    for place in &places.all {
        if place.loose.binary_search(id).is_ok()
            && let Ok(file) = crate::git::store::bytes(&place.file(id))
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
