//! Where a key stands in a file's bytes, and the same bytes with another key there. Pure.
//!
//! Must not know: the disk, whose key it is. Bytes outside the hits are never touched.

use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memmem;
use zeroize::Zeroizing;

use crate::base::{Fault, FaultKind};
use crate::targets::{FileFormat, Quote, Span};

/// A file's bytes as its format reads them.
pub(super) struct Reading<'a> {
    format: &'static dyn FileFormat,
    pub bytes: &'a [u8],
    pub spans: Vec<Span>,
}

/// One occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub at: Range<usize>,
    /// Index of the span whose value holds it; `None` in a comment or other text.
    pub span: Option<usize>,
    /// The value holds it only once its escapes are read: `at` is the whole value.
    pub escaped: bool,
}

impl<'a> Reading<'a> {
    pub(super) fn new(format: &'static dyn FileFormat, bytes: &'a [u8]) -> Result<Self, Fault> {
        let spans = format.spans(bytes)?;
        Ok(Self { format, bytes, spans })
    }

    /// Every occurrence of `key`, in order, without overlaps.
    pub(super) fn hits(&self, key: &[u8]) -> Vec<Hit> {
        let finder = memmem::Finder::new(key);
        let mut hits: Vec<Hit> = finder
            .find_iter(self.bytes)
            .map(|start| {
                let at = start..start + key.len();
                Hit { span: self.span_around(&at), at, escaped: false }
            })
            .collect();
        // A value that says it more often once its escapes are read is taken as a whole.
        let within = |span: &Span| {
            let first = hits.partition_point(|hit| hit.at.start < span.value.start);
            hits.iter().skip(first).take_while(|hit| hit.at.end <= span.value.end).count()
        };
        let escaped = |(_, span): &(usize, &Span)| {
            span.quote == Quote::Double && finder.find_iter(&self.decoded(span)).count() > within(span)
        };
        let whole: BTreeMap<usize, Hit> = (self.spans.iter().enumerate().filter(escaped))
            .map(|(index, span)| (index, Hit { at: span.value.clone(), span: Some(index), escaped: true }))
            .collect();
        hits.retain(|hit| hit.span.is_none_or(|index| !whole.contains_key(&index)));
        hits.extend(whole.into_values());
        hits.sort_by_key(|hit| hit.at.start);
        hits
    }

    /// Does what stands at a hit go on with characters that a key may have? Then only a key's beginning was looked for, and
    /// writing there would leave its end behind the new one. The line it is in.
    pub(super) fn goes_on(&self, hits: &[Hit]) -> Option<usize> {
        let more = |hit: &&Hit| {
            let next = self.bytes.get(hit.at.end).filter(|_| !hit.escaped);
            next.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
        };
        let hit = hits.iter().find(more)?;
        let before = self.bytes.get(..hit.at.start).unwrap_or_default();
        Some(memchr::memchr_iter(b'\n', before).count() + 1)
    }

    /// The bytes with `new` wherever `old` stands, checked by reading them again.
    pub(super) fn replace(&self, old: &[u8], new: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let hits = self.hits(old);
        let pieces = hits.iter().map(|hit| self.piece(hit, old, new)).collect::<Result<Vec<_>, _>>()?;
        // The exact size at once: a buffer that grows leaves copies behind.
        let gone: usize = hits.iter().map(|hit| hit.at.len()).sum();
        let come: usize = pieces.iter().map(|piece| piece.len()).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.bytes.len() + come - gone));
        let mut from = 0;
        for (hit, piece) in hits.iter().zip(&pieces) {
            bytes.extend_from_slice(self.bytes.get(from..hit.at.start).unwrap_or_default());
            bytes.extend_from_slice(piece);
            from = hit.at.end;
        }
        bytes.extend_from_slice(self.bytes.get(from..).unwrap_or_default());
        self.check(&bytes, old, new)?;
        Ok(bytes)
    }

    /// The value of a span, as a program gets it.
    pub(super) fn decoded(&self, span: &Span) -> Zeroizing<Vec<u8>> {
        self.format.decode(self.bytes.get(span.value.clone()).unwrap_or_default(), span.quote)
    }

    /// What takes a hit's place.
    fn piece(&self, hit: &Hit, old: &[u8], new: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        match hit.span.and_then(|index| self.spans.get(index)) {
            None => Ok(Zeroizing::new(new.to_vec())),
            Some(span) if hit.escaped => self.format.encode(&swap(&self.decoded(span), old, new), span.quote),
            Some(span) => self.format.encode(new, span.quote),
        }
        .map_err(|fault| match hit.span.and_then(|index| self.spans.get(index)) {
            Some(span) => Fault { what: format!("{} (line {}) of {}", span.name, span.line, fault.what), ..fault },
            None => fault,
        })
    }

    /// Read again, the result has the same assignments, with the new key exactly where the old one was.
    fn check(&self, bytes: &[u8], old: &[u8], new: &[u8]) -> Result<(), Fault> {
        let after = Reading::new(self.format, bytes)?;
        let same = |(a, b): (&Span, &Span)| {
            a.name == b.name && a.quote == b.quote && *after.decoded(b) == *swap(&self.decoded(a), old, new)
        };
        if after.spans.len() == self.spans.len()
            && self.spans.iter().zip(&after.spans).all(same)
            && after.hits(old).is_empty()
        {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::Refused,
            "the key can't be replaced safely in this file",
            "read again, the changed text would not mean the same assignments with the new key",
        )
        .hint("edit the file by hand, then look at it again"))
    }

    fn span_around(&self, at: &Range<usize>) -> Option<usize> {
        let index = self.spans.partition_point(|span| span.value.start <= at.start).checked_sub(1)?;
        self.spans.get(index).filter(|span| at.end <= span.value.end).map(|_| index)
    }
}

