//! The copy itself: entry by entry in order, while other threads encode what comes next.
//!
//! Must not know: why an entry stays or is replaced.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use libdeflater::Crc;

use super::check;
use super::encode::{self, Encoded, Encoder};
use super::order::Order;
use super::source::{NONE, Place, Readers, Source, damaged};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::git::fresh::Stock;
use crate::git::large::{Going, Hashed};
use crate::git::pack::entry::{Head, Id, Kind, Stored};
use crate::git::pack::file::Pack;
use crate::git::pack::flow::{Flow, Raw};
use crate::git::pack::index_write;
use crate::git::pack::write::{As, PackWriter};
use crate::git::repo::Repo;
use crate::git::say;

/// Entries that are encoded ahead.
const AHEAD: u32 = 4096;
/// Encoded by one thread at once: so many that most objects are read near those they stand on.
const SHARE: usize = 256;

/// Writes `new.pack` and `new.idx` into `folder`, on disk and read again when this returns. Gives the pack's checksum.
pub(super) fn write(repo: &Repo<'_>, source: &Source, order: &Order, stock: &Stock, folder: &Path) -> Result<[u8; 20]> {
    let cant = |e: std::io::Error| {
        Fault::machine("the new pack can't be written", e)
            .hint("free some disk space and try again; nothing was changed")
    };
    let open = |name: &str| OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name));
    let out = PackWriter::new(open("new.pack").map_err(cant)?, order.len()).map_err(cant)?;
    let mut copy = Copy {
        source,
        order,
        readers: source.readers(),
        out,
        starts: Vec::with_capacity(order.len() as usize),
        bases: Vec::with_capacity(order.len() as usize),
    };
    let ask = repo.ask;
    let mut streamed_ids = Vec::new();
    let ahead = |start: u32| some(source, order, stock, start, ask.cancel);
    std::thread::scope(|scope| {
        let mut next = ahead(0);
        let mut start = 0;
        while start < order.len() {
            repo.go_on()?;
            say(ask, "writing the new pack", u64::from(start), u64::from(order.len()));
            let now = next?;
            let end = (start + AHEAD).min(order.len());
            let later = scope.spawn(move || ahead(end));
            let mut made = now.into_iter();
            for position in start..end {
                let needed = encode::is_needed(source, order, position);
                if let Some((kind, size, content)) = streamed(needed, source, order, stock, position) {
                    let whole = copy.streamed(position, (kind, size), Going { repo, inner: content }).map_err(cant);
                    let whole = whole.map_err(|fault| repo.go_on().err().unwrap_or(fault))?;
                    whole.ok_or_else(|| unsound(order, source, position))?;
                    streamed_ids.extend(order.id(source, position));
                } else if needed {
                    let entry = made.next().flatten().ok_or_else(|| unsound(order, source, position))?;
                    copy.encoded(position, &entry).map_err(cant)?;
                } else {
                    copy.same(position).map_err(cant)?.ok_or_else(|| damaged("an entry's checksum is wrong"))?;
                }
            }
            next = super::joined(later);
            start = end;
        }
        next.map(drop)
    })?;
    let Copy { out, bases, .. } = copy;
    let (sum, mut placed, pack) = out.finish().map_err(cant)?;
    let index = index_write::write(open("new.idx").map_err(cant)?, &mut placed, sum).map_err(cant)?;
    drop(placed);
    say(ask, "checking the new pack", 0, 0);
    std::thread::scope(|scope| {
        // The disk has its time for it while it is read again.
        let on_disk = scope.spawn(move || pack.sync_all().and_then(|()| index.sync_all()).map_err(cant));
        check::check(&folder.join("new.pack"), &bases, ask.cancel)?;
        super::joined(on_disk)
    })?;
    if !streamed_ids.is_empty() {
        read_back(repo, &folder.join("new.pack"), &streamed_ids)?;
    }
    Ok(sum)
}

/// What was deflated as it came is inflated once more and held against its id, as all else was before.
fn read_back(repo: &Repo<'_>, path: &Path, ids: &[Id]) -> Result<()> {
    let pack = Pack::open(path)?;
    for id in ids {
        let sound = pack.rank_of(id).and_then(|rank| Flow::packed(&pack, rank)).is_some_and(|flow| {
            let mut hashed = Hashed::new(flow.kind, flow.size, Going { repo, inner: flow });
            std::io::copy(&mut hashed, &mut std::io::sink()).is_ok() && hashed.id() == *id
        });
        repo.go_on()?;
        if !sound {
            return Err(Fault::machine("the new pack is not as it was written", "a large object; nothing was changed")
                .hint("check the disk and the memory of this machine, then try again"));
        }
    }
    Ok(())
}

fn unsound(order: &Order, source: &Source, position: u32) -> Fault {
    let id = order.id(source, position).map(|id| crate::base::id::hex(id)).unwrap_or_default();
    Fault::new(
        FaultKind::Internal,
        "an object can't be packed",
        format!("{id} does not read back as its id; nothing was changed"),
    )
    .hint("`git fsck --full` says whether it is damaged")
}

