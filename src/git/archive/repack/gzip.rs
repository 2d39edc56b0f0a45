//! A gzip without the key, in its header and in its content.
//!
//! Must not know: what its content is.

use super::super::zip::u16_at;
use super::{Answer, DAMAGED, Packer, all, crc, deflated};

impl Packer<'_> {
    pub(super) fn gzip(&self, bytes: &[u8], depth: usize, room: &mut u64) -> Answer {
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
