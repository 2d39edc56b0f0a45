//! Reads what git writes into a pipe, object by object, and searches it in large pieces: one search over many objects
//! costs less than many small ones. Only a piece with a hit is looked at object by object. What looks like an archive is
//! unpacked, hit or none.
//!
//! Must not know: which git wrote it.

use std::io::{BufRead as _, BufReader, Read};
use std::ops::Range;

use git2::Oid;
use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use super::super::needle::Search;
use super::super::{archive, raw};
use crate::base::Fault;
use crate::base::fault::Result;

/// Bytes searched at once.
const PIECE: usize = 4 << 20;
/// What a file is read into at first.
const SMALL: usize = 16 << 10;
/// An object above this is searched in parts that overlap.
const LARGE: u64 = 64 << 20;
/// How much parts of a large object overlap: more than any form of the longest key, line breaks and indents included.
const OVERLAP: usize = 256 << 10;

/// Objects as `kind id`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// They hold the key.
    pub(super) dirty: Vec<String>,
    /// Their content is another than their ids say.
    pub(super) wrong: Vec<String>,
}

impl Found {
    pub(super) fn and(mut self, more: Self) -> Self {
        self.dirty.extend(more.dirty);
        self.wrong.extend(more.wrong);
        self
    }
}

/// Every object that came out of the pipe.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) ids: Vec<Oid>,
    pub(super) found: Found,
    /// Too large to be held beside others, and they look like archives: to be read once more, one at a time.
    pub(super) packed: Vec<Oid>,
}

/// Objects that wait to be searched together: their bytes one after the other, and who they are.
#[derive(Default)]
pub(super) struct Piece {
    bytes: Zeroizing<Vec<u8>>,
    objects: Vec<(String, Range<usize>)>,
}

impl Piece {
    /// Which objects in it hold the key, and which are not what their ids say. Once `stop` is true what is packed counts
    /// as clean: ask it afterwards.
    pub(super) fn search(&self, search: &Search<'_>, stop: &(dyn Fn() -> bool + Sync)) -> Found {
        // Objects stand apart by a line feed. A hit across two of them is none, and the second look says so.
        let hit = search.form_in(&self.bytes).is_some();
        let signs: Vec<usize> = search.signs(&self.bytes).map(|(at, _)| at).collect();
        let packed = |range: &Range<usize>, object: &[u8]| {
            let sign = signs.get(signs.partition_point(|at| *at < range.start)).is_some_and(|at| *at < range.end);
            (sign || archive::looks_like(object).is_some()) && archive::holds(search, object, stop)
        };
        let mut found = Found::default();
        for (name, range) in &self.objects {
            let object = self.bytes.get(range.clone()).unwrap_or_default();
            if hit && search.form_in(object).is_some() || packed(range, object) {
                found.dirty.push(name.clone());
            }
            if !is_named(name, begun(name, object.len() as u64).chain_update(object)) {
                found.wrong.push(name.clone());
            }
        }
        found
    }
}

/// Begins the hash of the object `kind id` of `size` bytes.
fn begun(name: &str, size: u64) -> Sha1 {
    let kind = name.split(' ').next().unwrap_or_default();
    Sha1::new().chain_update(format!("{kind} {size}\0"))
}

