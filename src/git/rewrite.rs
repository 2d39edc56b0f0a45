//! The rewrite: the same objects with the key's bytes replaced, and nothing else changed. Works on bytes, so odd
//! modes, headers and encodings survive; what does not change keeps its id.
//!
//! Must not know: refs, files, who asked. Whether new objects are kept or only hashed is the caller's choice.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use git2::{ObjectType, Oid};

use super::ahead::Ahead;
use super::cite::Cites;
use super::find::{Desk, Scan, Under, object_type};
use super::fresh::{Fresh, Patch};
use super::graph::{Graph, Trees};
use super::large;
use super::policy::{self, By, Way};
use super::raw::{self, Commit, Entry, Slot, Sort};
use super::repo::Repo;
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::git::Emptied;

pub(super) struct Rewriter<'r> {
    pub(super) repo: &'r Repo<'r>,
    desk: RefCell<Desk<'r>>,
    pub(super) scan: &'r Scan,
    /// Where new objects go; without it only their ids are worked out.
    fresh: Option<&'r Fresh>,
    /// Files that others clean meanwhile.
    pub(super) ahead: Ahead,
    /// Changed objects: old id to new id.
    pub(super) map: HashMap<Oid, Oid>,
    /// Commits and tags that lose a signature, old ids.
    pub(super) signatures_lost: Vec<Oid>,
    /// Ids in messages.
    pub(super) cites: Cites,
    /// Commits that must get a new id, reachable or not.
    pub(super) changed: HashSet<Oid>,
    /// Files that are left out, and folders that would be empty without them.
    gone: HashSet<Oid>,
    /// Submodules' commits and what they became.
    links: &'r HashMap<Oid, Oid>,
    /// Those of them that some tree named.
    pub(super) relinked: BTreeSet<Oid>,
    /// Commits that change nothing any more, and stand for their parents by a person's choice.
    pub(super) vanished: HashSet<Oid>,
    /// Commits that must not vanish, whatever they change.
    pub(super) parts: HashSet<Oid>,
    /// The trees of commits that were made.
    made: HashMap<Oid, Oid>,
    /// What became of files that can't be edited as text.
    pub(super) fates: BTreeMap<Oid, (&'static str, Way)>,
    /// Folders in folders, or tags of tags, that are open now.
    depth: usize,
}

/// What `git cat-file --batch` says of one object.
fn answer(said: &[u8]) -> Option<(ObjectType, &[u8])> {
    let end = memchr::memchr(b'\n', said)?;
    let mut words = std::str::from_utf8(said.get(..end)?).ok()?.split(' ').skip(1);
    let kind = ObjectType::from_str(words.next()?)?;
    let size: usize = words.next()?.parse().ok()?;
    Some((kind, said.get(end + 1..)?.get(..size)?))
}

/// How deep folders may lie. No path that a system can open is so deep, and git itself stops at 2,048.
const DEEPEST: usize = 1000;

impl std::fmt::Debug for Rewriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rewriter({} changed)", self.map.len())
    }
}

impl<'r> Rewriter<'r> {
    pub(super) fn new(
        repo: &'r Repo<'r>,
        scan: &'r Scan,
        links: &'r HashMap<Oid, Oid>,
        fresh: Option<&'r Fresh>,
    ) -> Self {
        let cites = Cites::default();
        Self {
            repo,
            desk: RefCell::new(scan.library.desk()),
            scan,
            fresh,
            ahead: Ahead::default(),
            map: HashMap::new(),
            signatures_lost: Vec::new(),
            cites,
            changed: HashSet::new(),
            gone: HashSet::new(),
            links,
            relinked: BTreeSet::new(),
            vanished: HashSet::new(),
            parts: HashSet::new(),
            made: HashMap::new(),
            fates: BTreeMap::new(),
            depth: 0,
        }
    }

