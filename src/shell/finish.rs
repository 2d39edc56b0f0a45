//! How an effect's run ends: with an outcome, or with honest ignorance.
//!
//! Must not know: which effect it was.

use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::effect::{LogLine, Outcome, Progress};

/// How a run ended.
#[derive(Debug)]
pub enum Finish {
    Outcome(Outcome),
    /// A write whose effect can't be told: bytes went out and no answer came.
    Lost(String),
}

/// What a running effect tells while it runs, and how it is told to stop.
#[derive(Debug, Clone)]
pub struct Wire {
    pub cancel: CancellationToken,
    pub progress: UnboundedSender<Progress>,
    pub log: UnboundedSender<LogLine>,
}

impl Wire {
    pub fn say(&self, progress: Progress) {
        // A receiver that is gone means the program is ending: nothing is lost with a progress line.
        let _ = self.progress.send(progress);
    }

    pub fn note(&self, line: LogLine) {
        let _ = self.log.send(line);
    }
}
