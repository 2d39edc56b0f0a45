//! Looking for keys, and putting something else in their place. Find, rewrite, prove and clean all use this one search.
//!
//! How it works: `forms` says in which rows of symbols a key travels, `units` how a symbol may be written, `anchors` finds
//! four-byte pieces of them all in one pass, `walk` reads on from a piece to the whole, `put` writes the placeholder in
//! the same form. A text without any anchor holds no key: that is what makes it fast.
//!
//! Must not know: repositories.

mod anchors;
mod clean;
mod forms;
mod put;
mod signs;
mod stream;
mod units;
mod walk;

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
pub(super) use anchors::ANCHOR;
use anchors::{Anchors, SIGN};
pub(super) use clean::{Cleaned, Pieces, binary_stream};
use forms::{Form, Kind, Of, PLACEHOLDER};
pub(super) use signs::Sign;

/// A replacement that makes the key appear anew (its end meets the next bytes) is repeated at most this often.
const ROUNDS: usize = 16;
/// So many hits back one is looked for that an anchor may be a part of: as many as forms that look alike.
const NEAR: usize = 8;
/// As bytes, and as letters within other text.
const LINE_ENDS: [&[u8]; 4] = [b"\\r\\n", b"\\n", b"\r\n", b"\n"];

/// All forms of one or many keys. Zeroed on drop, but for the anchors (see `anchors`).
pub(super) struct Needles {
    forms: Vec<Form>,
    anchors: Anchors,
    reach: usize,
}

impl std::fmt::Debug for Needles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Needles({} forms)", self.forms.len())
    }
}

impl Needles {
    /// Refuses a key that is too short, and one that is a part of the text that would take its place.
    pub(super) fn new(keys: &[&[u8]]) -> Result<Self> {
        let forms = forms::all(keys)?;
        let needles =
            Self { anchors: Anchors::new(&forms)?, reach: forms.iter().map(walk::longest).max().unwrap_or(0), forms };
        let search = needles.search();
        let echo = |text: &[u8]| search.first(text).is_some();
        let narrow = |form: &Form| -> Vec<u8> { form.same.iter().map(|c| c.to_le_bytes()[0]).collect() };
        if echo(PLACEHOLDER.as_bytes()) || needles.forms.iter().any(|form| echo(&narrow(form))) {
            return Err(Fault::input(
                "this value can't be purged",
                format!("it is a part of {PLACEHOLDER}, the text that would take its place"),
            )
            .hint("check that you gave the leaked key, not a placeholder"));
        }
        Ok(needles)
    }

    /// A search that borrows the keys' bytes; nothing is copied.
    pub(super) fn search(&self) -> Search<'_> {
        Search { needles: self }
    }
}

/// See [`Needles::search`].
pub(super) struct Search<'n> {
    needles: &'n Needles,
}

impl std::fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Search({} forms)", self.needles.forms.len())
    }
}

/// One key in one form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    /// `plain`, `base64`, `hex`, …: what a person is told.
    pub(super) form: &'static str,
    /// Which of the keys.
    pub(super) key: usize,
    /// Index of the form.
    at: usize,
}

