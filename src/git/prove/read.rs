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
mod tests;
