//! What is really looked for: pieces of four bytes, one or two for each way to write a key, rare ones where there is a
//! choice. All are found in one pass; each then is read on from, forth and back.
//!
//! The automaton copies its patterns and can't be zeroed. So all pieces of one key come from one stretch of [`WINDOW`]
//! bytes of it: no more of the key than that is left in memory.
//!
//! Must not know: what is done with a hit.

use std::collections::BTreeMap;

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, Span};
use zeroize::Zeroizing;

use super::forms::{Form, Kind, Of, core_start};
use super::signs;
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};

/// Bytes of an anchor.
pub(in crate::git) const ANCHOR: usize = 4;
/// Bytes of a key that anchors are taken from.
const WINDOW: usize = 10;
/// A vector search takes so many patterns at once.
const PACKED: usize = if cfg!(target_arch = "x86_64") { 64 } else { 48 };
/// In [`Spot::form`]: no form, but a sign of something packed.
pub(super) const SIGN: usize = usize::MAX;
/// So many vector searches are still faster than one automaton.
const SEARCHERS: usize = 5;
/// Between the two anchors of a text that may be wrapped: one line break can't fall into both, nor the next one when
/// lines have 16 characters or more.
const APART: std::ops::RangeInclusive<usize> = 4..=12;

/// A piece with a byte that escapes touch costs at least this, any other less.
const TOUCHED: u32 = 600;

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

enum Finder {
    Packed(Vec<packed::Searcher>),
    Automaton(AhoCorasick),
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

impl Finder {
    /// All patterns are of one length and differ, so only one can match at a place.
    fn new(pieces: &BTreeMap<[u8; ANCHOR], Vec<Spot>>) -> Result<Self> {
        let pieces: Zeroizing<Vec<[u8; ANCHOR]>> = Zeroizing::new(pieces.keys().copied().collect());
        if pieces.len() <= PACKED * SEARCHERS {
            let packed = |part: &[[u8; ANCHOR]]| packed::Config::new().builder().extend(part).build();
            if let Some(searchers) = pieces.chunks(PACKED).map(packed).collect() {
                return Ok(Self::Packed(searchers));
            }
        }
        AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::LeftmostFirst)
            .build(pieces.iter())
            .map(Self::Automaton)
            .map_err(|e| Fault::new(FaultKind::Input, "so many keys can't be searched for at once", e.to_string()))
    }

    /// Where searcher `n` finds something at or after `from`, and which of its patterns.
    fn next(&self, n: usize, hay: &[u8], from: usize) -> Option<(usize, usize)> {
        if from >= hay.len() {
            return None;
        }
        let span = Span { start: from, end: hay.len() };
        let found = match self {
            Self::Packed(searchers) => searchers.get(n)?.find_in(hay, span)?,
            Self::Automaton(finder) => finder.find(aho_corasick::Input::new(hay).span(span))?,
        };
        Some((found.start(), found.pattern().as_usize()))
    }
}

/// The first byte of the stretch of a key that its anchors are taken from: where its text has two rare anchors.
fn window(forms: &[Form], key: usize) -> usize {
    let Some(form) = forms.iter().find(|f| f.key == key && f.kind == Kind::Text) else { return 0 };
    let text = Writing::of(form, |byte, out| out.push(byte));
    let last = form.bytes.saturating_sub(WINDOW);
    (0..=last).min_by_key(|w| text.pair(form, *w).map_or(u32::MAX, |(_, _, cost)| cost)).unwrap_or(0)
}

/// A form spelled out in one way.
struct Writing {
    bytes: Zeroizing<Vec<u8>>,
    /// Bytes of one symbol.
    unit: usize,
    /// Each symbol stands for itself: one anchor, which is one symbol, is enough.
    alone: bool,
    /// Upper-case digits as well.
    any_case: bool,
}

/// Each way to spell a form that has anchors of its own. Ways that escape a few characters only share those of another.
fn writings(form: &Form) -> Vec<Writing> {
    let each = |hex: fn(u8) -> String| Writing::of(form, move |b, out| out.extend_from_slice(hex(b).as_bytes()));
    match form.kind {
        Kind::Text => vec![
            Writing::of(form, |b, out| out.push(b)),
            each(|b| format!("%{b:02x}")),
            each(|b| format!("%{b:02X}")),
            each(|b| format!("\\u{b:04x}")),
            each(|b| format!("\\u{b:04X}")),
            each(|b| format!("\\x{b:02x}")),
            each(|b| format!("\\x{b:02X}")),
            Writing { alone: true, ..each(|b| format!("\\{b:03o}")) },
        ],
        Kind::Dump => vec![
            Writing { any_case: true, ..each(|b| format!("{b:02x} ")) },
            Writing { any_case: true, ..each(|b| format!("{b:02x}:")) },
            Writing { any_case: true, alone: true, ..each(|b| format!("0x{b:02x}")) },
        ],
        Kind::Hex => vec![Writing::of(form, |b, out| out.push(b)), each(|b| char::from(b).to_ascii_uppercase().into())],
        Kind::Utf16 { little } => {
            let mut bytes = Zeroizing::new(Vec::with_capacity(2 * form.symbols.len()));
            for symbol in form.symbols.iter() {
                bytes.extend_from_slice(&if little { symbol.to_le_bytes() } else { symbol.to_be_bytes() });
            }
            vec![Writing { bytes, unit: 2, alone: false, any_case: false }]
        }
        Kind::Base64 { .. } => {
            let url = |b: u8, out: &mut Vec<u8>| {
                out.push(match b {
                    b'+' => b'-',
                    b'/' => b'_',
                    other => other,
                });
            };
            vec![Writing::of(form, |b, out| out.push(b)), Writing::of(form, url)]
        }
    }
}

