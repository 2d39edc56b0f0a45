//! Reads every object once and says which hold the key, and which trees lead to one that does.
//!
//! Packs are read family by family (`family`), on all processors (`crew`); commits, tags and files first, then trees,
//! because a tree is asked whether it holds something dirty (`upward`). Then loose objects. What our own reader can't
//! read is left to git.
//!
//! Must not know: refs, reachability, what is done about a hit.

mod body;
mod crew;
mod family;
mod glance;
mod inside;
mod library;
mod limit;
mod note;
mod places;
mod rescue;
mod roll;
mod sweep;
mod upward;
mod ways;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use git2::{ObjectType, Oid};

use super::cite::Style;
use super::pack::entry::{Id, Kind};
use super::raw::Commit;
use super::repo::Repo;
use super::say;
use crate::base::fault::Result;
use inside::Opener;
use note::Notes;
use places::Places;
use rescue::Rescue;
use roll::Roll;
use sweep::{Grown, Sweep};
use upward::Upward;

pub(super) use crew::hands;
pub(super) use inside::Archives;
pub(super) use library::{Desk, Library, holding};
pub(super) use limit::inflate_all;
pub(super) use ways::{Under, Ways};

/// What one pass over all objects saw.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Objects whose own bytes hold the key: kind, and the form it was in.
    pub(super) dirty: HashMap<Oid, (ObjectType, &'static str)>,
    /// Trees that hold the key in a name, or lead to a dirty object.
    pub(super) ways: Ways,
    /// Dirty objects that another repository lends us, and no place of our own has.
    pub(super) borrowed: HashSet<Oid>,
    pub(super) commits: HashMap<Oid, Commit>,
    /// Annotated tags and what they name.
    pub(super) tags: HashMap<Oid, Oid>,
    /// Entries of packs and loose files; an object that is stored twice counts twice.
    pub(super) objects: u64,
    /// Their bytes, inflated.
    pub(super) bytes: u64,
    /// What was found inside of archives, and what was not looked into.
    pub(super) archives: Archives,
    /// Objects that could not be read.
    pub(super) broken: Vec<Oid>,
    /// Commits and tags that were searched, but don't say in a readable way what they name.
    pub(super) odd: Vec<Oid>,
    /// Packs that can't be read as they should.
    pub(super) unread: Vec<PathBuf>,
    /// What may be ids of commits in the messages of commits and tags, in lower case.
    pub(super) cites: HashMap<Oid, Vec<String>>,
    pub(super) style: Style,
    /// To read one object of those that were seen.
    pub(super) library: Library,
}

impl Scan {
    /// These files hold the key and are to be left: they don't count as dirty, and nothing leads to them.
    pub(super) fn leave(&mut self, ids: &HashSet<Oid>) {
        self.dirty.retain(|id, _| !ids.contains(id));
        self.borrowed.retain(|id| !ids.contains(id));
        self.ways.forget(ids, &self.dirty.keys().copied().collect());
    }

    /// What each of `ids` names in the end: a tag can name a tag. Any other object is that itself; where, in a damaged
    /// store, tags lead in a ring, it is one of them. However high tags are stacked, each is looked at once.
    pub(super) fn ends(&self, ids: &[Oid]) -> HashMap<Oid, Oid> {
        let mut ends = HashMap::with_capacity(ids.len());
        let mut way = Vec::new();
        for id in ids {
            let mut at = *id;
            let end = loop {
                if let Some(end) = ends.get(&at) {
                    break *end;
                }
                ends.insert(at, at);
                let Some(target) = self.tags.get(&at) else { break at };
                way.push(at);
                at = *target;
            };
            ends.extend(way.drain(..).map(|tag| (tag, end)));
        }
        ends
    }

