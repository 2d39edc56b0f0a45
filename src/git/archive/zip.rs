//! The directory of a zip, and where its files' bytes are. Source: APPNOTE.TXT 6.3.10.
//!
//! Must not know: what is in the files.

/// The end record without its comment.
pub(super) const END: usize = 22;
const COMMENT: usize = 0xffff;

/// One file of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: Vec<u8>,
    /// 0: stored, 8: deflated.
    pub(super) method: u16,
    pub(super) encrypted: bool,
    /// The record in the directory.
    pub(super) record: std::ops::Range<usize>,
    /// Its local header.
    pub(super) local: usize,
    /// Its packed bytes.
    pub(super) data: std::ops::Range<usize>,
    pub(super) size: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) files: Vec<File>,
    /// Where the records start, and where the (first) end record does.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Zip64's, when there is one: it can't be rewritten here.
    pub(super) large: bool,
    /// Bytes before the archive that its offsets do not count.
    pub(super) shift: usize,
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn big_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64_at(bytes, at)?).ok()
}

fn small_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

/// Whether `bytes` ends as a zip without a comment: programs that carry their files with them begin with something else.
pub(super) fn ends_like_one(bytes: &[u8]) -> bool {
    bytes.len().checked_sub(END).and_then(|at| bytes.get(at..)).is_some_and(|end| {
        end.starts_with(b"PK\x05\x06") && end.ends_with(&[0, 0]) && u16_at(end, 10).is_some_and(|files| files > 0)
    })
}

/// Where the end record is: the last that ends where the file does.
fn end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END)?;
    let first = last.saturating_sub(COMMENT);
    let fits = |at: &usize| {
        bytes.get(*at..*at + 4) == Some(b"PK\x05\x06")
            && u16_at(bytes, at + 20).is_some_and(|comment| at + END + usize::from(comment) <= bytes.len())
    };
    (first..=last).rev().find(fits)
}

/// Bytes of the zip that `bytes` begins with.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let end = end(bytes)?;
    Some(end + END + usize::from(u16_at(bytes, end + 20)?))
}

/// Reads the directory; `None` when it is damaged. At most `most` files.
pub(super) fn directory(bytes: &[u8], most: u64) -> Option<Directory> {
    let end = end(bytes)?;
    let (mut count, mut size, mut start) =
        (u64::from(u16_at(bytes, end + 10)?), small_at(bytes, end + 12)?, small_at(bytes, end + 16)?);
    let mut first_end = end;
    let locator = end.checked_sub(20).filter(|at| bytes.get(*at..at + 4) == Some(b"PK\x06\x07"));
    if let Some(locator) = locator {
        let at = big_at(bytes, locator + 8)?;
        // Offsets count from the archive's start; a program before it moves them all.
        let at = if bytes.get(at..at.checked_add(4)?) == Some(b"PK\x06\x06") { at } else { locator.checked_sub(56)? };
        if bytes.get(at..at + 4) != Some(b"PK\x06\x06") {
            return None;
        }
        (count, size, start) = (u64_at(bytes, at + 32)?, big_at(bytes, at + 40)?, big_at(bytes, at + 48)?);
        first_end = at;
    }
    let real = first_end.checked_sub(size)?;
    let shift = real.checked_sub(start)?;
    let mut files = Vec::new();
    let mut at = real;
    for _ in 0..count.min(most) {
        let file = file(bytes, at, shift)?;
        at = file.record.end;
        files.push(file);
    }
    Some(Directory { files, start: real, end: first_end, large: locator.is_some(), shift })
}

fn file(bytes: &[u8], at: usize, shift: usize) -> Option<File> {
    if bytes.get(at..at.checked_add(46)?)?.get(..4) != Some(b"PK\x01\x02") {
        return None;
    }
    let (flags, method) = (u16_at(bytes, at + 8)?, u16_at(bytes, at + 10)?);
    let (mut packed, mut size) = (small_at(bytes, at + 20)?, small_at(bytes, at + 24)?);
    let lengths = [28, 30, 32].map(|field| u16_at(bytes, at + field).map_or(0, usize::from));
    let [name_len, extra_len, comment_len] = lengths;
    let mut offset = small_at(bytes, at + 42)?;
    let name = bytes.get(at + 46..at + 46 + name_len)?.to_vec();
    let extra = bytes.get(at + 46 + name_len..at + 46 + name_len + extra_len)?;
    large(extra, [&mut size, &mut packed, &mut offset]);
    let local = offset.checked_add(shift)?;
    if bytes.get(local..local.checked_add(30)?)?.get(..4) != Some(b"PK\x03\x04") {
        return None;
    }
    let data = local + 30 + usize::from(u16_at(bytes, local + 26)?) + usize::from(u16_at(bytes, local + 28)?);
    let data = data..data.checked_add(packed)?;
    bytes.get(data.clone())?;
    let record = at..at + 46 + name_len + extra_len + comment_len;
    Some(File { name, method, encrypted: flags & 1 != 0, record, local, data, size: size as u64 })
}

/// Zip64's extra field: the real value of each field that is full of ones, in this order.
fn large(extra: &[u8], fields: [&mut usize; 3]) {
    let mut rest = extra;
    while let (Some(id), Some(len)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let Some(body) = rest.get(4..4 + usize::from(len)) else { return };
        if id == 1 {
            let mut at = 0;
            for field in fields {
                if *field == 0xffff_ffff
                    && let Some(value) = big_at(body, at)
                {
                    *field = value;
                    at += 8;
                }
            }
            return;
        }
        rest = rest.get(4 + usize::from(len)..).unwrap_or_default();
    }
}
