//! Objects too large to be held: searched as a stream, in bounded memory.
//!
//! Must not know: what comes of it.

use std::io::Read;

use super::family::{Diver, Seen, Sink};
use crate::git::archive::{HEAD, looks_like};
use crate::git::needle::Search;
use crate::git::pack::entry::Kind;
use crate::git::pack::flow::{Flow, LARGE};

/// What was seen of one object. `None`: it is broken.
pub(super) fn glance<'a>(search: &Search<'_>, mut flow: Flow<'_>) -> Option<Seen<'a>> {
    let (kind, size) = (flow.kind, usize::try_from(flow.size).ok()?);
    let mut start = Vec::with_capacity(HEAD);
    Read::take(&mut flow, HEAD as u64).read_to_end(&mut start).ok()?;
    let mut hits = Vec::new();
    let signs = search.stream_with_signs(&mut start.as_slice().chain(&mut flow), &mut hits).ok()?;
    let packed = kind == Kind::Blob && (signs || looks_like(&start).is_some());
    Some(Seen { size, data: None, ..Seen::alone(kind, &[], hits.first().map(|hit| hit.form), packed) })
}

impl Diver<'_> {
    /// Shows a large file that stands alone. `None`: it is another sort of entry. False: stop.
    pub(super) fn alone(&mut self, rank: u32, kind: Kind, sink: &mut impl Sink) -> Option<bool> {
        if kind != Kind::Blob || self.forest.child(rank).is_some() || self.reader.size(rank) <= LARGE {
            return None;
        }
        let flow = Flow::packed(self.reader.pack, rank)?;
        Some(if let Some(seen) = glance(self.search, flow) {
            sink.saw(rank, seen)
        } else {
            sink.broken(rank);
            true
        })
    }
}
