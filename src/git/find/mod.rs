//! Reads every object once and says which hold the key, and which trees lead to one that does.
//!
//! Packs are read family by family (`family`), on all processors (`crew`); commits, tags and files first, then trees,
//! because a tree is asked whether it holds something dirty (`upward`). Then loose objects. What our own reader can't
//! read is left to git.
//!
//! Must not know: refs, reachability, what is done about a hit.
//!
//! What one pass saw, and what can be asked of it, is `outcome`.

mod body;
mod crew;
mod family;
mod glance;
mod inside;
mod library;
mod limit;
mod note;
mod outcome;
mod places;
mod rescue;
mod roll;
mod sweep;
mod upward;
mod ways;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use git2::{ObjectType, Oid};

use super::cite::Style;
use super::pack::entry::{Id, Kind};
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
pub(super) use outcome::Scan;
pub(super) use ways::{Under, Ways};

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
