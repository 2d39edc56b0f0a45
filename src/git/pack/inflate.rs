//! Undoes zlib's compression, a whole buffer at a time.
//!
//! Must not know: what is compressed. A size that is claimed is believed only as far as the compressed bytes can carry it.

use libdeflater::{DecompressionError, Decompressor};

/// Deflate makes at most 1,032 bytes of one.
const RATIO: usize = 1032;
/// A loose object is inflated in one go, hoping that it is no larger.
const PROBE: usize = 1 << 17;
/// Longest header of a loose object: kind, blank, size, NUL.
const HEADER: usize = 32;

/// Memory of a decompressor; one for each thread.
pub(in crate::git) struct Inflater(Decompressor);

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inflater")
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self(Decompressor::new())
    }
}

impl Inflater {
    /// Inflates the zlib stream at the start of `zlib` into `out`, in place of what was there: exactly `size` bytes, or
    /// `None`. Bytes after the stream don't matter.
    pub(in crate::git) fn exact(&mut self, zlib: &[u8], size: u64, out: &mut Vec<u8>) -> Option<()> {
        let size = usize::try_from(size).ok().filter(|size| *size <= most(zlib))?;
        room(out, size);
        let made = self.0.zlib_decompress(zlib, out).ok()?;
        (made == size).then_some(())
    }

    /// Inflates a loose object's file: its content goes to `out`; gives the word for its kind. `None` when it is broken.
    pub(in crate::git) fn loose(&mut self, file: &[u8], out: &mut Vec<u8>) -> Option<super::entry::Kind> {
        // Most are small and fit at once; of a large one this is enough to learn its size: what is not compressed comes in
        // blocks of up to 64 KB, and of one that does not fit nothing is there.
        room(out, PROBE);
        match self.0.zlib_decompress(file, out) {
            Ok(made) => out.truncate(made),
            Err(DecompressionError::InsufficientSpace) => {
                // What fitted is there, and with it the size.
                let (_, header, size) = header(out)?;
                let whole = u64::try_from(header).ok()?.checked_add(size)?;
                self.exact(file, whole, out)?;
            }
            Err(DecompressionError::BadData) => return None,
        }
        let (kind, header, size) = header(out)?;
        if u64::try_from(out.len() - header).ok()? != size {
            return None;
        }
        out.drain(..header);
        Some(kind)
    }
}

/// Makes `out` have the length `len`, whatever is in it. Zeroes are only written where nothing was: this runs for every object.
pub(super) fn room(out: &mut Vec<u8>, len: usize) {
    if len <= out.len() {
        out.truncate(len);
    } else if len <= out.capacity() {
        out.resize(len, 0);
    } else {
        // What is in it need not be moved.
        *out = vec![0; len.saturating_add(len / 4)];
        out.truncate(len);
    }
}

fn most(zlib: &[u8]) -> usize {
    zlib.len().saturating_mul(RATIO)
}

/// Kind, length of the header, and the size it tells.
fn header(object: &[u8]) -> Option<(super::entry::Kind, usize, u64)> {
    use super::entry::Kind;
    let nul = object.iter().take(HEADER).position(|b| *b == 0)?;
    let text = std::str::from_utf8(object.get(..nul)?).ok()?;
    let (kind, size) = text.split_once(' ')?;
    let kind = match kind {
        "blob" => Kind::Blob,
        "tree" => Kind::Tree,
        "commit" => Kind::Commit,
        "tag" => Kind::Tag,
        _ => return None,
    };
    Some((kind, nul + 1, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use libdeflater::{CompressionLvl, Compressor};

    use super::*;
    use crate::git::pack::entry::Kind;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::new(6).unwrap());
        let mut out = vec![0; compressor.zlib_compress_bound(bytes.len())];
        let made = compressor.zlib_compress(bytes, &mut out).unwrap();
        out.truncate(made);
        out
    }

    #[test]
    fn a_size_must_be_right() {
        let zlib = deflated(&[b'a'; 5000]);
        let mut out = Vec::new();
        let mut inflater = Inflater::default();
        assert_eq!(inflater.exact(&[&zlib[..], b"rest"].concat(), 5000, &mut out), Some(()));
        assert_eq!(out, [b'a'; 5000]);
        for size in [0, 4999, 5001, 1 << 60] {
            assert_eq!(inflater.exact(&zlib, size, &mut out), None, "{size}");
        }
        assert_eq!(inflater.exact(&zlib[..zlib.len() / 2], 5000, &mut out), None);
        assert_eq!(inflater.exact(b"", 0, &mut out), None);
    }

    #[test]
    fn loose_objects_small_and_large() {
        let mut inflater = Inflater::default();
        for len in [0, 3, 100_000] {
            let body = vec![b'x'; len];
            let file = deflated(&[format!("blob {len}\0").as_bytes(), &body].concat());
            let mut out = Vec::new();
            assert_eq!(inflater.loose(&file, &mut out), Some(Kind::Blob), "{len}");
            assert_eq!(out, body);
        }
        for bad in
            [&b"blob 3\0xx"[..], b"blob 1\0xx", b"blurb 1\0x", b"blob x\0x", b"blob", b"blob 99999999999999999999\0"]
        {
            assert_eq!(inflater.loose(&deflated(bad), &mut Vec::new()), None, "{bad:?}");
        }
        assert_eq!(inflater.loose(b"", &mut Vec::new()), None);
    }
}
