//! Many objects as git wrote them, one after the other, in one stretch of memory: one search over them all costs less
//! than many small ones. Only a piece with a hit is looked at object by object. What looks like an archive is unpacked,
//! hit or none.
//!
//! Must not know: where they come from.

use std::io::Read;
use std::ops::Range;

use git2::{ObjectType, Oid};
use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use super::super::archive;
use super::super::needle::Search;

/// Bytes searched at once: what stays close to the core while it is hashed and searched.
pub(super) const PIECE: usize = 1 << 20;

/// An object as git names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) kind: ObjectType,
    pub(super) id: Oid,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

impl Name {
    /// Begins the hash of this object, which has `size` bytes.
    pub(super) fn begun(self, size: u64) -> Sha1 {
        Sha1::new().chain_update(format!("{} {size}\0", self.kind))
    }

    /// Whether an object with this hash is rightly named.
    pub(super) fn is(self, hash: Sha1) -> bool {
        self.id.as_bytes() == &hash.finalize()[..]
    }
}

/// Objects as `kind id`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// They hold the key.
    pub(super) dirty: Vec<String>,
    /// Nobody knows what they hold.
    pub(super) unread: Vec<String>,
    /// Their content is another than their ids say.
    pub(super) wrong: Vec<String>,
}

impl Found {
    pub(super) fn and(mut self, more: Self) -> Self {
        self.dirty.extend(more.dirty);
        self.unread.extend(more.unread);
        self.wrong.extend(more.wrong);
        self
    }
}

/// Memory that git's answer is read into, again and again. Wiped at the end.
pub(super) struct Piece {
    bytes: Zeroizing<Vec<u8>>,
    /// So many of them are filled, of those that are to be.
    len: usize,
    wanted: usize,
    objects: Vec<(Name, Range<usize>)>,
}

impl Default for Piece {
    fn default() -> Self {
        Self { bytes: Zeroizing::new(vec![0; PIECE]), len: 0, wanted: PIECE, objects: Vec::new() }
    }
}

impl Piece {
    /// Forgets what it held and begins with `start`, the first of `wanted` bytes that must fit.
    pub(super) fn begin(&mut self, start: &[u8], wanted: usize) {
        self.objects.clear();
        self.wanted = wanted.max(PIECE).max(start.len());
        if self.bytes.len() < self.wanted {
            self.bytes = Zeroizing::new(vec![0; self.wanted]);
        }
        self.bytes.get_mut(..start.len()).unwrap_or_default().copy_from_slice(start);
        self.len = start.len();
    }

    /// Reads until it is full; false when `out` ended before.
    pub(super) fn fill(&mut self, out: &mut impl Read) -> std::io::Result<bool> {
        while self.len < self.wanted {
            match out.read(self.bytes.get_mut(self.len..self.wanted).unwrap_or_default()) {
                Ok(0) => return Ok(false),
                Ok(more) => self.len += more,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// What is filled, from `from` on.
    pub(super) fn held(&self, from: usize) -> &[u8] {
        self.bytes.get(from..self.len).unwrap_or_default()
    }

    /// An object lies wholly in it, with its content at `at`.
    pub(super) fn has(&mut self, name: Name, at: Range<usize>) {
        self.objects.push((name, at));
    }

    /// Which objects in it hold the key, and which are not what their ids say. Once `stop` is true what is packed counts
    /// as clean: ask it afterwards.
    pub(super) fn search(&self, search: &Search<'_>, stop: &(dyn Fn() -> bool + Sync)) -> Found {
        // Objects stand apart by git's heads. A hit across two of them is none, and the second look says so.
        let (hit, signs) = search.form_and_signs(self.held(0));
        let packed = |at: &Range<usize>, object: &[u8]| {
            let sign = signs.get(signs.partition_point(|sign| *sign < at.start)).is_some_and(|sign| *sign < at.end);
            (sign || archive::looks_like(object).is_some()) && archive::holds(search, object, stop)
        };
        let mut found = Found::default();
        for (name, at) in &self.objects {
            let object = self.bytes.get(at.clone()).unwrap_or_default();
            if hit.is_some() && search.form_in(object).is_some() || packed(at, object) {
                found.dirty.push(name.to_string());
            }
            if !name.is(name.begun(object.len() as u64).chain_update(object)) {
                found.wrong.push(name.to_string());
            }
        }
        found
    }
}