impl Search<'_> {
    /// Every hit in `hay`, by place; at one place the longest first. A hit inside another is left out.
    pub(super) fn hits(&self, hay: &[u8]) -> Vec<Hit> {
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

    /// Whether the anchor at `at`, as its `spot`, is a part of `hit`: of one that has a byte for each symbol, so that each
    /// byte's symbol is known.
    fn is_part(&self, hit: &Hit, at: usize, spot: anchors::Spot) -> bool {
        let symbols = self.needles.forms.get(hit.at).map_or(0, |form| form.symbols.len());
        hit.at == spot.form && hit.end - hit.start == symbols && at == hit.start + spot.symbol + spot.before
    }

    /// Any one hit: the cheapest question.
    pub(super) fn first(&self, hay: &[u8]) -> Option<Hit> {
        self.raw(hay).next()
    }

    /// The name of a form that stands in `hay`.
    pub(super) fn form_in(&self, hay: &[u8]) -> Option<&'static str> {
        self.first(hay).map(|hit| hit.form)
    }

    /// Where the next anchor stands, at or after `from`. Each hit has one (of [`ANCHOR`] bytes) inside it, so whoever
    /// pieces texts together needs to look at seams for anchors only, and at [`Self::reach`] bytes around one.
    pub(super) fn anchor(&self, hay: &[u8], from: usize) -> Option<usize> {
        self.needles.anchors.all(hay, from).next().map(|(at, _)| at)
    }

    /// The hits that the anchor at `at` is a part of.
    pub(super) fn hits_at(&self, hay: &[u8], at: usize) -> Vec<Hit> {
        let here = hay.get(..hay.len().min(at + ANCHOR)).and_then(|head| self.needles.anchors.all(head, at).next());
        let spots = here.map_or(&[][..], |(_, spots)| spots);
        spots.iter().filter_map(|spot| self.read(hay, at, *spot)).collect()
    }

    /// Every place in `hay` where something packed may begin that a search of the bytes can't see through.
    pub(super) fn signs<'a>(&'a self, hay: &'a [u8]) -> impl Iterator<Item = (usize, Sign)> + 'a {
        let anchors = self.needles.anchors.all(hay, 0);
        let packed = anchors.filter(|(_, spots)| spots.iter().any(|spot| spot.form == SIGN));
        packed.filter_map(|(at, _)| Sign::at(hay, at).map(|sign| (at, sign)))
    }

    /// What [`Self::form_in`] and [`Self::signs`] say, in one pass: the name of a form, and where each sign stands.
    pub(super) fn form_and_signs(&self, hay: &[u8]) -> (Option<&'static str>, Vec<usize>) {
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
    pub(super) fn reach(&self) -> usize {
        self.needles.reach
    }

    /// All hits in the order of their anchors; a hit with two anchors comes twice.
    fn raw<'a>(&'a self, hay: &'a [u8]) -> impl Iterator<Item = Hit> + 'a {
        let anchors = self.needles.anchors.all(hay, 0);
        anchors.flat_map(move |(at, spots)| spots.iter().filter_map(move |spot| self.read(hay, at, *spot)))
    }

    /// The hit that has the anchor at `at` as its `spot`.
    fn read(&self, hay: &[u8], at: usize, spot: anchors::Spot) -> Option<Hit> {
        let form = self.needles.forms.get(spot.form)?;
        let (start, end) = walk::whole(form, hay, at.checked_sub(spot.before)?, spot.symbol)?;
        let found = hay.get(start..end)?;
        Some(Hit { start, end, form: name(form, found), key: form.key, at: spot.form })
    }

    /// `hay` with each hit replaced; `None` when there is none. `fit`: keep every length.
    pub(super) fn replace(&self, hay: &[u8], fit: bool) -> Result<Option<Vec<u8>>> {
        let Some(mut clean) = self.once(hay, &|hit, found| self.substitute(hit, found, fit)) else { return Ok(None) };
        for _ in 0..ROUNDS {
            match self.once(&clean, &|hit, found| self.substitute(hit, found, fit)) {
                Some(next) => clean = next,
                None => return Ok(Some(clean)),
            }
        }
        Err(Fault::new(
            FaultKind::Internal,
            "the key could not be taken out of a text",
            "each replacement made it appear again",
        )
        .hint("this key can't be purged by this program; use `git filter-repo --replace-text`"))
    }

    /// The replacement for content of a file: keeps every length when the content is not text.
    pub(super) fn replace_content(&self, hay: &[u8]) -> Result<Option<Vec<u8>>> {
        self.replace(hay, binary(hay))
    }

    /// Bytes as text a person may see: every form masked.
    pub(super) fn text(&self, bytes: &[u8]) -> String {
        let mask = |_: &Hit, _: &[u8]| b"[leaked]".to_vec();
        let mut seen = self.once(bytes, &mask).unwrap_or_else(|| bytes.to_vec());
        for _ in 0..ROUNDS {
            let Some(next) = self.once(&seen, &mask) else { return String::from_utf8_lossy(&seen).into_owned() };
            seen = next;
        }
        "[hidden]".into()
    }

    /// `fault` with every form masked.
    pub(super) fn fault(&self, fault: &Fault) -> Fault {
        Fault {
            kind: fault.kind,
            what: self.text(fault.what.as_bytes()),
            why: self.text(fault.why.as_bytes()),
            hints: fault.hints.iter().map(|hint| self.text(hint.as_bytes())).collect(),
        }
    }

    fn substitute(&self, hit: &Hit, found: &[u8], fit: bool) -> Vec<u8> {
        self.needles.forms.get(hit.at).map_or_else(Vec::new, |form| put::substitute(form, found, fit))
    }

    fn once(&self, hay: &[u8], put: &dyn Fn(&Hit, &[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
        let hits = self.hits(hay);
        if hits.is_empty() {
            return None;
        }
        let mut clean = Vec::with_capacity(hay.len());
        let mut at = 0;
        for hit in &hits {
            let found = hay.get(hit.start..hit.end).unwrap_or_default();
            if hit.start < at {
                // Two keys share bytes. The rest of the second goes too, symbol for symbol where lengths matter.
                let fresh = self.substitute(hit, found, true);
                clean.extend_from_slice(fresh.get(at - hit.start..).unwrap_or_default());
            } else {
                clean.extend_from_slice(hay.get(at..hit.start).unwrap_or_default());
                self.smooth(&mut clean, hit);
                clean.extend_from_slice(&put(hit, found));
            }
            at = hit.end;
            // The character after it may hold bits of the key.
            let form = self.needles.forms.get(hit.at)?;
            let rest = hay.get(at..).unwrap_or_default();
            let line_end = LINE_ENDS.iter().find(|end| rest.starts_with(end)).map_or(0, |end| end.len());
            if let Some(fresh) = hay.get(at + line_end).and_then(|c| put::edge(form, *c, false)) {
                clean.extend_from_slice(hay.get(at..at + line_end).unwrap_or_default());
                clean.push(fresh);
                at += line_end + 1;
            }
        }
        clean.extend_from_slice(hay.get(at..).unwrap_or_default());
        Some(clean)
    }

    /// The character before a hit may hold bits of the key.
    fn smooth(&self, clean: &mut [u8], hit: &Hit) {
        let line_end = LINE_ENDS.iter().find(|end| clean.ends_with(end)).map_or(0, |end| end.len());
        let last = clean.len().checked_sub(line_end + 1).and_then(|i| clean.get_mut(i));
        if let (Some(form), Some(last)) = (self.needles.forms.get(hit.at), last)
            && let Some(fresh) = put::edge(form, *last, true)
        {
            *last = fresh;
        }
    }
}

/// Whether content is other than text. Git's own way to tell is a NUL, too, but UTF-16 is text.
pub(super) fn binary(hay: &[u8]) -> bool {
    memchr::memchr(0, hay).is_some() && !utf16(hay)
}

/// All of it is UTF-16 without control characters, most of it from the first page.
fn utf16(hay: &[u8]) -> bool {
    let (pairs, []) = hay.as_chunks::<2>() else { return false };
    let text = |unit: fn([u8; 2]) -> u16| {
        let units = || pairs.iter().map(|pair| unit(*pair));
        let low = units().filter(|u| *u < 0x100).count();
        2 * low > pairs.len() && units().all(|u| u >= 0x20 || matches!(u, 9 | 10 | 13))
    };
    text(u16::from_le_bytes) || text(u16::from_be_bytes)
}

/// What a person is told.
fn name(form: &Form, found: &[u8]) -> &'static str {
    match form.kind {
        Kind::Utf16 { little: true } => "utf-16le",
        Kind::Utf16 { little: false } => "utf-16be",
        Kind::Hex => "hex",
        Kind::Dump => "hex, byte by byte",
        Kind::Base64 { of: Of::Wide, .. } => "base64 of utf-16le",
        Kind::Base64 { of: Of::Code { .. }, .. } => "base64 of base64",
        Kind::Base64 { .. } if found.iter().any(|b| matches!(b, b'-' | b'_')) => "base64url",
        Kind::Base64 { .. } => "base64",
        Kind::Text => text_name(form, found),
    }
}

fn text_name(form: &Form, found: &[u8]) -> &'static str {
    if found.len() == form.bytes {
        return "plain";
    }
    let more =
        |of: u8| memchr::memchr_iter(of, found).count() > form.symbols.iter().filter(|s| **s == u16::from(of)).count();
    let has = |what: &[u8]| memchr::memmem::find(found, what).is_some();
    if more(b'%') {
        "percent-encoded"
    } else if more(b'&') && has(b";") {
        "html-escaped"
    } else if more(b'\\') && (has(b"\\u") || has(b"\\U")) {
        "unicode-escaped"
    } else if more(b'\\') && has(b"\\x") {
        "hex-escaped"
    } else if found.windows(2).any(|pair| matches!(pair, [b'\\', b'0'..=b'3'])) {
        "octal-escaped"
    } else if more(b'\\') && !has(b"\\\n") && !has(b"\\\r\n") {
        "json-escaped"
    } else if more(b'\n') {
        "line-wrapped"
    } else if more(b'\r') {
        "plain with CRLF"
    } else if more(b'=') {
        "quoted-printable"
    } else {
        "plain, indented or quoted"
    }
}

#[cfg(test)]
mod tests;
