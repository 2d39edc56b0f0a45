//! What `find` and `purge` say to a person, at 80 columns: what was found, what it costs, what to do next.
//!
//! Must not know: how any of it came about.

mod after;
mod copies;
mod done;
mod options;
mod page;
mod plan;

pub(super) use after::checked;
pub(super) use copies::found;
pub(super) use done::{applied, filed, pushed};
pub(super) use plan::plan;
