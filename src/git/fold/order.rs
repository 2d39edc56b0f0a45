//! What the new pack holds, in which order: the old order, each replaced object where its counterpart lay, and what is
//! new altogether at the end.
//!
//! Must not know: how entries are encoded.

use std::collections::{HashMap, HashSet};

use git2::Oid;

use super::alive;
use super::source::{NONE, Source, damaged};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::git::fresh::Stock;
use crate::git::pack::entry::{Id, Kind};

/// New objects a thread looks at, at once.
const SHARE: usize = 256;

/// See above. Entries go by their position.
#[derive(Debug)]
pub(super) struct Order {
    items: Vec<Item>,
    /// From an old object's number to its position, when it stays.
    stays: Vec<u32>,
    /// From an old object's number to its counterpart's place in `news`.
    counterparts: Vec<u32>,
    news: Vec<Id>,
    /// From a place in `news` to the position; [`NONE`] when an old object is the same.
    placed: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    /// The old object: itself or what it stands for.
    pub(super) old: u32,
    /// Place among the new objects; [`NONE`]: the old object itself.
    pub(super) new: u32,
}

/// The counterparts among the objects that are needed.
pub(super) fn counterparts(source: &Source, map: &HashMap<Oid, Oid>) -> (Vec<u32>, Vec<Id>) {
    let mut of = vec![NONE; source.len() as usize];
    let mut news: Vec<Id> = Vec::new();
    let mut known: HashMap<Id, u32> = HashMap::new();
    let mut pairs: Vec<(u32, Id)> = map
        .iter()
        .filter(|(old, new)| old != new)
        .filter_map(|(old, new)| Some((source.find(old.as_bytes().first_chunk()?)?, *new.as_bytes().first_chunk()?)))
        .collect();
    pairs.sort_unstable();
    for (old, new) in pairs {
        let place = *known.entry(new).or_insert_with(|| {
            news.push(new);
            u32::try_from(news.len() - 1).unwrap_or(NONE)
        });
        if let Some(slot) = of.get_mut(old as usize) {
            *slot = place;
        }
    }
    (of, news)
}

impl Order {
    pub(super) fn new(
        source: &Source,
        alive: &[bool],
        counterparts: Vec<u32>,
        news: Vec<Id>,
        stock: &Stock,
        cancel: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self> {
        let count = source.len() as usize;
        let placed = vec![NONE; news.len()];
        let mut order = Self { items: Vec::with_capacity(count), stays: vec![NONE; count], counterparts, news, placed };
        let is_alive = |n: u32| alive.get(n as usize).copied().unwrap_or_default();
        for n in (0..source.len()).filter(|n| is_alive(*n)) {
            let new = order.counterparts.get(n as usize).copied().unwrap_or(NONE);
            if new != NONE && order.is_there(source, new, &is_alive) {
                continue;
            }
            let position = order.position();
            let slot = if new == NONE { order.stays.get_mut(n as usize) } else { order.placed.get_mut(new as usize) };
            match slot {
                // Two old objects became one.
                Some(slot) if *slot != NONE => {}
                Some(slot) => {
                    *slot = position;
                    order.items.push(Item { old: n, new });
                }
                None => {}
            }
        }
        order.extras(source, stock, cancel)?;
        Ok(order)
    }

    /// An old object that stays is the same as this new one.
    fn is_there(&self, source: &Source, new: u32, is_alive: &dyn Fn(u32) -> bool) -> bool {
        let same = self.news.get(new as usize).and_then(|id| source.find(id));
        same.is_some_and(|n| is_alive(n) && self.counterparts.get(n as usize) == Some(&NONE))
    }

    fn position(&self) -> u32 {
        u32::try_from(self.items.len()).unwrap_or(NONE)
    }

    /// Looks at what each new object names: it stays, or it is new too. So the pack is closed when this returns.
    fn extras(&mut self, source: &Source, stock: &Stock, cancel: &(dyn Fn() -> bool + Sync)) -> Result<()> {
        let mut known: HashSet<Id> = self.news.iter().copied().collect();
        let mut open: Vec<Id> =
            self.news.iter().zip(&self.placed).filter(|(_, at)| **at != NONE).map(|(id, _)| *id).collect();
        while !open.is_empty() {
            let found = super::shared(
                open.len(),
                SHARE,
                cancel,
                || source.readers(),
                |readers, n| {
                    let id = open.get(n)?;
                    // A file names nothing, and may be large.
                    if stock.kind(id)? == Kind::Blob {
                        return Some(Vec::new());
                    }
                    let (kind, data) = stock.read(id, &mut |id| readers.object(source.find(id)?))?;
                    let mut more = Vec::new();
                    let mut whole = true;
                    alive::named(kind, &data, &mut |id| {
                        let stays =
                            source.find(id).and_then(|n| self.stays.get(n as usize)).is_some_and(|at| *at != NONE);
                        if !stays && !known.contains(id) {
                            whole &= stock.holds(id);
                            more.push(*id);
                        }
                    })?;
                    whole.then_some(more)
                },
            )?;
            let mut next = Vec::new();
            for more in found {
                let more = more.ok_or_else(|| {
                    Fault::new(
                        FaultKind::Internal,
                        "the rewrite is not complete",
                        "a new object names one that is not there; nothing was changed",
                    )
                })?;
                for id in more.into_iter().filter(|id| known.insert(*id)) {
                    next.push(id);
                    let new = u32::try_from(self.news.len()).unwrap_or(NONE);
                    self.news.push(id);
                    self.placed.push(self.position());
                    self.items.push(Item { old: NONE, new });
                }
            }
            open = next;
        }
        if self.items.len() >= NONE as usize {
            return Err(damaged("it has too many objects"));
        }
        Ok(())
    }

    pub(super) fn len(&self) -> u32 {
        self.position()
    }

    pub(super) fn item(&self, position: u32) -> Option<Item> {
        self.items.get(position as usize).copied()
    }

    pub(super) fn new_id(&self, new: u32) -> Option<&Id> {
        self.news.get(new as usize)
    }

    pub(super) fn id<'i>(&'i self, source: &'i Source, position: u32) -> Option<&'i Id> {
        let item = self.item(position)?;
        if item.new == NONE { source.id(item.old) } else { self.new_id(item.new) }
    }

    /// The position of an old object that stays.
    pub(super) fn stays(&self, source: &Source, old: u32) -> Option<u32> {
        self.stays.get(source.entry(old).first as usize).copied().filter(|at| *at != NONE)
    }

    /// What an entry that is encoded anew can be a delta against: the nearest of its old bases, or that one's
    /// counterpart, that comes before it.
    pub(super) fn base(&self, source: &Source, position: u32) -> Option<u32> {
        let mut at = source.entry(self.item(position)?.old).base;
        while at != NONE {
            let first = source.entry(at).first;
            let counterpart = self.counterparts.get(first as usize).and_then(|new| self.placed.get(*new as usize));
            let here = self.stays(source, at).or(counterpart.copied());
            if let Some(here) = here.filter(|here| *here != NONE && *here < position) {
                return Some(here);
            }
            at = source.entry(at).base;
        }
        None
    }

    /// Does the new pack hold all of these?
    pub(super) fn holds(&self, source: &Source, ids: &[Oid]) -> bool {
        let mut missing: HashSet<Id> = ids.iter().filter_map(|id| id.as_bytes().first_chunk().copied()).collect();
        missing.retain(|id| source.find(id).and_then(|n| self.stays(source, n)).is_none());
        for id in &self.news {
            missing.remove(id);
        }
        missing.is_empty()
    }
}