    /// Rewrites every changed commit among `alive`, parents first, and what a message names before that message.
    pub(super) fn commits(&mut self, graph: &Graph, trees: &mut Trees<'_>, alive: &HashSet<Oid>) -> Result<()> {
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
                super::say(self.repo.ask, "rewriting commits", n as u64, todo.len() as u64);
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

    /// Each level takes a part of the stack, and somebody can make more levels than any stack holds.
    fn deeper(&mut self, id: Oid) -> Result<()> {
        self.depth += 1;
        if self.depth <= DEEPEST {
            return Ok(());
        }
        Err(Fault::refused(
            "the history can't be rewritten",
            format!("what leads to the key lies more than {DEEPEST} folders or tags deep, at {id}"),
        )
        .hint("nobody works with such a tree by hand: find the ref that leads there (`stanch find`), and delete it"))
    }

    /// The new id of anything a ref can name. Commits must be rewritten before.
    pub(super) fn object(&mut self, id: Oid, trees: &mut Trees<'_>) -> Result<Oid> {
        if let Some(new) = self.map.get(&id) {
            return Ok(*new);
        }
        if self.scan.commits.contains_key(&id) {
            return Ok(id);
        }
        if let Some(target) = self.scan.tags.get(&id).copied() {
            self.deeper(id)?;
            let new_target = self.object(target, trees)?;
            self.depth -= 1;
            if new_target == target && !self.scan.dirty.contains_key(&id) {
                return Ok(id);
            }
            let bytes = self.tag_bytes(id, new_target)?;
            let new = self.put(ObjectType::Tag, &bytes)?;
            self.map.insert(id, new);
            return Ok(new);
        }
        match self.scan.dirty.get(&id) {
            Some((ObjectType::Blob, _)) => self.blob(id),
            _ => self.tree(id, trees),
        }
    }

    /// The new id of a file. What is to be dropped, and something else than a tree holds it, becomes a line that says so.
    pub(super) fn blob(&mut self, id: Oid) -> Result<Oid> {
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

    /// The new id of a tree; the same when nothing below it holds the key.
    pub(super) fn tree(&mut self, id: Oid, trees: &mut Trees<'_>) -> Result<Oid> {
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

    /// A commit with its tree and parents replaced, the key taken out, the signature dropped. All else as it was.
    pub(super) fn commit_bytes(&mut self, id: Oid, tree: Oid) -> Result<Vec<u8>> {
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

    fn tag_bytes(&mut self, id: Oid, target: Oid) -> Result<Vec<u8>> {
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

    pub(super) fn push_clean(&self, out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
        match self.repo.search.replace(bytes, false)? {
            Some(clean) => out.extend_from_slice(&clean),
            None => out.extend_from_slice(bytes),
        }
        Ok(())
    }

    /// The bytes of an object, held against its id: nothing new is made of what is damaged. What our own reader can't
    /// read, git is asked for, in a process of its own.
    pub(super) fn read(&self, id: Oid) -> Result<Rc<Vec<u8>>> {
        let damaged = |why: &str| {
            Fault::refused("the repository is damaged", format!("object {id} can't be read: {why}"))
                .hint("`git fsck` lists what is missing; fetch it, or work on a fresh clone")
        };
        if let Some((kind, data)) = self.desk.borrow_mut().read(id)
            && raw::id(object_type(kind), &data)? == id
        {
            return Ok(data);
        }
        let said = self.repo.git.ask_git(&["cat-file", "--batch"], Some(format!("{id}\n").as_bytes()))?;
        let (kind, data) = answer(&said.out).ok_or_else(|| damaged("git can't read it either"))?;
        if raw::id(kind, data)? != id {
            return Err(damaged("it is not what its id says"));
        }
        Ok(Rc::new(data.to_vec()))
    }

    pub(super) fn put(&self, kind: ObjectType, bytes: &[u8]) -> Result<Oid> {
        let id = self.named(kind, bytes)?;
        if let Some(fresh) = self.fresh {
            fresh.put(id, kind, bytes)?;
        }
        Ok(id)
    }

    /// The id of a new object, which must not hold the key.
    fn named(&self, kind: ObjectType, bytes: &[u8]) -> Result<Oid> {
        if self.repo.search.form_in(bytes).is_some() {
            return Err(Fault::new(
                FaultKind::Internal,
                "the key could not be taken out of an object",
                "its parts together spell the key again",
            ));
        }
        raw::id(kind, bytes)
    }
}
