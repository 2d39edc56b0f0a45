//! What is in a folder, and taking it away.
//!
//! Must not know: what the files are for.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::base::Fault;
use crate::base::fault::Result;

/// Every regular file below `folder`, symlinks not followed, sorted. `enter` decides about each folder.
pub(in crate::git) fn files(folder: &Path, enter: &dyn Fn(&Path) -> bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        let cant = |e: std::io::Error| Fault::machine(format!("{} can't be listed", dir.display()), e);
        let listed = match fs::read_dir(&dir) {
            Ok(listed) => listed,
            Err(e) if e.kind() == ErrorKind::NotFound => continue,
            Err(e) => return Err(cant(e)),
        };
        for entry in listed {
            let entry = entry.map_err(cant)?;
            let kind = entry.file_type().map_err(cant)?;
            if kind.is_dir() && enter(&entry.path()) {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Removes a file; one that is not there is as good.
pub(in crate::git) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(Fault::machine(format!("{} can't be removed", path.display()), e))
        }
        _ => Ok(()),
    }
}

/// Removes a folder with all in it; one that is not there is as good.
pub(in crate::git) fn remove_all(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(Fault::machine(format!("{} can't be removed", path.display()), e))
        }
        _ => Ok(()),
    }
}
