//! Reads what git writes into a pipe, object by object, in pieces that are searched elsewhere.
//!
//! Must not know: which git wrote it.

use std::collections::HashSet;
use std::io::Read;

use git2::{ObjectType, Oid};

use super::super::needle::Search;
use super::super::raw;
use super::piece::{Found, Name, Piece};
use super::stream;
use crate::base::Fault;
use crate::base::fault::Result;

/// An object above this is searched in parts that overlap.
const LARGE: u64 = 16 << 20;
/// No head is longer.
const HEAD: usize = 128;

/// Every object that came out of the pipe.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) ids: HashSet<Oid>,
    pub(super) found: Found,
    /// Too large to be held beside others, and they look like archives: to be read once more, one at a time. With their
    /// sizes.
    pub(super) packed: Vec<(Oid, u64)>,
}

/// Where pieces come from and go to.
pub(super) trait Pieces {
    fn empty(&mut self) -> Result<Piece>;
    /// The last object in it is the one numbered `count`.
    fn full(&mut self, piece: Piece, count: u64) -> Result<()>;
}

/// What git says before an object's content.
enum Head<'a> {
    Object(Name, u64),
    Missing(&'a str),
}

impl<'a> Head<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(line).ok()?.split(' ');
        let (id, kind) = (words.next()?, words.next()?);
        let head = match (words.next(), kind) {
            (None, "missing") => Self::Missing(id),
            (Some(size), kind) => {
                let kind = match kind {
                    "blob" => ObjectType::Blob,
                    "tree" => ObjectType::Tree,
                    "commit" => ObjectType::Commit,
                    "tag" => ObjectType::Tag,
                    _ => return None,
                };
                let name = Name { kind, id: raw::oid(id.as_bytes())? };
                Self::Object(name, size.parse().ok()?)
            }
            _ => return None,
        };
        words.next().is_none().then_some(head)
    }
}

/// Where the first object begins that does not lie wholly in a piece.
enum Open {
    /// At its head; with the bytes it needs from there on, as far as they are known.
    At(usize, usize),
    /// At its content: it is too large to be held.
    Large(usize, Name, u64),
}

/// Reads `<id> <type> <size>\n<bytes>\n` until the pipe ends. Ids are kept in `seen`. An answer `<id> missing` counts as
/// found: what can't be read is not proven.
pub(super) fn read(out: &mut impl Read, search: &Search<'_>, seen: &mut Seen, pieces: &mut impl Pieces) -> Result<()> {
    let mut piece = pieces.empty()?;
    loop {
        let more = piece.fill(out).map_err(|e| Fault::machine("git's answer can't be read", e))?;
        let open = part(&mut piece, seen)?;
        let mut next = None;
        match open {
            Open::Large(from, name, size) => {
                let mut rest = piece.held(from).chain(&mut *out);
                large(&mut rest, name, size, search, seen)?;
                next.insert(pieces.empty()?).begin(rest.into_inner().0, 0);
            }
            Open::At(from, wanted) if more => next.insert(pieces.empty()?).begin(piece.held(from), wanted),
            Open::At(from, _) if !piece.held(from).is_empty() => {
                return Err(Fault::machine("git's answer can't be read", "it ended in the middle of an object"));
            }
            Open::At(..) => {}
        }
        pieces.full(piece, seen.ids.len() as u64)?;
        match next {
            Some(next) => piece = next,
            None => return Ok(()),
        }
    }
}

/// Finds the objects in what was read.
fn part(piece: &mut Piece, seen: &mut Seen) -> Result<Open> {
    let mut from = 0;
    loop {
        let held = piece.held(from);
        let Some(end) = memchr::memchr(b'\n', held.get(..HEAD.min(held.len())).unwrap_or_default()) else {
            return if held.len() < HEAD { Ok(Open::At(from, HEAD)) } else { Err(strange()) };
        };
        let start = from + end + 1;
        match held.get(..end).and_then(Head::of).ok_or_else(strange)? {
            Head::Missing(id) => {
                seen.found.unread.push(id.to_string());
                from = start;
            }
            Head::Object(name, size) => {
                if size > LARGE {
                    return Ok(Open::Large(start, name, size));
                }
                let to = start + usize::try_from(size).map_err(|_| strange())?;
                if from + held.len() <= to {
                    return Ok(Open::At(from, to + 1 - from));
                }
                seen.ids.insert(name.id);
                piece.has(name, start..to);
                from = to + 1;
            }
        }
    }
}

fn strange() -> Fault {
    Fault::machine("git's answer can't be read", "an object's head has an unknown form")
}

