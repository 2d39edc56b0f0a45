//! The text of a commit or a tag with what it names replaced, the key taken out, the signature dropped.
//!
//! Must not know: when its turn comes, what is in a tree.

use std::collections::HashSet;

use git2::Oid;

use super::Rewriter;
use crate::base::fault::Result;
use crate::git::raw;

impl Rewriter<'_> {
    /// A commit with its tree and parents replaced, the key taken out, the signature dropped. All else as it was.
    pub(in crate::git) fn commit_bytes(&mut self, id: Oid, tree: Oid) -> Result<Vec<u8>> {
        let object = self.read(id)?;
        let (headers, body) = raw::split(&object);
        let mut out = Vec::with_capacity(object.len());
        let mut lost = false;
        let mut parents = HashSet::new();
        for header in headers {
            match header.key {
                b"tree" => out.extend_from_slice(format!("tree {tree}\n").as_bytes()),
                b"parent" => {
                    let parent = header.id().map(|old| self.map.get(&old).copied().unwrap_or(old));
                    match parent {
                        // Two that became one are one parent; in a stash each has its meaning.
                        Some(parent) if !parents.insert(parent) && !self.parts.contains(&id) => {}
                        Some(parent) => out.extend_from_slice(format!("parent {parent}\n").as_bytes()),
                        None => out.extend_from_slice(header.whole),
                    }
                }
                _ if header.is_signature() => lost = true,
                // A signed tag that was merged: its signature covers the old id or the old text.
                b"mergetag" if self.stale_mergetag(header.whole) => lost = true,
                _ => self.push_of(&mut out, id, header.whole)?,
            }
        }
        self.push_message(&mut out, id, body)?;
        if lost {
            self.signatures_lost.push(id);
        }
        Ok(out)
    }

    fn stale_mergetag(&self, whole: &[u8]) -> bool {
        let object = whole.strip_prefix(b"mergetag object ").and_then(|rest| rest.get(..40)).and_then(raw::oid);
        object.is_some_and(|id| self.map.contains_key(&id)) || self.repo.search.form_in(whole).is_some()
    }

    pub(super) fn tag_bytes(&mut self, id: Oid, target: Oid) -> Result<Vec<u8>> {
        let object = self.read(id)?;
        let (headers, body) = raw::split(&object);
        let mut out = Vec::with_capacity(object.len());
        let mut lost = false;
        for header in headers {
            match header.key {
                b"object" => out.extend_from_slice(format!("object {target}\n").as_bytes()),
                _ if header.is_signature() => lost = true,
                _ => self.push_of(&mut out, id, header.whole)?,
            }
        }
        let signed = raw::tag_signature(body);
        self.push_message(&mut out, id, body.get(..signed.unwrap_or(body.len())).unwrap_or_default())?;
        if lost || signed.is_some() {
            self.signatures_lost.push(id);
        }
        Ok(out)
    }

    /// A message: ids follow, the key goes.
    fn push_message(&mut self, out: &mut Vec<u8>, id: Oid, body: &[u8]) -> Result<()> {
        let followed = self.cites.follow(self.scan, id, body, &self.changed, &self.map);
        self.push_of(out, id, followed.as_deref().unwrap_or(body))
    }

    /// A part of the object `id`, without the key. Where the whole is clean, each part is.
    fn push_of(&self, out: &mut Vec<u8>, id: Oid, bytes: &[u8]) -> Result<()> {
        if self.scan.dirty.contains_key(&id) {
            return self.push_clean(out, bytes);
        }
        out.extend_from_slice(bytes);
        Ok(())
    }

    pub(in crate::git) fn push_clean(&self, out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
        match self.repo.search.replace(bytes, false)? {
            Some(clean) => out.extend_from_slice(&clean),
            None => out.extend_from_slice(bytes),
        }
        Ok(())
    }
}
