//! The repositories and folders to look through, as given or as the config names them, checked before anything begins.
//!
//! Must not know: what is looked for there.

use std::path::{Path, PathBuf};

use crate::base::fault::Result;
use crate::shell::places::{place, repository};

use super::super::warn;

/// Absolute paths of what was given, else of what the config names. What was given and is not there is said at once, not
/// found out in the middle of the walk; what only the config names is left out with a word, so that a folder somebody
/// moved last month does not stop tonight's response.
pub(super) fn places(given: &[PathBuf], config: &[PathBuf]) -> Result<Vec<PathBuf>> {
    checked(given, config, &place)
}

/// The same for repositories, which must be some.
pub(super) fn repositories(given: &[PathBuf], config: &[PathBuf]) -> Result<Vec<PathBuf>> {
    checked(given, config, &repository)
}

fn checked(given: &[PathBuf], config: &[PathBuf], full: &dyn Fn(&Path) -> Result<PathBuf>) -> Result<Vec<PathBuf>> {
    if !given.is_empty() {
        return given.iter().map(|path| full(path)).collect();
    }
    let mut found = Vec::new();
    for path in config {
        match full(path) {
            Ok(path) => found.push(path),
            Err(fault) => warn(&format!("left out, although the config names it: {fault}")),
        }
    }
    Ok(found)
}
