//! The passes over all places: packs by families, loose files one by one, each on all processors.
//!
//! Must not know: what comes of it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::crew::Crew;
use super::family::{Diver, Seen};
use super::glance::glance;
use super::inside::Opener;
use super::library;
use super::note::{Notes, PackNotes};
use super::places::{Place, Places};
use super::upward::{Branch, Upward};
use crate::base::fault::Result;
use crate::git::Ask;
use crate::git::cite::Style;
use crate::git::needle::Search;
use crate::git::pack::entry::{Id, Kind};
use crate::git::pack::file::{Pack, Reader};
use crate::git::pack::forest::{Forest, Stretch};
use crate::git::pack::inflate::Inflater;

/// Entries whose heads one thread reads at a time.
const STRETCH: u32 = 1 << 14;
/// Families, or files, that one thread takes at a time.
const STEP: usize = 16;

/// What all passes need.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sweep<'s> {
    pub(super) ask: &'s Ask<'s>,
    pub(super) search: &'s Search<'s>,
    pub(super) places: &'s Places,
    pub(super) style: &'s Arc<Style>,
    pub(super) opener: &'s Opener<'s>,
}

/// A pack with its forest.
#[derive(Debug)]
pub(super) struct Grown<'s> {
    pub(super) place: usize,
    pub(super) pack: &'s Pack,
    pub(super) forest: Forest,
}

impl Grown<'_> {
    pub(super) fn trees(&self) -> impl Iterator<Item = Id> + '_ {
        self.forest.of(self.pack, Kind::Tree).map(|(_, id)| id)
    }

    /// Entries that can't be placed.
    pub(super) fn lost(&self) -> impl Iterator<Item = Id> + '_ {
        self.forest.lost.iter().filter_map(|rank| self.pack.id(*rank).copied())
    }
}

