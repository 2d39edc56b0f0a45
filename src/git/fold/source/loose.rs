//! Objects that lie in files of their own.
//!
//! Must not know: numbers.

use std::path::{Path, PathBuf};

use crate::base::fault::Result;
use crate::git::pack::entry::Id;
use crate::git::pack::flow::{Flow, LARGE};
use crate::git::store;

pub(super) fn all(objects: &Path) -> Result<Vec<(Id, PathBuf)>> {
    let mut found = Vec::new();
    for path in store::files(objects, &|dir| dir.file_name().is_some_and(|name| name.len() == 2))? {
        let mut parts = path.iter().rev().filter_map(|part| part.to_str());
        let (Some(rest), Some(two)) = (parts.next(), parts.next()) else { continue };
        if let Some(id) = crate::git::raw::oid(format!("{two}{rest}").as_bytes())
            && let Some(id) = id.as_bytes().first_chunk::<20>()
        {
            found.push((*id, path));
        }
    }
    Ok(found)
}

/// A loose object of more than [`LARGE`] bytes.
pub(super) fn flow(path: &Path) -> Option<Flow<'static>> {
    let long = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.len() > LARGE / 1032);
    if long { Flow::loose(path).filter(|flow| flow.size > LARGE) } else { None }
}
