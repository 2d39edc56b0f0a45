//! One file at two places: into the backup, and back from it. A second name where the file system has them, or a copy.
//!
//! Must not know: which files a backup has.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::{TEMP, open, set_mode, sync_dir};
use crate::base::Fault;
use crate::base::fault::Result;

/// A copy of `from` at `to`, 0600. It is on disk after [`bring_to_disk`](super::bring_to_disk).
pub(in crate::git) fn copy_private(from: &Path, to: &Path) -> Result<()> {
    let cant = |e: std::io::Error| Fault::machine(format!("{} can't be copied to the backup", from.display()), e);
    let mut source = open(from).map_err(cant)?;
    let mut target = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to).map_err(cant)?;
    std::io::copy(&mut source, &mut target).map(drop).map_err(cant)
}

/// The file `from` under the name `to` as well; a copy where the file system has no second names, or where `from` has
/// other names already: another repository's, as `git clone` from a folder makes them, whose rights must not change.
pub(in crate::git) fn link_private(from: &Path, to: &Path) -> Result<()> {
    let shared = fs::metadata(from).is_ok_and(|meta| meta.nlink() > 1);
    if !shared && fs::hard_link(from, to).is_ok() { Ok(()) } else { copy_private(from, to) }
}

/// The file `from` under the name `to` as well, with `mode`; a copy, whole or not at all, where there are no second names.
pub(in crate::git) fn link_whole(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let cant = |e: std::io::Error| Fault::machine(format!("{} can't be put back", to.display()), e);
    fs::create_dir_all(to.parent().unwrap_or_else(|| Path::new("."))).map_err(cant)?;
    if fs::hard_link(from, to).is_err() {
        return copy_whole(from, to, mode);
    }
    // One that never was ours alone has the rights it had.
    let meta = fs::metadata(to).map_err(cant)?;
    if meta.permissions().mode() & 0o777 == 0o600 { set_mode(to, mode) } else { Ok(()) }
}

/// A copy of `from` at `to`, whole or not at all.
pub(in crate::git) fn copy_whole(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let cant = |e: std::io::Error| Fault::machine(format!("{} can't be copied back", from.display()), e);
    let folder = to.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(cant)?;
    let mut source = open(from).map_err(cant)?;
    let mut temp = tempfile::Builder::new().prefix(TEMP).tempfile_in(folder).map_err(cant)?;
    std::io::copy(&mut source, temp.as_file_mut()).map_err(cant)?;
    temp.as_file().set_permissions(Permissions::from_mode(mode)).map_err(cant)?;
    temp.as_file().sync_all().map_err(cant)?;
    temp.persist(to).map_err(|e| cant(e.error))?;
    sync_dir(folder);
    Ok(())
}
