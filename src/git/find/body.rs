//! Objects as a stack of deltas: any stretch of the one on top can be had without building it. And the anchors in them.
//!
//! Must not know: packs.

use crate::git::needle::{ANCHOR, Search, Sign};
use crate::git::pack::delta::Delta;

/// One object of a family, with what stands on it still to be seen.
#[derive(Debug)]
pub(super) struct Frame {
    /// The next delta against it.
    pub(super) next: Option<u32>,
    pub(super) size: usize,
    pub(super) body: Body,
    /// All anchors in it, ascending.
    pub(super) marks: Vec<Mark>,
}

/// The object, or how to make it of the one below.
pub(super) enum Body {
    Whole(Vec<u8>),
    Delta { bytes: Vec<u8>, steps: Steps },
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Whole(_)) { "Whole" } else { "Delta" })
    }
}

/// The steps of a delta by where in the object they write.
#[derive(Debug, Default)]
pub(super) struct Steps(pub(super) Vec<Step>);

#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) at: usize,
    pub(super) len: usize,
    pub(super) from: Whence,
}

/// Where a step's bytes come from, and from which place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whence {
    Base(usize),
    /// The delta's own bytes.
    Own(usize),
}

/// An anchor in an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) at: usize,
    /// What is around it was read.
    pub(super) settled: bool,
    pub(super) hit: Option<Found>,
    /// It says that something packed begins here.
    pub(super) packed: bool,
}

/// The copy of the key that an anchor is a part of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) form: &'static str,
}

impl Mark {
    /// Reads around the anchor at `at` of `hay`, which begins at `offset` of its object.
    pub(super) fn look(search: &Search<'_>, hay: &[u8], at: usize, offset: usize) -> Self {
        let hit = search.hits_at(hay, at).first().map(|hit| Found {
            start: hit.start + offset,
            end: hit.end + offset,
            form: hit.form,
        });
        Self { at: at + offset, settled: true, hit, packed: Sign::at(hay, at).is_some() }
    }

    /// The same anchor in what `step` copies from `from` on. It stays settled when the copy has all that was read.
    pub(super) fn carried(&self, step: &Step, from: usize, delta: &Delta<'_>, reach: usize) -> Self {
        let end = from + step.len;
        let (first, last) = match &self.hit {
            Some(hit) => (hit.start >= from, hit.end <= end),
            None => (
                self.at >= from + reach || from == 0 && step.at == 0,
                self.at + ANCHOR + reach <= end || end == delta.base_size && step.at + step.len == delta.size,
            ),
        };
        let moved = |place: usize| place - from + step.at;
        let settled = self.settled && first && last;
        let hit = self.hit.filter(|_| settled);
        let hit = hit.map(|hit| Found { start: moved(hit.start), end: moved(hit.end), form: hit.form });
        Self { at: moved(self.at), settled, hit, packed: self.packed }
    }
}

/// Appends `len` bytes from `at` on of the object `body`, which stands on `below`. `None`: it has no such bytes.
/// `work` is memory only.
pub(super) fn fetch(
    below: &[Frame],
    body: &Body,
    at: usize,
    len: usize,
    out: &mut Vec<u8>,
    work: &mut Vec<(usize, usize, usize)>,
) -> Option<()> {
    work.clear();
    work.push((below.len(), at, len));
    while let Some((level, at, len)) = work.pop() {
        if len == 0 {
            continue;
        }
        let body = if level == below.len() { body } else { &below.get(level)?.body };
        let (bytes, steps) = match body {
            Body::Whole(data) => {
                out.extend_from_slice(data.get(at..at.checked_add(len)?)?);
                continue;
            }
            Body::Delta { bytes, steps } => (bytes, &steps.0),
        };
        let first = steps.partition_point(|step| step.at + step.len <= at);
        let step = steps.get(first)?;
        let skip = at - step.at;
        let here = len.min(step.len - skip);
        // What comes after it waits below it on the stack.
        work.push((level, at + here, len - here));
        match step.from {
            Whence::Own(from) => out.extend_from_slice(bytes.get(from + skip..from + skip + here)?),
            Whence::Base(from) => work.push((level.checked_sub(1)?, from + skip, here)),
        }
    }
    Some(())
}

/// The whole object `body`, which stands on `below`.
pub(super) fn content(below: &[Frame], body: &Body) -> Option<Vec<u8>> {
    let mut deltas = Vec::new();
    let mut at = below.len();
    let mut now = body;
    let base = loop {
        match now {
            Body::Whole(data) => break data,
            Body::Delta { bytes, .. } => deltas.push(bytes),
        }
        at = at.checked_sub(1)?;
        now = &below.get(at)?.body;
    };
    let mut made: Option<Vec<u8>> = None;
    let mut next = Vec::new();
    while let Some(bytes) = deltas.pop() {
        Delta::parse(bytes)?.apply(made.as_ref().unwrap_or(base), &mut next)?;
        let old = made.replace(std::mem::take(&mut next));
        next = old.unwrap_or_default();
    }
    Some(made.unwrap_or_else(|| base.clone()))
}
