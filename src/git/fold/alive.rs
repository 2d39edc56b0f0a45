//! What is needed and what is not. Objects never form a circle, so counting who names whom is enough: what nobody names
//! goes, and with it the names it gave.
//!
//! Must not know: how packs are written.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use super::source::{NONE, Place, Readers, Source, damaged};
use crate::base::fault::Result;
use crate::git::pack::delta::Delta;
use crate::git::pack::entry::{Id, Kind};
use crate::git::raw;

/// Names an object that has a new counterpart.
const STALE: u8 = 1;
/// Names an object that is not there, or can't be read as what it is.
const BROKEN: u8 = 2;
/// Entries a thread takes at once.
const SHARE: u32 = 512;

/// Who is needed; by number.
pub(super) fn alive(
    source: &Source,
    roots: &[u32],
    replaced: &[bool],
    cancel: &(dyn Fn() -> bool + Sync),
    done: &(dyn Fn(u64) + Sync),
) -> Result<Vec<bool>> {
    let count = source.len() as usize;
    let mut need = Need { refs: Vec::with_capacity(count), flaws: Vec::with_capacity(count) };
    need.refs.resize_with(count, AtomicU32::default);
    need.flaws.resize_with(count, AtomicU8::default);
    for n in roots {
        need.add(*n);
    }
    let forest = Forest::new(source);
    let next = AtomicU32::new(0);
    let failed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..super::threads() {
            let (need, forest, next, failed) = (&need, &forest, &next, &failed);
            scope.spawn(move || {
                let mut walk = Walk { source, need, forest, replaced, readers: source.readers() };
                loop {
                    let start = next.fetch_add(SHARE, Ordering::Relaxed);
                    if start >= source.len() || cancel() || failed.load(Ordering::Relaxed) {
                        return;
                    }
                    for n in start..(start + SHARE).min(source.len()) {
                        if walk.tree(n).is_none() {
                            failed.store(true, Ordering::Relaxed);
                        }
                    }
                    if thread == 0 {
                        done(u64::from(start));
                    }
                }
            });
        }
    });
    if cancel() {
        return Err(crate::git::cancelled());
    }
    if failed.load(Ordering::Relaxed) {
        return Err(damaged("an object can't be read"));
    }
    let alive = need.settle(source, cancel)?;
    for (n, flaw) in need.flaws.iter().enumerate().filter(|(n, _)| alive.get(*n).copied().unwrap_or_default()) {
        let flaw = flaw.load(Ordering::Relaxed);
        if flaw & BROKEN != 0 {
            return Err(damaged("an object that is needed names one that is not there"));
        }
        if flaw & STALE != 0 && !replaced.get(n).copied().unwrap_or_default() {
            return Err(crate::base::Fault::new(
                crate::base::FaultKind::Internal,
                "the rewrite is not complete",
                "an object that stays names one that was to be replaced; nothing was changed",
            ));
        }
    }
    Ok(alive)
}

struct Need {
    refs: Vec<AtomicU32>,
    flaws: Vec<AtomicU8>,
}

