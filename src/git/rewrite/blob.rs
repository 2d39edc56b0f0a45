//! Files: one becomes what the policy says of it, and what became of it is kept.
//!
//! Must not know: which trees hold it.

use git2::{ObjectType, Oid};

use super::Rewriter;
use crate::base::fault::Result;
use crate::git::large;
use crate::git::policy::{self, By, Way};

impl Rewriter<'_> {
    /// The new id of a file. What is to be dropped, and something else than a tree holds it, becomes a line that says so.
    pub(in crate::git) fn blob(&mut self, id: Oid) -> Result<Oid> {
        if let Some(new) = self.map.get(&id) {
            return Ok(*new);
        }
        let library = &self.scan.library;
        let (what, way, new) = if let Some(became) = self.ahead.take(id, self.fresh)? {
            became
        } else if library.large(id).is_some() {
            let packed = self.scan.archives.inside.contains_key(&id);
            large::rewritten(self.repo, id, &|| library.large(id), packed, self.fresh)?
        } else {
            let object = self.read(id)?;
            let (what, way, clean) = policy::decide(By::of(self.repo), &id.to_string(), &object)?;
            (what, way, clean.map(|clean| self.put(ObjectType::Blob, &clean)).transpose()?)
        };
        if let Some(what) = what {
            self.fates.insert(id, (what, way));
        }
        if way == Way::Dropped {
            self.gone.insert(id);
        }
        let Some(new) = new else { return Ok(id) };
        self.map.insert(id, new);
        Ok(new)
    }
}
