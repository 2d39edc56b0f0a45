//! L2: an incident as a fold over its journal. Pure.
//!
//! Must not know: ratatui, tokio, clocks, files. Every claim on a screen or in a report comes from here.

pub mod event;

pub use event::{DrillRef, Event, Mode, Opened, Record, StepRef};
