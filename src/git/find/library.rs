//! Any one object, read by our own reader. For the few that are wanted out of order.
//!
//! Must not know: why.

use std::collections::HashSet;
use std::path::Path;

use git2::Oid;

use super::places::Places;
use crate::base::fault::Result;
use crate::git::pack::entry::{Id, Kind};
use crate::git::pack::file::Reader;
use crate::git::pack::flow::{self, Flow, LARGE};
use crate::git::pack::inflate::Inflater;
use crate::git::pack::near::{Known, Near};

/// Places to read from, packs open.
#[derive(Debug, Default)]
pub(in crate::git) struct Library(pub(super) Places);

/// Reads many objects of a library, of which one often helps to read the next.
pub(in crate::git) struct Desk<'l> {
    places: &'l Places,
    /// For each place, its packs.
    near: Vec<Vec<Near<'l>>>,
    loose: Inflater,
}

impl std::fmt::Debug for Desk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Desk({} places)", self.near.len())
    }
}

impl Library {
    /// The object `id` as a stream, if it is too large to be held and stands whole. Each call begins anew.
    pub(in crate::git) fn large(&self, id: Oid) -> Option<Flow<'_>> {
        large(&self.0, id)
    }

    /// Whether the repository has the object `id` itself, borrowed or not.
    pub(in crate::git) fn is_own(&self, id: Oid) -> bool {
        let Some(id) = id.as_bytes().first_chunk() else { return false };
        let mut own = self.0.all.iter().filter(|place| !place.borrowed);
        own.any(|place| {
            place.loose.binary_search(id).is_ok() || place.packs.iter().any(|pack| pack.rank_of(id).is_some())
        })
    }

    pub(in crate::git) fn desk(&self) -> Desk<'_> {
        let packs = self.0.all.iter().map(|place| &place.packs);
        let near = packs.map(|packs| packs.iter().map(|pack| Near::new(Reader::new(pack))).collect()).collect();
        Desk { places: &self.0, near, loose: Inflater::default() }
    }
}

impl Desk<'_> {
    /// The size of the object `id`, before it is read.
    pub(in crate::git) fn size(&self, id: Oid) -> Option<u64> {
        size(self.places, id.as_bytes().first_chunk()?)
    }

    /// The object `id`; `None` when nobody has it, or all copies are damaged.
    pub(in crate::git) fn read(&mut self, id: Oid) -> Option<Known> {
        let id: &Id = id.as_bytes().first_chunk()?;
        for (place, near) in self.places.all.iter().zip(&mut self.near) {
            if place.loose.binary_search(id).is_ok()
                && let Ok(file) = crate::git::store::bytes(&place.file(id))
            {
                let mut data = Vec::new();
                if let Some(kind) = self.loose.loose(&file, &mut data) {
                    return Some((kind, data.into()));
                }
            }
            for near in near {
                if let Some(object) = near.reader.pack.rank_of(id).and_then(|rank| near.object(rank)) {
                    return Some(object);
                }
            }
        }
        None
    }
}

/// The size of the object `id`, of which only the first bytes are read.
fn size(places: &Places, id: &Id) -> Option<u64> {
    for place in &places.all {
        if place.loose.binary_search(id).is_ok() {
            return Flow::loose(&place.file(id)).map(|flow| flow.size);
        }
        if let Some((pack, rank)) = place.packs.iter().find_map(|pack| Some((pack, pack.rank_of(id)?))) {
            return flow::size(pack, rank);
        }
    }
    None
}

/// The file of a loose object that is too large to be held.
pub(super) fn large_file(path: &Path) -> Option<Flow<'static>> {
    // Most are small, and read in one go.
    let long = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.len() > LARGE / 1032);
    if long { Flow::loose(path).filter(|flow| flow.size > LARGE) } else { None }
}

/// The object `id` as a stream, if it is too large to be held and stands whole.
pub(super) fn large(places: &Places, id: Oid) -> Option<Flow<'_>> {
    let id: &Id = id.as_bytes().first_chunk()?;
    for place in &places.all {
        if place.loose.binary_search(id).is_ok() {
            return large_file(&place.file(id));
        }
        if let Some((pack, rank)) = place.packs.iter().find_map(|pack| Some((pack, pack.rank_of(id)?))) {
            return Flow::packed(pack, rank).filter(|flow| flow.size > LARGE);
        }
    }
    None
}

/// How many of the objects below `objects` hold the plain bytes `word`, and how many there are.
pub(in crate::git) fn holding(objects: &Path, word: &[u8], stop: &(dyn Fn() -> bool + Sync)) -> Result<(usize, usize)> {
    let places = Places::open(objects)?;
    let mut ids: HashSet<Id> = places.all.iter().flat_map(|place| place.loose.iter().copied()).collect();
    for pack in places.all.iter().flat_map(|place| &place.packs) {
        ids.extend((0..pack.len()).filter_map(|rank| pack.id(rank).copied()));
    }
    let finder = memchr::memmem::Finder::new(word);
    let object = |id: &Id| Oid::from_bytes(id).ok().and_then(|id| read(&places, id));
    let holds = |id: &&Id| !stop() && object(id).is_some_and(|(_, data)| finder.find(&data).is_some());
    Ok((ids.iter().filter(holds).count(), ids.len()))
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