/// What has to be encoded of the next entries, in order.
fn some(
    source: &Source,
    order: &Order,
    stock: &Stock,
    start: u32,
    cancel: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Option<Encoded>>> {
    let end = (start.saturating_add(AHEAD)).min(order.len());
    let todo: Vec<u32> = (start..end)
        .filter(|position| encode::is_needed(source, order, *position))
        .filter(|position| encode::streamed(source, order, stock, *position).is_none())
        .collect();
    if todo.is_empty() {
        return Ok(Vec::new());
    }
    let tools = || Encoder::new(source, order, stock);
    super::shared(todo.len(), SHARE, cancel, tools, |encoder, n| encoder.encode(*todo.get(n)?))
}

fn streamed<'s>(
    needed: bool,
    source: &'s Source,
    order: &Order,
    stock: &'s Stock,
    position: u32,
) -> Option<(Kind, u64, Box<dyn Read + 's>)> {
    if needed { encode::streamed(source, order, stock, position) } else { None }
}

struct Copy<'s> {
    source: &'s Source,
    order: &'s Order,
    readers: Readers<'s>,
    out: PackWriter,
    /// Where each entry begins, by position.
    starts: Vec<u64>,
    /// Position of each entry's base.
    bases: Vec<u32>,
}

impl Copy<'_> {
    fn encoded(&mut self, position: u32, entry: &Encoded) -> std::io::Result<()> {
        let how = match entry.base {
            None => As::Whole(entry.kind),
            Some(base) => As::Onto(self.starts.get(base as usize).copied().unwrap_or(u64::MAX)),
        };
        self.starts.push(self.out.at());
        self.bases.push(entry.base.unwrap_or(NONE));
        let id = self.order.id(self.source, position).copied().unwrap_or_default();
        self.out.add(id, how, entry.size, &entry.deflated)
    }

    /// A large object, deflated as it comes. `None`: it is not what its id says.
    fn streamed(
        &mut self,
        position: u32,
        (kind, size): (Kind, u64),
        content: impl Read,
    ) -> std::io::Result<Option<()>> {
        let id = self.order.id(self.source, position).copied().unwrap_or_default();
        self.starts.push(self.out.at());
        self.bases.push(NONE);
        let hashed = Hashed::new(kind, size, content);
        let mut deflating = flate2::read::ZlibEncoder::new(hashed, flate2::Compression::new(6));
        self.out.add_stream(id, kind, size, &mut deflating)?;
        Ok((deflating.into_inner().id() == id).then_some(()))
    }

    /// A long entry that stands whole, as it was. `None` when it is broken.
    fn same_long(&mut self, pack: &Pack, rank: u32, id: Id) -> std::io::Result<Option<()>> {
        let Some(crc) = Raw::long(pack, rank).and_then(Raw::crc) else { return Ok(None) };
        let Some(mut raw) = Raw::long(pack, rank).filter(|_| pack.crc(rank).is_none_or(|said| said == crc)) else {
            return Ok(None);
        };
        self.starts.push(self.out.at());
        self.bases.push(NONE);
        self.out.add_same_stream(id, &mut raw, crc).map(Some)
    }

    /// The entry as it was, with only the way to its base told anew where that changed. `None` when it is broken.
    fn same(&mut self, position: u32) -> std::io::Result<Option<()>> {
        let Some(old) = self.order.item(position).map(|item| item.old) else { return Ok(None) };
        let Some(Place::Packed(pack, rank)) = self.source.place(old) else { return Ok(None) };
        let Some(reader) = self.readers.pack(pack) else { return Ok(None) };
        let pack = reader.pack;
        if self.source.entry(old).base == NONE && Raw::long(pack, rank).is_some() {
            let id = self.source.id(old).copied().unwrap_or_default();
            return self.same_long(pack, rank, id);
        }
        let said = reader.pack.crc(rank);
        let (Some(id), Some(raw)) = (self.source.id(old), reader.raw(rank)) else { return Ok(None) };
        let mut crc = Crc::new();
        crc.update(raw);
        let crc = crc.sum();
        let Some(head) = Head::parse(raw).filter(|_| said.is_none_or(|said| said == crc)) else { return Ok(None) };
        let at = self.out.at();
        let base = self.source.entry(old).base;
        let new_base = if base == NONE { NONE } else { self.order.stays(self.source, base).unwrap_or(NONE) };
        self.starts.push(at);
        self.bases.push(new_base);
        let deflated = raw.get(head.len..).unwrap_or_default();
        let onto = match head.stored {
            Stored::Whole(_) => None,
            _ => match self.starts.get(new_base as usize) {
                Some(start) if new_base < position => Some(As::Onto(*start)),
                _ => self.order.id(self.source, new_base).map(|id| As::OntoNamed(*id)),
            },
        };
        match (head.stored, onto) {
            (Stored::Whole(_), _) => self.out.add_same(*id, raw, crc)?,
            (Stored::Behind(back), Some(As::Onto(start))) if at - start == back => self.out.add_same(*id, raw, crc)?,
            (_, Some(onto)) => self.out.add(*id, onto, head.size, deflated)?,
            (_, None) => return Ok(None),
        }
        Ok(Some(()))
    }
}
