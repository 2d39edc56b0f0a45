//! L6: all input and output. Everything here takes orders as data and answers with messages.
//!
//! Must not know: what a stage means. Only `input`, `vault`, `http`, `git` and `files` open a secret.

pub mod background;
pub mod endpoints;
pub mod engine;
pub mod exec;
pub mod files;
pub mod finish;
pub mod front;
pub mod git;
pub mod harden;
#[cfg(debug_assertions)]
mod hold;
pub mod http;
pub mod input;
pub mod journal;
pub mod keys;
pub mod lines;
pub mod operator;
pub mod panics;
pub mod places;
pub mod redact;
pub mod report;
pub mod retry;
pub mod secret_line;
pub mod session;
pub mod settings;
pub mod signals;
pub mod terminal;
pub mod tui;
mod turns;
pub mod vault;
pub mod writer;
