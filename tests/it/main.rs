//! One integration binary: every file here tests the library or the built program, without a terminal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod git_engine;
mod git_push;
mod git_refuse;
mod git_switch;
mod gitrepo;
