//! What was written is brought to disk, so that it lasts.
//!
//! Must not know: what was written.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::base::Fault;
use crate::base::fault::Result;

/// More files than these are brought to disk together.
const FEW: usize = 64;

/// Makes a rename in `folder` last. Some file systems can't; then the rename is as lasting as they make it.
pub(in crate::git) fn sync_dir(folder: &Path) {
    if let Ok(dir) = File::open(folder) {
        let _ = dir.sync_all();
    }
}

/// Brings these files and folders, all below `folder`, to disk. Few of them one by one: the file system may have much to
/// do for others.
pub(in crate::git) fn bring_to_disk<'p>(folder: &Path, all: impl Iterator<Item = &'p PathBuf>) -> Result<()> {
    let all: Vec<&PathBuf> = all.collect();
    if all.len() > FEW {
        return flush(folder);
    }
    for path in all {
        let done = File::open(path).and_then(|file| file.sync_all());
        // Some file systems can't do it for a folder: see `sync_dir`.
        if let Err(e) = done.or_else(|e| if path.is_dir() { Ok(()) } else { Err(e) }) {
            return Err(Fault::machine(format!("{} can't be brought to disk", path.display()), e));
        }
    }
    Ok(())
}

/// Brings these to disk, on whatever file systems they are.
pub(super) fn to_disk(all: &[PathBuf]) -> Result<()> {
    let mut systems: BTreeMap<u64, Vec<&PathBuf>> = BTreeMap::new();
    for path in all {
        systems.entry(fs::metadata(path).map_or(0, |meta| meta.dev())).or_default().push(path);
    }
    systems.into_values().try_for_each(|on_one| {
        let folder = on_one.first().and_then(|path| path.parent()).unwrap_or_else(|| Path::new("."));
        bring_to_disk(folder, on_one.iter().copied())
    })
}

/// Brings everything that was written to the file system of `folder` to its disk.
pub(in crate::git) fn flush(folder: &Path) -> Result<()> {
    #[cfg(target_os = "linux")]
    {
        let cant = |e: std::io::Error| Fault::machine(format!("{} can't be brought to disk", folder.display()), e);
        let dir = File::open(folder).map_err(cant)?;
        rustix::fs::syncfs(dir).map_err(|e| cant(e.into()))?;
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        rustix::fs::sync();
    }
    Ok(())
}
