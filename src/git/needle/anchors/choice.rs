//! Which pieces of a spelling are looked for: rare ones, apart from each other, out of one window of the key.
//!
//! Must not know: how they are found.

use super::super::forms::{Form, Kind, Of, core_start};
use super::writing::Writing;
use super::{ANCHOR, WINDOW};

/// Between the two anchors of a text that may be wrapped: one line break can't fall into both, nor the next one when
/// lines have 16 characters or more.
const APART: std::ops::RangeInclusive<usize> = 4..=12;

/// A piece with a byte that escapes touch costs at least this, any other less.
const TOUCHED: u32 = 600;

/// The first byte of the stretch of a key that its anchors are taken from: where its text has two rare anchors.
pub(super) fn window(forms: &[Form], key: usize) -> usize {
    let Some(form) = forms.iter().find(|f| f.key == key && f.kind == Kind::Text) else { return 0 };
    let text = Writing::of(form, |byte, out| out.push(byte));
    let last = form.bytes.saturating_sub(WINDOW);
    (0..=last).min_by_key(|w| text.pair(form, *w).map_or(u32::MAX, |(_, _, cost)| cost)).unwrap_or(0)
}

impl Writing {
    /// One or two anchors: the piece, the symbol it starts in, and how many bytes of that symbol come before it.
    pub(super) fn pick(&self, form: &Form, window: usize) -> Vec<([u8; ANCHOR], usize, usize)> {
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
