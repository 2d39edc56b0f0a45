//! Looking for the key, and putting something else in its place. Find, rewrite, prove and clean all use this one search.
//!
//! Must not know: repositories.

use memchr::memmem;

use super::forms::{self, Form};
use crate::base::Fault;
use crate::base::fault::Result;

/// Characters of a base64 form that are looked for first; a line break may fall into one anchor, not into both.
const ANCHOR: usize = 10;
/// A replacement that makes the key appear anew (its end meets the next bytes) is repeated at most this often.
const ROUNDS: usize = 16;

/// All forms of one key. Zeroed on drop.
#[derive(Debug)]
pub(super) struct Needles(Vec<Form>);

impl Needles {
    pub(super) fn new(key: &[u8]) -> Result<Self> {
        forms::all(key).map(Self)
    }

    /// A search that borrows the key's bytes; nothing is copied.
    pub(super) fn search(&self) -> Search<'_> {
        let mut probes = Vec::new();
        for form in &self.0 {
            if form.wraps {
                for from in [0, ANCHOR] {
                    if let Some(anchor) = form.bytes.get(from..from + ANCHOR) {
                        probes.push(Probe { finder: memmem::Finder::new(anchor), form, from });
                    }
                }
            } else {
                probes.push(Probe { finder: memmem::Finder::new(&form.bytes[..]), form, from: 0 });
            }
        }
        Search { probes }
    }
}

struct Probe<'n> {
    finder: memmem::Finder<'n>,
    form: &'n Form,
    from: usize,
}

/// See [`Needles::search`].
pub(super) struct Search<'n> {
    probes: Vec<Probe<'n>>,
}

impl std::fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Search({} probes)", self.probes.len())
    }
}

struct Hit<'n> {
    start: usize,
    end: usize,
    form: &'n Form,
}

impl<'n> Search<'n> {
    /// The name of a form that stands in `hay`.
    pub(super) fn form_in(&self, hay: &[u8]) -> Option<&'static str> {
        self.probes.iter().find_map(|probe| probe.hits(hay).next().map(|hit| hit.form.name))
    }

    /// `hay` with each hit replaced; `None` when there is none. `fit`: keep every length.
    pub(super) fn replace(&self, hay: &[u8], fit: bool) -> Result<Option<Vec<u8>>> {
        let Some(mut clean) = self.once(hay, &|hit, found| hit.substitute(found, fit)) else { return Ok(None) };
        for _ in 0..ROUNDS {
            match self.once(&clean, &|hit, found| hit.substitute(found, fit)) {
                Some(next) => clean = next,
                None => return Ok(Some(clean)),
            }
        }
        Err(Fault::new(
            crate::base::FaultKind::Internal,
            "the key could not be taken out of a text",
            "each replacement made it appear again",
        )
        .hint("this key can't be purged by this program; use `git filter-repo --replace-text`"))
    }

    /// The replacement for content of a file: keeps every length when the content is not text.
    pub(super) fn replace_content(&self, hay: &[u8]) -> Result<Option<Vec<u8>>> {
        self.replace(hay, memchr::memchr(0, hay).is_some())
    }

    /// Bytes as text a person may see: every form masked.
    pub(super) fn text(&self, bytes: &[u8]) -> String {
        let mask = |_: &Hit<'n>, _: &[u8]| b"[leaked]".to_vec();
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

    fn once(&self, hay: &[u8], put: &dyn Fn(&Hit<'n>, &[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
        let mut hits: Vec<Hit<'n>> = self.probes.iter().flat_map(|probe| probe.hits(hay)).collect();
        if hits.is_empty() {
            return None;
        }
        hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
        let mut clean = Vec::with_capacity(hay.len());
        let mut at = 0;
        for hit in hits {
            if hit.start < at {
                continue;
            }
            clean.extend_from_slice(hay.get(at..hit.start).unwrap_or_default());
            clean.extend_from_slice(&put(&hit, hay.get(hit.start..hit.end).unwrap_or_default()));
            at = hit.end;
        }
        clean.extend_from_slice(hay.get(at..).unwrap_or_default());
        Some(clean)
    }
}

impl<'n> Probe<'n> {
    fn hits<'a>(&'a self, hay: &'a [u8]) -> impl Iterator<Item = Hit<'n>> + 'a {
        let form = self.form;
        self.finder.find_iter(hay).filter_map(move |at| {
            if form.wraps {
                let start = back(hay, at, form.bytes.get(..self.from)?)?;
                let end = forth(hay, at + ANCHOR, form.bytes.get(self.from + ANCHOR..)?)?;
                return Some(Hit { start, end, form });
            }
            Some(Hit { start: at, end: at + form.bytes.len(), form })
        })
    }
}

impl Hit<'_> {
    /// What to write over `found`. A wrapped form keeps its line breaks where they are.
    fn substitute(&self, found: &[u8], fit: bool) -> Vec<u8> {
        if !self.form.wraps {
            return if fit { self.form.same.clone() } else { self.form.short.clone() };
        }
        let mut fresh = self.form.same.iter();
        let mut at = 0;
        let mut out = Vec::with_capacity(found.len());
        while at < found.len() {
            let gap = gap_after(found, at);
            if gap > 0 {
                out.extend_from_slice(found.get(at..at + gap).unwrap_or_default());
                at += gap;
            } else {
                out.extend(fresh.next());
                at += 1;
            }
        }
        out
    }
}