/// Whether an object with this hash is rightly named.
fn is_named(name: &str, hash: Sha1) -> bool {
    name.split(' ')
        .nth(1)
        .and_then(|id| raw::oid(id.as_bytes()))
        .is_some_and(|id| id.as_bytes() == &hash.finalize()[..])
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

/// Reads `<id> <type> <size>\n<bytes>\n` until the pipe ends. Each full piece goes to `full`; ids are kept in `seen`.
/// An answer `<id> missing` counts as found: what can't be read is not proven.
pub(super) fn read(
    out: impl Read,
    search: &Search<'_>,
    seen: &mut Seen,
    full: &mut dyn FnMut(Piece, u64) -> Result<()>,
) -> Result<()> {
    let broken = |e: std::io::Error| Fault::machine("git's answer can't be read", e);
    let mut out = BufReader::with_capacity(1 << 18, out);
    let (mut head, mut piece) = (Vec::new(), Piece::default());
    loop {
        head.clear();
        if out.read_until(b'\n', &mut head).map_err(broken)? == 0 {
            full(piece, seen.ids.len() as u64)?;
            return Ok(());
        }
        let text = String::from_utf8_lossy(head.trim_ascii());
        let words: Vec<&str> = text.split(' ').collect();
        let [id, kind, size] = words[..] else {
            if let [id, "missing"] = words[..] {
                seen.found.dirty.push(format!("{id} (can't be read)"));
                continue;
            }
            return Err(Fault::machine("git's answer can't be read", "an object's head has an unknown form"));
        };
        let size: u64 = size.parse().map_err(|e| Fault::machine("git's answer can't be read", e))?;
        let name = format!("{kind} {id}");
        seen.ids.extend(raw::oid(id.as_bytes()));
        if size > LARGE {
            let (holds, packed) = large(&mut out, &name, size, search, seen)?;
            if holds {
                seen.found.dirty.push(name);
            } else if packed {
                seen.packed.extend(raw::oid(id.as_bytes()));
            }
            continue;
        }
        let from = piece.bytes.len();
        let wanted = size + 1;
        (&mut out).take(wanted).read_to_end(&mut piece.bytes).map_err(broken)?;
        if (piece.bytes.len() - from) as u64 != wanted {
            return Err(Fault::machine("git's answer can't be read", "it ended in the middle of an object"));
        }
        let to = piece.bytes.len() - 1;
        piece.objects.push((name, from..to));
        if piece.bytes.len() > PIECE {
            full(std::mem::take(&mut piece), seen.ids.len() as u64)?;
        }
    }
}

/// Searches the next `size` bytes, and reads the line feed after them. Do they hold the key; do they look like an
/// archive? That they are not what their id says is noted in `seen`.
fn large(out: &mut impl Read, name: &str, size: u64, search: &Search<'_>, seen: &mut Seen) -> Result<(bool, bool)> {
    let mut hashed = Hashed { inner: &mut *out, hash: begun(name, size) }.take(size);
    let looks = stream(&mut hashed, search)?;
    if !is_named(name, hashed.into_inner().hash) {
        seen.found.wrong.push(name.to_owned());
    }
    let mut feed = [0];
    out.read_exact(&mut feed).map_err(|e| Fault::machine("git's answer can't be read", e))?;
    Ok(looks)
}

/// Searches all of `from` in parts that overlap, in bounded memory, and reads it to its end. Does it hold the key; does
/// it look like an archive, by its start or its end?
pub(super) fn stream(from: &mut impl Read, search: &Search<'_>) -> Result<(bool, bool)> {
    let broken = |e: std::io::Error| Fault::machine("what git keeps can't be read", e);
    // It grows with what is read: most files are small, and all that it could hold is wiped in the end.
    let mut part = Zeroizing::new(Vec::with_capacity(SMALL));
    let (mut found, mut packed, mut first) = (false, false, true);
    let opens = |bytes: &[u8]| archive::looks_like(bytes).is_some_and(archive::Kind::opens);
    loop {
        let got = fill(from, &mut part).map_err(broken)?;
        if got == 0 {
            return Ok((found, packed || opens(&part)));
        }
        found |= search.form_in(&part).is_some();
        packed |= first && opens(&part) || search.signs(&part).next().is_some();
        first = false;
        let old = part.len().saturating_sub(OVERLAP);
        part.drain(..old);
    }
}

/// Appends the next piece. What is read may be the key: memory it grows out of is wiped.
fn fill(from: &mut impl Read, part: &mut Zeroizing<Vec<u8>>) -> std::io::Result<usize> {
    let start = part.len();
    while part.len() - start < PIECE {
        let (held, room) = (part.len(), part.capacity() - part.len());
        if room == 0 {
            let mut larger = Zeroizing::new(Vec::with_capacity((2 * part.capacity()).min(PIECE + OVERLAP)));
            larger.extend_from_slice(part);
            *part = larger;
            continue;
        }
        let wanted = room.min(PIECE - (held - start)) as u64;
        if from.take(wanted).read_to_end(part)? == 0 {
            break;
        }
    }
    Ok(part.len() - start)
}

#[cfg(test)]
mod tests {
    use super::super::super::needle::Needles;
    use super::*;

    fn key() -> String {
        format!("sk-{}-{}", "proj", "Qz7_xW9".repeat(6))
    }

    #[test]
    fn each_object_is_searched_and_none_with_its_neighbour() {
        let key = key();
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        let search = needles.search();
        let id = |n: u8| format!("{n:040x}");
        let (head, tail) = key.split_at(20);
        let text = format!(
            "{} blob {}\nk={key}\n{} blob 20\n{head}\n{} tree {}\n{tail}\n{} missing\n",
            id(1),
            key.len() + 2,
            id(2),
            id(3),
            tail.len(),
            id(4)
        );
        let mut seen = Seen::default();
        let mut found = Found::default();
        let mut full = |piece: Piece, _| {
            found = std::mem::take(&mut found).and(piece.search(&search, &|| false));
            Ok(())
        };
        read(text.as_bytes(), &search, &mut seen, &mut full).unwrap();
        assert_eq!(found.dirty, [format!("blob {}", id(1))]);
        // The ids are made up.
        assert_eq!(found.wrong.len(), 3);
        assert_eq!(seen.found.dirty, [format!("{} (can't be read)", id(4))]);
        assert_eq!(seen.ids.len(), 3);
        assert!(read(&b"0 blob 5\nab"[..], &search, &mut seen, &mut |_, _| Ok(())).is_err());
    }

    #[test]
    fn an_archive_is_unpacked_although_nothing_in_it_is_plain() {
        let key = key();
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        let search = needles.search();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gzip, format!("k={key}\n").repeat(3).as_bytes()).unwrap();
        let packed = gzip.finish().unwrap();
        assert_eq!(search.form_in(&packed), None);
        let id = format!("{:040x}", 5);
        let text = [format!("{id} blob {}\n", packed.len()).as_bytes(), &packed, b"\n"].concat();
        let mut found = Found::default();
        let mut full = |piece: Piece, _| {
            found = std::mem::take(&mut found).and(piece.search(&search, &|| false));
            Ok(())
        };
        read(&text[..], &search, &mut Seen::default(), &mut full).unwrap();
        assert_eq!(found.dirty, [format!("blob {id}")]);
        assert_eq!(stream(&mut &packed[..], &search).unwrap(), (false, true));
    }

    #[test]
    fn what_is_not_what_its_id_says_is_told() {
        let key = key();
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        let search = needles.search();
        // `git hash-object` of `hello\n`.
        let id = "ce013625030ba8dba906f756967f9e9ca394464a";
        let told = |body: &str| {
            let mut found = Found::default();
            let text = format!("{id} blob {}\n{body}\n", body.len());
            read(text.as_bytes(), &search, &mut Seen::default(), &mut |piece, _| {
                found = piece.search(&search, &|| false);
                Ok(())
            })
            .unwrap();
            found.wrong
        };
        assert!(told("hello\n").is_empty());
        assert_eq!(told("hallo\n"), [format!("blob {id}")]);
        let mut seen = Seen::default();
        let name = format!("blob {id}");
        large(&mut &b"hello\n\n"[..], &name, 6, &search, &mut seen).unwrap();
        assert!(seen.found.wrong.is_empty());
        large(&mut &b"hallo\n\n"[..], &name, 6, &search, &mut seen).unwrap();
        assert_eq!(seen.found.wrong, [name]);
    }

    #[test]
    fn a_key_on_the_edge_of_two_parts_is_seen() {
        let key = key();
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        let search = needles.search();
        let mut text = vec![b'x'; PIECE - 9];
        text.extend_from_slice(key.as_bytes());
        text.extend(vec![b'y'; PIECE]);
        assert_eq!(stream(&mut &text[..], &search).unwrap(), (true, false));
        text[PIECE] = b' ';
        assert_eq!(stream(&mut &text[..], &search).unwrap(), (false, false));
    }
}
