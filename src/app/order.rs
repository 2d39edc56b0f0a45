//! What is to be done: everything the program wants of the world goes out as one of these.
//!
//! Must not know: who does it, and how.

use crate::base::SecretRef;
use crate::effect::Effect;
use crate::incident::{Event, StepRef};

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    Perform {
        run: u64,
        step: StepRef,
        effect: Effect,
    },
    Record(Event),
    Cancel(u64),
    /// The hidden line that was just typed goes to the vault.
    Take(SecretRef),
    /// Forget what was typed into the hidden line.
    DropTyped,
    Export,
    /// Let time pass until the next thing is due: for a clock that stands still otherwise.
    Pass,
    Copy(String),
    Suspend,
    Redraw,
    Quit,
}
