//! Notes after a rewrite: they are filed under the ids of what they are about, and those ids changed.
//!
//! Must not know: how the commits were rewritten.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid};

use super::graph::Trees;
use super::raw;
use super::rewrite::Rewriter;
use crate::base::fault::Result;

/// Path, mode, id.
type File = (Vec<u8>, Vec<u8>, Oid);

impl Rewriter<'_> {
    /// The tip of a notes ref: its notes are filed under the ids of what they are about, and those ids changed.
    /// The names' split into folders is kept. Only the tip is renamed: that is where git looks.
    pub(super) fn notes(&mut self, tip: Oid, trees: &mut Trees<'_>) -> Result<Oid> {
        let done = self.object(tip, trees)?;
        let Some(commit) = self.scan.commits.get(&tip) else { return Ok(done) };
        let mut files = Vec::new();
        self.flatten(commit.tree, &mut Vec::new(), &mut files)?;
        let mut fresh: BTreeMap<Vec<u8>, (Vec<u8>, Vec<Oid>)> = BTreeMap::new();
        let mut renamed = false;
        for (path, mode, id) in files {
            let digits: Vec<u8> = path.iter().copied().filter(|b| *b != b'/').collect();
            let target = raw::oid(&digits).and_then(|old| self.map.get(&old).copied());
            let name = match target {
                Some(new) => split_like(&path, &new.to_string()),
                None => self.repo.search.replace(&path, false)?.unwrap_or(path),
            };
            renamed |= target.is_some();
            fresh.entry(name).or_insert_with(|| (mode, Vec::new())).1.push(id);
        }
        if !renamed {
            return Ok(done);
        }
        let mut files = Vec::with_capacity(fresh.len());
        for (path, (mode, texts)) in fresh {
            files.push((path, mode, self.joined(&texts)?));
        }
        let tree = self.build(&files)?;
        let bytes = self.commit_bytes(tip, tree)?;
        let new = self.put(ObjectType::Commit, &bytes)?;
        self.map.insert(tip, new);
        self.signatures_lost.dedup();
        Ok(new)
    }

    /// The clean text of a note; of several notes for what became one commit, all texts, one after the other.
    fn joined(&mut self, texts: &[Oid]) -> Result<Oid> {
        if let [one] = texts {
            return if self.scan.dirty.contains_key(one) { self.blob(*one) } else { Ok(*one) };
        }
        let mut all = Vec::new();
        for id in texts {
            let object = self.read(*id)?;
            if !all.is_empty() {
                all.push(b'\n');
            }
            self.push_clean(&mut all, &object)?;
        }
        self.put(ObjectType::Blob, &all)
    }

    fn flatten(&self, tree: Oid, at: &mut Vec<u8>, out: &mut Vec<File>) -> Result<()> {
        let object = self.read(tree)?;
        for entry in raw::entries(&object).unwrap_or_default() {
            let length = at.len();
            at.extend_from_slice(entry.name);
            if entry.is_tree() {
                at.push(b'/');
                self.flatten(entry.id, at, out)?;
            } else {
                out.push((at.clone(), entry.mode.to_vec(), entry.id));
            }
            at.truncate(length);
        }
        Ok(())
    }

    /// Trees out of a list of paths.
    fn build(&self, files: &[File]) -> Result<Oid> {
        let mut here: Vec<(Vec<u8>, Vec<u8>, Oid, bool)> = Vec::new();
        let mut folders: BTreeMap<Vec<u8>, Vec<File>> = BTreeMap::new();
        for (path, mode, id) in files {
            match memchr::memchr(b'/', path) {
                Some(slash) => {
                    let (folder, rest) = path.split_at(slash);
                    let rest = rest.get(1..).unwrap_or_default().to_vec();
                    folders.entry(folder.to_vec()).or_default().push((rest, mode.clone(), *id));
                }
                None => here.push((path.clone(), mode.clone(), *id, false)),
            }
        }
        for (folder, inside) in folders {
            let id = self.build(&inside)?;
            here.push((folder, b"40000".to_vec(), id, true));
        }
        here.sort_by_cached_key(|(name, _, _, is_tree)| raw::sort_key(name, *is_tree));
        let mut bytes = Vec::new();
        for (name, mode, id, _) in &here {
            raw::write_entry(&mut bytes, mode, name, *id);
        }
        self.put(ObjectType::Tree, &bytes)
    }
}

/// `digits` cut into folders where `path` is.
fn split_like(path: &[u8], digits: &str) -> Vec<u8> {
    let mut digits = digits.bytes();
    path.iter().map(|b| if *b == b'/' { b'/' } else { digits.next().unwrap_or(b'0') }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notes_name_keeps_its_folders() {
        assert_eq!(split_like(b"ab/cd/ef01", "12345678"), b"12/34/5678");
    }
}
