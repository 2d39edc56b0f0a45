//! Searches an object and everything that is stored as a delta against it, without building what needs no building.
//!
//! A copy of a key either lies in bytes that a delta brings, or crosses an edge of what it copies, or lies in one copied
//! stretch: then it was in the base. Every copy has an anchor (see `needle`). So for each object the anchors in it are
//! known: those of the base that a copied stretch brings along, and those in new bytes and across edges. Only around
//! an anchor is an object read. What was read around an anchor of the base holds for the delta too, where the same
//! stretch has all of it.
//!
//! Must not know: what objects mean.

use std::sync::Mutex;

use super::body::{Body, Frame, Mark, Step, Steps, Whence, content, fetch};
use crate::git::needle::{ANCHOR, Search};
use crate::git::pack::delta::{Delta, Op};
use crate::git::pack::entry::{Kind, Stored};
use crate::git::pack::file::Reader;
use crate::git::pack::flow::LARGE;
use crate::git::pack::forest::Forest;

/// A base is built at once, and its deltas then read it directly, as long as what is built on one way down takes no more
/// than this.
const BUILT: usize = 1 << 24;
/// Anchors that a delta may bring along: small ones can copy the same many times over. Git is asked for what has more.
const MARKS: usize = 1 << 24;
/// Bytes of an object's start that are always known.
const START: usize = 8;

/// One object, seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) kind: Kind,
    pub(super) size: usize,
    /// All of it: always of commits and tags, and when it was wanted.
    pub(super) data: Option<&'a [u8]>,
    /// The form of the key in it.
    pub(super) form: Option<&'static str>,
    /// Something packed may begin in the middle of it.
    pub(super) packed: bool,
    /// On how many others it stands, one on the other, all of which were shown before, the nearest last.
    pub(super) depth: usize,
    /// What makes it of the one below, where it was built by that.
    pub(super) steps: &'a [Step],
}

impl<'a> Seen<'a> {
    /// One that stands on nothing.
    pub(super) fn alone(kind: Kind, data: &'a [u8], form: Option<&'static str>, packed: bool) -> Self {
        Self { kind, size: data.len(), data: Some(data), form, packed, depth: 0, steps: &[] }
    }
}

/// Who is told about objects.
pub(super) trait Sink {
    /// Whether a blob that starts like this is needed whole.
    fn wants(&self, start: &[u8]) -> bool;
    /// Whether trees are needed whole.
    fn wants_trees(&self) -> bool;
    /// False: stop.
    fn saw(&mut self, rank: u32, seen: Seen<'_>) -> bool;
    fn broken(&mut self, rank: u32);
}

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

/// What is worked out about one delta; kept only for its memory.
#[derive(Default)]
struct Survey {
    steps: Vec<Step>,
    /// Stretches of the object that its base can't speak for, ascending.
    fresh: Vec<(usize, usize)>,
    /// Their bytes, one after the other.
    novel: Vec<u8>,
    marks: Vec<Mark>,
    around: Vec<u8>,
    work: Vec<(usize, usize, usize)>,
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