impl Writing {
    fn of(form: &Form, write: impl Fn(u8, &mut Vec<u8>)) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(6 * form.symbols.len()));
        for symbol in form.symbols.iter() {
            write(symbol.to_le_bytes()[0], &mut bytes);
        }
        let unit = bytes.len() / form.symbols.len().max(1);
        Self { bytes, unit, alone: false, any_case: false }
    }

    /// One or two anchors: the piece, the symbol it starts in, and how many bytes of that symbol come before it.
    fn pick(&self, form: &Form, window: usize) -> Vec<([u8; ANCHOR], usize, usize)> {
        let ats = match self.pair(form, window) {
            _ if self.alone => {
                let whole = self.range(form, window).filter(|at| at % self.unit == 0);
                whole.min_by_key(|at| self.cost(*at)).into_iter().collect()
            }
            Some((one, other, _)) if form.wraps() => vec![one, other],
            _ => self.range(form, window).min_by_key(|at| self.cost(*at)).into_iter().collect(),
        };
        let piece = |at: usize| self.bytes.get(at..at + ANCHOR)?.try_into().ok();
        ats.into_iter().filter_map(|at| Some((piece(at)?, at / self.unit, at % self.unit))).collect()
    }

    /// The best two places that are well apart.
    fn pair(&self, form: &Form, window: usize) -> Option<(usize, usize, u32)> {
        let range = self.range(form, window);
        let costs: Vec<u32> = range.clone().map(|at| self.cost(at)).collect();
        let pairs = costs.iter().enumerate().flat_map(|(one, a)| {
            let others = costs.iter().enumerate().skip(one + APART.start()).take(APART.count());
            // One very good anchor is worth more than two fair ones: it is what no escape touches. Where there is such a
            // one anywhere in the key, it is taken, whatever the other is like.
            let cost = move |b: &u32| 4 * a.min(b) + a.max(b) + if a.min(b) < &TOUCHED { 0 } else { 1 << 16 };
            others.map(move |(other, b)| (range.start + one, range.start + other, cost(b)))
        });
        pairs.min_by_key(|(_, _, cost)| *cost)
    }

    /// Places where an anchor lies wholly in the window.
    fn range(&self, form: &Form, window: usize) -> std::ops::Range<usize> {
        // Characters need not stand for one byte: what is cut is the same share of the whole.
        let units = |byte: usize, count: usize| byte * count / form.bytes.max(1);
        let coded = |(from, to): (usize, usize), skew: usize| {
            let symbol = |byte: usize, up: usize| (8 * (byte + skew) + up) / 6;
            let start = core_start(skew);
            (symbol(from, 5).saturating_sub(start), symbol(to, 0).saturating_sub(start))
        };
        let end = window + WINDOW;
        let (first, last) = match form.kind {
            Kind::Text | Kind::Dump => (window, end),
            Kind::Hex => (2 * window, 2 * end),
            Kind::Utf16 { .. } => {
                let end = units(end, form.symbols.len());
                (end.saturating_sub(WINDOW), end)
            }
            Kind::Base64 { skew, of: Of::Bytes } => coded((window, end), skew),
            Kind::Base64 { skew, of: Of::Wide } => {
                let end = units(end, form.coded.len / 2);
                coded((2 * end.saturating_sub(WINDOW), 2 * end), skew)
            }
            Kind::Base64 { skew, of: Of::Code { skew: inner } } => coded(coded((window, end), inner), skew),
        };
        let last = (self.unit * last).min(self.bytes.len());
        self.unit * first..(last + 1).saturating_sub(ANCHOR)
    }

    /// How common a piece is; only the order counts.
    fn cost(&self, at: usize) -> u32 {
        let Some(piece) = self.bytes.get(at..at + ANCHOR) else { return u32::MAX / 8 };
        let doubles = (1..ANCHOR).filter(|n| piece.get(n - 1) == piece.get(*n)).count();
        piece.iter().map(|b| commonness(*b)).sum::<u32>() + 40 * u32::try_from(doubles).unwrap_or(0)
    }
}

/// By and large, in source code. What escapes may touch is dear in text, so that one anchor serves them all.
fn commonness(byte: u8) -> u32 {
    match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b'l' => 90,
        b'j' | b'q' | b'x' | b'z' | b'J' | b'Q' | b'X' | b'Z' => 25,
        b'a'..=b'z' => 65,
        b'0' | b'1' => 50,
        b'2'..=b'9' | b'A'..=b'Z' => 35,
        b'%' | b'\\' => 20,
        0 => 60,
        b'_' | b'-' | b'.' => TOUCHED,
        _ => 1000,
    }
}
