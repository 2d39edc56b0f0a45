//! The anchors in what a delta makes anew, and what lies around each that its base did not settle.
//!
//! Must not know: how a delta is written.

use super::survey::Survey;
use crate::git::find::body::{Body, Frame, Mark, Whence, fetch};
use crate::git::needle::{ANCHOR, Search};

impl Survey {
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
    pub(super) fn look(&mut self, search: &Search<'_>, frames: &[Frame], body: &Body, size: usize) -> Option<()> {
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
