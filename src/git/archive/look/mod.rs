//! The walk through an archive: each file in it is searched as a stream, each archive in it is walked through in turn.
//!
//! `tar` and `zip` walk through their formats, `amid` through what is packed in the middle of a file; `meter` counts what
//! is unpacked, `told` keeps what was found and what was not looked into.
//!
//! Must not know: how a finding is removed.

mod amid;
mod meter;
mod tar;
mod told;
mod zip;

use std::io::Read;

use flate2::read::MultiGzDecoder;
use zeroize::Zeroizing;

use super::{Bounds, HEAD, Kind, Looked, Unseen, Why, looks_like};
use crate::git::needle::Search;
use meter::{Meter, Metered};

/// A file within an archive is held as a whole below this size.
const SMALL: u64 = 4 << 20;

pub(super) fn stream(search: &Search<'_>, mut reader: impl Read, size: u64, bounds: &Bounds<'_>) -> Looked {
    let mut start = Zeroizing::new(Vec::with_capacity(HEAD));
    let unseen = |why| Looked { unseen: vec![Unseen { place: String::new(), why }], ..Looked::default() };
    if Read::take(&mut reader, HEAD as u64).read_to_end(&mut start).is_err() {
        return unseen(Why::Damaged);
    }
    let kind = looks_like(&start);
    let mut whole = start.as_slice().chain(reader);
    if let Some(kind @ (Kind::Gzip | Kind::Tar)) = kind {
        let meter = Meter::new(size, bounds);
        let mut look = Look { search, meter: &meter, looked: Looked::default(), trail: Vec::new() };
        look.archive(kind, &mut whole);
        look.looked.bytes = meter.bytes.get();
        return look.looked;
    }
    if size > bounds.held {
        let what =
            if kind == Some(Kind::Zip) { "a zip's size" } else { "the size of a file with something packed in it" };
        return unseen(kind.filter(|kind| !kind.opens()).map_or(Why::Bound(what), |kind| Why::Kind(kind.name())));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    if whole.read_to_end(&mut bytes).is_err() { unseen(Why::Damaged) } else { blob(search, &bytes, bounds) }
}

pub(super) fn blob(search: &Search<'_>, bytes: &[u8], bounds: &Bounds<'_>) -> Looked {
    let meter = Meter::new(bytes.len() as u64, bounds);
    let mut look = Look { search, meter: &meter, looked: Looked::default(), trail: Vec::new() };
    match looks_like(bytes) {
        Some(Kind::Zip) => look.zip(bytes),
        Some(kind) if kind.opens() => look.archive(kind, &mut &bytes[..]),
        other => {
            if let Some(kind) = other {
                look.unseen(Why::Kind(kind.name()));
            }
            look.amid(bytes);
        }
    }
    look.looked.bytes = meter.bytes.get();
    look.looked
}

struct Look<'a> {
    search: &'a Search<'a>,
    meter: &'a Meter<'a>,
    looked: Looked,
    /// Kinds and names on the way here.
    trail: Vec<String>,
}

impl Look<'_> {
    /// A file inside an archive.
    fn file(&mut self, reader: &mut dyn Read) {
        let mut head = Vec::with_capacity(HEAD);
        if Read::take(&mut *reader, HEAD as u64).read_to_end(&mut head).is_err() {
            self.search_bytes(&head);
            return self.broke_off();
        }
        let kind = looks_like(&head);
        let mut whole = head.as_slice().chain(reader);
        match kind {
            Some(kind) if kind.opens() => {
                self.search_bytes(&head);
                if self.trail.len() > 2 * self.meter.bounds.depth {
                    return self.unseen(Why::Bound("archives within archives"));
                }
                self.archive(kind, &mut whole);
            }
            Some(kind) => {
                self.leaf(&mut whole);
                self.unseen(Why::Kind(kind.name()));
            }
            None => self.leaf(&mut whole),
        }
    }

    fn leaf(&mut self, reader: &mut dyn Read) {
        // Most are small: they are looked at as a whole.
        let mut start = Zeroizing::new(Vec::new());
        let read = Read::take(&mut *reader, SMALL).read_to_end(&mut start);
        if (start.len() as u64) < SMALL {
            let hits = self.search.hits(&start);
            for hit in &hits {
                self.found(hit.form, hit.key);
            }
            if read.is_err() {
                self.broke_off();
            } else if self.trail.len() <= 2 * self.meter.bounds.depth {
                self.amid(&start);
            }
            return;
        }
        let mut hits = Vec::new();
        let read = self.search.stream(&mut start.as_slice().chain(reader), &mut hits);
        for hit in &hits {
            self.found(hit.form, hit.key);
        }
        if read.is_err() {
            self.broke_off();
        }
    }

    fn archive(&mut self, kind: Kind, reader: &mut dyn Read) {
        match kind {
            Kind::Gzip => self.within("gzip".into(), |look| {
                let meter = look.meter;
                look.file(&mut Metered { inner: MultiGzDecoder::new(reader), meter });
            }),
            Kind::Tar => self.within("tar".into(), |look| {
                if look.tar(reader).is_none() {
                    look.broke_off();
                }
            }),
            Kind::Zip => self.held_zip(reader),
            Kind::Other(_) => {}
        }
    }
}
