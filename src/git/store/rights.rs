//! Who may read: folders and files that are their owner's alone.
//!
//! Must not know: what is in them.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::base::Fault;
use crate::base::fault::Result;

/// Makes `folder` and what is missing above it, 0700. One that exists is left as it is.
pub(in crate::git) fn private_dir(folder: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|e| Fault::machine(format!("{} can't be made", folder.display()), e))
}

/// A new file with `bytes`, 0600. It is on disk after [`bring_to_disk`](super::bring_to_disk).
pub(in crate::git) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = made.and_then(|mut file| file.write_all(bytes));
    written.map_err(|e| Fault::machine(format!("{} can't be written", path.display()), e))
}

/// Makes a file private, unless it has other names: a clone beside this repository may share it, and its rights are those
/// of the clone as well. The folder it lies in is private in any case.
pub(in crate::git) fn hide(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.nlink() == 1 => set_mode(path, 0o600),
        _ => Ok(()),
    }
}

/// Sets the mode of a file; one that is not there needs none.
pub(in crate::git) fn set_mode(path: &Path, mode: u32) -> Result<()> {
    match fs::set_permissions(path, Permissions::from_mode(mode)) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(Fault::machine(format!("{} can't be made private", path.display()), e))
        }
        _ => Ok(()),
    }
}
