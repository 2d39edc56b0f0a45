//! Places that a person names, looked at before anything rests on them: what is not there is said at once, not found out
//! in the middle of the walk.
//!
//! Must not know: who named them.

use std::path::{Path, PathBuf};

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::git;
use crate::incident::Event;

/// The real path of what is there.
pub fn place(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|e| {
        Fault::input(format!("{} can't be looked into", path.display()), e.to_string()).hint("give a path that exists")
    })
}

/// The same for a repository, which must be one.
pub fn repository(path: &Path) -> Result<PathBuf> {
    let full = place(path)?;
    git::openable(&full).map_err(|fault| Fault { kind: FaultKind::Input, ..fault })?;
    Ok(full)
}

/// How to look at the place that an event puts on the list, if it does.
pub fn named(event: &Event) -> Option<fn(&Path) -> Result<PathBuf>> {
    match event {
        Event::Decided { topic, .. } if topic == "repo" => Some(repository),
        Event::Decided { topic, .. } if topic == "root" => Some(place),
        _ => None,
    }
}
