//! Folds everything that stays into one new pack, in the old order: what is clean is copied still compressed, what is
//! replaced is encoded against its new base, what nobody needs is left out. So rewriting, repacking and pruning are one
//! sequential copy. The pack is made beside the old ones and checked before anybody can see it.
//!
//! Must not know: the key, refs, what a rewrite is for.

mod alive;
mod check;
mod encode;
mod order;
mod source;
mod write;

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use git2::Oid;

use super::fresh::Stock;
use super::pack::index::Index;
use super::repo::Repo;
use super::{say, store};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use order::Order;
use source::Source;

/// Start of the name of a folder beside the packs, which no git looks into.
const TEMP: &str = "stanch-tmp-";

/// A pack that is whole and checked, and that nobody sees yet.
#[derive(Debug)]
pub(super) struct NewPack {
    /// `pack-<checksum>`.
    pub(super) name: String,
    /// Objects that nothing needs, which it leaves out.
    pub(super) dropped: u64,
    folder: Folder,
    to: PathBuf,
}

/// What the pack is made of.
#[derive(Debug)]
pub(super) struct Parts<'p> {
    /// A folder like `.git/objects`; its files must not change.
    pub(super) objects: &'p Path,
    /// Old ids of what must live on, with all below it.
    pub(super) roots: &'p HashSet<Oid>,
    /// Old id to new id, for everything that is replaced.
    pub(super) map: &'p HashMap<Oid, Oid>,
    /// The new objects.
    pub(super) stock: &'p Stock,
    /// New ids that will be named by refs.
    pub(super) tips: &'p [Oid],
}

/// Makes the pack. Nothing in the repository changes but for a folder that is gone with the answer.
pub(super) fn fold(repo: &Repo<'_>, parts: &Parts<'_>) -> Result<NewPack> {
    let cancel = repo.ask.cancel;
    say(repo.ask, "reading the packs", 0, 0);
    let source = Source::open(parts.objects, cancel)?;
    let total = u64::from(source.len());
    let roots: Vec<u32> = parts.roots.iter().filter_map(|id| source.find(id.as_bytes().first_chunk()?)).collect();
    let (counterparts, news) = order::counterparts(&source, parts.map);
    let replaced: Vec<bool> = counterparts.iter().map(|new| *new != source::NONE).collect();
    let ask = repo.ask;
    let alive =
        alive::alive(&source, &roots, &replaced, cancel, &|done| say(ask, "looking what is needed", done, total))?;
    let first = (0..source.len()).filter(|n| source.entry(*n).first == *n).count();
    let dropped = first - alive.iter().filter(|alive| **alive).count();
    let order = Order::new(&source, &alive, counterparts, news, parts.stock, cancel)?;
    drop(alive);
    if !order.holds(&source, parts.tips) {
        return Err(Fault::new(FaultKind::Internal, "the rewrite is not complete", "a ref would lead nowhere"));
    }
    let folder = Folder::new(&repo.objects())?;
    let sum = write::write(repo, &source, &order, parts.stock, &folder.path)?;
    let name = format!("pack-{}", crate::base::id::hex(&sum));
    Ok(NewPack { name, dropped: dropped as u64, folder, to: repo.objects().join("pack") })
}

impl NewPack {
    /// Puts it beside the others. A file marks it as one to keep, so that no git at work drops what no ref names yet.
    pub(super) fn install(self) -> Result<()> {
        let cant = |e: std::io::Error| Fault::machine("the new pack can't be put in place", e);
        fs::create_dir_all(&self.to).map_err(cant)?;
        store::put_with(&self.to.join(format!("{}.keep", self.name)), b"stanch is switching to it\n", 0o444)?;
        for end in ["pack", "idx"] {
            let from = self.folder.path.join(format!("new.{end}"));
            store::set_mode(&from, 0o444)?;
            fs::rename(from, self.to.join(format!("{}.{end}", self.name))).map_err(cant)?;
        }
        store::sync_dir(&self.to);
        Ok(())
    }
}

/// Is `file` one of the files of the pack `name`?
pub(super) fn is_of(file: &Path, name: &str) -> bool {
    file.file_stem().is_some_and(|stem| stem == name)
}

/// From here on it is a pack as any other.
pub(super) fn release(repo: &Repo<'_>, name: &str) -> Result<()> {
    store::remove(&repo.objects().join("pack").join(format!("{name}.keep")))
}