impl<'s> Sweep<'s> {
    /// The forests of all packs; `known`: what was read of each before.
    pub(super) fn grow(&self, known: Vec<Vec<Stretch>>) -> Result<Vec<Grown<'s>>> {
        let crew = Crew::new(self.ask, "reading packs", self.places.count());
        let mut grown = Vec::new();
        for ((place, pack), mut stretches) in self.packs().zip(known) {
            let gaps = Stretch::gaps(&stretches, pack.len(), STRETCH);
            let states = crew.run(gaps.len(), 1, Vec::new, |done: &mut Vec<Stretch>, pulse, n| {
                let Some(gap) = gaps.get(n) else { return true };
                let mut go_on = true;
                done.push(Stretch::read(pack, gap.clone(), &mut || {
                    go_on = pulse.go_on(1 << 19);
                    go_on
                }));
                go_on
            })?;
            stretches.extend(states.into_iter().flatten());
            grown.push(Grown { place, pack, forest: Forest::grow(stretches) });
        }
        Ok(grown)
    }

    /// All objects of these kinds in packs. `upward`: trees are asked what they hold.
    pub(super) fn kinds(
        &self,
        grown: &[Grown<'_>],
        kinds: &[Kind],
        words: &'static str,
        upward: Option<&Upward<'_>>,
    ) -> Result<Vec<Notes>> {
        let crew = Crew::new(self.ask, words, grown.iter().map(|g| g.forest.count(kinds)).sum());
        let alone = Mutex::new(());
        let mut all = Vec::new();
        for Grown { place, pack, forest } in grown {
            let numbers = upward.map(|upward| numbers(upward, pack, forest)).unwrap_or_default();
            let wanted = |root: &u32| forest.kind(*root).is_some_and(|kind| kinds.contains(&kind));
            let roots: Vec<u32> = forest.roots.iter().copied().filter(wanted).collect();
            let make = || {
                let diver = Diver::new(Reader::new(pack), forest, self.search, &alone);
                (diver, Branch::default(), Notes::citing(self.style))
            };
            let states = crew.run(roots.len(), STEP, make, |(diver, branch, notes), pulse, n| {
                let Some(root) = roots.get(n) else { return true };
                diver.dive(
                    *root,
                    &mut PackNotes {
                        pack,
                        place: *place,
                        notes,
                        branch,
                        pulse,
                        upward: upward.map(|upward| (upward, &*numbers)),
                        opener: self.opener,
                    },
                )
            })?;
            all.extend(states.into_iter().map(|(.., notes)| notes));
        }
        Ok(all)
    }

    /// All loose objects. Trees among them are listed, not asked.
    pub(super) fn loose(&self) -> Result<Vec<Notes>> {
        let mut all = Vec::new();
        for (n, place) in self.places.all.iter().enumerate() {
            let crew = Crew::new(self.ask, "searching loose objects", place.loose.len() as u64);
            let states = crew.run(
                place.loose.len(),
                STEP,
                || (Loose::default(), Notes::citing(self.style)),
                |(loose, notes), pulse, i| {
                    let Some(id) = place.loose.get(i) else { return true };
                    if let Some(flow) = library::large_file(&place.file(id)).filter(|flow| flow.kind == Kind::Blob) {
                        match glance(self.search, flow) {
                            Some(seen) => notes.saw(id, n, &seen, None),
                            None => notes.broken.push(*id),
                        }
                        return pulse.beat(1 << 20);
                    }
                    let Some(kind) = loose.read(place, id) else {
                        notes.broken.push(*id);
                        return pulse.beat(0);
                    };
                    let data = &loose.data;
                    let form = self.search.form_in(data);
                    let packed = kind == Kind::Blob && self.search.signs(data).next().is_some();
                    if kind == Kind::Tree {
                        notes.trees.push(*id);
                    }
                    notes.saw(id, n, &Seen::alone(kind, data, form, packed), None);
                    pulse.beat(data.len())
                },
            )?;
            all.extend(states.into_iter().map(|(_, notes)| notes));
        }
        Ok(all)
    }

    /// Asks loose trees what they hold; gives back those that are not loose.
    pub(super) fn loose_trees(&self, ids: &HashSet<Id>, upward: &Upward<'_>) -> Result<(Vec<Notes>, Vec<Id>)> {
        let ids: Vec<Id> = ids.iter().copied().collect();
        let crew = Crew::new(self.ask, "following the trees", ids.len() as u64);
        let make = || (Loose::default(), Notes::default(), Vec::new());
        let states = crew.run(ids.len(), STEP, make, |(loose, notes, other), pulse, n| {
            let Some(id) = ids.get(n) else { return true };
            let held = |place: &&Place| place.loose.binary_search(id).is_ok();
            let read = self.places.all.iter().filter(held).any(|place| loose.read(place, id) == Some(Kind::Tree));
            if read {
                upward.tree(id, &loose.data, notes);
            } else {
                other.push(*id);
            }
            pulse.beat(loose.data.len())
        })?;
        let mut all = Vec::new();
        let mut others = Vec::new();
        for (_, notes, other) in states {
            all.push(notes);
            others.extend(other);
        }
        Ok((all, others))
    }

    fn packs(&self) -> impl Iterator<Item = (usize, &'s Pack)> + use<'s> {
        self.places.all.iter().enumerate().flat_map(|(n, place)| place.packs.iter().map(move |pack| (n, pack)))
    }
}

/// For each entry of a pack that is a tree, its number.
fn numbers(upward: &Upward<'_>, pack: &Pack, forest: &Forest) -> Vec<u32> {
    let mut numbers = vec![u32::MAX; pack.len() as usize];
    for (rank, number) in upward.numbers(forest.of(pack, Kind::Tree)) {
        if let Some(slot) = numbers.get_mut(rank as usize) {
            *slot = number;
        }
    }
    numbers
}

/// Reads loose objects.
#[derive(Debug, Default)]
struct Loose {
    inflater: Inflater,
    data: Vec<u8>,
}

impl Loose {
    fn read(&mut self, place: &Place, id: &Id) -> Option<Kind> {
        let file = crate::git::store::bytes(&place.file(id)).ok()?;
        self.inflater.loose(&file, &mut self.data)
    }
}
