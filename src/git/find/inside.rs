//! The second pass: files whose bytes alone don't tell what is in them are unpacked and searched, within bounds.
//!
//! Must not know: refs, what is done about a hit.

use std::collections::BTreeMap;

use git2::Oid;

use super::library;
use super::note::Notes;
use super::places::Places;
use crate::base::fault::Result;
use crate::base::words::count;
use crate::git::archive::{self, Bounds, Inside, Unseen, Why};
use crate::git::pack::entry::Kind;
use crate::git::repo::Repo;
use crate::git::say;

/// Places that are told of one reason.
const TOLD: usize = 3;

/// What archives held, and what of them was not seen.
#[derive(Debug, Default)]
pub(in crate::git) struct Archives {
    pub(in crate::git) inside: BTreeMap<Oid, Vec<Inside>>,
    pub(in crate::git) unseen: Vec<(Oid, Unseen)>,
}

impl Archives {
    /// For a person: where in the archive the key is.
    pub(in crate::git) fn form(&self, id: Oid) -> Option<String> {
        let all = self.inside.get(&id)?;
        let first = all.first()?;
        Some(if all.len() > 1 { format!("{first}, and {} more", all.len() - 1) } else { first.to_string() })
    }

    /// One line for each reason, with the first few places.
    pub(in crate::git) fn not_looked_into(&self) -> Vec<String> {
        let mut by_why: BTreeMap<Why, Vec<String>> = BTreeMap::new();
        for (id, unseen) in &self.unseen {
            let id = id.to_string();
            let short = id.get(..10).unwrap_or_default();
            let place = if unseen.place.is_empty() { short.to_owned() } else { format!("{short} > {}", unseen.place) };
            by_why.entry(unseen.why).or_default().push(place);
        }
        let line = |(why, places): (Why, Vec<String>)| {
            let more = if places.len() > TOLD { format!(" and {} more", places.len() - TOLD) } else { String::new() };
            let first: Vec<String> = places.iter().take(TOLD).cloned().collect();
            format!("{} ({}{more}): {}", count(places.len(), "packed file"), first.join(", "), why.words())
        };
        by_why.into_iter().map(line).collect()
    }
}

/// Looks into what the first pass found opaque. What holds the key counts as dirty from here on.
pub(super) fn look(repo: &Repo<'_>, places: &Places, all: &mut Vec<Notes>) -> Result<Archives> {
    let mut opaque: Vec<_> = all.iter_mut().flat_map(|notes| std::mem::take(&mut notes.opaque)).collect();
    opaque.sort_unstable();
    opaque.dedup_by_key(|(id, _)| *id);
    let mut archives = Archives::default();
    let mut notes = Notes::default();
    let bounds = Bounds::new(repo.ask.cancel);
    for (n, (id, place)) in opaque.iter().enumerate() {
        repo.go_on()?;
        say(repo.ask, "looking into archives", n as u64, opaque.len() as u64);
        let Ok(oid) = Oid::from_bytes(id) else { continue };
        let mut unseen = |why| archives.unseen.push((oid, Unseen { place: String::new(), why }));
        let Some((_, data)) = library::read(places, oid) else {
            unseen(Why::Damaged);
            continue;
        };
        let looked = archive::search(repo.search, &data, &bounds);
        repo.go_on()?;
        archives.unseen.extend(looked.unseen.into_iter().map(|unseen| (oid, unseen)));
        if let Some(first) = looked.inside.first() {
            notes.dirty.push((*id, Kind::Blob, first.form, *place));
            archives.inside.insert(oid, looked.inside);
        }
    }
    all.push(notes);
    Ok(archives)
}