/// Takes the pack away again.
pub(super) fn remove(repo: &Repo<'_>, name: &str) -> Result<()> {
    for end in ["idx", "pack", "rev", "bitmap", "keep"] {
        store::remove(&repo.objects().join("pack").join(format!("{name}.{end}")))?;
    }
    Ok(())
}

/// Is every root in the pack `name`? Then all below them is, too. What exists nowhere any more doesn't count, where
/// `also` is a folder of objects to look in besides.
pub(super) fn holds(repo: &Repo<'_>, name: &str, roots: &HashSet<Oid>, also: Option<&Path>) -> Result<bool> {
    let index = repo.objects().join("pack").join(format!("{name}.idx"));
    if !index.exists() {
        return Ok(false);
    }
    let index = Index::read(&index)?;
    let outside: Vec<String> = roots
        .iter()
        .filter(|id| id.as_bytes().first_chunk().is_none_or(|id| index.find(id).is_none()))
        .map(ToString::to_string)
        .collect();
    if outside.is_empty() {
        return Ok(true);
    }
    let mut command = also.map_or_else(|| repo.git.command(), |also| repo.git.seeing(also));
    command.args(["cat-file", "--batch-check"]);
    let said = repo.git.finish(command, Some(outside.join("\n").as_bytes()))?;
    Ok(said.ok && said.out.split(|b| *b == b'\n').all(|line| line.is_empty() || line.ends_with(b" missing")))
}

/// Removes what a killed process left half done. One that still runs holds a lock on its folder.
pub(super) fn sweep(repo: &Repo<'_>) -> Result<()> {
    let Ok(listed) = fs::read_dir(repo.objects()) else { return Ok(()) };
    for entry in listed.flatten().filter(|e| e.file_name().to_string_lossy().starts_with(TEMP)) {
        let free = File::open(entry.path())
            .is_ok_and(|dir| rustix::fs::flock(dir, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok());
        if free {
            store::remove_all(&entry.path())?;
        }
    }
    // In the git directory itself: a journal that was not whole yet, so that no switch is known to be under way.
    let beside = store::files(&repo.dir, &|_| false)?;
    for file in store::files(&repo.objects(), &|_| true)?.into_iter().chain(beside) {
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(store::TEMP)) {
            store::remove(&file)?;
        }
    }
    Ok(())
}

/// A folder that is gone when this is.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Holds the lock.
    _open: File,
}

impl Folder {
    fn new(objects: &Path) -> Result<Self> {
        let cant = |e: std::io::Error| Fault::machine("a folder for the new pack can't be made", e);
        let made = tempfile::Builder::new().prefix(TEMP).tempdir_in(objects).map_err(cant)?;
        let open = File::open(made.path()).map_err(cant)?;
        rustix::fs::flock(&open, rustix::fs::FlockOperation::LockExclusive).map_err(|e| cant(e.into()))?;
        Ok(Self { path: made.keep(), _open: open })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is swept up the next time.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// How many threads work.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(8)
}

/// A thread's answer.
pub(super) fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().unwrap_or_else(|_| Err(Fault::new(FaultKind::Internal, "a thread stopped", "it met a mistake")))
}

/// Does `work` for each number below `count`, on all cores, and gives the answers in order. Each thread has `tools`.
pub(super) fn shared<T: Send, L>(
    count: usize,
    share: usize,
    cancel: &(dyn Fn() -> bool + Sync),
    tools: impl Fn() -> L + Sync,
    work: impl Fn(&mut L, usize) -> T + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let one = || {
        let mut tools = tools();
        let mut done: Vec<(usize, Vec<T>)> = Vec::new();
        loop {
            let start = next.fetch_add(share, Ordering::Relaxed);
            if start >= count {
                return Ok(done);
            }
            if cancel() {
                return Err(super::cancelled());
            }
            done.push((start, (start..(start + share).min(count)).map(|n| work(&mut tools, n)).collect()));
        }
    };
    let threads = threads().min(count.div_ceil(share).max(1));
    let mut parts = if threads == 1 {
        one()?
    } else {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
            let mut parts = Vec::new();
            for worker in workers {
                parts.extend(joined(worker)?);
            }
            Ok::<_, Fault>(parts)
        })?
    };
    parts.sort_unstable_by_key(|(start, _)| *start);
    Ok(parts.into_iter().flat_map(|(_, part)| part).collect())
}
