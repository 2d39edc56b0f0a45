//! A file that is no archive, without the key: what stands in it, and what is packed in base64 in it.
//!
//! Must not know: the formats of archives.

use super::super::Kind;
use super::super::coded::{Decoded, Stretch};
use super::super::zip;
use super::{Answer, No, Packer, all};
use crate::git::needle::{Sign, binary};

const MORE: No = "something else comes after it in the same base64";

impl Packer<'_> {
    /// A file that is no archive: what stands in it, and what is packed in base64 in it.
    pub(super) fn text(&self, bytes: &[u8], depth: usize, room: &mut u64) -> Answer {
        let clean = self.search.replace_content(bytes);
        let clean = clean.map_err(|_| "the key could not be taken out of a file in it")?;
        let mut now = clean.as_deref().unwrap_or(bytes);
        let (mut out, mut at) = (Vec::new(), 0);
        let signs: Vec<(usize, Sign)> = self.search.signs(now).collect();
        for (start, sign) in signs.into_iter().filter(|_| depth < self.bounds.depth) {
            let Some(rest) = now.get(start..).filter(|_| start >= at) else { continue };
            let Some((len, new)) = self.coded(rest, sign, depth, room)? else { continue };
            if new.len() != len && binary(bytes) {
                return Err("it is packed in the middle of a file that is no text");
            }
            out.extend_from_slice(now.get(at..start).unwrap_or_default());
            out.extend_from_slice(&new);
            at = start + len;
        }
        if at == 0 {
            return Ok(clean);
        }
        now = now.get(at..).unwrap_or_default();
        out.extend_from_slice(now);
        Ok(Some(out))
    }

    /// The archive in base64 that `text` begins with, packed anew: how much of the text it was, and what comes there.
    fn coded(&self, text: &[u8], sign: Sign, depth: usize, room: &mut u64) -> Result<Option<(usize, Vec<u8>)>, No> {
        let decoded = || all(&mut Decoded::new(text), *room);
        match sign {
            Sign::CodedTwice => {
                let inner = decoded()?;
                let Some((len, new)) = self.coded(&inner, Sign::CodedGzip, depth, room)? else { return Ok(None) };
                // It may have ended in a line end, which stays.
                let ends = (0..=2).filter_map(|tail| Some((tail, Stretch::new(text, len + tail)?)));
                let (tail, stretch) = ends.into_iter().find(|(_, stretch)| stretch.ends(text)).ok_or(MORE)?;
                let whole = [&new[..], inner.get(len..len + tail).unwrap_or_default()].concat();
                Ok(Some((stretch.len, stretch.write(&whole))))
            }
            Sign::CodedGzip | Sign::CodedZip => {
                let bytes = decoded()?;
                let (kind, len) = match sign {
                    Sign::CodedGzip => (Kind::Gzip, member(&bytes)),
                    _ => (Kind::Zip, zip::length(&bytes)),
                };
                // It only began like one, or is broken: the search tells.
                let Some(bytes) = len.and_then(|len| bytes.get(..len)) else { return Ok(None) };
                let Some(new) = self.archive(kind, bytes, depth + 1, room)? else { return Ok(None) };
                let stretch = Stretch::new(text, bytes.len()).filter(|stretch| stretch.ends(text)).ok_or(MORE)?;
                Ok(Some((stretch.len, stretch.write(&new))))
            }
            Sign::Gzip | Sign::ZipEnd | Sign::Tar => Ok(None),
        }
    }
}

/// Bytes of the gzip at the start of `bytes`; `None` when it is damaged.
fn member(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let mut decoder = flate2::bufread::GzDecoder::new(&mut rest);
    std::io::copy(&mut decoder, &mut std::io::sink()).ok()?;
    drop(decoder);
    Some(bytes.len() - rest.len())
}
