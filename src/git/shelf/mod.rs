//! What is kept outside the repository: the plan's details and the backup. And the small journal inside it that tells
//! a later process that a switch was under way.
//!
//! `details`, `backup` and `journal` keep one of them each, `list` says which backups are here, `passing` names what lies
//! there for the length of one call.
//!
//! Must not know: how a plan is made or applied.

mod backup;
mod details;
mod journal;
mod list;
mod passing;

use serde::Serialize;

use crate::base::Fault;
use crate::base::fault::Result;
pub(super) use backup::{LABEL, back_up, backup_dir, discard, objects, spoil, whole};
pub(super) use details::{load, need, reached, save};
pub(super) use journal::{Doing, JOURNAL, begin, end, under_way};
pub(super) use list::{backups, copies};
pub(super) use passing::{Passing, sweep};

/// Ids come from people and journals: only what we made ourselves may become a part of a path.
fn checked(plan: &str) -> Result<&str> {
    if plan.len() == 12 && plan.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(plan);
    }
    Err(Fault::input("this is not a plan's id", "an id is 12 hexadecimal digits").hint("plan again and take its id"))
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|e| Fault::machine("our own notes can't be written", e))
}
