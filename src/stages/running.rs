//! What runs now, and how far it is: done, bytes, time left.
//!
//! Must not know: what is done.

use crate::base::Stamp;
use crate::base::stamp::span_text;
use crate::base::words::{bytes, thousands};
use crate::effect::{Effect, Progress};
use crate::incident::StepRef;

/// Nothing is foretold from less than this, seconds.
const SEEN_S: i64 = 3;

/// An effect that runs now.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    pub run: u64,
    pub step: StepRef,
    pub effect: Effect,
    pub since: Stamp,
    pub progress: Progress,
    /// When the present phase began, and how much of it was done then.
    pub phase: (Stamp, u64),
    pub cancelling: bool,
}

impl Running {
    pub fn new(run: u64, step: StepRef, effect: Effect, since: Stamp) -> Self {
        Self { run, step, effect, since, progress: Progress::default(), phase: (since, 0), cancelling: false }
    }

    /// Takes what the work says of itself.
    pub fn told(&mut self, now: Stamp, progress: Progress) {
        if progress.words != self.progress.words || progress.done < self.progress.done {
            self.phase = (now, progress.done);
        }
        self.progress = progress;
    }

    /// Seconds left in this phase, at the pace so far. `None`: nobody can tell yet.
    pub fn left_s(&self, now: Stamp) -> Option<i64> {
        let Progress { done, total, .. } = self.progress;
        let (began, from) = self.phase;
        let (spent, gone) = (now.since(began), done.checked_sub(from).filter(|gone| *gone > 0)?);
        if spent < SEEN_S || total <= done {
            return None;
        }
        let left = i128::from(spent) * i128::from(total - done) / i128::from(gone);
        i64::try_from(left).ok().map(|left| left.max(1))
    }

    /// `searching objects: 12,000 of 41,000 (29 %), 120 MB, about 40 s left`. Empty before the work has said anything.
    pub fn words(&self, now: Stamp) -> String {
        let p = &self.progress;
        let mut parts = Vec::new();
        match (p.done, p.total) {
            (0, 0) => {}
            (done, 0) => parts.push(thousands(done)),
            // Never all of it while it still runs.
            (done, total) => {
                let percent = (u128::from(done) * 100 / u128::from(total)).min(99);
                parts.push(format!("{} of {} ({percent} %)", thousands(done), thousands(total)));
            }
        }
        if p.bytes > 0 {
            parts.push(bytes(p.bytes));
        }
        if let Some(left) = self.left_s(now) {
            parts.push(format!("about {} left", span_text(left)));
        }
        if self.cancelling {
            parts.push("stopping".into());
        }
        match (p.words.is_empty(), parts.is_empty()) {
            (true, _) => parts.join(", "),
            (false, true) => p.words.clone(),
            (false, false) => format!("{}: {}", p.words, parts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::GitOp;

    fn at(secs: i64) -> Stamp {
        Stamp::from_secs(secs)
    }

    #[test]
    fn says_how_far_it_is_and_how_long_it_takes() {
        let effect = Effect::Git { repo: "/r".into(), op: GitOp::Find };
        let mut run = Running::new(1, StepRef::new("purge", "find:/r"), effect, at(0));
        assert_eq!(run.words(at(0)), "");
        let said = |words: &str, done, bytes| Progress { words: words.into(), done, total: 40_000, attempt: 1, bytes };
        run.told(at(10), said("searching objects", 0, 0));
        run.told(at(11), said("searching objects", 1000, 5_000_000));
        assert_eq!(run.words(at(11)), "searching objects: 1,000 of 40,000 (2 %), 5.0 MB");
        run.told(at(20), said("searching objects", 10_000, 50_000_000));
        assert_eq!(run.words(at(20)), "searching objects: 10,000 of 40,000 (25 %), 50 MB, about 30 s left");
        run.told(at(50), said("searching objects", 40_000, 200_000_000));
        assert_eq!(run.words(at(50)), "searching objects: 40,000 of 40,000 (99 %), 200 MB", "it still runs");
        // Another phase has a pace of its own.
        run.told(at(60), said("following the history", 100, 0));
        assert_eq!(run.words(at(60)), "following the history: 100 of 40,000 (0 %)");
        run.cancelling = true;
        assert!(run.words(at(60)).ends_with("stopping"));
    }
}
