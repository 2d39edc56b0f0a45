//! The same archive without the key: what holds none of it is copied as it is, still packed; the rest is packed anew,
//! sizes and checksums follow. Nothing depends on the clock or the machine.
//!
//! `gzip`, `tar` and `zip` pack their formats anew, `text` what is packed in base64 in a file.
//!
//! Must not know: whether anybody wants this.

mod gzip;
mod tar;
mod text;
mod zip;

use std::io::{Read as _, Write as _};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::{Bounds, HEAD, Kind, looks_like};
use crate::git::needle::Search;

/// Why an archive can't be packed anew. Words that end the sentence "it can't be repacked: …".
pub(in crate::git) type No = &'static str;
type Answer = Result<Option<Vec<u8>>, No>;

const LARGE: No = "it is too large when unpacked";
const DAMAGED: No = "it is damaged";

pub(super) fn blob(search: &Search<'_>, bytes: &[u8], bounds: &Bounds<'_>) -> Answer {
    let mut room = bounds.held;
    let packer = Packer { search, bounds };
    let clean = match looks_like(bytes).filter(|kind| kind.opens()) {
        Some(kind) => packer.archive(kind, bytes, 0, &mut room)?,
        None => packer.text(bytes, 0, &mut room)?,
    };
    let Some(clean) = clean else {
        let amid = looks_like(bytes).is_none() && !super::search(search, bytes, bounds).inside.is_empty();
        return if amid { Err("it is packed in the middle of a file that is no text") } else { Ok(None) };
    };
    // The proof is another walk over the result.
    let looked = super::search(search, &clean, bounds);
    if looked.inside.is_empty() && search.first(&clean).is_none() {
        Ok(Some(clean))
    } else {
        Err("a copy would be left in it")
    }
}

struct Packer<'a> {
    search: &'a Search<'a>,
    bounds: &'a Bounds<'a>,
}

impl Packer<'_> {
    fn file(&self, bytes: &[u8], depth: usize, room: &mut u64) -> Answer {
        *room = room.checked_sub(bytes.len() as u64).ok_or(LARGE)?;
        if (self.bounds.stop)() {
            return Err("it was cancelled");
        }
        match looks_like(bytes.get(..HEAD).unwrap_or(bytes)) {
            Some(kind) if kind.opens() && depth < self.bounds.depth => self.archive(kind, bytes, depth, room),
            Some(_) => Ok(None),
            None => self.text(bytes, depth, room),
        }
    }

    fn archive(&self, kind: Kind, bytes: &[u8], depth: usize, room: &mut u64) -> Answer {
        match kind {
            Kind::Gzip => self.gzip(bytes, depth, room),
            Kind::Tar => self.tar(bytes, depth, room),
            Kind::Zip => self.zip(bytes, depth, room),
            Kind::Other(_) => Ok(None),
        }
    }

    /// Replaced with every length kept: names and headers.
    fn fitted(&self, bytes: &[u8]) -> Answer {
        self.search.replace(bytes, true).map_err(|_| "the key could not be taken out of a name in it")
    }
}

/// All that `reader` gives, at most `room` bytes.
fn all(reader: &mut dyn std::io::Read, room: u64) -> Result<Vec<u8>, No> {
    let mut bytes = Vec::new();
    reader.take(room + 1).read_to_end(&mut bytes).map_err(|_| DAMAGED)?;
    if bytes.len() as u64 > room { Err(LARGE) } else { Ok(bytes) }
}

fn deflated(bytes: &[u8], level: u32) -> Result<Vec<u8>, No> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(level));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|_| "it could not be packed")
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}
