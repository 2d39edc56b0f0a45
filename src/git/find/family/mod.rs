//! Searches an object and everything that is stored as a delta against it, without building what needs no building.
//!
//! A copy of a key either lies in bytes that a delta brings, or crosses an edge of what it copies, or lies in one copied
//! stretch: then it was in the base. Every copy has an anchor (see `needle`). So for each object the anchors in it are
//! known: those of the base that a copied stretch brings along, and those in new bytes and across edges. Only around
//! an anchor is an object read. What was read around an anchor of the base holds for the delta too, where the same
//! stretch has all of it.
//!
//! Must not know: what objects mean.

//!
//! Here is the way through a family; `entry` reads one entry as an object above those below it, `survey` says what a
//! delta leaves to be looked at, `look` looks there, and `seen` is what is told of each object.

mod entry;
mod look;
mod seen;
mod survey;

use std::sync::Mutex;

use super::body::{Body, Frame, content};
use crate::git::needle::Search;
use crate::git::pack::entry::Kind;
use crate::git::pack::file::Reader;
use crate::git::pack::flow::LARGE;
use crate::git::pack::forest::Forest;
use survey::Survey;

pub(super) use seen::{Seen, Sink};

/// One thread's way through the families of a pack.
pub(super) struct Diver<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) forest: &'a Forest,
    pub(super) search: &'a Search<'a>,
    frames: Vec<Frame>,
    /// Bytes of the objects among them that are built.
    built: usize,
    spare: Vec<Vec<u8>>,
    survey: Survey,
    one: &'a Mutex<()>,
}

impl std::fmt::Debug for Diver<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Diver({} deep)", self.frames.len())
    }
}

impl<'a> Diver<'a> {
    /// `one` is shared by all threads.
    pub(super) fn new(reader: Reader<'a>, forest: &'a Forest, search: &'a Search<'a>, one: &'a Mutex<()>) -> Self {
        Self { reader, forest, search, frames: Vec::new(), built: 0, spare: Vec::new(), survey: Survey::default(), one }
    }

    /// Shows `root` and all that stands on it to `sink`. False: it said stop.
    pub(super) fn dive(&mut self, root: u32, sink: &mut impl Sink) -> bool {
        let Some(kind) = self.forest.kind(root) else { return true };
        if let Some(go_on) = self.alone(root, kind, sink) {
            return go_on;
        }
        // One at a time of those that fill the memory.
        let _one = (self.reader.size(root) > LARGE).then(|| self.one.lock());
        let mut next = Some(root);
        loop {
            let rank = if let Some(rank) = next.take() {
                rank
            } else {
                let Some(frame) = self.frames.last_mut() else {
                    self.reader.slim();
                    return true;
                };
                let Some(child) = frame.next else {
                    if let Some(frame) = self.frames.pop() {
                        self.built = self.built.saturating_sub(frame.built());
                        self.keep(frame);
                    }
                    continue;
                };
                frame.next = self.forest.sibling(child);
                child
            };
            if !self.visit(rank, kind, sink) {
                self.frames.clear();
                self.built = 0;
                return false;
            }
        }
    }

    fn visit(&mut self, rank: u32, kind: Kind, sink: &mut impl Sink) -> bool {
        let lost = |sink: &mut _| {
            self.forest.family(rank).into_iter().for_each(|rank| Sink::broken(sink, rank));
            true
        };
        let Some(mut frame) = self.read(rank, kind, sink.wants_trees()) else { return lost(sink) };
        let mut built = None;
        if kind == Kind::Blob && self.wanted(&frame, sink) {
            let Some(data) = content(&self.frames, &frame.body) else { return lost(sink) };
            built = Some(data);
        }
        let data = match &frame.body {
            Body::Whole(data) => Some(&data[..]),
            Body::Delta { .. } => built.as_deref(),
        };
        let form = frame.marks.iter().find_map(|mark| mark.hit).map(|hit| hit.form);
        let packed = frame.marks.iter().any(|mark| mark.packed);
        let depth = self.frames.len();
        let steps = if depth == 0 { &[][..] } else { &self.survey.steps };
        let go_on = sink.saw(rank, Seen { kind, size: frame.size, data, form, packed, depth, steps });
        frame.next = self.forest.child(rank);
        if frame.next.is_some() {
            self.built += frame.built();
            self.frames.push(frame);
        } else {
            self.keep(frame);
        }
        go_on
    }
}
