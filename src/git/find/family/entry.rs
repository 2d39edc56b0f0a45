//! One entry of a pack, read as an object that stands on those below it: built, or left as a delta where nobody needs it
//! whole.
//!
//! Must not know: in which order entries are visited, who is told.

use super::Diver;
use super::seen::Sink;
use crate::git::find::body::{Body, Frame, Mark, Steps, Whence, content, fetch};
use crate::git::needle::Search;
use crate::git::pack::delta::Delta;
use crate::git::pack::entry::{Kind, Stored};

/// A base is built at once, and its deltas then read it directly, as long as what is built on one way down takes no more
/// than this.
const BUILT: usize = 1 << 24;
/// Bytes of an object's start that are always known.
const START: usize = 8;

impl Diver<'_> {
    /// Whether a blob that is not built must be.
    pub(super) fn wanted(&mut self, frame: &Frame, sink: &impl Sink) -> bool {
        let Body::Delta { steps, .. } = &frame.body else { return false };
        let len = frame.size.min(START);
        // Most begin as their base does.
        if let (Some(step), Some(Body::Whole(base))) = (steps.0.first(), self.frames.last().map(|base| &base.body))
            && let (Whence::Base(from), true) = (step.from, step.len >= len)
        {
            return base.get(from..from + len).is_some_and(|start| sink.wants(start));
        }
        self.survey.around.clear();
        fetch(&self.frames, &frame.body, 0, len, &mut self.survey.around, &mut self.survey.work)
            .is_some_and(|()| sink.wants(&self.survey.around))
    }

    /// Reads one entry as an object above what is on the stack. `None`: it is broken.
    pub(super) fn read(&mut self, rank: u32, kind: Kind, trees: bool) -> Option<Frame> {
        let mut bytes = self.spare.pop().unwrap_or_default();
        let head = self.reader.inflate(rank, &mut bytes)?;
        let Some(base) = self.frames.last() else {
            let Stored::Whole(_) = head.stored else { return None };
            let marks = whole(self.search, &bytes);
            return Some(Frame { next: None, size: bytes.len(), body: Body::Whole(bytes), marks });
        };
        let delta = Delta::parse(&bytes)?;
        if delta.base_size != base.size || delta.size > kind.most() {
            return None;
        }
        let size = delta.size;
        let grows = || self.forest.child(rank).is_some() && self.built + size <= BUILT;
        let build = match kind {
            Kind::Commit | Kind::Tag => true,
            Kind::Tree => trees || grows(),
            Kind::Blob => grows(),
        };
        self.survey.read(&delta, bytes.len(), &base.marks, self.search.reach())?;
        let body = if build {
            let mut data = self.spare.pop().unwrap_or_default();
            match &base.body {
                Body::Whole(base) => self.survey.build(base, &bytes, size, &mut data)?,
                Body::Delta { .. } => {
                    let (top, below) = self.frames.split_last()?;
                    self.survey.build(&content(below, &top.body)?, &bytes, size, &mut data)?;
                }
            }
            self.spare.push(bytes);
            Body::Whole(data)
        } else {
            Body::Delta { bytes, steps: Steps(std::mem::take(&mut self.survey.steps)) }
        };
        self.survey.look(self.search, &self.frames, &body, size)?;
        Some(Frame { next: None, size, body, marks: std::mem::take(&mut self.survey.marks) })
    }

    /// Memory for the next object.
    pub(super) fn keep(&mut self, frame: Frame) {
        let (bytes, steps) = match frame.body {
            Body::Whole(bytes) => (bytes, None),
            Body::Delta { bytes, steps } => (bytes, Some(steps.0)),
        };
        if bytes.capacity() <= 1 << 20 && self.spare.len() < 64 {
            self.spare.push(bytes);
        }
        if let Some(steps) = steps.filter(|steps| steps.capacity() > self.survey.steps.capacity()) {
            self.survey.steps = steps;
        }
        if frame.marks.capacity() > self.survey.marks.capacity() {
            self.survey.marks = frame.marks;
        }
    }
}

/// All anchors in an object that is there as a whole.
fn whole(search: &Search<'_>, data: &[u8]) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut from = 0;
    while let Some(at) = search.anchor(data, from) {
        marks.push(Mark::look(search, data, at, 0));
        from = at + 1;
    }
    marks
}
