//! A. Hiding places: where a key can be in a repository.

mod forms;
mod messages;
mod names;
mod objects;
mod places;
mod repositories;
mod submodules;

use super::Case;

pub(super) fn cases() -> Vec<Case> {
    [
        objects::cases(),
        messages::cases(),
        names::cases(),
        forms::cases(),
        places::cases(),
        submodules::cases(),
        repositories::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
