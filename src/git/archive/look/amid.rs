//! What is packed in the middle of a file: behind a script, in base64 in a text.
//!
//! Must not know: what a sign looks like, what is in what it unpacks.

use std::io::Read;

use flate2::read::GzDecoder;
use zeroize::Zeroizing;

use super::super::coded::Decoded;
use super::super::{Why, zip};
use super::Look;
use super::meter::Metered;
use crate::git::needle::Sign;

impl Look<'_> {
    /// What is packed in the middle of a file.
    pub(super) fn amid(&mut self, bytes: &[u8]) {
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
}
