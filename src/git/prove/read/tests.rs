//! What git can write into a pipe, sound and unsound, and how it comes out of it.
//!
//! Must not know: how a piece is searched.

use super::super::piece::PIECE;
use super::super::stream::Looks;
use super::*;
use crate::git::needle::Needles;

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
