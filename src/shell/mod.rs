//! L6: all input and output. Everything here takes orders as data and answers with messages.
//!
//! Must not know: what a stage means. Only `input`, `vault`, `http`, `git` and `files` open a secret.

pub mod endpoints;
pub mod files;
pub mod finish;
pub mod http;
pub mod journal;
pub mod redact;
pub mod retry;
mod turns;
pub mod vault;
