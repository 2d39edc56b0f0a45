//! Commits in turn, parents first, and over again where a message names what comes later. By a person's choice those that
//! change nothing any more go.
//!
//! Must not know: how a commit or a tree is written.

use std::collections::{BTreeSet, HashSet};

use git2::{ObjectType, Oid};

use super::Rewriter;
use crate::base::fault::Result;
use crate::effect::git::Emptied;
use crate::git::cite::Cites;
use crate::git::graph::{Graph, Trees};
use crate::git::raw::{self, Commit};
use crate::git::say;

impl Rewriter<'_> {
    /// Rewrites every changed commit among `alive`, parents first, and what a message names before that message.
    pub(in crate::git) fn commits(&mut self, graph: &Graph, trees: &mut Trees<'_>, alive: &HashSet<Oid>) -> Result<()> {
        let todo: Vec<Oid> =
            graph.order.iter().copied().filter(|id| graph.changed.contains(id) && alive.contains(id)).collect();
        self.changed.clone_from(&graph.changed);
        self.cites = Cites::new(self.scan, &graph.changed, alive);
        let todo = self.cites.order(self.scan, &todo);
        loop {
            self.pass(&todo, trees)?;
            if !self.cites.must_repeat() {
                return Ok(());
            }
            self.signatures_lost.clear();
            self.vanished.clear();
            self.made.clear();
            for id in &todo {
                self.map.remove(id);
            }
        }
    }

    fn pass(&mut self, todo: &[Oid], trees: &mut Trees<'_>) -> Result<()> {
        for (n, id) in todo.iter().enumerate() {
            if n % 64 == 0 {
                self.repo.go_on()?;
                say(self.repo.ask, "rewriting commits", n as u64, todo.len() as u64);
            }
            let Some(commit) = self.scan.commits.get(id) else { continue };
            let tree = self.tree(commit.tree, trees)?;
            if let Some(parent) = self.vanishes(*id, commit, tree)? {
                self.map.insert(*id, parent);
                continue;
            }
            let bytes = self.commit_bytes(*id, tree)?;
            let new = self.put(ObjectType::Commit, &bytes)?;
            self.map.insert(*id, new);
            self.made.insert(new, tree);
            self.cites.made(new);
        }
        Ok(())
    }

    /// The parent that stands for a commit which changed something and changes nothing now, when such are to go. A merge
    /// goes when all its sides became one.
    fn vanishes(&mut self, id: Oid, commit: &Commit, tree: Oid) -> Result<Option<Oid>> {
        if self.repo.policy.emptied == Emptied::Keep || self.parts.contains(&id) {
            return Ok(None);
        }
        let parents: BTreeSet<Oid> = commit.parents.iter().map(|p| self.map.get(p).copied().unwrap_or(*p)).collect();
        let (Some(parent), 1) = (parents.first().copied(), parents.len()) else { return Ok(None) };
        let tree_of = |id: &Oid| self.scan.commits.get(id).map(|c| c.tree);
        let was_empty =
            commit.parents.len() == 1 && commit.parents.first().and_then(tree_of).is_none_or(|t| t == commit.tree);
        let now = self.made.get(&parent).copied().or_else(|| tree_of(&parent));
        if was_empty || now != Some(tree) {
            return Ok(None);
        }
        self.vanished.insert(id);
        self.cites.vanished(id);
        if raw::split(&self.read(id)?).0.iter().any(raw::Header::is_signature) {
            self.signatures_lost.push(id);
        }
        Ok(Some(parent))
    }
}
