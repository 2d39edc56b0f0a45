//! Folders: where a tree names what changed, the new id comes to stand; names lose the key, and what is left out goes.
//!
//! Must not know: commits, what is in a file.

use std::collections::HashSet;

use git2::{ObjectType, Oid};

use super::Rewriter;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::git::find::Under;
use crate::git::fresh::Patch;
use crate::git::graph::Trees;
use crate::git::raw::{self, Entry, Slot, Sort};

impl Rewriter<'_> {
    /// The new id of a tree; the same when nothing below it holds the key.
    pub(in crate::git) fn tree(&mut self, id: Oid, trees: &mut Trees<'_>) -> Result<Oid> {
        if let Some(new) = self.map.get(&id) {
            return Ok(*new);
        }
        if !trees.leads(id) {
            return Ok(id);
        }
        self.deeper(id)?;
        let new = self.rebuilt(id, trees)?;
        self.depth -= 1;
        self.map.insert(id, new);
        Ok(new)
    }

    fn rebuilt(&mut self, id: Oid, trees: &mut Trees<'_>) -> Result<Oid> {
        let object = self.read(id)?;
        let mut changes = Vec::new();
        let mut goes = false;
        for slot in self.slots(id, &object)? {
            let new = match slot.sort {
                Sort::Tree => self.tree(slot.id, trees)?,
                Sort::Commit => self.link(slot.id),
                Sort::File if self.scan.dirty.contains_key(&slot.id) => self.blob(slot.id)?,
                Sort::File => slot.id,
            };
            goes |= self.gone.contains(&slot.id);
            if new != slot.id {
                changes.push((slot.at, new));
            }
        }
        if goes || self.scan.dirty.contains_key(&id) {
            return self.renewed(id, &object, &changes);
        }
        // No name in it holds the key, and nothing goes: only ids change.
        let patch = Patch { old: id, changes };
        let bytes = patch.apply(object.to_vec());
        let new = self.named(ObjectType::Tree, &bytes)?;
        if let Some(fresh) = self.fresh {
            // Our own copy of the old one is there as long as new ones are made.
            let own = self.scan.library.is_own(id);
            fresh.put_patched(new, ObjectType::Tree, &bytes, Some(&patch).filter(|_| own))?;
        }
        Ok(new)
    }

    /// What became of a commit of a submodule.
    fn link(&mut self, id: Oid) -> Oid {
        let Some(new) = self.links.get(&id) else { return id };
        self.relinked.insert(id);
        *new
    }

    /// Where the tree `id` names what leads to the key, or a commit of a submodule that changed.
    fn slots(&self, id: Oid, tree: &[u8]) -> Result<Vec<Slot>> {
        let ways = &self.scan.ways;
        let mut below: Vec<Oid> = ways
            .number(id)
            .into_iter()
            .flat_map(|number| ways.under(number))
            .filter_map(|under| match under {
                Under::Tree(number) => ways.tree(number),
                Under::Object(number) => ways.object(number),
            })
            .collect();
        below.sort_unstable();
        let wanted = |id: &[u8]| below.binary_search_by(|below| below.as_bytes().cmp(id)).is_ok();
        raw::slots(tree, &wanted).ok_or_else(|| {
            Fault::refused("the repository is damaged", format!("tree {id} can't be read"))
                .hint("`git fsck` lists what is broken")
        })
    }

    /// The tree `id` where not only ids change (`changes`, ascending by place): without the key in names, and without what
    /// goes.
    fn renewed(&mut self, id: Oid, object: &[u8], changes: &[(usize, Oid)]) -> Result<Oid> {
        let entries = raw::entries(object).unwrap_or_default();
        let mut at = 0;
        let mut left: Vec<(&[u8], Vec<u8>, Oid, bool)> = Vec::with_capacity(entries.len());
        for entry in &entries {
            at += entry.mode.len() + 1 + entry.name.len() + 1;
            let new = changes.binary_search_by_key(&at, |(slot, _)| *slot).ok().and_then(|n| changes.get(n));
            let new = new.map_or(entry.id, |(_, new)| *new);
            at += 20;
            if !self.gone.contains(&entry.id) {
                left.push((entry.mode, entry.name.to_vec(), new, entry.is_tree()));
            }
        }
        if left.is_empty() && !entries.is_empty() {
            self.gone.insert(id);
        }
        if self.rename(&entries, &mut left)? {
            left.sort_by_cached_key(|(_, name, _, is_tree)| raw::sort_key(name, *is_tree));
        }
        let mut bytes = Vec::with_capacity(object.len());
        for (mode, name, id, _) in &left {
            raw::write_entry(&mut bytes, mode, name, *id);
        }
        self.put(ObjectType::Tree, &bytes)
    }

    /// Takes the key out of names. A name that exists already gets a number.
    fn rename(&self, entries: &[Entry<'_>], fresh: &mut [(&[u8], Vec<u8>, Oid, bool)]) -> Result<bool> {
        let mut taken: HashSet<Vec<u8>> = entries.iter().map(|e| e.name.to_vec()).collect();
        let mut renamed = false;
        for (_, name, _, _) in fresh {
            let Some(clean) = self.repo.search.replace(name, false)? else { continue };
            let mut free = clean.clone();
            let mut n = 2;
            while !taken.insert(free.clone()) {
                free = [&clean[..], format!("-{n}").as_bytes()].concat();
                n += 1;
            }
            *name = free;
            renamed = true;
        }
        Ok(renamed)
    }
}
