//! What a walk tells: where it is, what it found there, and what it did not look into.
//!
//! Must not know: formats.

use super::super::{Inside, Unseen, Why};
use super::Look;

/// Findings and gaps that are told one by one; more are as good as these.
const TOLD: usize = 64;

impl Look<'_> {
    fn place(&self) -> String {
        self.trail.join(" > ")
    }

    pub(super) fn unseen(&mut self, why: Why) {
        let unseen = Unseen { place: self.place(), why };
        if self.looked.unseen.len() < TOLD && !self.looked.unseen.contains(&unseen) {
            self.looked.unseen.push(unseen);
        }
    }

    /// Ends a level that could not be read on: a bound, told once, or damage.
    pub(super) fn broke_off(&mut self) {
        match self.meter.over.get() {
            Some(why) if self.looked.unseen.iter().any(|u| u.why == why) => {}
            Some(why) => self.unseen(why),
            None => self.unseen(Why::Damaged),
        }
    }

    pub(super) fn found(&mut self, form: &'static str, key: usize) {
        let inside = Inside { place: self.place(), form, key };
        if self.looked.inside.len() < TOLD && !self.looked.inside.contains(&inside) {
            self.looked.inside.push(inside);
        }
    }

    pub(super) fn search_bytes(&mut self, bytes: &[u8]) {
        if let Some(hit) = self.search.first(bytes) {
            self.found(hit.form, hit.key);
        }
    }

    /// One more file; false when there are too many.
    pub(super) fn count(&mut self) -> bool {
        self.meter.files.set(self.meter.files.get() + 1);
        if self.meter.files.get() > self.meter.bounds.files {
            self.meter.over.set(Some(Why::Bound("files")));
            self.broke_off();
            return false;
        }
        true
    }

    pub(super) fn within(&mut self, name: String, work: impl FnOnce(&mut Self)) {
        self.trail.push(name);
        work(self);
        self.trail.pop();
    }
}
