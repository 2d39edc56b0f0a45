//! The walk through an archive: each file in it is searched as a stream, each archive in it is walked through in turn.
//!
//! Must not know: how a finding is removed.

use std::cell::Cell;
use std::io::{self, Read};

use flate2::read::{DeflateDecoder, GzDecoder, MultiGzDecoder};
use zeroize::Zeroizing;

use super::coded::Decoded;
use super::tar::{self, Header};
use super::{Bounds, HEAD, Inside, Kind, Looked, Unseen, Why, looks_like, zip};
use crate::git::needle::{Search, Sign};

/// Findings and gaps that are told one by one; more are as good as these.
const TOLD: usize = 64;
/// Bytes unpacked between two looks at the bounds.
const PIECE: usize = 1 << 16;
/// A file within an archive is held as a whole below this size.
const SMALL: u64 = 4 << 20;
/// Bytes of a name or of pax fields that are read.
const NAME: u64 = 1 << 16;

pub(super) fn blob(search: &Search<'_>, bytes: &[u8], bounds: &Bounds<'_>) -> Looked {
    let meter = Meter {
        bytes: Cell::new(0),
        files: Cell::new(0),
        over: Cell::new(None),
        most: bounds.bytes.min(bounds.free.max(bounds.ratio.saturating_mul(bytes.len() as u64))),
        by_ratio: bounds.ratio.saturating_mul(bytes.len() as u64) < bounds.bytes,
        bounds,
    };
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

/// Counts what is unpacked, over all levels.
struct Meter<'a> {
    bytes: Cell<u64>,
    files: Cell<u64>,
    over: Cell<Option<Why>>,
    most: u64,
    by_ratio: bool,
    bounds: &'a Bounds<'a>,
}

/// A reader of unpacked bytes that counts.
struct Metered<'a, R> {
    inner: R,
    meter: &'a Meter<'a>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let few = buf.len().min(PIECE);
        let read = self.inner.read(buf.get_mut(..few).unwrap_or_default())?;
        let meter = self.meter;
        meter.bytes.set(meter.bytes.get() + read as u64);
        if meter.bytes.get() > meter.most {
            let what = if meter.by_ratio { "how far content may unpack" } else { "unpacked bytes" };
            meter.over.set(Some(Why::Bound(what)));
        } else if (meter.bounds.stop)() {
            meter.over.set(Some(Why::Bound("time: it was cancelled")));
        }
        if meter.over.get().is_some() { Err(io::Error::other("a bound")) } else { Ok(read) }
    }
}

struct Look<'a> {
    search: &'a Search<'a>,
    meter: &'a Meter<'a>,
    looked: Looked,
    /// Kinds and names on the way here.
    trail: Vec<String>,
}

