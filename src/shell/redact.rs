//! Taking secrets out of what came from outside, and holding a provider's redacted form against a secret. Pure.
//!
//! Must not know: which secret it is, or where the text goes next.

use std::ops::Range;

use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

/// Fewer characters after the dots are no evidence.
const SHORTEST_SUFFIX: usize = 3;
/// Characters of a strange answer that are shown.
const SNIPPET: usize = 60;

/// Does `redacted` (`sk-abc...def`, `sk-proj-****9f3a`) fit `secret`? What stands before the first dot, ellipsis or
/// asterisk must start it, what stands after the last must end it. Facts: the vendor documents the form by examples only.
pub fn fits(redacted: &str, secret: &[u8]) -> bool {
    let hidden = |c: char| matches!(c, '.' | '…' | '*' | '•');
    let redacted = redacted.trim();
    let (Some(first), Some(last)) = (redacted.find(hidden), redacted.rfind(hidden)) else {
        return !redacted.is_empty() && redacted.as_bytes() == secret;
    };
    let width = redacted.get(last..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    let prefix = redacted.get(..first).unwrap_or_default().as_bytes();
    let suffix = redacted.get(last + width..).unwrap_or_default().as_bytes();
    suffix.len() >= SHORTEST_SUFFIX
        && prefix.len() + suffix.len() <= secret.len()
        && secret.starts_with(prefix)
        && secret.ends_with(suffix)
}

/// Cleans every string of `json` in place, names of members included.
pub fn clean_json(json: &mut Value, clean: &impl Fn(&str) -> String) {
    match json {
        Value::String(text) => replace(text, clean(text)),
        Value::Array(items) => items.iter_mut().for_each(|item| clean_json(item, clean)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| clean_json(member, clean));
            let dirty: Vec<String> = members.keys().filter(|name| clean(name) != **name).cloned().collect();
            for mut name in dirty {
                if let Some(member) = members.remove(&name) {
                    members.insert(clean(&name), member);
                }
                name.zeroize();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn replace(text: &mut String, cleaned: String) {
    if *text != cleaned {
        text.zeroize();
        *text = cleaned;
    }
}

/// `text` with each of `spots` replaced: whole words that have a key's shape, known or not.
pub fn mask(text: &str, spots: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for spot in spots {
        out.push_str(text.get(at..spot.start).unwrap_or_default());
        out.push_str("[key]");
        at = spot.end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// The start of `text` (cleaned already: a cut key would not be recognised) on one line, without control characters.
pub fn snippet(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(SNIPPET) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line,
    }
}

/// Appends without leaving a copy behind: when the buffer must move, the old one is zeroed.
pub fn append(buffer: &mut Zeroizing<Vec<u8>>, bytes: &[u8]) {
    let needed = buffer.len().saturating_add(bytes.len());
    if needed > buffer.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(buffer.capacity().saturating_mul(2))));
        larger.extend_from_slice(buffer);
        *buffer = larger;
    }
    buffer.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn fits_only_with_evidence() {
        let secret = format!("sk-{}-{}wxyz", "proj", "aB3_".repeat(8));
        let secret = secret.as_bytes();
        for yes in
            ["sk-proj-...wxyz", "sk-proj-aB3_****wxyz", "sk-…xyz", "sk-p••••wxyz", " sk-proj-**…..wxyz ", "...wxyz"]
        {
            assert!(fits(yes, secret), "{yes}");
        }
        let both_ends = format!(
            "{}...{}",
            std::str::from_utf8(&secret[..30]).unwrap(),
            std::str::from_utf8(&secret[20..]).unwrap()
        );
        for no in [
            "",
            "...",
            "sk-proj-...",
            "sk-proj-...yz",
            "sk-admin...wxyz",
            "sk-proj-...wxyZ",
            "***",
            "sk-proj-",
            &both_ends,
        ] {
            assert!(!fits(no, secret), "{no}");
        }
        assert!(fits(std::str::from_utf8(secret).unwrap(), secret), "not redacted at all");
        assert!(!fits("", b""));
    }

    #[test]
    fn cleans_names_and_values_at_any_depth() {
        let mut json = json!({"a":["x SECRET",{"SECRET":1,"b":"SECRET"}],"n":null});
        clean_json(&mut json, &|text| text.replace("SECRET", "[leaked]"));
        assert_eq!(json, json!({"a":["x [leaked]",{"[leaked]":1,"b":"[leaked]"}],"n":null}));
    }

    #[test]
    fn shows_the_start_on_one_line() {
        assert_eq!(snippet(" <html>\n\x1b[31m  hi\t</html> "), "<html> [31m hi </html>");
        assert_eq!(snippet(&"é".repeat(80)).chars().count(), SNIPPET + 1);
    }

    proptest! {
        #[test]
        fn nothing_panics(redacted in ".*", secret in proptest::collection::vec(any::<u8>(), 0..40), spans in proptest::collection::vec((0usize..50, 0usize..50), 0..4)) {
            fits(&redacted, &secret);
            let spots: Vec<_> = spans.into_iter().map(|(a, b)| a..b).collect();
            mask(&redacted, &spots);
            snippet(&redacted);
        }

        #[test]
        fn every_redaction_of_a_key_fits_it(key in "sk-[A-Za-z0-9_-]{20,80}", head in 0usize..12, tail in 3usize..8) {
            let redacted = format!("{}...{}", &key[..head], &key[key.len() - tail..]);
            prop_assert!(fits(&redacted, key.as_bytes()));
        }

        #[test]
        fn appends_everything(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..20)) {
            let mut buffer = Zeroizing::new(Vec::new());
            for chunk in &chunks {
                append(&mut buffer, chunk);
            }
            prop_assert_eq!(&*buffer, &chunks.concat());
        }
    }
}
