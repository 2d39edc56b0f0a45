//! The list of repositories: one more, or one less.
//!
//! Must not know: what is done in them.

use crate::effect::Risk;
use crate::stages::{Action, intake};

pub(super) const ADD: Action = Action {
    id: "purge.repo",
    key: 'a',
    label: "add a repository to look through",
    why: intake::REPO_WHY,
    risk: Risk::Read,
    ready: |_| Ok(()),
    go: |_| intake::add_repo(),
};

pub(super) const DROP: Action = Action {
    id: "purge.drop",
    key: 't',
    label: "take a repository off the list",
    why: intake::DROP_WHY,
    risk: Risk::Read,
    ready: |at| intake::droppable(at, true, false),
    go: |at| intake::drop_one(at, true, false),
};
