//! What is really looked for: pieces of four bytes, one or two for each way to write a key, rare ones where there is a
//! choice. All are found in one pass; each then is read on from, forth and back.
//!
//! `writing` spells a form out, `choice` picks its pieces, `finder` finds them all.
//!
//! The automaton copies its patterns and can't be zeroed. So all pieces of one key come from one stretch of [`WINDOW`]
//! bytes of it: no more of the key than that is left in memory.
//!
//! Must not know: what is done with a hit.

mod choice;
mod finder;
mod writing;

use std::collections::BTreeMap;

use super::forms::Form;
use super::signs;
use crate::base::fault::Result;
use choice::window;
use finder::{Finder, PACKED, SEARCHERS};
use writing::writings;

/// Bytes of an anchor.
pub(in crate::git) const ANCHOR: usize = 4;
/// Bytes of a key that anchors are taken from.
const WINDOW: usize = 10;
/// In [`Spot::form`]: no form, but a sign of something packed.
pub(super) const SIGN: usize = usize::MAX;

/// Where an anchor stands in a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) form: usize,
    /// The number of a symbol.
    pub(super) symbol: usize,
    /// The writing of that symbol starts so many bytes before the anchor.
    pub(super) before: usize,
}

pub(super) struct Anchors {
    finder: Finder,
    /// For each pattern.
    spots: Vec<Vec<Spot>>,
}

impl Anchors {
    pub(super) fn new(forms: &[Form]) -> Result<Self> {
        let mut pieces: BTreeMap<[u8; ANCHOR], Vec<Spot>> = BTreeMap::new();
        for (piece, _) in signs::ALL {
            pieces.insert(piece, vec![Spot { form: SIGN, symbol: 0, before: 0 }]);
        }
        for (n, form) in forms.iter().enumerate() {
            let window = window(forms, form.key);
            for writing in writings(form) {
                for (piece, symbol, before) in writing.pick(form, window) {
                    let spot = Spot { form: n, symbol, before };
                    let upper = piece.map(|b| if writing.any_case && b != b'x' { b.to_ascii_uppercase() } else { b });
                    for piece in [piece, upper] {
                        let spots = pieces.entry(piece).or_default();
                        if !spots.contains(&spot) {
                            spots.push(spot);
                        }
                    }
                }
            }
        }
        let finder = Finder::new(&pieces)?;
        Ok(Self { finder, spots: pieces.into_values().collect() })
    }

    /// How often a text is read for all of them.
    #[cfg(test)]
    pub(super) fn searchers(&self) -> usize {
        match &self.finder {
            Finder::Packed(searchers) => searchers.len(),
            Finder::Automaton(_) => 1,
        }
    }

    /// Each anchor in `hay` at or after `from`, by place: where it stands, and what it may belong to.
    pub(super) fn all<'a>(&'a self, hay: &'a [u8], from: usize) -> impl Iterator<Item = (usize, &'a [Spot])> + 'a {
        // Where each searcher found its next, and which; searched anew only when it was given out.
        let mut found = [None; SEARCHERS];
        let searchers = match &self.finder {
            Finder::Packed(searchers) => searchers.len(),
            Finder::Automaton(_) => 1,
        };
        for (n, slot) in found.iter_mut().enumerate().take(searchers) {
            *slot = self.finder.next(n, hay, from);
        }
        std::iter::from_fn(move || {
            let (n, (at, pattern)) = if searchers == 1 {
                (0, found.first().copied().flatten()?)
            } else {
                let open = found.iter().enumerate().filter_map(|(n, slot)| slot.map(|slot| (n, slot)));
                open.min_by_key(|(_, (at, _))| *at)?
            };
            if let Some(slot) = found.get_mut(n) {
                *slot = self.finder.next(n, hay, at + 1);
            }
            Some((at, self.spots.get(n * PACKED + pattern).map_or(&[][..], Vec::as_slice)))
        })
    }
}
