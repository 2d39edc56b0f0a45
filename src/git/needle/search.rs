//! What stands in a text: which key, where, in which form. From anchor to anchor; nothing is copied.
//!
//! Must not know: what is done with a hit.

use super::anchors::{ANCHOR, SIGN, Spot};
use super::name::name;
use super::{Needles, Sign, walk};

/// So many hits back one is looked for that an anchor may be a part of: as many as forms that look alike.
const NEAR: usize = 8;

/// See [`Needles::search`].
pub(in crate::git) struct Search<'n> {
    pub(super) needles: &'n Needles,
}

impl std::fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Search({} forms)", self.needles.forms.len())
    }
}

/// One key in one form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) struct Hit {
    pub(in crate::git) start: usize,
    pub(in crate::git) end: usize,
    /// `plain`, `base64`, `hex`, …: what a person is told.
    pub(in crate::git) form: &'static str,
    /// Which of the keys.
    pub(in crate::git) key: usize,
    /// Index of the form.
    pub(super) at: usize,
}

impl Search<'_> {
    /// Every hit in `hay`, by place; at one place the longest first. A hit inside another is left out.
    pub(in crate::git) fn hits(&self, hay: &[u8]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for (at, spots) in self.needles.anchors.all(hay, 0) {
            for spot in spots {
                // A key in its plain form has many anchors, and each would lead to the same hit.
                if !hits.iter().rev().take(NEAR).any(|hit| self.is_part(hit, at, *spot)) {
                    hits.extend(self.read(hay, at, *spot));
                }
            }
        }
        hits.sort_unstable_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end), hit.at));
        let mut end = 0;
        hits.retain(|hit| {
            let more = hit.end > end;
            end = end.max(hit.end);
            more
        });
        hits
    }

    /// Any one hit: the cheapest question.
    pub(in crate::git) fn first(&self, hay: &[u8]) -> Option<Hit> {
        self.raw(hay).next()
    }

    /// The name of a form that stands in `hay`.
    pub(in crate::git) fn form_in(&self, hay: &[u8]) -> Option<&'static str> {
        self.first(hay).map(|hit| hit.form)
    }

    /// Where the next anchor stands, at or after `from`. Each hit has one (of [`ANCHOR`] bytes) inside it, so whoever
    /// pieces texts together needs to look at seams for anchors only, and at [`Self::reach`] bytes around one.
    pub(in crate::git) fn anchor(&self, hay: &[u8], from: usize) -> Option<usize> {
        self.needles.anchors.all(hay, from).next().map(|(at, _)| at)
    }

    /// The hits that the anchor at `at` is a part of.
    pub(in crate::git) fn hits_at(&self, hay: &[u8], at: usize) -> Vec<Hit> {
        let here = hay.get(..hay.len().min(at + ANCHOR)).and_then(|head| self.needles.anchors.all(head, at).next());
        let spots = here.map_or(&[][..], |(_, spots)| spots);
        spots.iter().filter_map(|spot| self.read(hay, at, *spot)).collect()
    }

    /// Every place in `hay` where something packed may begin that a search of the bytes can't see through.
    pub(in crate::git) fn signs<'a>(&'a self, hay: &'a [u8]) -> impl Iterator<Item = (usize, Sign)> + 'a {
        let anchors = self.needles.anchors.all(hay, 0);
        let packed = anchors.filter(|(_, spots)| spots.iter().any(|spot| spot.form == SIGN));
        packed.filter_map(|(at, _)| Sign::at(hay, at).map(|sign| (at, sign)))
    }

    /// What [`Self::form_in`] and [`Self::signs`] say, in one pass: the name of a form, and where each sign stands.
    pub(in crate::git) fn form_and_signs(&self, hay: &[u8]) -> (Option<&'static str>, Vec<usize>) {
        let (mut form, mut signs) = (None, Vec::new());
        for (at, spots) in self.needles.anchors.all(hay, 0) {
            for spot in spots {
                if spot.form == SIGN {
                    signs.push(at);
                } else if form.is_none() {
                    form = self.read(hay, at, *spot).map(|hit| hit.form);
                }
            }
        }
        (form, signs)
    }

    /// No hit is longer than this, in bytes: whoever reads in blocks keeps so many, less one, of the block before.
    pub(in crate::git) fn reach(&self) -> usize {
        self.needles.reach
    }

    /// All hits in the order of their anchors; a hit with two anchors comes twice.
    fn raw<'a>(&'a self, hay: &'a [u8]) -> impl Iterator<Item = Hit> + 'a {
        let anchors = self.needles.anchors.all(hay, 0);
        anchors.flat_map(move |(at, spots)| spots.iter().filter_map(move |spot| self.read(hay, at, *spot)))
    }

    /// The hit that has the anchor at `at` as its `spot`.
    fn read(&self, hay: &[u8], at: usize, spot: Spot) -> Option<Hit> {
        let form = self.needles.forms.get(spot.form)?;
        let (start, end) = walk::whole(form, hay, at.checked_sub(spot.before)?, spot.symbol)?;
        let found = hay.get(start..end)?;
        Some(Hit { start, end, form: name(form, found), key: form.key, at: spot.form })
    }

    /// Whether the anchor at `at`, as its `spot`, is a part of `hit`: of one that has a byte for each symbol, so that each
    /// byte's symbol is known.
    fn is_part(&self, hit: &Hit, at: usize, spot: Spot) -> bool {
        let symbols = self.needles.forms.get(hit.at).map_or(0, |form| form.symbols.len());
        hit.at == spot.form && hit.end - hit.start == symbols && at == hit.start + spot.symbol + spot.before
    }
}
