//! One integration binary: every file here tests the library or the built program, without a terminal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http_drive;
mod http_secrets;
mod http_world;
mod openai_contract;
