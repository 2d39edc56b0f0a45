//! What goes on without anybody pressing a key: the stages' reads, when they are due, and when to try again.
//!
//! Must not know: what is read.

use crate::base::{FaultKind, Stamp};
use crate::effect::Outcome;
use crate::incident::{Event, Record};
use crate::stages;

use super::{App, Order};

/// A read that failed is tried again after this many seconds, then twice as long, and so on.
const FIRST_S: i64 = 5;
const LONGEST_S: i64 = 300;

impl App {
    /// Starts every read that is due and works out when the next one is.
    pub(super) fn auto(&mut self, orders: &mut Vec<Order>) {
        self.wake = None;
        if self.setup.observe || self.leaving || self.waits {
            return;
        }
        let due: Vec<_> = stages::ALL.iter().flat_map(|stage| stage.reads(&self.view(stage.id()))).collect();
        for read in due {
            if self.running.iter().any(|r| r.step == read.step) {
                continue;
            }
            let not_before = self.backoff.get(&read.step).map_or(read.at, |(_, next)| read.at.max(*next));
            if not_before <= self.now {
                self.perform(read.step, read.effect, orders);
            } else {
                self.wake = Some(self.wake.map_or(not_before, |wake: Stamp| wake.min(not_before)));
            }
        }
    }

    /// A read that failed by itself waits longer each time; one that worked starts afresh.
    pub(super) fn note_failure(&mut self, record: &Record) {
        let Event::Observed { step, outcome, .. } = &record.event else { return };
        match outcome {
            Outcome::Done { .. } => {
                self.backoff.remove(step);
            }
            Outcome::Refused { fault } | Outcome::Failed { fault } => {
                let (times, _) = self.backoff.get(step).copied().unwrap_or((0, Stamp::default()));
                // What a person cancelled stays cancelled for as long as it can; a wrong path does not mend by itself.
                let wait = if matches!(fault.kind, FaultKind::Cancelled | FaultKind::Input) {
                    LONGEST_S
                } else {
                    (FIRST_S << times.min(6)).min(LONGEST_S)
                };
                self.backoff.insert(step.clone(), (times + 1, self.now.plus_secs(wait)));
            }
        }
    }
}
