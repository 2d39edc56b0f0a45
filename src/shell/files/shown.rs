//! What a write would change, in lines that may be shown: `-`/`+`, every value masked. Pure.
//!
//! Must not know: key bytes. A value's other text is hidden (it may be another secret); a comment's is shown without
//! anything that looks like one.

use std::ops::Range;

use zeroize::Zeroizing;

use super::find::{Hit, Reading};

/// Most lines shown of one file.
const MOST: usize = 50;
/// Longest line shown, characters.
const WIDEST: usize = 160;
/// A word of this many characters in a comment is hidden when it could be a secret.
const LONG_WORD: usize = 20;
/// What the scrubber puts for the leaked key; it stands for it until the line is coloured old or new.
const MARK: &str = "[leaked]";

/// `print`: how the leaked key is shown. `clean`: takes known secrets out of a text.
pub(super) fn diff(reading: &Reading<'_>, hits: &[Hit], print: &str, clean: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut lines = Vec::new();
    let mut done = 0;
    for hit in hits {
        if hit.at.start < done {
            continue;
        }
        if lines.len() >= MOST * 2 {
            lines.push("… and more lines like these".to_owned());
            break;
        }
        let line = line_around(reading.bytes, hit.at.start);
        done = line.end.max(done);
        let shown = masked(reading, hits, line, clean);
        lines.push(format!("-{}", cut(&shown.replace(MARK, print))));
        lines.push(format!("+{}", cut(&shown.replace(MARK, "[new key]"))));
    }
    lines
}

/// The line with [`MARK`] for the key and `…` for every other part of a value.
fn masked(reading: &Reading<'_>, hits: &[Hit], line: Range<usize>, clean: &dyn Fn(&str) -> String) -> String {
    let mut shown = String::new();
    let mut at = line.start;
    while at < line.end {
        let next_hit = hits.get(hits.partition_point(|hit| hit.at.end <= at));
        let next_span = reading.spans.get(reading.spans.partition_point(|span| span.value.end <= at)).map(|s| &s.value);
        if let Some(hit) = next_hit.filter(|hit| hit.at.start <= at) {
            shown.push_str(MARK);
            at = hit.at.end;
            continue;
        }
        let stop = next_hit.map_or(line.end, |hit| hit.at.start.min(line.end));
        if let Some(value) = next_span.filter(|value| value.start <= at) {
            shown.push('…');
            at = value.end.min(stop);
        } else {
            let end = next_span.map_or(stop, |value| value.start.min(stop));
            let text = reading.bytes.get(at..end).unwrap_or_default();
            let text = Zeroizing::new(String::from_utf8_lossy(text).into_owned());
            shown.push_str(&hide_words(&clean(&text)));
            at = end;
        }
    }
    shown
}

/// Long words with letters and digits are hidden, `NAMES_LIKE_THIS_2` are not; control characters become blanks.
fn hide_words(text: &str) -> String {
    let of_word = |c: char| c.is_ascii_alphanumeric() || "_+/-.".contains(c);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !of_word(first) {
            shown.push(if first.is_control() { ' ' } else { first });
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let (word, after) = rest.split_at(rest.find(|c| !of_word(c)).unwrap_or(rest.len()));
        let name = word.contains('_') && word.chars().all(|c| c == '_' || c.is_ascii_uppercase() || c.is_ascii_digit());
        let secret = word.len() >= LONG_WORD && !name && word.contains(|c: char| c.is_ascii_digit());
        shown.push_str(if secret { "…" } else { word });
        rest = after;
    }
    shown
}

fn line_around(bytes: &[u8], at: usize) -> Range<usize> {
    let (before, after) = bytes.split_at(at.min(bytes.len()));
    let start = before.iter().rposition(|b| b"\r\n".contains(b)).map_or(0, |i| i + 1);
    let end = after.iter().position(|b| b"\r\n".contains(b)).map_or(bytes.len(), |i| at + i);
    start..end
}

fn cut(line: &str) -> String {
    let line = line.trim_start_matches('\u{feff}');
    match line.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::dotenv::DOTENV;

    const KEY: &str = "sk-old-0123456789abcdef";

    fn shown(text: &str) -> Vec<String> {
        let text = text.replace("KEY", KEY);
        let reading = Reading::new(&DOTENV, text.as_bytes()).unwrap();
        diff(&reading, &reading.hits(KEY.as_bytes()), "sk-…cdef", &|text| text.replace(KEY, "[leaked]"))
    }

    #[test]
    fn shows_names_quotes_and_comments_but_no_value() {
        assert_eq!(
            shown("export A='KEY' # billing\r\nB=other\n"),
            ["-export A='sk-…cdef' # billing", "+export A='[new key]' # billing"]
        );
        assert_eq!(shown("URL=https://u:pass@host/?k=KEY&x=1")[0], "-URL=…sk-…cdef…");
        assert_eq!(
            shown("# old KEY and Abcdefghij0123456789 MY_LONG_NAME_V2_IS_SHOWN")[0],
            "-# old sk-…cdef and … MY_LONG_NAME_V2_IS_SHOWN"
        );
        assert_eq!(
            shown("A=\"secret\nKEY\nlines\"\nC=KEY KEY # KEY")[..3],
            ["-sk-…cdef", "+[new key]", "-C=sk-…cdef…sk-…cdef # sk-…cdef"]
        );
    }

    #[test]
    fn a_long_line_is_cut() {
        let line = &shown(&format!("A=KEY # {}", "word ".repeat(1000)))[0];
        assert_eq!(line.chars().count(), WIDEST + 2);
    }
}
