//! Files that hold the key, cleaned by other threads while the caller makes trees and commits: in the order it will ask
//! for them, and never far ahead of it. What they can't do is left to the caller, who can say why.
//!
//! Must not know: trees, commits, what a file is a part of.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::Scope;

use git2::{ObjectType, Oid};

use super::find::{Desk, Library};
use super::fresh::Fresh;
use super::pack::entry::Kind;
use super::policy::{self, By, Way};
use super::{fold, raw};
use crate::base::fault::Result;

/// Files that a thread takes at once. For fewer there is no other thread.
const SHARE: usize = 32;
/// Bytes that end a share before that.
const FULL: usize = 1 << 18;
/// A larger file is left to the caller.
const LARGE: usize = 1 << 20;
/// Shares on their way.
const SHARES: usize = 4;

/// What became of a file: what it is when it is no text, the way, and its new id.
pub(super) type Became = (Option<&'static str>, Way, Option<Oid>);

/// The same with its new bytes.
type Clean = (Option<&'static str>, Way, Option<(Oid, Vec<u8>)>);

/// A file and what became of it. `None`: it is left to the caller.
type Done = (Oid, Option<Clean>);

/// What others work on. When it is dropped they stop.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    from: Option<Receiver<Vec<Done>>>,
    /// Not there yet.
    open: HashSet<Oid>,
    done: HashMap<Oid, Became>,
}

impl Ahead {
    /// Begins with `files`, which come from `library`.
    pub(super) fn begin<'s, 'e: 's>(
        scope: &'s Scope<'s, 'e>,
        library: &'e Library,
        by: By<'e>,
        files: Vec<Oid>,
    ) -> Self {
        let threads = fold::threads().min(files.len() / SHARE);
        if threads == 0 {
            return Self::default();
        }
        let (to, from) = mpsc::sync_channel(SHARES);
        let open = files.iter().copied().collect();
        let queue = Arc::new(Mutex::new(files.into_iter()));
        for _ in 0..threads {
            let (to, queue) = (to.clone(), queue.clone());
            scope.spawn(move || work(library.desk(), by, &queue, &to));
        }
        Self { from: Some(from), open, done: HashMap::new() }
    }

    /// What became of the file `id`, which is waited for; its bytes are in `fresh`. `None`: the caller has to do it.
    pub(super) fn take(&mut self, id: Oid, fresh: Option<&Fresh>) -> Result<Option<Became>> {
        while self.open.contains(&id) {
            let Some(share) = self.from.as_ref().and_then(|from| from.recv().ok()) else {
                self.open.clear();
                break;
            };
            for (id, clean) in share {
                self.open.remove(&id);
                let Some((what, way, new)) = clean else { continue };
                if let (Some((new, bytes)), Some(fresh)) = (&new, fresh) {
                    fresh.put(*new, ObjectType::Blob, bytes)?;
                }
                self.done.insert(id, (what, way, new.map(|(new, _)| new)));
            }
        }
        Ok(self.done.remove(&id))
    }
}

fn work(mut desk: Desk<'_>, by: By<'_>, queue: &Mutex<std::vec::IntoIter<Oid>>, to: &SyncSender<Vec<Done>>) {
    loop {
        let share: Vec<Oid> = queue.lock().map(|mut queue| queue.by_ref().take(SHARE).collect()).unwrap_or_default();
        if share.is_empty() {
            return;
        }
        let (mut done, mut bytes) = (Vec::with_capacity(share.len()), 0);
        for id in share {
            if (by.cancel)() {
                return;
            }
            let one = clean(&mut desk, by, id);
            bytes += one.as_ref().and_then(|(_, _, new)| new.as_ref()).map_or(0, |(_, clean)| clean.len());
            done.push((id, one));
            if bytes > FULL {
                bytes = 0;
                if to.send(std::mem::take(&mut done)).is_err() {
                    return;
                }
            }
        }
        if to.send(done).is_err() {
            return;
        }
    }
}

fn clean(desk: &mut Desk<'_>, by: By<'_>, id: Oid) -> Option<Clean> {
    desk.size(id).filter(|size| *size <= LARGE as u64)?;
    let (_, data) = desk.read(id).filter(|(kind, data)| *kind == Kind::Blob && data.len() <= LARGE)?;
    // Nothing new is made of what is damaged.
    raw::id(ObjectType::Blob, &data).ok().filter(|made| *made == id)?;
    let (what, way, clean) = policy::decide(by, &id.to_string(), &data).ok()?;
    let Some(clean) = clean else { return Some((what, way, None)) };
    by.search.form_in(&clean).is_none().then_some(())?;
    Some((what, way, Some((raw::id(ObjectType::Blob, &clean).ok()?, clean))))
}
