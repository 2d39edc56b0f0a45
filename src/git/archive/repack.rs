//! The same archive without the key: what holds none of it is copied as it is, still packed; the rest is packed anew,
//! sizes and checksums follow. Nothing depends on the clock or the machine.
//!
//! Must not know: whether anybody wants this.

use std::io::{Read as _, Write as _};

use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::coded::{Decoded, Stretch};
use super::tar::{self, Header};
use super::zip::{self, u16_at, u32_at};
use super::{Bounds, HEAD, Kind, looks_like};
use crate::git::needle::{Search, Sign, binary};

/// Why an archive can't be packed anew. Words that end the sentence "it can't be repacked: …".
pub(in crate::git) type No = &'static str;
type Answer = Result<Option<Vec<u8>>, No>;

const LARGE: No = "it is too large when unpacked";
const DAMAGED: No = "it is damaged";
const MORE: No = "something else comes after it in the same base64";

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

    /// A file that is no archive: what stands in it, and what is packed in base64 in it.
    fn text(&self, bytes: &[u8], depth: usize, room: &mut u64) -> Answer {
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

    fn gzip(&self, bytes: &[u8], depth: usize, room: &mut u64) -> Answer {
        let head = gzip_head(bytes).ok_or(DAMAGED)?;
        let (head_bytes, packed) = bytes.split_at_checked(head).ok_or(DAMAGED)?;
        // Read by the member, so that what comes after it is seen.
        let mut rest = bytes;
        let mut decoder = flate2::bufread::GzDecoder::new(&mut rest);
        let content = all(&mut decoder, *room)?;
        drop(decoder);
        if rest.iter().any(|b| *b != 0) {
            // What has several members is often indexed by them.
            let first = bytes.len() - rest.len();
            let whole = all(&mut flate2::read::MultiGzDecoder::new(bytes), *room)?;
            let any = self.search.first(&whole).is_some() || first == 0;
            return if any { Err("it has several gzip members") } else { Ok(None) };
        }
        let new_head = self.fitted(head_bytes)?;
        let new_content = self.file(&content, depth + 1, room)?;
        if new_head.is_none() && new_content.is_none() {
            return Ok(None);
        }
        let changed_head = new_head.is_some();
        let mut out = new_head.unwrap_or_else(|| head_bytes.to_vec());
        if changed_head && bytes.get(3).is_some_and(|flags| flags & 2 != 0) {
            // The header's own checksum: the lower half of a CRC over what is before it.
            let end = out.len().checked_sub(2).ok_or(DAMAGED)?;
            let sum = crc(out.get(..end).unwrap_or_default()).to_le_bytes();
            out.truncate(end);
            out.extend_from_slice(sum.get(..2).unwrap_or_default());
        }
        match new_content {
            None => out.extend_from_slice(packed),
            Some(content) => {
                let level = match bytes.get(8) {
                    Some(2) => 9,
                    Some(4) => 1,
                    _ => 6,
                };
                out.extend_from_slice(&deflated(&content, level)?);
                out.extend_from_slice(&crc(&content).to_le_bytes());
                let size = content.len().to_le_bytes();
                out.extend_from_slice(size.get(..4).unwrap_or_default());
                out.extend_from_slice(rest);
            }
        }
        Ok(Some(out))
    }

    fn tar(&self, bytes: &[u8], depth: usize, room: &mut u64) -> Answer {
        let mut out = Vec::with_capacity(bytes.len());
        let mut at = 0;
        let mut changed = false;
        let mut told_size = false;
        while let Some(block) = bytes.get(at..at + tar::BLOCK).filter(|b| b.iter().any(|b| *b != 0)) {
            let header = Header::read(block).ok_or(DAMAGED)?;
            if told_size {
                return Err("it has a file whose size is told apart from its header");
            }
            let size = usize::try_from(header.size).map_err(|_| LARGE)?;
            let padding = usize::try_from(header.padding()).map_err(|_| LARGE)?;
            let start = at + tar::BLOCK;
            let end = start.checked_add(size).ok_or(DAMAGED)?;
            let content = bytes.get(start..end).ok_or(DAMAGED)?;
            told_size = header.kind == b'x' && tar::pax(content).1.is_some();
            let clean =
                if header.is_about_next() { self.fitted(content)? } else { self.file(content, depth + 1, room)? };
            let head = self.fitted(block)?;
            changed |= clean.is_some() || head.is_some();
            let mut head = match head {
                Some(head) => tar::resummed(head).ok_or(DAMAGED)?,
                None => block.to_vec(),
            };
            match clean {
                None => {
                    out.append(&mut head);
                    out.extend_from_slice(bytes.get(start..end + padding).ok_or(DAMAGED)?);
                }
                Some(clean) => {
                    if clean.len() != size {
                        head =
                            tar::resized(&head, clean.len() as u64).ok_or("a header in it has no room for a size")?;
                    }
                    out.append(&mut head);
                    out.extend_from_slice(&clean);
                    out.resize(out.len().next_multiple_of(tar::BLOCK), 0);
                }
            }
            at = end + padding;
        }
        out.extend_from_slice(bytes.get(at..).unwrap_or_default());
        Ok(changed.then_some(out))
    }

    fn zip(&self, bytes: &[u8], depth: usize, room: &mut u64) -> Answer {
        let directory = zip::directory(bytes, self.bounds.files).ok_or(DAMAGED)?;
        let told = u16_at(bytes, directory.end + 10).map(usize::from);
        let mut clean = Vec::with_capacity(directory.files.len());
        for file in &directory.files {
            let data = bytes.get(file.data.clone()).ok_or(DAMAGED)?;
            clean.push(match file.method {
                _ if file.encrypted => None,
                0 => self.file(data, depth + 1, room)?.map(|new| (new.clone(), new)),
                8 => {
                    let content = all(&mut DeflateDecoder::new(data), *room)?;
                    match self.file(&content, depth + 1, room)? {
                        Some(new) => Some((deflated(&new, 6)?, new)),
                        None => None,
                    }
                }
                _ => None,
            });
        }
        if clean.iter().all(Option::is_none) && self.search.first(bytes).is_none() {
            return Ok(None);
        }
        if directory.large || told != Some(directory.files.len()) {
            return Err("it is a zip64");
        }
        rebuilt(bytes, &directory, &clean)
            .ok_or("it is laid out in a way that can't be rewritten")
            .and_then(|out| Ok(self.fitted(&out)?.or(Some(out))))
    }
}

