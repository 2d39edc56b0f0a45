//! What was told last, and for how long it stays in sight.
//!
//! Must not know: where it is shown.

use crate::stages::Tone;

use super::App;

/// How long something told stays in sight, seconds.
pub(crate) const TOLD_S: i64 = 8;

impl App {
    pub(crate) fn tell(&mut self, tone: Tone, words: impl Into<String>) {
        self.said = Some((self.now, tone, words.into()));
    }

    /// What was told within the last `secs` seconds.
    pub(crate) fn told(&self, secs: i64) -> Option<(Tone, &str)> {
        let (when, tone, words) = self.said.as_ref()?;
        (self.now.since(*when) < self.reading_time(secs)).then_some((*tone, words.as_str()))
    }

    /// Seconds of the incident's clock that give a reader `secs` of their own.
    pub(crate) fn reading_time(&self, secs: i64) -> i64 {
        secs * i64::from(self.setup.pace.max(1))
    }
}
