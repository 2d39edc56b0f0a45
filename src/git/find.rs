//! Reads every object once and says which hold the key. The one place to make faster: nothing outside knows how it reads.
//!
//! Must not know: refs, reachability, what is done about a hit.

use std::collections::HashMap;

use git2::{ObjectType, Oid};

use super::cite::Style;
use super::raw::{self, Commit};
use super::repo::Repo;
use super::say_bytes;
use crate::base::Fault;
use crate::base::fault::Result;

/// What one pass over all objects saw.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Objects whose own bytes hold the key: kind, and the form it was in.
    pub(super) dirty: HashMap<Oid, (ObjectType, &'static str)>,
    pub(super) commits: HashMap<Oid, Commit>,
    /// Annotated tags and what they name.
    pub(super) tags: HashMap<Oid, Oid>,
    pub(super) objects: u64,
    /// Inflated bytes read.
    pub(super) bytes: u64,
    /// Blobs that are compressed: the key could be inside and no search sees it.
    pub(super) compressed: u64,
    /// Objects that could not be read.
    pub(super) broken: Vec<Oid>,
    /// What may be ids of commits in the messages of commits and tags, in lower case.
    pub(super) cites: HashMap<Oid, Vec<String>>,
    pub(super) style: Style,
}

/// Starts of files that hide their content from a search.
const COMPRESSED: [&[u8]; 7] =
    [b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"];

/// One pass over every object of `repo`, reachable or not.
pub(super) fn scan(repo: &Repo<'_>) -> Result<Scan> {
    let odb = repo.odb()?;
    let mut ids = Vec::new();
    odb.foreach(|id| {
        ids.push(*id);
        ids.len() % 4096 != 0 || !(repo.ask.cancel)()
    })
    .map_err(|e| Fault::machine("the objects can't be listed", e.message()))
    .or_else(|fault| repo.go_on().and(Err(fault)))?;
    let total = ids.len() as u64;
    let mut scan = Scan { style: Style::read(repo)?, ..Scan::default() };
    let mut unsaid = 0;
    for id in ids {
        // A pack and a loose file may both hold it.
        let Ok(object) = odb.read(id) else {
            scan.broken.push(id);
            continue;
        };
        let data = object.data();
        scan.objects += 1;
        scan.bytes += data.len() as u64;
        if let Some(form) = repo.search.form_in(data) {
            scan.dirty.insert(id, (object.kind(), form));
        }
        match object.kind() {
            ObjectType::Commit => match raw::commit(data) {
                Some(commit) => drop(scan.commits.insert(id, commit)),
                None => scan.broken.push(id),
            },
            ObjectType::Tag => match raw::tag_target(data) {
                Some(target) => drop(scan.tags.insert(id, target)),
                None => scan.broken.push(id),
            },
            ObjectType::Blob if COMPRESSED.iter().any(|start| data.starts_with(start)) => scan.compressed += 1,
            _ => {}
        }
        if matches!(object.kind(), ObjectType::Commit | ObjectType::Tag) {
            let cited = scan.style.cited(raw::split(data).1);
            if !cited.is_empty() {
                scan.cites.insert(id, cited);
            }
        }
        unsaid += data.len() + 4096;
        if unsaid > 1 << 20 {
            unsaid = 0;
            repo.go_on()?;
            say_bytes(repo.ask, "searching objects", (scan.objects, total), scan.bytes);
        }
    }
    say_bytes(repo.ask, "searching objects", (total, total), scan.bytes);
    Ok(scan)
}