/// The zip with new content for some files: bytes between files stay, offsets, sizes and checksums follow.
fn rebuilt(bytes: &[u8], directory: &zip::Directory, clean: &[Option<(Vec<u8>, Vec<u8>)>]) -> Option<Vec<u8>> {
    let mut order: Vec<usize> = (0..directory.files.len()).collect();
    order.sort_by_key(|n| directory.files.get(*n).map(|file| file.local));
    let mut out = Vec::with_capacity(bytes.len());
    let mut records = bytes.get(directory.start..directory.end)?.to_vec();
    let mut at = 0;
    for n in order {
        let file = directory.files.get(n)?;
        // Files that share bytes are a bomb, not an archive.
        out.extend_from_slice(bytes.get(at..file.local)?);
        let new_local = out.len();
        let record = file.record.start - directory.start;
        let offset = u32::try_from(new_local.checked_sub(directory.shift)?).ok()?;
        records.get_mut(record + 42..record + 46)?.copy_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(bytes.get(file.local..file.data.start)?);
        at = file.data.end;
        let Some((packed, content)) = clean.get(n)? else {
            out.extend_from_slice(bytes.get(file.data.clone())?);
            continue;
        };
        out.extend_from_slice(packed);
        let fields = [crc(content), u32::try_from(packed.len()).ok()?, u32::try_from(content.len()).ok()?];
        let fields: Vec<u8> = fields.iter().flat_map(|f| f.to_le_bytes()).collect();
        records.get_mut(record + 16..record + 28)?.copy_from_slice(&fields);
        if u16_at(bytes, file.local + 6)? & 8 == 0 {
            out.get_mut(new_local + 14..new_local + 26)?.copy_from_slice(&fields);
        } else {
            // The same three come after the data, with or without a mark before them.
            if u32_at(bytes, at) == Some(0x0807_4b50) {
                out.extend_from_slice(bytes.get(at..at + 4)?);
                at += 4;
            }
            (u32_at(bytes, at)? == u32_at(bytes, file.record.start + 16)?).then_some(())?;
            out.extend_from_slice(&fields);
            at += 12;
        }
    }
    out.extend_from_slice(bytes.get(at..directory.start)?);
    let start = u32::try_from(out.len().checked_sub(directory.shift)?).ok()?;
    out.extend_from_slice(&records);
    let mut end = bytes.get(directory.end..)?.to_vec();
    end.get_mut(16..20)?.copy_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&end);
    Some(out)
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn deflated(bytes: &[u8], level: u32) -> Result<Vec<u8>, No> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(level));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|_| "it could not be packed")
}

/// Bytes of the gzip at the start of `bytes`; `None` when it is damaged.
fn member(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let mut decoder = flate2::bufread::GzDecoder::new(&mut rest);
    std::io::copy(&mut decoder, &mut std::io::sink()).ok()?;
    drop(decoder);
    Some(bytes.len() - rest.len())
}

/// All that `reader` gives, at most `room` bytes.
fn all(reader: &mut dyn std::io::Read, room: u64) -> Result<Vec<u8>, No> {
    let mut bytes = Vec::new();
    reader.take(room + 1).read_to_end(&mut bytes).map_err(|_| DAMAGED)?;
    if bytes.len() as u64 > room { Err(LARGE) } else { Ok(bytes) }
}

/// Length of the header of a gzip member. Source: RFC 1952.
fn gzip_head(bytes: &[u8]) -> Option<usize> {
    let flags = *bytes.get(3)?;
    let mut at = 10;
    if flags & 4 != 0 {
        at += 2 + usize::from(u16_at(bytes, at)?);
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += bytes.get(at..)?.iter().position(|b| *b == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    (at < bytes.len()).then_some(at)
}
