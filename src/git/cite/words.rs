//! Words in a text that may be ids of commits, and putting others in their place.
//!
//! Must not know: what they name.

use std::ops::Range;

use crate::git::config::Config;

/// Shortest word taken for an abbreviated id, unless `core.abbrev` is shorter: what git itself prints at least.
pub(in crate::git) const LEAST: usize = 7;
/// An address of more bytes before an id is taken for none.
const FAR: usize = 1 << 12;
/// Digits of a whole id.
pub(super) const WHOLE: usize = 40;

/// How this repository's people write ids.
#[derive(Debug, Clone, Default)]
pub(in crate::git) struct Style {
    least: usize,
    /// `host/owner/name` of each remote.
    ours: Vec<String>,
}

impl Style {
    pub(in crate::git) fn read(config: &Config) -> Self {
        let set = config.value("core.abbrev").and_then(|value| std::str::from_utf8(value.trim_ascii()).ok());
        let set: Option<usize> = set.and_then(|text| text.parse().ok());
        let least = set.filter(|n| (4..=LEAST).contains(n)).unwrap_or(LEAST);
        let url = |value: &[u8]| Some(place(std::str::from_utf8(value).ok()?));
        Self { least, ours: config.of_remotes("url").filter_map(url).collect() }
    }

    /// What may be ids of our commits in `text`.
    pub(super) fn words(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut words = words(text, self.least);
        words.retain(|at| !self.is_foreign(text, at));
        words
    }

    /// The same as digits, for an object's message: kept by the scan.
    pub(in crate::git) fn cited(&self, body: &[u8]) -> Vec<String> {
        self.words(body).into_iter().filter_map(|at| digits(body, &at)).collect()
    }

    /// In the address of another repository's commit, or after `owner/name@`.
    fn is_foreign(&self, text: &[u8], at: &Range<usize>) -> bool {
        let ends = |b: &u8| b.is_ascii_whitespace() || b"<>()[]{}\"'`,;".contains(b);
        let near = text.get(at.start.saturating_sub(FAR)..at.start).unwrap_or_default();
        let start = near.iter().rposition(ends).map_or(0, |i| i + 1);
        let before = near.get(start..).unwrap_or_default();
        if memchr::memmem::find(before, b"://").is_some() {
            let place = place(&String::from_utf8_lossy(before));
            let inside = |our: &String| place.strip_prefix(our.as_str()).is_some_and(|rest| rest.starts_with('/'));
            return !self.ours.iter().any(inside);
        }
        let Some(owner) = before.strip_suffix(b"@").filter(|owner| !owner.is_empty()) else { return false };
        let is_its = |our: &String| our.as_bytes().strip_suffix(owner).is_some_and(|rest| rest.ends_with(b"/"));
        !self.ours.iter().any(is_its)
    }
}

/// `host/owner/name` of an address in any of git's ways to write it.
fn place(url: &str) -> String {
    let rest = url.split_once("://").map_or_else(|| url.replacen(':', "/", 1), |(_, rest)| rest.to_owned());
    let rest = match rest.split_once('@') {
        Some((user, rest)) if !user.contains('/') => rest.to_owned(),
        _ => rest,
    };
    rest.trim_end_matches('/').strip_suffix(".git").map_or(rest.clone(), str::to_owned)
}

/// Words of `least` to 40 hexadecimal digits, also as `git describe` writes them (`v1-3-g1a2b3c4`).
fn words(text: &[u8], least: usize) -> Vec<Range<usize>> {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let byte = |at: usize, back: usize| at.checked_sub(back).and_then(|at| text.get(at)).copied();
    let mut found = Vec::new();
    // So many digits in a row have one at every such step: most of a text need not be looked at.
    let step = least.max(1);
    let mut at = step - 1;
    while let Some(here) = text.get(at) {
        if !here.is_ascii_hexdigit() {
            at += step;
            continue;
        }
        let (head, rest) = text.split_at(at);
        let start = head.iter().rposition(|b| !b.is_ascii_hexdigit()).map_or(0, |i| i + 1);
        let end = at + rest.iter().position(|b| !b.is_ascii_hexdigit()).unwrap_or(rest.len());
        at = end + step;
        let described = byte(start, 1) == Some(b'g') && byte(start, 2) == Some(b'-');
        let alone = byte(start, 1).is_none_or(|b| !is_word(b)) || described;
        if alone && byte(end, 0).is_none_or(|b| !is_word(b)) && (least..=WHOLE).contains(&(end - start)) {
            found.push(start..end);
        }
    }
    found
}

/// The word's digits in lower case.
fn digits(text: &[u8], at: &Range<usize>) -> Option<String> {
    Some(String::from_utf8_lossy(text.get(at.clone())?).to_ascii_lowercase())
}

/// A number: a ticket, a date. Only a whole id may be all digits.
pub(super) fn is_number(digits: &str) -> bool {
    digits.len() < WHOLE && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `text` with ids replaced as `now` says, lengths and case kept. For logs, where a word is surely an id or none.
pub(in crate::git) fn swapped(text: &[u8], now: &dyn Fn(&str) -> Option<String>) -> Option<Vec<u8>> {
    put(text, words(text, LEAST), |digits| now(digits).filter(|_| !is_number(digits)))
}

pub(super) fn put(
    text: &[u8],
    words: Vec<Range<usize>>,
    mut now: impl FnMut(&str) -> Option<String>,
) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in words {
        let Some(new) = digits(text, &at).and_then(|old| now(&old)) else { continue };
        let upper = text.get(at.clone()).is_some_and(|word| word.iter().any(u8::is_ascii_uppercase));
        out.extend_from_slice(text.get(from..at.start).unwrap_or_default());
        out.extend_from_slice(if upper { new.to_ascii_uppercase() } else { new }.as_bytes());
        from = at.end;
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    (from > 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited(text: &str, style: &Style) -> Vec<String> {
        style.cited(text.as_bytes())
    }

    #[test]
    fn words_that_may_be_ids() {
        let style = Style { least: LEAST, ours: vec![place("git@example.com:acme/pay.git")] };
        let id = "0123456789abcdef0123456789abcdef01234567";
        for (text, want) in [
            (format!("x {id}."), vec![id]),
            (format!("{id}0"), vec![]),
            ("abc123 abc1234 (ABC1234) xabc1234 abc1234_".into(), vec!["abc1234", "abc1234"]),
            ("v1.0-3-gabc1234 gabc1234".into(), vec!["abc1234"]),
            ("https://example.com/acme/other/commit/abc1234".into(), vec![]),
            ("<https://u@example.com/acme/pay/commit/abc1234>".into(), vec!["abc1234"]),
            ("https://example.com/acme/payroll/commit/abc1234".into(), vec![]),
            ("acme/pay@abc1234 other/pay@abc1235 a..abc1236".into(), vec!["abc1234", "abc1236"]),
        ] {
            assert_eq!(cited(&text, &style), want, "{text}");
        }
    }

    #[test]
    fn an_address_is_looked_for_nearby_only() {
        let style = Style { least: LEAST, ours: vec![] };
        for (len, want) in [(FAR - 100, vec![]), (FAR, vec!["abc1234"])] {
            assert_eq!(cited(&format!("https://h.com/{}/abc1234", "x".repeat(len)), &style), want, "{len}");
        }
    }

    #[test]
    fn addresses_are_the_same_in_every_way_to_write_them() {
        for url in ["git@h.com:a/b.git", "https://h.com/a/b", "ssh://git@h.com/a/b.git/", "https://u:p@h.com/a/b.git"] {
            assert_eq!(place(url), "h.com/a/b", "{url}");
        }
    }
}