impl Need {
    fn add(&self, n: u32) {
        if let Some(count) = self.refs.get(n as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flaw(&self, n: u32, flaw: u8) {
        if let Some(flaws) = self.flaws.get(n as usize) {
            flaws.fetch_or(flaw, Ordering::Relaxed);
        }
    }

    /// Takes away what nobody names, until nothing more goes.
    fn settle(&self, source: &Source, cancel: &(dyn Fn() -> bool + Sync)) -> Result<Vec<bool>> {
        let first = |n: u32| source.entry(n).first == n;
        let count = |n: u32| self.refs.get(n as usize).map_or(0, |c| c.load(Ordering::Relaxed));
        let mut open: Vec<u32> = (0..source.len()).filter(|n| first(*n) && count(*n) == 0).collect();
        let mut readers = source.readers();
        let mut seen = 0_u32;
        while let Some(n) = open.pop() {
            seen += 1;
            if seen.is_multiple_of(1024) && cancel() {
                return Err(crate::git::cancelled());
            }
            if source.entry(n).kind == Kind::Blob {
                continue;
            }
            let Some((kind, data)) = readers.object(n) else { continue };
            // One that is broken named nothing when it was counted.
            let _ = named(kind, &data, &mut |id| {
                if let Some(child) = source.find(id)
                    && let Some(count) = self.refs.get(child as usize)
                    && count.fetch_sub(1, Ordering::Relaxed) == 1
                {
                    open.push(child);
                }
            });
        }
        Ok((0..source.len()).map(|n| first(n) && count(n) > 0).collect())
    }
}

/// Calls `child` for each object that an object names. `None`, and no call, when it can't be read as what it is.
pub(super) fn named(kind: Kind, data: &[u8], child: &mut dyn FnMut(&Id)) -> Option<()> {
    let bytes = |id: git2::Oid| id.as_bytes().first_chunk::<20>().copied();
    match kind {
        Kind::Blob => {}
        Kind::Tree => {
            // Read twice rather than half: a broken tree must not have named anything.
            let mut ids = Vec::new();
            let mut rest = data;
            while !rest.is_empty() {
                let nul = memchr::memchr(0, rest)?;
                let id = rest.get(nul + 1..)?.first_chunk::<20>()?;
                let blank = memchr::memchr(b' ', rest.get(..nul)?)?;
                if raw::Sort::of(rest.get(..blank)?) != raw::Sort::Commit {
                    ids.push(id);
                }
                rest = rest.get(nul + 21..)?;
            }
            ids.into_iter().for_each(child);
        }
        Kind::Commit => {
            let commit = raw::commit(data)?;
            for id in std::iter::once(commit.tree).chain(commit.parents) {
                child(&bytes(id)?);
            }
        }
        Kind::Tag => child(&bytes(raw::tag_target(data)?)?),
    }
    Some(())
}

/// Deltas by what they are against.
struct Forest {
    starts: Vec<u32>,
    children: Vec<u32>,
}

impl Forest {
    /// Blobs name nothing, and are left out.
    fn new(source: &Source) -> Self {
        let mut starts = vec![0_u32; source.len() as usize + 1];
        let deltas =
            || (0..source.len()).map(|n| (n, source.entry(n))).filter(|(_, e)| e.base != NONE && e.kind != Kind::Blob);
        for (_, entry) in deltas() {
            if let Some(start) = starts.get_mut(entry.base as usize) {
                *start += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut children = vec![0; sum as usize];
        for (n, entry) in deltas() {
            if let Some(start) = starts.get_mut(entry.base as usize) {
                *start -= 1;
                if let Some(child) = children.get_mut(*start as usize) {
                    *child = n;
                }
            }
        }
        Self { starts, children }
    }

    fn of(&self, n: u32) -> &[u32] {
        let from = self.starts.get(n as usize).map_or(0, |s| *s as usize);
        let to = self.starts.get(n as usize + 1).map_or(0, |s| *s as usize);
        self.children.get(from..to).unwrap_or_default()
    }
}

struct Walk<'s> {
    source: &'s Source,
    need: &'s Need,
    forest: &'s Forest,
    replaced: &'s [bool],
    readers: Readers<'s>,
}

impl Walk<'_> {
    /// The entry `n`, if it is whole, and every delta on top of it. `None` when one can't be read.
    fn tree(&mut self, n: u32) -> Option<()> {
        let entry = self.source.entry(n);
        if entry.base != NONE || entry.kind == Kind::Blob {
            return Some(());
        }
        let kind = entry.kind;
        let data = match self.source.place(n)? {
            // Read once, so it is not kept.
            Place::Packed(pack, rank) => {
                let mut data = Vec::new();
                self.readers.pack(pack)?.inflate(rank, &mut data)?;
                data
            }
            Place::Loose(_) => self.readers.object(n).map(|(_, data)| Rc::unwrap_or_clone(data))?,
        };
        self.count(n, kind, &data);
        // What is open: an object, and which of its deltas comes next.
        let mut open = vec![(n, 0, data)];
        let mut delta = Vec::new();
        while let Some((n, nth, data)) = open.last_mut() {
            let Some(child) = self.forest.of(*n).get(*nth).copied() else {
                open.pop();
                continue;
            };
            *nth += 1;
            let Place::Packed(pack, rank) = self.source.place(child)? else { return None };
            self.readers.pack(pack)?.inflate(rank, &mut delta)?;
            let mut made = Vec::new();
            Delta::parse(&delta)?.apply(data, &mut made)?;
            self.count(child, kind, &made);
            if !self.forest.of(child).is_empty() {
                open.push((child, 0, made));
            }
        }
        Some(())
    }

    fn count(&self, n: u32, kind: Kind, data: &[u8]) {
        if self.source.entry(n).first != n {
            return;
        }
        let read = named(kind, data, &mut |id| match self.source.find(id) {
            Some(child) => {
                self.need.add(child);
                if self.replaced.get(child as usize).copied().unwrap_or_default() {
                    self.need.flaw(n, STALE);
                }
            }
            None => self.need.flaw(n, BROKEN),
        });
        if read.is_none() {
            self.need.flaw(n, BROKEN);
        }
    }
}
