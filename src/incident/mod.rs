//! L2: an incident as a fold over its journal. Pure.
//!
//! Must not know: ratatui, tokio, clocks, files. Every claim on a screen or in a report comes from here.
//!
//! To add a word to the journal: 1. a variant in `event.rs` (old ones never change their meaning); 2. its arm in
//! `fold/apply.rs`, or in `learn.rs` for a reply; 3. its sentence in `timeline.rs`.

pub mod advice;
pub mod death;
pub mod event;
pub mod facts;
pub mod fold;
pub mod playbook;
pub mod settle;
pub mod step;
pub mod timeline;
pub mod usage;

mod asked;
mod learn;
mod told;

pub use event::{DrillRef, Event, Mode, Opened, Record, StepRef};
pub use facts::{Intent, IntentState, RepoFacts, StageMark, TargetFacts};
pub use fold::Incident;
pub use step::{Step, StepState};