/// Searches the next `size` bytes.
fn large(out: &mut impl Read, name: Name, size: u64, search: &Search<'_>, seen: &mut Seen) -> Result<()> {
    seen.ids.insert(name.id);
    let (looks, right) = stream::object(out, name, size, search)?;
    if !right {
        seen.found.wrong.push(name.to_string());
    }
    if looks.found {
        seen.found.dirty.push(name.to_string());
    } else if looks.packed {
        seen.packed.push((name.id, size));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::needle::Needles;
    use super::super::piece::PIECE;
    use super::super::stream::Looks;
    use super::*;

    fn key() -> String {
        format!("sk-{}-{}", "proj", "Qz7_xW9".repeat(6))
    }

    /// Searches each piece at once, and gives its memory out again.
    struct Here<'a> {
        search: &'a Search<'a>,
        spare: Option<Piece>,
        found: Found,
    }

    impl Pieces for Here<'_> {
        fn empty(&mut self) -> Result<Piece> {
            let mut piece = self.spare.take().unwrap_or_default();
            piece.begin(b"", 0);
            Ok(piece)
        }

        fn full(&mut self, piece: Piece, _: u64) -> Result<()> {
            self.found = std::mem::take(&mut self.found).and(piece.search(self.search, &|| false));
            self.spare = Some(piece);
            Ok(())
        }
    }

    /// So many bytes more than can be held.
    fn large(more: usize) -> usize {
        usize::try_from(LARGE).unwrap() + more
    }

    /// What comes as from a pipe: a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let few = self.1.min(to.len());
            to.get_mut(..few).map_or(Ok(0), |to| self.0.read(to))
        }
    }

    fn told(text: &[u8]) -> Result<(Found, Seen)> {
        let key = key();
        let needles = Needles::new(&[key.as_bytes()])?;
        let search = needles.search();
        let mut seen = Seen::default();
        let mut here = Here { search: &search, spare: None, found: Found::default() };
        read(&mut Slow(text, 60_001), &search, &mut seen, &mut here)?;
        Ok((here.found, seen))
    }

    fn written(kind: ObjectType, bytes: &[u8]) -> (Name, Vec<u8>) {
        let name = Name { kind, id: Oid::hash_object(kind, bytes).unwrap() };
        (name, [format!("{} {kind} {}\n", name.id, bytes.len()).as_bytes(), bytes, b"\n"].concat())
    }

    #[test]
    fn each_object_is_searched_and_none_with_its_neighbour() {
        let key = key();
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
        let (found, seen) = told(text.as_bytes()).unwrap();
        assert_eq!(found.dirty, [format!("blob {}", id(1))]);
        // The ids are made up.
        assert_eq!(found.wrong.len(), 3);
        assert_eq!((seen.found.dirty, seen.found.unread), (vec![], vec![id(4)]));
        assert_eq!(seen.ids.len(), 3);
    }

    #[test]
    fn an_answer_that_breaks_off_or_has_another_form_is_no_answer() {
        let (_, whole) = written(ObjectType::Blob, b"hello\n");
        assert!(told(&whole).is_ok());
        for end in 1..whole.len() {
            assert!(told(&whole[..end]).is_err(), "{end} bytes");
        }
        for bad in [&b"0 blob 5\nhello\n"[..], b"blob 5\n", &[b'x'; 2 * HEAD], &[&b"\n"[..], &whole].concat()] {
            assert!(told(bad).is_err());
        }
    }

    #[test]
    fn objects_on_the_edge_of_pieces_are_read_whole() {
        let key = key();
        let mut all = Vec::new();
        let mut names = Vec::new();
        // Around the size of a piece, larger than one, too large for any, and small ones between.
        let sizes = [PIECE - 300, 280, 3 * PIECE, 7, 0, large(5), 9, PIECE - 64, PIECE, 2 * PIECE];
        for (letter, size) in (b'a'..).zip(sizes) {
            let mut bytes = vec![letter; size];
            let dirty = size >= key.len();
            if dirty {
                bytes[size - key.len()..].copy_from_slice(key.as_bytes());
            }
            let (name, written) = written(ObjectType::Blob, &bytes);
            all.extend(written);
            names.push((name, dirty));
        }
        let (found, seen) = told(&all).unwrap();
        let found = found.and(seen.found);
        assert_eq!(seen.ids, names.iter().map(|(name, _)| name.id).collect());
        assert!(found.wrong.is_empty(), "{:?}", found.wrong);
        let dirty: std::collections::BTreeSet<String> = found.dirty.into_iter().collect();
        assert_eq!(dirty, names.iter().filter(|(_, dirty)| *dirty).map(|(name, _)| name.to_string()).collect());
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
        let behind = [&b"#!/bin/sh\n"[..], &packed].concat();
        let (first, one) = written(ObjectType::Blob, &packed);
        let (clean, two) = written(ObjectType::Blob, b"none");
        let (last, three) = written(ObjectType::Blob, &behind);
        let (found, seen) = told(&[one, two, three].concat()).unwrap();
        assert_eq!(found, Found { dirty: vec![first.to_string(), last.to_string()], ..Found::default() });
        assert_eq!(seen.ids, [first.id, clean.id, last.id].into());
        let looks = Looks { found: false, packed: true };
        assert_eq!(stream::all(&mut &packed[..], &search).unwrap(), looks);
        assert_eq!(stream::all(&mut &behind[..], &search).unwrap(), looks);
    }

    #[test]
    fn what_is_not_what_its_id_says_is_told() {
        let (name, _) = written(ObjectType::Blob, b"hello\n");
        let wrong = |body: &str| {
            let (found, _) = told(format!("{} blob {}\n{body}\n", name.id, body.len()).as_bytes()).unwrap();
            found.wrong
        };
        assert!(wrong("hello\n").is_empty());
        assert_eq!(wrong("hallo\n"), [name.to_string()]);
        let (large, mut text) = written(ObjectType::Blob, &vec![b'x'; large(1)]);
        let last = text.len() - 2;
        text[last] = b'y';
        assert_eq!(told(&text).unwrap().1.found.wrong, [large.to_string()]);
    }
}