/// `text` with `new` for every `old`.
fn swap(text: &[u8], old: &[u8], new: &[u8]) -> Zeroizing<Vec<u8>> {
    let starts: Vec<usize> = memmem::find_iter(text, old).collect();
    let size = text.len() - starts.len() * old.len() + starts.len() * new.len();
    let mut swapped = Zeroizing::new(Vec::with_capacity(size));
    let mut from = 0;
    for start in starts {
        swapped.extend_from_slice(text.get(from..start).unwrap_or_default());
        swapped.extend_from_slice(new);
        from = start + old.len();
    }
    swapped.extend_from_slice(text.get(from..).unwrap_or_default());
    swapped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::targets::dotenv::DOTENV;

    const OLD: &[u8] = b"sk-old-0123456789abcdef";
    const NEW: &[u8] = b"sk-new-a-longer-one-0123456789";

    fn replaced(text: &str) -> Result<String, Fault> {
        let reading = Reading::new(&DOTENV, text.as_bytes()).unwrap();
        reading.replace(OLD, NEW).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn values_comments_and_garbage_are_all_changed_and_nothing_else() {
        let text =
            "\u{feff}# was OLD\r\nexport A = 'OLD' # OLD\r\nU=https://x?k=OLD&b=\"c\"\r\nOLD\r\nB=\"two\nOLD\nlines\"";
        let old = text.replace("OLD", "sk-old-0123456789abcdef");
        let new = text.replace("OLD", "sk-new-a-longer-one-0123456789");
        assert_eq!(replaced(&old).unwrap(), new);
    }

    #[test]
    fn an_escaped_value_is_found_and_written_escaped() {
        let key = b"sk-$old\"0123456789abcdef";
        let text = b"A=\"x sk-\\$old\\\"0123456789abcdef\"\n";
        let reading = Reading::new(&DOTENV, text).unwrap();
        let hits = reading.hits(key);
        assert_eq!(hits, [Hit { at: 3..text.len() - 2, span: Some(0), escaped: true }]);
        assert_eq!(
            **reading.replace(key, b"sk-$new\"0123456789abcdef").unwrap(),
            *b"A=\"x sk-\\$new\\\"0123456789abcdef\"\n"
        );
    }

    #[test]
    fn a_value_of_which_the_key_is_only_the_beginning_is_told() {
        let told = |text: &str| {
            let reading = Reading::new(&DOTENV, text.as_bytes()).unwrap();
            reading.goes_on(&reading.hits(OLD))
        };
        let key = String::from_utf8(OLD.to_vec()).unwrap();
        assert_eq!(told(&format!("A={key}\nB=\"{key}\"\nC=x{key}?y # {key}, old")), None);
        assert_eq!(told(&format!("A={key}\nB={key}Z9\n")), Some(2));
    }

    #[test]
    fn a_value_that_cannot_stand_there_is_refused_by_name_and_line() {
        let reading = Reading::new(&DOTENV, b"\nA=sk-old-0123456789abcdef\n").unwrap();
        let fault = reading.replace(OLD, b"sk-new $ 0123456789abcdef").unwrap_err();
        assert!(fault.what.starts_with("A (line 2)"), "{fault}");
    }

    proptest! {
        /// There and back gives the same bytes, whatever stands around.
        #[test]
        fn there_and_back(parts in prop::collection::vec(prop_oneof![
            Just(OLD.to_vec()),
            "[A-Z]{1,3}=".prop_map(String::into_bytes),
            prop::sample::select(&b"'\"`\\#$= \t\r\n"[..]).prop_map(|b| vec![b]),
            prop::collection::vec(1_u8..=255, 0..3),
        ], 0..40)) {
            let text = parts.concat();
            let reading = Reading::new(&DOTENV, &text).unwrap();
            if let Ok(there) = reading.replace(OLD, NEW) {
                let back = Reading::new(&DOTENV, &there).unwrap().replace(NEW, OLD).unwrap();
                prop_assert_eq!(&**back, &*text);
                prop_assert_eq!(memmem::find_iter(&there, NEW).count(), memmem::find_iter(&text, OLD).count());
            }
        }
    }
}
