//! Writes the index of a pack, version 2: ids sorted, with their checksums and offsets.
//!
//! Must not know: the pack's content.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use sha1::{Digest as _, Sha1};

use super::write::Placed;

/// Offsets from here on stand in a table of their own.
const FAR: u64 = 1 << 31;

/// Sorts `placed` by id and writes the index to `file`, which may not be on disk yet when it comes back. `pack` is the pack's checksum.
pub(in crate::git) fn write(file: File, placed: &mut [Placed], pack: [u8; 20]) -> io::Result<File> {
    placed.sort_unstable_by_key(|p| p.id);
    if placed.windows(2).any(|two| matches!(two, [a, b] if a.id == b.id)) {
        return Err(io::Error::other("an object is in the pack twice"));
    }
    let mut out = Summed { out: BufWriter::with_capacity(1 << 18, file), sum: Sha1::new() };
    out.put(b"\xfftOc\0\0\0\x02")?;
    let mut starts = [0_u32; 256];
    for entry in placed.iter() {
        if let Some(start) = entry.id.first().and_then(|first| starts.get_mut(usize::from(*first))) {
            *start += 1;
        }
    }
    let mut sum = 0;
    for start in starts {
        sum += start;
        out.put(&sum.to_be_bytes())?;
    }
    for entry in placed.iter() {
        out.put(&entry.id)?;
    }
    for entry in placed.iter() {
        out.put(&entry.crc.to_be_bytes())?;
    }
    let mut far = Vec::new();
    for entry in placed.iter() {
        let near = match u32::try_from(entry.at) {
            Ok(at) if entry.at < FAR => at,
            _ => {
                far.push(entry.at);
                u32::try_from(far.len() - 1).map_err(io::Error::other)? | 0x8000_0000
            }
        };
        out.put(&near.to_be_bytes())?;
    }
    for at in far {
        out.put(&at.to_be_bytes())?;
    }
    out.put(&pack)?;
    let Summed { mut out, sum } = out;
    out.write_all(&sum.finalize())?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

struct Summed {
    out: BufWriter<File>,
    sum: Sha1,
}

impl Summed {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }
}
