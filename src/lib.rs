//! `stanch`: stop the bleeding after an API key leaked.
//!
//! The house, from the ground up. Imports go to lower layers only; the same folder freely; siblings of one layer never.
//! `tests/it/layers.rs` reads the sources and holds this table and the absences below it.
//!
//! | layer | folder | what it is |
//! |---|---|---|
//! | L0 | `base` | ids, instants, secrets, faults |
//! | L1 | `effect`, `config` | what can be done, what can be set: plain data |
//! | L2 | `incident`, `git` | the pure fold over the journal; the history engine |
//! | L3 | `providers`, `targets`, `ui` | vendors and places, sans-io; the screen kit |
//! | L4 | `stages` | one room per stage |
//! | L5 | `app` | the whole program minus I/O |
//! | L6 | `shell`, `drill` | all I/O; the simulator and its scenarios |
//! | L7 | `cli`, `main` | the command line |
//!
//! Absences: only `shell/http` names `reqwest`; only `git` names `git2`; only `shell/{input,vault,http,git,files}.rs`
//! and the drill's seeding open a `Secret`; `incident` never sees `ratatui`, `tokio` or a clock.

#![forbid(unsafe_code)]

pub mod app;
pub mod base;
pub mod cli;
pub mod config;
pub mod drill;
pub mod effect;
pub mod git;
pub mod incident;
pub mod providers;
pub mod shell;
pub mod stages;
pub mod targets;
pub mod ui;