    /// Whether a blob that is not built must be.
    fn wanted(&mut self, frame: &Frame, sink: &impl Sink) -> bool {
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
    fn read(&mut self, rank: u32, kind: Kind, trees: bool) -> Option<Frame> {
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
    fn keep(&mut self, frame: Frame) {
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

impl Survey {
    /// Reads the steps of a delta: what is fresh, and which anchors come along. `None`: the delta is broken.
    fn read(&mut self, delta: &Delta<'_>, len: usize, base: &[Mark], reach: usize) -> Option<()> {
        self.steps.clear();
        self.fresh.clear();
        self.marks.clear();
        let mut ops = delta.ops();
        let mut at = 0;
        while let Some(op) = ops.next() {
            let step = match op {
                Op::Copy { from, len } => {
                    // Long copies are written in pieces that follow each other: no edge between them.
                    if let Some(last) = self.steps.last_mut()
                        && last.from == Whence::Base(from.wrapping_sub(last.len))
                    {
                        last.len += len;
                        at += len;
                        continue;
                    }
                    Step { at, len, from: Whence::Base(from) }
                }
                Op::New(new) => Step { at, len: new.len(), from: Whence::Own(len - ops.left() - new.len()) },
            };
            at += step.len;
            self.steps.push(step);
        }
        if !ops.whole() {
            return None;
        }
        // Across an edge an anchor has at least one byte on either side.
        let edge = ANCHOR - 1;
        let mut own = false;
        for step in &self.steps {
            let (start, end) = (step.at, step.at + step.len);
            match step.from {
                Whence::Own(_) => add(&mut self.fresh, start.saturating_sub(edge), delta.size.min(end + edge)),
                // What is around new bytes is fresh already.
                Whence::Base(_) if start > 0 && !own => {
                    add(&mut self.fresh, start.saturating_sub(edge), delta.size.min(start + edge));
                }
                Whence::Base(_) => {}
            }
            own = matches!(step.from, Whence::Own(_));
            if let (Whence::Base(from), false) = (step.from, base.is_empty()) {
                let first = base.partition_point(|mark| mark.at < from);
                let copied = base.get(first..).unwrap_or_default();
                let copied = copied.iter().take_while(|mark| mark.at + ANCHOR <= from + step.len);
                self.marks.extend(copied.map(|mark| mark.carried(step, from, delta, reach)));
                if self.marks.len() > MARKS {
                    return None;
                }
            }
        }
        Some(())
    }

    /// Makes the object of its base and of the delta's own bytes, by the steps that were read.
    fn build(&self, base: &[u8], own: &[u8], size: usize, out: &mut Vec<u8>) -> Option<()> {
        out.clear();
        // The steps' sum is known to be this, and what they copy to be there.
        if out.capacity() < size {
            *out = Vec::new();
            out.try_reserve_exact(size + size / 4).ok()?;
        }
        for step in &self.steps {
            out.extend_from_slice(match step.from {
                Whence::Base(from) => base.get(from..from + step.len)?,
                Whence::Own(from) => own.get(from..from + step.len)?,
            });
        }
        Some(())
    }

    /// Puts what is fresh one after the other.
    fn bring(&mut self, frames: &[Frame], body: &Body) -> Option<()> {
        self.novel.clear();
        let (bytes, steps) = match body {
            Body::Whole(data) => {
                for (start, end) in &self.fresh {
                    self.novel.extend_from_slice(data.get(*start..*end)?);
                }
                return Some(());
            }
            Body::Delta { bytes, steps } => (bytes, &steps.0),
        };
        let (base, below) = frames.split_last()?;
        let mut first = 0;
        for (start, end) in self.fresh.iter().copied() {
            while steps.get(first).is_some_and(|step| step.at + step.len <= start) {
                first += 1;
            }
            for step in steps.get(first..)?.iter().take_while(|step| step.at < end) {
                let from = start.max(step.at) - step.at;
                let len = end.min(step.at + step.len) - step.at - from;
                match (step.from, &base.body) {
                    (Whence::Own(own), _) => self.novel.extend_from_slice(bytes.get(own + from..own + from + len)?),
                    (Whence::Base(at), Body::Whole(data)) => {
                        self.novel.extend_from_slice(data.get(at + from..at + from + len)?);
                    }
                    (Whence::Base(at), body) => fetch(below, body, at + from, len, &mut self.novel, &mut self.work)?,
                }
            }
        }
        Some(())
    }

    /// Looks for anchors in what is fresh, and around each that is not settled.
    fn look(&mut self, search: &Search<'_>, frames: &[Frame], body: &Body, size: usize) -> Option<()> {
        self.bring(frames, body)?;
        let carried = self.marks.len();
        let (mut from, mut piece, mut before) = (0, 0, 0);
        while let Some(found) = search.anchor(&self.novel, from) {
            from = found + 1;
            // From a place among the fresh bytes to the place in the object.
            while let Some((start, end)) = self.fresh.get(piece).copied()
                && found >= before + (end - start)
            {
                before += end - start;
                piece += 1;
            }
            let (start, end) = self.fresh.get(piece).copied()?;
            let at = start + (found - before);
            // One that runs into the next stretch is none.
            if at + ANCHOR <= end {
                self.marks.push(Mark { at, settled: false, hit: None, packed: false });
            }
        }
        if self.marks.len() > carried {
            self.marks.sort_by_key(|mark| (mark.at, !mark.settled));
            self.marks.dedup_by_key(|mark| mark.at);
        } else if carried > 0 {
            self.marks.sort_by_key(|mark| mark.at);
        }
        let reach = search.reach();
        for mark in self.marks.iter_mut().filter(|mark| !mark.settled) {
            let start = mark.at.saturating_sub(reach);
            let end = size.min(mark.at + ANCHOR + reach);
            *mark = match body {
                Body::Whole(data) => Mark::look(search, data.get(start..end)?, mark.at - start, start),
                Body::Delta { .. } => {
                    self.around.clear();
                    fetch(frames, body, start, end - start, &mut self.around, &mut self.work)?;
                    Mark::look(search, &self.around, mark.at - start, start)
                }
            };
        }
        Some(())
    }
}

/// Adds a stretch that starts no earlier than those before it.
fn add(stretches: &mut Vec<(usize, usize)>, start: usize, end: usize) {
    match stretches.last_mut() {
        Some((_, last)) if *last >= start => *last = end.max(*last),
        _ => stretches.push((start, end)),
    }
}
