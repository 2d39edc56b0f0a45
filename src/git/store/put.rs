//! Writing one file in one step that a power cut can't split.
//!
//! Must not know: what is in it.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::sync_dir;
use crate::base::Fault;
use crate::base::fault::Result;

/// Start of the names of files that are not finished yet.
pub(in crate::git) const TEMP: &str = ".stanch-tmp-";

/// Puts `bytes` at `path` in one step that a power cut can't split. The mode is 0600, or that of the file it replaces.
pub(in crate::git) fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let mode = fs::symlink_metadata(path).map_or(0o600, |meta| meta.permissions().mode() & 0o777);
    put_with(path, bytes, mode)
}

/// The same, and a new file gets the rights that `like` has: what git itself would give it in this repository.
pub(in crate::git) fn put_like(path: &Path, bytes: &[u8], like: &Path) -> Result<()> {
    put_with(path, bytes, mode_at(path, like))
}

pub(super) fn mode_at(path: &Path, like: &Path) -> u32 {
    let mode = |path: &Path| fs::symlink_metadata(path).ok().map(|meta| meta.permissions().mode() & 0o777);
    mode(path).or_else(|| mode(like)).unwrap_or(0o600)
}

pub(in crate::git) fn put_with(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    put_stream(path, Mode::Is(mode), &mut |to| {
        to.write_all(bytes).map_err(|e| Fault::machine(format!("{} can't be written", path.display()), e))
    })
}

/// The rights of a new file.
#[derive(Clone, Copy)]
pub(in crate::git) enum Mode {
    Is(u32),
    /// What the user's umask leaves of it.
    UpTo(u32),
}

/// The same with what `write` writes; nothing happens when it fails.
pub(in crate::git) fn put_stream(
    path: &Path,
    mode: Mode,
    write: &mut dyn FnMut(&mut File) -> Result<()>,
) -> Result<()> {
    let cant = |e: std::io::Error| Fault::machine(format!("{} can't be written", path.display()), e);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(cant)?;
    let mut temp = tempfile::Builder::new();
    if let Mode::UpTo(most) = mode {
        temp.permissions(Permissions::from_mode(most));
    }
    let mut temp = temp.prefix(TEMP).tempfile_in(folder).map_err(cant)?;
    write(temp.as_file_mut())?;
    if let Mode::Is(mode) = mode {
        temp.as_file().set_permissions(Permissions::from_mode(mode)).map_err(cant)?;
    }
    temp.as_file().sync_all().map_err(cant)?;
    temp.persist(path).map_err(|e| cant(e.error))?;
    sync_dir(folder);
    Ok(())
}