    /// Tags that name, over however many others, an object of which `holds` is true, or are one.
    pub(super) fn tags_to(&self, holds: &dyn Fn(Oid) -> bool) -> HashSet<Oid> {
        let mut above: HashMap<Oid, Vec<Oid>> = HashMap::new();
        for (tag, target) in &self.tags {
            above.entry(*target).or_default().push(*tag);
        }
        let mut to: HashSet<Oid> = self.tags.keys().filter(|tag| holds(**tag)).copied().collect();
        let mut open: Vec<Oid> =
            above.keys().filter(|target| to.contains(target) || holds(**target)).copied().collect();
        while let Some(target) = open.pop() {
            for tag in above.remove(&target).unwrap_or_default() {
                to.insert(tag);
                open.push(tag);
            }
        }
        to
    }

    /// The numbers of the trees that hold the key in a name.
    pub(super) fn named(&self) -> HashSet<u32> {
        let trees = self.dirty.iter().filter(|(_, (kind, _))| *kind == ObjectType::Tree);
        trees.filter_map(|(id, _)| self.ways.number(*id)).collect()
    }

    /// Whether the tree `id` holds the key in a name, or anything below it holds it.
    pub(super) fn leads(&self, id: Oid) -> bool {
        self.ways.number(id).is_some()
    }
}

/// One pass over every object of `repo`, reachable or not.
/// `links`: trees that name one of these commits of submodules lead to something that changes, too.
pub(super) fn scan(repo: &Repo<'_>, links: &HashMap<Oid, Oid>) -> Result<Scan> {
    let mut places = Places::open(&repo.git2.commondir().join("objects"))?;
    let heads = places.hold(repo.ask.cancel);
    let style = Arc::new(Style::read(&repo.config));
    let opener = Opener::new(repo.search, repo.ask.cancel);
    let sweep = Sweep { ask: repo.ask, search: repo.search, places: &places, style: &style, opener: &opener };
    let grown = sweep.grow(heads)?;
    let mut rescue = Rescue::new(repo, &style);
    let mut all = sweep.kinds(&grown, &[Kind::Blob, Kind::Commit, Kind::Tag], "searching objects", None)?;
    all.extend(sweep.loose()?);
    rescue.strangers(&places, &grown, &mut all)?;
    rescue.broken(&mut all, None)?;
    let archives = inside::look(repo, &places, &opener, &mut all)?;
    let ways = follow(&sweep, &grown, &mut all, &mut rescue, links)?;
    let total = places.count();
    say(repo.ask, "searching objects", total, total);
    let mut scan = gather(&places, all);
    scan.archives = archives;
    scan.ways = ways;
    scan.broken = rescue.broken.iter().filter_map(|id| Oid::from_bytes(id).ok()).collect();
    scan.broken.sort_unstable();
    drop(grown);
    scan.unread = std::mem::take(&mut places.unread);
    // From here on only few objects are read, and others need the memory.
    places.release();
    scan.library = Library(places);
    scan.style = Style::clone(&style);
    Ok(scan)
}

/// Searches the trees, and follows dirt from tree to tree when there is any.
fn follow(
    sweep: &Sweep<'_>,
    grown: &[Grown<'_>],
    all: &mut Vec<Notes>,
    rescue: &mut Rescue<'_, '_>,
    links: &HashMap<Oid, Oid>,
) -> Result<Ways> {
    let links: HashSet<Id> = links.keys().filter_map(|id| id.as_bytes().first_chunk().copied()).collect();
    let below = |notes: &[Notes]| {
        let dirty = notes.iter().flat_map(|n| &n.dirty);
        let mut ids: Vec<Id> =
            dirty.filter(|(_, kind, ..)| matches!(kind, Kind::Blob | Kind::Tree)).map(|(id, ..)| *id).collect();
        ids.extend(&links);
        Roll::new(ids)
    };
    let pass = |rescue: &mut Rescue<'_, '_>, upward: Option<&Upward<'_>>| {
        let mut notes = sweep.kinds(grown, &[Kind::Tree], "searching trees", upward)?;
        rescue.broken(&mut notes, upward)?;
        Ok(notes)
    };
    let mut dirty = below(all);
    // Most often nothing is there to be followed; only a key in a name needs the trees twice.
    let twice = dirty.is_empty();
    if twice {
        let mut notes = pass(rescue, None)?;
        dirty = below(&notes);
        all.append(&mut notes);
        if dirty.is_empty() {
            return Ok(Ways::default());
        }
    }
    let spare: HashSet<Id> = all.iter().flat_map(|n| n.trees.iter().copied()).collect();
    let ids = grown.iter().flat_map(Grown::trees).chain(spare.iter().copied()).collect();
    let upward = Upward::new(Roll::new(ids), &dirty, &links);
    let mut notes = pass(rescue, Some(&upward))?;
    let (loose, others) = sweep.loose_trees(&spare, &upward)?;
    notes.extend(loose);
    notes.push(rescue.trees(others, &upward)?);
    let ways = upward.ways(&mut notes);
    if !twice {
        all.append(&mut notes);
    }
    Ok(ways)
}

