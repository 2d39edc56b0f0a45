//! Rights of files that a switch takes away: what comes in their place gets no wider ones, and an undo brings each back
//! as it was. A `.env` that only its owner could read stays so. Git keeps none of this but the owner's `x`.
//!
//! Must not know: trees and objects.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::base::Fault;
use crate::base::fault::Result;
use crate::git::needle::Search;
use crate::git::store;

/// By path in the working tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rights(HashMap<Vec<u8>, u32>);

impl Rights {
    /// Of the files that are about to go, kept at `kept` before the first one goes. `again`: some went already, so what
    /// is kept counts.
    pub(super) fn keep<'a>(
        kept: &Path,
        work: &Path,
        gone: impl Iterator<Item = &'a [u8]>,
        again: bool,
    ) -> Result<Self> {
        if again && kept.exists() {
            return Self::kept(kept);
        }
        let rights = Self(
            gone.filter_map(|path| Some((path.to_vec(), of_file(&work.join(OsStr::from_bytes(path)))?))).collect(),
        );
        if rights.0.is_empty() {
            store::remove(kept)?;
        } else {
            if let Some(folder) = kept.parent() {
                store::private_dir(folder)?;
            }
            store::put(kept, &rights.written())?;
        }
        Ok(rights)
    }

    /// As [`Rights::keep`] wrote them; none where it did not.
    pub(super) fn kept(kept: &Path) -> Result<Self> {
        let bytes = store::read_if(kept)?.unwrap_or_default();
        let lines = bytes.split(|b| *b == 0).filter(|line| !line.is_empty());
        let read = lines.map(|line| {
            let (mode, path) = line.split_first_chunk::<5>()?;
            let mode = mode.strip_suffix(b" ").and_then(|mode| std::str::from_utf8(mode).ok())?;
            Some((path.to_vec(), u32::from_str_radix(mode, 8).ok()?))
        });
        read.collect::<Option<_>>().map(Self).ok_or_else(|| {
            Fault::machine("the backup is damaged", format!("{} does not say which rights files had", kept.display()))
                .hint("remove that file and check again: files then come back with the rights that your umask leaves")
        })
    }

    /// What the file at `path` had.
    pub(super) fn of(&self, path: &[u8]) -> Option<u32> {
        self.0.get(path).copied()
    }

    /// What a file at `path` may have that was not there, `most` at the most: what the one had whose name held the key,
    /// or no more than every file that goes. `None`: none goes.
    pub(super) fn heir(&self, search: &Search<'_>, path: &[u8], most: u32) -> Result<Option<u32>> {
        for (old, mode) in &self.0 {
            if search.replace(old, false)?.is_some_and(|clean| clean == path) {
                return Ok(Some(*mode));
            }
        }
        let readers = self.0.values().copied().reduce(|a, b| a & b).map(|mode| mode & 0o044 | 0o600);
        // Whoever may read a program may run it.
        Ok(readers.map(|mode| if most & 0o100 == 0 { mode } else { mode | (mode & 0o444) >> 2 }))
    }

    fn written(&self) -> Vec<u8> {
        let mut lines: Vec<_> =
            self.0.iter().map(|(path, mode)| [format!("{mode:04o} ").as_bytes(), path, &[0]].concat()).collect();
        lines.sort_unstable();
        lines.concat()
    }
}

/// `None`: no ordinary file.
pub(super) fn of_file(path: &Path) -> Option<u32> {
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).map(|meta| meta.permissions().mode() & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::needle::Needles;

    #[test]
    fn kept_rights_are_read_as_they_were_written_and_the_first_look_counts() {
        let temp = tempfile::tempdir().unwrap();
        let kept = temp.path().join("rights/tree-");
        let names: [&[u8]; 3] = [b"a file", b"odd\xff 0644 name", b"not there"];
        for (name, mode) in names[..2].iter().zip([0o600, 0o4751]) {
            let path = temp.path().join(OsStr::from_bytes(name));
            fs::write(&path, "").unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let keep = |again| Rights::keep(&kept, temp.path(), names.into_iter(), again).unwrap();
        let first = keep(false);
        assert_eq!(names.map(|name| first.of(name)), [Some(0o600), Some(0o4751), None]);
        fs::remove_file(temp.path().join("a file")).unwrap();
        assert_eq!((keep(true), Rights::kept(&kept).unwrap()), (Rights(first.0.clone()), Rights(first.0)));
        assert_eq!(keep(false).of(b"a file"), None, "another switch looks anew");
        fs::write(&kept, "06 x\0").unwrap();
        assert!(Rights::kept(&kept).is_err());
    }

    #[test]
    fn what_comes_is_no_wider_than_what_goes() {
        let key = ["sk", "proj", &"aQ7zKf3Xm9Lw".repeat(3)].join("-");
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        let search = needles.search();
        let named = format!("d/{key}.env");
        let clean = search.replace(named.as_bytes(), false).unwrap().unwrap();
        let heir = |rights: &[(&[u8], u32)], path: &[u8], most| {
            Rights(rights.iter().map(|(path, mode)| (path.to_vec(), *mode)).collect())
                .heir(&search, path, most)
                .unwrap()
        };
        assert_eq!(heir(&[], b"x", 0o666), None);
        assert_eq!(heir(&[(named.as_bytes(), 0o640), (b"b", 0o600)], &clean, 0o666), Some(0o640));
        assert_eq!(heir(&[(b"a", 0o644), (b"b", 0o640)], b"x", 0o666), Some(0o640));
        assert_eq!(heir(&[(b"a", 0o644), (b"b", 0o640)], b"x", 0o777), Some(0o750));
        assert_eq!(heir(&[(b"a", 0o600)], b"x", 0o777), Some(0o700));
    }
}
