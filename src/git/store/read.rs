//! Reading files of a repository as a whole: only what is a file, and none without end.
//!
//! Must not know: what is in them.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::base::Fault;
use crate::base::fault::Result;

/// No file of git's that is read whole is larger; one that is has another meaning.
const LARGEST: u64 = 1 << 32;

/// The content of `path`.
pub(in crate::git) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    whole(path).map_err(|e| Fault::machine(format!("{} can't be read", path.display()), e))
}

/// The content of `path`; `None` when there is no such file.
pub(in crate::git) fn read_if(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    match whole(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(Fault::machine(format!("{} can't be read", path.display()), e)),
    }
}

/// Opens a file of a repository for reading. Only a file: a pipe would keep whoever opens it waiting, and a device has no
/// end.
pub(in crate::git) fn open(path: &Path) -> std::io::Result<File> {
    sized(path).map(|(file, _)| file)
}

fn sized(path: &Path) -> std::io::Result<(File, u64)> {
    // For a file this means nothing; a pipe opens at once.
    let file = OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path)?;
    let meta = file.metadata()?;
    if meta.is_file() { Ok((file, meta.len())) } else { Err(std::io::Error::other("it is no file")) }
}

const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// The content of a file of a repository, where it can't be the key as it stands: packed, an index, an id.
pub(in crate::git) fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let (file, size) = sized(path)?;
    if size > LARGEST {
        return Err(std::io::Error::other("it is too large for such a file"));
    }
    // All at once: what a buffer grows out of would keep bytes that may be the key.
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn whole(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    bytes(path).map(Zeroizing::new)
}
