//! The same text without the keys: with the placeholder in place of each, or masked for a person.
//!
//! Must not know: how a key is found, how the placeholder is written in a form.

use super::{Hit, Search, binary, put};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};

/// A replacement that makes the key appear anew (its end meets the next bytes) is repeated at most this often.
const ROUNDS: usize = 16;

/// As bytes, and as letters within other text.
pub(super) const LINE_ENDS: [&[u8]; 4] = [b"\\r\\n", b"\\n", b"\r\n", b"\n"];

impl Search<'_> {
    /// `hay` with each hit replaced; `None` when there is none. `fit`: keep every length.
    pub(in crate::git) fn replace(&self, hay: &[u8], fit: bool) -> Result<Option<Vec<u8>>> {
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
    pub(in crate::git) fn replace_content(&self, hay: &[u8]) -> Result<Option<Vec<u8>>> {
        self.replace(hay, binary(hay))
    }

    /// Bytes as text a person may see: every form masked.
    pub(in crate::git) fn text(&self, bytes: &[u8]) -> String {
        let mask = |_: &Hit, _: &[u8]| b"[leaked]".to_vec();
        let mut seen = self.once(bytes, &mask).unwrap_or_else(|| bytes.to_vec());
        for _ in 0..ROUNDS {
            let Some(next) = self.once(&seen, &mask) else { return String::from_utf8_lossy(&seen).into_owned() };
            seen = next;
        }
        "[hidden]".into()
    }

    /// `fault` with every form masked.
    pub(in crate::git) fn fault(&self, fault: &Fault) -> Fault {
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
