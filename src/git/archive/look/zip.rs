//! The walk through a zip, file by file as its directory says.
//!
//! Must not know: where the zip lies, what its files are.

use std::io::Read;

use flate2::read::DeflateDecoder;
use zeroize::Zeroizing;

use super::super::{Why, zip};
use super::Look;
use super::meter::Metered;

impl Look<'_> {
    pub(super) fn zip(&mut self, bytes: &[u8]) {
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

    /// A zip's directory is at its end: within another archive it must be held.
    pub(super) fn held_zip(&mut self, reader: &mut dyn Read) {
        let most = self.meter.bounds.held;
        let mut bytes = Zeroizing::new(Vec::new());
        match Read::take(reader, most + 1).read_to_end(&mut bytes) {
            Ok(read) if read as u64 > most => self.within("zip".into(), |look| look.unseen(Why::Bound("a zip's size"))),
            Ok(_) => self.zip(&bytes),
            Err(_) => self.broke_off(),
        }
    }
}
