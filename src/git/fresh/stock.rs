//! All new objects, when no more will come: read by many threads, whole or as a stream.
//!
//! Must not know: how they came.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;

use super::Place;
use super::patch::{CHANGE, ID, Patch};
use crate::git::pack::entry::{Id, Kind};
use crate::git::pack::near::Known;

/// All new objects, to be read by many threads.
#[derive(Debug)]
pub(in crate::git) struct Stock {
    pub(super) file: File,
    /// What is on file; `tail` comes after it.
    pub(super) length: u64,
    pub(super) tail: Vec<u8>,
    pub(super) known: HashMap<Id, Place>,
}

impl Stock {
    pub(in crate::git) fn holds(&self, id: &Id) -> bool {
        self.known.contains_key(id)
    }

    /// What a new object is.
    pub(in crate::git) fn kind(&self, id: &Id) -> Option<Kind> {
        self.known.get(id).map(|place| place.kind)
    }

    /// Bytes of a new object; none: it is not one.
    pub(in crate::git) fn size(&self, id: &Id) -> u64 {
        self.known.get(id).map_or(0, |place| place.size as u64)
    }

    /// Kind of a new object that is kept whole, and its bytes as a stream.
    pub(in crate::git) fn flow(&self, id: &Id) -> Option<(Kind, impl Read + '_)> {
        let place = self.known.get(id).filter(|place| place.changes == 0)?;
        let end = if self.held(place).is_some() { place.at } else { place.at + place.size as u64 };
        Some((place.kind, self.held(place).unwrap_or_default().chain(Span { file: &self.file, at: place.at, end })))
    }

    /// Kind and bytes of a new object; `None` when it is not one, or can't be read back. `old` reads an old object.
    pub(in crate::git) fn read(&self, id: &Id, old: &mut dyn FnMut(&Id) -> Option<Known>) -> Option<(Kind, Vec<u8>)> {
        let place = self.known.get(id)?;
        let bytes = if let Some(bytes) = self.held(place) {
            bytes.to_vec()
        } else {
            let mut bytes = vec![0; place.kept()];
            self.file.read_exact_at(&mut bytes, place.at).ok()?;
            bytes
        };
        if place.changes == 0 {
            return Some((place.kind, bytes));
        }
        let patch = Patch::parse(&bytes)?;
        let (_, base) = old(patch.old.as_bytes().first_chunk()?)?;
        (base.len() == place.size).then(|| (place.kind, patch.apply(base.to_vec())))
    }

    /// The bytes there, where they are in memory.
    fn held(&self, place: &Place) -> Option<&[u8]> {
        let at = usize::try_from(place.at.checked_sub(self.length)?).ok()?;
        self.tail.get(at..at + place.kept())
    }
}

struct Span<'f> {
    file: &'f File,
    at: u64,
    end: u64,
}

impl Read for Span<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buf.len());
        let read = self.file.read_at(buf.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        if read == 0 && most > 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(read) }
    }
}

impl Place {
    /// Bytes that are kept of it.
    fn kept(&self) -> usize {
        if self.changes == 0 { self.size } else { ID + self.changes * CHANGE }
    }
}
