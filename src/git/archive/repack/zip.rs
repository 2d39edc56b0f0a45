//! A zip without the key, in its names and in its files; offsets follow.
//!
//! Must not know: what its files are.

use flate2::read::DeflateDecoder;

use super::super::zip::{self, u16_at, u32_at};
use super::{Answer, DAMAGED, Packer, all, crc, deflated};

impl Packer<'_> {
    pub(super) fn zip(&self, bytes: &[u8], depth: usize, room: &mut u64) -> Answer {
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
