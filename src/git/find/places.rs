//! Where objects lie: packs and loose files of the repository, and of those it borrows from.
//!
//! Must not know: what is looked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::crew::hands;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::git::pack::entry::Id;
use crate::git::pack::file::Pack;
use crate::git::pack::forest::Stretch;

/// Bytes of packs that are held in memory, all packs together; what is beyond is read in small blocks. Git's packs have
/// commits and trees first: they are what is read out of order.
const BUDGET: u64 = 1 << 26;
/// Repositories that borrow from others that borrow: git follows so many.
const DEEPEST: usize = 5;

/// One folder of objects.
#[derive(Debug)]
pub(super) struct Place {
    folder: PathBuf,
    pub(super) packs: Vec<Pack>,
    pub(super) loose: Vec<Id>,
    /// It belongs to another repository.
    pub(super) borrowed: bool,
}

/// All folders, the own one first.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) all: Vec<Place>,
    /// Packs that can't be read as they should; somebody else must.
    pub(super) unread: Vec<PathBuf>,
}

impl Place {
    /// The file of a loose object.
    pub(super) fn file(&self, id: &Id) -> PathBuf {
        let hex = crate::base::id::hex(id);
        let (first, rest) = hex.split_at(2);
        self.folder.join(first).join(rest)
    }
}

impl Places {
    /// Everything below `objects` and what it borrows.
    pub(super) fn open(objects: &Path) -> Result<Self> {
        let mut places = Self::default();
        let mut open = vec![(objects.to_owned(), 0)];
        let mut seen = Vec::new();
        while let Some((folder, depth)) = open.pop() {
            let Ok(real) = fs::canonicalize(&folder) else { continue };
            if seen.contains(&real) {
                continue;
            }
            if depth < DEEPEST {
                open.extend(alternates(&real)?.into_iter().map(|folder| (folder, depth + 1)));
            }
            seen.push(real.clone());
            let packs = places.packs(&real)?;
            let loose = loose(&real)?;
            places.all.push(Place { folder: real, packs, loose, borrowed: depth > 0 });
        }
        Ok(places)
    }

    fn packs(&mut self, folder: &Path) -> Result<Vec<Pack>> {
        let mut packs = Vec::new();
        for path in names(&folder.join("pack"))? {
            if path.extension().is_some_and(|e| e == "pack") {
                match Pack::open(&path) {
                    Ok(pack) => packs.push(pack),
                    Err(_) => self.unread.push(path),
                }
            }
        }
        // Large ones first: the rest fills the time at the end.
        packs.sort_by_key(|pack| std::cmp::Reverse(pack.len()));
        Ok(packs)
    }

    /// Holds the packs in memory, as far as the budget goes. For each pack, what the heads of its entries say, as far as
    /// it was read.
    pub(super) fn hold(&mut self, stop: &(dyn Fn() -> bool + Sync)) -> Vec<Vec<Stretch>> {
        let mut left = BUDGET;
        let mut all = Vec::new();
        for pack in self.all.iter_mut().flat_map(|place| &mut place.packs) {
            pack.announce();
            // They are cheap to read now: their bytes were touched a moment ago.
            let heads = Mutex::new(Vec::new());
            let image = pack.image(left, hands(), stop, &|at, bytes| {
                let stretch = Stretch::within(pack, at, bytes);
                if let Ok(mut heads) = heads.lock() {
                    heads.push(stretch);
                }
            });
            left -= image.len();
            pack.hold(image);
            all.push(heads.into_inner().unwrap_or_default());
        }
        all
    }

    pub(super) fn release(&mut self) {
        let packs = self.all.iter_mut().flat_map(|place| &mut place.packs);
        let held: Vec<_> = packs.map(Pack::release).collect();
        // It takes the system a while, and nobody need wait for it.
        let _ = std::thread::Builder::new().spawn(move || drop(held));
    }

    /// Entries and files, doubles included.
    pub(super) fn count(&self) -> u64 {
        self.all
            .iter()
            .map(|place| place.loose.len() as u64 + place.packs.iter().map(|p| u64::from(p.len())).sum::<u64>())
            .sum()
    }

    /// Whether one of the packs that can be read, or a loose file, has it.
    pub(super) fn has(&self, id: &Id) -> bool {
        self.all.iter().any(|p| p.loose.binary_search(id).is_ok() || p.packs.iter().any(|p| p.index.find(id).is_some()))
    }
}

fn alternates(objects: &Path) -> Result<Vec<PathBuf>> {
    let path = objects.join("info/alternates");
    let Some(text) = crate::git::store::read_if(&path)? else { return Ok(Vec::new()) };
    let lines = text.split(|b| *b == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    Ok(lines.map(|line| objects.join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(line))).collect())
}

/// Ids of loose objects, ascending.
fn loose(objects: &Path) -> Result<Vec<Id>> {
    let mut ids = Vec::new();
    // Where there are packs, most of the folders are not there.
    for folder in names(objects)? {
        let name = folder.file_name().and_then(|n| n.to_str()).filter(|n| n.len() == 2);
        let first =
            name.and_then(|name| u8::from_str_radix(name, 16).ok().filter(|first| format!("{first:02x}") == name));
        let Some(first) = first else { continue };
        for path in names(&folder)? {
            let rest = path.file_name().and_then(|n| n.to_str()).filter(|n| n.len() == 38);
            if let Some(id) = rest.and_then(|rest| id(first, rest)) {
                ids.push(id);
            }
        }
    }
    ids.sort_unstable();
    Ok(ids)
}

fn id(first: u8, rest: &str) -> Option<Id> {
    let mut id = [0; 20];
    let (head, tail) = id.split_first_mut()?;
    *head = first;
    for (byte, digits) in tail.iter_mut().zip(rest.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(id)
}

fn names(folder: &Path) -> Result<Vec<PathBuf>> {
    let cant = |e: std::io::Error| Fault::machine(format!("{} can't be listed", folder.display()), e);
    match fs::read_dir(folder) {
        Ok(listed) => listed.map(|entry| entry.map(|entry| entry.path()).map_err(cant)).collect(),
        Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        Err(e) => Err(cant(e)),
    }
}