fn gather(places: &Places, all: Vec<Notes>) -> Scan {
    let mut scan = Scan::default();
    let mut own = HashSet::new();
    scan.commits.reserve(all.iter().map(|notes| notes.commits.len()).sum());
    for notes in all {
        scan.objects += notes.objects;
        scan.bytes += notes.bytes;
        scan.commits.extend(notes.commits);
        scan.tags.extend(notes.tags);
        scan.odd.extend(notes.odd.iter().filter_map(|id| Oid::from_bytes(id).ok()));
        scan.cites.extend(notes.cites);
        for (id, kind, form, place) in notes.dirty {
            let Ok(id) = Oid::from_bytes(&id) else { continue };
            scan.dirty.insert(id, (object_type(kind), form));
            if places.all.get(place).is_none_or(|place| !place.borrowed) {
                own.insert(id);
            }
        }
    }
    scan.borrowed = scan.dirty.keys().filter(|id| !own.contains(id)).copied().collect();
    scan
}

pub(super) fn object_type(kind: Kind) -> ObjectType {
    match kind {
        Kind::Commit => ObjectType::Commit,
        Kind::Tree => ObjectType::Tree,
        Kind::Blob => ObjectType::Blob,
        Kind::Tag => ObjectType::Tag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> Oid {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Oid::from_bytes(&bytes).unwrap()
    }

    fn scan(tags: impl IntoIterator<Item = (u32, u32)>) -> Scan {
        Scan { tags: tags.into_iter().map(|(tag, target)| (id(tag), id(target))).collect(), ..Scan::default() }
    }

    #[test]
    fn tags_lead_to_their_end_and_rings_end() {
        let scan = scan([(1, 2), (2, 1), (3, 3), (4, 5), (6, 4), (7, 1)]);
        let all: Vec<Oid> = (1..=8).map(id).collect();
        let ends = scan.ends(&all);
        assert_eq!([4, 5, 6, 8, 3].map(|n| ends[&id(n)]), [5, 5, 5, 8, 3].map(id));
        for n in [1, 2, 7] {
            assert!([id(1), id(2)].contains(&ends[&id(n)]), "{n}");
        }
        let to = |holds: u32| {
            let mut to: Vec<Oid> = scan.tags_to(&|at| at == id(holds)).into_iter().collect();
            to.sort();
            to
        };
        assert_eq!(to(5), [4, 6].map(id));
        assert_eq!(to(6), [6].map(id));
        assert_eq!(to(2), [1, 2, 7].map(id));
        assert!(to(8).is_empty());
    }

    /// By the square it would take minutes.
    #[test]
    fn a_high_stack_of_tags_costs_each_of_them_once() {
        const HIGH: u32 = 100_000;
        let since = std::time::Instant::now();
        for end in [HIGH, 0] {
            let scan = scan((0..HIGH).map(|n| (n, if n + 1 == HIGH { end } else { n + 1 })));
            let all: Vec<Oid> = (0..HIGH).rev().map(id).collect();
            assert_eq!(scan.ends(&all).len(), all.len() + usize::from(end == HIGH));
            assert_eq!(scan.tags_to(&|at| at == id(HIGH - 1)).len(), all.len());
        }
        assert!(since.elapsed() < std::time::Duration::from_mins(1));
    }
}
