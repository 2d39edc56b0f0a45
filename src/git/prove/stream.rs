//! What is too large to be held, or may be: searched in parts that overlap, in bounded memory.
//!
//! Must not know: where it comes from.

use std::io::Read;

use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use super::super::archive;
use super::super::needle::Search;
use super::piece::Name;
use crate::base::Fault;
use crate::base::fault::Result;

/// Bytes of a part.
const PART: usize = 4 << 20;
/// What a file is read into at first.
const SMALL: usize = 16 << 10;
/// How much parts overlap: more than any form of the longest key, line breaks and indents included.
const OVERLAP: usize = 256 << 10;

/// What was seen in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Looks {
    /// It holds the key.
    pub(super) found: bool,
    /// It looks like an archive, by its start or its end, or something packed may begin in it.
    pub(super) packed: bool,
}

/// Hashes what goes through.
struct Hashed<R> {
    inner: R,
    hash: Sha1,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let got = self.inner.read(out)?;
        self.hash.update(out.get(..got).unwrap_or_default());
        Ok(got)
    }
}

/// Searches the next `size` bytes, the object `name`, and reads the line feed after them. Whether they are what their id
/// says comes second.
pub(super) fn object(out: &mut impl Read, name: Name, size: u64, search: &Search<'_>) -> Result<(Looks, bool)> {
    let mut hashed = Hashed { inner: &mut *out, hash: name.begun(size) }.take(size);
    let looks = all(&mut hashed, search)?;
    let right = name.is(hashed.into_inner().hash);
    let mut feed = [0];
    out.read_exact(&mut feed).map_err(|e| Fault::machine("git's answer can't be read", e))?;
    Ok((looks, right))
}

/// Searches all of `from`, and reads it to its end.
pub(super) fn all(from: &mut impl Read, search: &Search<'_>) -> Result<Looks> {
    let broken = |e: std::io::Error| Fault::machine("what git keeps can't be read", e);
    // It grows with what is read: most files are small, and all that it could hold is wiped in the end.
    let mut part = Zeroizing::new(Vec::with_capacity(SMALL));
    let (mut looks, mut first) = (Looks { found: false, packed: false }, true);
    let opens = |bytes: &[u8]| archive::looks_like(bytes).is_some_and(archive::Kind::opens);
    loop {
        let got = fill(from, &mut part).map_err(broken)?;
        if got == 0 {
            looks.packed |= opens(&part);
            return Ok(looks);
        }
        let (hit, signs) = search.form_and_signs(&part);
        looks.found |= hit.is_some();
        looks.packed |= first && opens(&part) || !signs.is_empty();
        first = false;
        let old = part.len().saturating_sub(OVERLAP);
        part.drain(..old);
    }
}

/// Appends the next part. What is read may be the key: memory it grows out of is wiped.
fn fill(from: &mut impl Read, part: &mut Zeroizing<Vec<u8>>) -> std::io::Result<usize> {
    let start = part.len();
    while part.len() - start < PART {
        let (held, room) = (part.len(), part.capacity() - part.len());
        if room == 0 {
            let mut larger = Zeroizing::new(Vec::with_capacity((2 * part.capacity()).min(PART + OVERLAP)));
            larger.extend_from_slice(part);
            *part = larger;
            continue;
        }
        let wanted = room.min(PART - (held - start)) as u64;
        if from.take(wanted).read_to_end(part)? == 0 {
            break;
        }
    }
    Ok(part.len() - start)
}

/// A reader whose failure is not forgotten, whatever is made of it by who reads.
#[derive(Debug)]
pub(super) struct Watched<R> {
    inner: R,
    pub(super) fault: Option<std::io::Error>,
}

impl<R> Watched<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, fault: None }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(out).inspect_err(|e| {
            if e.kind() != std::io::ErrorKind::Interrupted {
                self.fault = Some(e.kind().into());
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::needle::Needles;
    use super::*;

    #[test]
    fn a_key_on_the_edge_of_two_parts_is_seen() {
        let key = format!("sk-{}-{}", "proj", "Qz7_xW9".repeat(6));
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        let search = needles.search();
        let mut text = vec![b'x'; PART - 9];
        text.extend_from_slice(key.as_bytes());
        text.extend(vec![b'y'; PART]);
        assert_eq!(all(&mut &text[..], &search).unwrap(), Looks { found: true, packed: false });
        text[PART] = b' ';
        assert_eq!(all(&mut &text[..], &search).unwrap(), Looks { found: false, packed: false });
    }

    #[test]
    fn a_failure_that_its_reader_swallows_is_kept() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::TimedOut.into())
            }
        }
        let mut watched = Watched::new((&b"ab"[..]).chain(Broken));
        let _ = watched.read_to_end(&mut Vec::new());
        assert_eq!(watched.fault.unwrap().kind(), std::io::ErrorKind::TimedOut);
        let mut watched = Watched::new(&b"ab"[..]);
        watched.read_to_end(&mut Vec::new()).unwrap();
        assert!(watched.fault.is_none());
    }
}