/// Where `want` ends when it stands at `at`, line breaks allowed between its characters.
fn forth(hay: &[u8], mut at: usize, want: &[u8]) -> Option<usize> {
    for byte in want {
        if hay.get(at) != Some(byte) {
            at += gap_after(hay, at);
            if hay.get(at) != Some(byte) {
                return None;
            }
        }
        at += 1;
    }
    Some(at)
}

/// Where `want` starts when it ends before `at`.
fn back(hay: &[u8], mut at: usize, want: &[u8]) -> Option<usize> {
    for byte in want.iter().rev() {
        if at.checked_sub(1).and_then(|i| hay.get(i)) != Some(byte) {
            at -= gap_before(hay, at);
            if at.checked_sub(1).and_then(|i| hay.get(i)) != Some(byte) {
                return None;
            }
        }
        at -= 1;
    }
    Some(at)
}

/// Length of the line break at `at`: blanks with a line feed among them, or a written `\n`. 0: there is none.
fn gap_after(hay: &[u8], at: usize) -> usize {
    let rest = hay.get(at..).unwrap_or_default();
    let blank = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
    if rest.get(..blank).is_some_and(|gap| gap.contains(&b'\n')) {
        return blank;
    }
    [&b"\\r\\n"[..], b"\\n"].iter().find(|mark| rest.starts_with(mark)).map_or(0, |mark| mark.len())
}

fn gap_before(hay: &[u8], at: usize) -> usize {
    let head = hay.get(..at).unwrap_or_default();
    let blank = head.iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
    if head.get(at - blank..).is_some_and(|gap| gap.contains(&b'\n')) {
        return blank;
    }
    [&b"\\r\\n"[..], b"\\n"].iter().find(|mark| head.ends_with(mark)).map_or(0, |mark| mark.len())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn key() -> String {
        format!("sk-{}-{}", "proj", "Qz7_xW9".repeat(12))
    }

    fn replaced(key: &str, text: &[u8]) -> Option<Vec<u8>> {
        let needles = Needles::new(key.as_bytes()).unwrap();
        let search = needles.search();
        let clean = search.replace_content(text).unwrap();
        assert_eq!(clean.is_some(), search.form_in(text).is_some());
        assert!(clean.as_deref().is_none_or(|clean| search.form_in(clean).is_none()));
        clean
    }

    #[test]
    fn only_the_key_changes() {
        let key = key();
        let text = format!("a={key}\r\nz{key}");
        let clean = replaced(&key, text.as_bytes()).unwrap();
        assert_eq!(clean, b"a=REMOVED-BY-STANCH\r\nzREMOVED-BY-STANCH");
        assert!(replaced(&key, b"nothing here").is_none());
        assert!(replaced(&key, &key.as_bytes()[1..]).is_none());
    }

    #[test]
    fn binary_content_keeps_its_length() {
        let key = key();
        let text = [b"a\0", key.as_bytes(), b"\0z"].concat();
        assert_eq!(replaced(&key, &text).unwrap().len(), text.len());
    }

    #[test]
    fn base64_stays_decodable_at_every_alignment_and_width() {
        let key = key();
        for before in ["", "u", "us", "usr:"] {
            let text = STANDARD.encode(format!("{before}{key};tail"));
            for width in [20, 64, 76, 1000] {
                for ending in ["\n", "\r\n", "\n    ", "\\n"] {
                    let lines: Vec<&str> =
                        text.as_bytes().chunks(width).map(|c| std::str::from_utf8(c).unwrap()).collect();
                    let wrapped = format!("x {} y", lines.join(ending));
                    let clean = replaced(&key, wrapped.as_bytes()).unwrap_or_else(|| panic!("{before} {width}"));
                    assert_eq!(clean.len(), wrapped.len());
                    let clean = String::from_utf8(clean).unwrap().replace(ending, "");
                    let decoded = STANDARD.decode(clean.trim_matches(['x', 'y', ' '])).unwrap();
                    assert!(decoded.starts_with(before.as_bytes()) && decoded.ends_with(b"tail"), "{before} {width}");
                    assert!(memmem::find(&decoded, b"REMOVED-BY-STAN").is_some() || before.len() % 3 != 0);
                }
            }
        }
    }

    #[test]
    fn utf16_is_replaced_in_utf16() {
        let key = key();
        let wide: Vec<u8> = format!("k={key}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let clean = replaced(&key, &wide).unwrap();
        let units: Vec<u16> = clean.chunks(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
        assert!(String::from_utf16(&units).unwrap().starts_with("k=REMOVED-BY-STANCH"));
    }

    #[test]
    fn a_replacement_that_makes_the_key_anew_is_repeated() {
        // Placeholder ends in H; the key starts with it.
        let key = format!("H{}", "ab1".repeat(8));
        let text = format!("{key}{}", &key[1..]);
        assert!(replaced(&key, text.as_bytes()).is_some());
    }

    #[test]
    fn nothing_shown_holds_the_key() {
        let key = key();
        let needles = Needles::new(key.as_bytes()).unwrap();
        let search = needles.search();
        assert_eq!(search.text(format!("https://u:{key}@h").as_bytes()), "https://u:[leaked]@h");
        assert!(!format!("{needles:?}{search:?}").contains(&key));
    }
}