impl Look<'_> {
    fn place(&self) -> String {
        self.trail.join(" > ")
    }

    fn unseen(&mut self, why: Why) {
        let unseen = Unseen { place: self.place(), why };
        if self.looked.unseen.len() < TOLD && !self.looked.unseen.contains(&unseen) {
            self.looked.unseen.push(unseen);
        }
    }

    /// Ends a level that could not be read on: a bound, told once, or damage.
    fn broke_off(&mut self) {
        match self.meter.over.get() {
            Some(why) if self.looked.unseen.iter().any(|u| u.why == why) => {}
            Some(why) => self.unseen(why),
            None => self.unseen(Why::Damaged),
        }
    }

    fn found(&mut self, form: &'static str, key: usize) {
        let inside = Inside { place: self.place(), form, key };
        if self.looked.inside.len() < TOLD && !self.looked.inside.contains(&inside) {
            self.looked.inside.push(inside);
        }
    }

    fn search_bytes(&mut self, bytes: &[u8]) {
        if let Some(hit) = self.search.first(bytes) {
            self.found(hit.form, hit.key);
        }
    }

    /// One more file; false when there are too many.
    fn count(&mut self) -> bool {
        self.meter.files.set(self.meter.files.get() + 1);
        if self.meter.files.get() > self.meter.bounds.files {
            self.meter.over.set(Some(Why::Bound("files")));
            self.broke_off();
            return false;
        }
        true
    }

    fn within(&mut self, name: String, work: impl FnOnce(&mut Self)) {
        self.trail.push(name);
        work(self);
        self.trail.pop();
    }

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

    /// A zip's directory is at its end: within another archive it must be held.
    fn held_zip(&mut self, reader: &mut dyn Read) {
        let most = self.meter.bounds.held;
        let mut bytes = Zeroizing::new(Vec::new());
        match Read::take(reader, most + 1).read_to_end(&mut bytes) {
            Ok(read) if read as u64 > most => self.within("zip".into(), |look| look.unseen(Why::Bound("a zip's size"))),
            Ok(_) => self.zip(&bytes),
            Err(_) => self.broke_off(),
        }
    }

    /// What is packed in the middle of a file.
    fn amid(&mut self, bytes: &[u8]) {
        let search = self.search;
        for (at, sign) in search.signs(bytes) {
            if self.meter.over.get().is_some() || !self.count() {
                return;
            }
            let rest = bytes.get(at..).unwrap_or_default();
            match sign {
                Sign::Gzip => self.within(format!("at byte {at}"), |look| look.member(rest)),
                Sign::CodedGzip => self.within("base64".into(), |look| look.member(Decoded::new(rest))),
                Sign::CodedTwice => self.within("base64 > base64".into(), |look| match look.held(Decoded::new(rest)) {
                    Some(inner) => look.member(Decoded::new(&inner)),
                    None => look.unseen(Why::Bound("a text's size")),
                }),
                Sign::CodedZip => self.within("base64".into(), |look| match look.held(Decoded::new(rest)) {
                    Some(bytes) if zip::directory(&bytes, 1).is_some() => look.zip(&bytes),
                    Some(_) => {}
                    None => look.unseen(Why::Bound("a zip's size")),
                }),
                Sign::ZipEnd => {
                    let comment = zip::u16_at(rest, 20).map_or(0, usize::from);
                    let whole = bytes.get(..at + zip::END + comment).unwrap_or(bytes);
                    if zip::directory(whole, 1).is_some_and(|directory| !directory.files.is_empty()) {
                        self.zip(whole);
                    }
                }
                Sign::Tar => {}
            }
        }
    }

    /// One gzip, and whatever comes after it. What gives not a single byte only began like one.
    fn member(&mut self, packed: impl Read) {
        let (told, before, meter) = (self.looked.unseen.len(), self.meter.bytes.get(), self.meter);
        self.within("gzip".into(), |look| look.file(&mut Metered { inner: GzDecoder::new(packed), meter }));
        if self.meter.bytes.get() == before {
            self.looked.unseen.truncate(told);
        }
    }

    /// All of it; `None`: it is too much.
    fn held(&mut self, reader: impl Read) -> Option<Zeroizing<Vec<u8>>> {
        let most = self.meter.bounds.held;
        let mut bytes = Zeroizing::new(Vec::new());
        let read = reader.take(most + 1).read_to_end(&mut bytes).ok()?;
        (read as u64 <= most).then_some(bytes)
    }

    fn zip(&mut self, bytes: &[u8]) {
        self.within("zip".into(), |look| {
            let Some(directory) = zip::directory(bytes, look.meter.bounds.files) else {
                look.search_bytes(bytes);
                return look.unseen(Why::Damaged);
            };
            // Names, comments, and whatever is between the files.
            look.search_bytes(bytes.get(directory.start..).unwrap_or_default());
            for file in &directory.files {
                if look.meter.over.get().is_some() || !look.count() {
                    return;
                }
                let name = look.search.text(&file.name);
                let data = bytes.get(file.data.clone()).unwrap_or_default();
                look.within(name, |look| {
                    let meter = look.meter;
                    match file.method {
                        _ if file.encrypted => look.unseen(Why::Encrypted),
                        0 => look.file(&mut Metered { inner: data, meter }),
                        8 => look.file(&mut Metered { inner: DeflateDecoder::new(data), meter }),
                        _ => look.unseen(Why::Kind("this method of zip")),
                    }
                });
            }
        });
    }

    /// `None`: it broke off before its end.
    fn tar(&mut self, reader: &mut dyn Read) -> Option<()> {
        let (mut long, mut size) = (None, None);
        let mut block = [0; tar::BLOCK];
        loop {
            let mut got = 0;
            while let Some(rest) = block.get_mut(got..).filter(|rest| !rest.is_empty()) {
                match reader.read(rest) {
                    Ok(0) => break,
                    Ok(read) => got += read,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => return None,
                }
            }
            // Two blocks of zeros end it; some writers leave them away.
            if got == 0 || block.iter().all(|b| *b == 0) {
                return Some(());
            }
            let mut header = Header::read(block.get(..got)?)?;
            if !self.count() {
                return Some(());
            }
            if let Some(size) = size.take() {
                header.size = size;
            }
            self.search_bytes(&block);
            let mut content = Read::take(&mut *reader, header.size);
            if header.is_about_next() {
                let mut told = Vec::new();
                content.by_ref().take(NAME).read_to_end(&mut told).ok()?;
                self.search_bytes(&told);
                match header.kind {
                    b'L' => long = Some(told.strip_suffix(b"\0").unwrap_or(&told).to_vec()),
                    b'x' => {
                        let (path, bytes) = tar::pax(&told);
                        long = path.or(long);
                        size = bytes;
                    }
                    _ => {}
                }
            } else {
                let name = long.take().unwrap_or(header.name.clone());
                let name = self.search.text(&name);
                self.within(name, |look| look.file(&mut content));
            }
            io::copy(&mut content, &mut io::sink()).ok()?;
            let short = content.limit() > 0;
            let padding = header.padding();
            let skipped = io::copy(&mut Read::take(&mut *reader, padding), &mut io::sink()).ok()?;
            if short || skipped < padding {
                return None;
            }
        }
    }
}
