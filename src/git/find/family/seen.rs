//! What is told of each object that was searched, and to whom.
//!
//! Must not know: how it was read.

use crate::git::find::body::Step;
use crate::git::pack::entry::Kind;

/// One object, seen.
#[derive(Debug, Clone, Copy)]
pub(in crate::git::find) struct Seen<'a> {
    pub(in crate::git::find) kind: Kind,
    pub(in crate::git::find) size: usize,
    /// All of it: always of commits and tags, and when it was wanted.
    pub(in crate::git::find) data: Option<&'a [u8]>,
    /// The form of the key in it.
    pub(in crate::git::find) form: Option<&'static str>,
    /// Something packed may begin in the middle of it.
    pub(in crate::git::find) packed: bool,
    /// On how many others it stands, one on the other, all of which were shown before, the nearest last.
    pub(in crate::git::find) depth: usize,
    /// What makes it of the one below, where it was built by that.
    pub(in crate::git::find) steps: &'a [Step],
}

impl<'a> Seen<'a> {
    /// One that stands on nothing.
    pub(in crate::git::find) fn alone(kind: Kind, data: &'a [u8], form: Option<&'static str>, packed: bool) -> Self {
        Self { kind, size: data.len(), data: Some(data), form, packed, depth: 0, steps: &[] }
    }
}

/// Who is told about objects.
pub(in crate::git::find) trait Sink {
    /// Whether a blob that starts like this is needed whole.
    fn wants(&self, start: &[u8]) -> bool;
    /// Whether trees are needed whole.
    fn wants_trees(&self) -> bool;
    /// False: stop.
    fn saw(&mut self, rank: u32, seen: Seen<'_>) -> bool;
    fn broken(&mut self, rank: u32);
}
