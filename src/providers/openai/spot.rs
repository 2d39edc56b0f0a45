//! Keys of OpenAI's shape in bytes. Tolerant on purpose: the vendor's forms change, and its own examples match no known
//! length, so any `sk-` word of a key's length counts, apart from other vendors' prefixes.
//!
//! Must not know: whether a word is a live key.

use std::ops::Range;

use crate::base::KeyKind;
use crate::base::secret::LONGEST;

/// Shortest word taken for a key, bytes, prefix included.
const SHORTEST: usize = 20;

pub(super) fn spot(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| memchr::memmem::find(rest, b"sk-")) {
        let start = from + at;
        let rest = text.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| in_word(**byte)).count();
        let word = rest.get(..length).and_then(|word| std::str::from_utf8(word).ok()).unwrap_or_default();
        if (SHORTEST..=LONGEST).contains(&length) && begins(text, start) && KeyKind::of(word) != KeyKind::OtherVendor {
            found.push(start..start + length);
            from = start + length;
        } else {
            from = start + 3;
        }
    }
    found
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// A word begins at `start`: `task-…` is none. Two letters that belong to what stands before are seen through: an escape
/// (`\nsk-…` in JSON or source) and a percent code (`%3Dsk-…` in a URL).
fn begins(text: &[u8], start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    match before {
        [] | [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
        [.., last] => !in_word(*last),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<&str> {
        spot(text.as_bytes()).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn sees_keys_in_their_surroundings() {
        let key = format!("sk-{}-{}", "proj", "aB3_".repeat(10));
        for text in [
            key.clone(),
            format!("KEY=\"{key}\""),
            format!("Bearer {key}\r\n"),
            format!("line\\n{key}\\n"),
            format!("?k%3D{key}&x"),
            format!("{key}…"),
        ] {
            assert_eq!(words(&text), [&key], "{text}");
        }
        assert_eq!(words(&format!("{key},{key}")).len(), 2);
    }

    #[test]
    fn leaves_other_words_alone() {
        let long = "a1".repeat(20);
        for text in [format!("sk-ant-{long}"), format!("sk-or-v1-{long}"), format!("task-{long}"), "sk-short".into()] {
            assert!(words(&text).is_empty(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_key_in_any_bytes_is_found_and_nothing_panics(
            before in proptest::collection::vec(any::<u8>(), 0..60),
            word in "[A-Za-z0-9_-]{17,180}",
            after in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            prop_assume!(!word.starts_with("ant-") && !word.starts_with("or-"));
            let mut text = before.clone();
            text.push(b' ');
            let start = text.len();
            text.extend_from_slice(b"sk-");
            text.extend_from_slice(word.as_bytes());
            let end = text.len();
            text.push(b'"');
            text.extend_from_slice(&after);
            let found = spot(&text);
            prop_assert!(found.contains(&(start..end)), "{found:?} lacks {start}..{end}");
            for range in found {
                prop_assert!(range.len() >= SHORTEST && text[range].iter().all(|byte| in_word(*byte)));
            }
        }
    }
}
