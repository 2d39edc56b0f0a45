//! Files below `objects` that are not objects, packs or what git makes of them: half an object of a git that was killed,
//! marks with somebody's words in them, and what people put there by mistake.
//!
//! Must not know: what becomes of them.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::needle::Search;
use super::store;
use crate::base::fault::Result;

/// Above this size a file is not held in memory: half a pack, which the proof counts.
const LARGEST: u64 = 64 << 20;
/// Starts of names of what a killed git leaves.
const HALF: [&str; 4] = ["tmp_", "incoming-", ".tmp-", "bulk-"];

/// All of them in the git directory `dir`.
pub(super) fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let objects = dir.join("objects");
    let mut files = store::files(&objects, &|folder| {
        !folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("stanch-tmp-"))
    })?;
    files.retain(|path| {
        !path.strip_prefix(&objects).is_ok_and(is_gits) && path.metadata().is_ok_and(|meta| meta.len() <= LARGEST)
    });
    Ok(files)
}

/// Is `name`, relative to the objects' folder, one of the kinds that git reads as data?
fn is_gits(name: &Path) -> bool {
    let text = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let (folder, file) = (name.parent().map(Path::to_string_lossy).unwrap_or_default(), text(name.file_name()));
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    match &*folder {
        "pack" => {
            let data = ["pack", "idx", "rev", "bitmap", "mtimes"].contains(&&*text(name.extension()));
            file.starts_with("multi-pack-index") || (file.starts_with("pack-") && data)
        }
        "info" => file == "commit-graph",
        "info/commit-graphs" => file.starts_with("graph-"),
        _ => folder.len() == 2 && hex(&folder) && file.len() >= 38 && hex(&file),
    }
}

/// Half of something, which nobody reads any more.
pub(super) fn is_half(name: &Path) -> bool {
    let first = name.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("objects") && HALF.iter().any(|start| first.starts_with(start))
}

/// How the key is in a compressed object that was not finished.
pub(super) fn form_inside(search: &Search<'_>, name: &Path, bytes: &[u8]) -> Option<&'static str> {
    if !is_half(name) {
        return None;
    }
    let mut out = zeroize::Zeroizing::new(Vec::new());
    // It may end in the middle: what came out until then counts.
    let _ = flate2::read::ZlibDecoder::new(bytes).take(LARGEST).read_to_end(&mut out);
    search.form_in(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_reads_as_data_is_no_stray() {
        let id = "0".repeat(38);
        for name in ["pack/pack-1.idx", "pack/multi-pack-index", "info/commit-graph", &format!("ab/{id}")] {
            assert!(is_gits(Path::new(name)), "{name}");
        }
        for name in ["pack/stray.txt", "pack/pack-1.keep", "info/alternates", "ab/tmp_obj_x", "x", "pack/tmp_pack_1"] {
            assert!(!is_gits(Path::new(name)), "{name}");
        }
        assert!(is_half(Path::new("objects/ab/tmp_obj_x")) && !is_half(Path::new("tmp_obj_x")));
    }
}
