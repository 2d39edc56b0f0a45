//! How the program stands, for whoever drives it: when to call again, whether it waits, leaves, may write.
//!
//! Must not know: who drives it.

use crate::base::Stamp;

use super::App;
use super::telling::TOLD_S;

impl App {
    /// When the shell must call again even if nothing happens.
    pub fn wake(&self) -> Option<Stamp> {
        self.wake
    }

    /// Something on the screen changes within a second by itself: a clock, or what was told makes room for what is next.
    pub fn has_clock(&self) -> bool {
        !self.waits && (self.incident.closed.is_none() || self.told(TOLD_S + 1).is_some())
    }

    /// Nothing runs, and nothing is due before `until`.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty() && self.wake.is_none_or(|wake| wake > self.now)
    }

    /// The journal has not answered yet what was last pressed: what is offered is about to change.
    pub fn is_recording(&self) -> bool {
        self.unrecorded > 0
    }

    /// The story is still being read: no time passes, nothing is begun.
    pub fn waits(&self) -> bool {
        self.waits
    }

    pub fn leaving(&self) -> bool {
        self.leaving
    }

    /// Why nothing may be written now, if so.
    pub fn no_writes(&self) -> Option<String> {
        if self.setup.observe {
            return Some("only looking: another process works on this incident".into());
        }
        let fault = self.journal_fault.as_ref()?;
        Some(format!("the journal can't be written: {}", fault.why))
    }
}
