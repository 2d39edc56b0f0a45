//! One delta, read: which stretches of its object the base can't speak for, and which anchors of the base come along. And
//! the object built by it.
//!
//! Must not know: what a key looks like, whether the base is built.

use crate::git::find::body::{Mark, Step, Whence};
use crate::git::needle::ANCHOR;
use crate::git::pack::delta::{Delta, Op};

/// Anchors that a delta may bring along: small ones can copy the same many times over. Git is asked for what has more.
const MARKS: usize = 1 << 24;

/// What is worked out about one delta; kept only for its memory.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) steps: Vec<Step>,
    /// Stretches of the object that its base can't speak for, ascending.
    pub(super) fresh: Vec<(usize, usize)>,
    /// Their bytes, one after the other.
    pub(super) novel: Vec<u8>,
    pub(super) marks: Vec<Mark>,
    pub(super) around: Vec<u8>,
    pub(super) work: Vec<(usize, usize, usize)>,
}

impl Survey {
    /// Reads the steps of a delta: what is fresh, and which anchors come along. `None`: the delta is broken.
    pub(super) fn read(&mut self, delta: &Delta<'_>, len: usize, base: &[Mark], reach: usize) -> Option<()> {
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
    pub(super) fn build(&self, base: &[u8], own: &[u8], size: usize, out: &mut Vec<u8>) -> Option<()> {
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
}

/// Adds a stretch that starts no earlier than those before it.
fn add(stretches: &mut Vec<(usize, usize)>, start: usize, end: usize) {
    match stretches.last_mut() {
        Some((_, last)) if *last >= start => *last = end.max(*last),
        _ => stretches.push((start, end)),
    }
}
