//! Rust source, just enough of it: blanks what is no code, and gives the words with what stands around them.

/// One word of code: an identifier, a keyword or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// 1-based.
    pub(super) line: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// `text` with comments, strings and character literals blanked; line ends stay where they are.
pub(super) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let end = if rest.starts_with("//") {
            at + rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            at + block_comment(rest)
        } else if let Some(length) = raw_string(rest, at > 0 && is_word(bytes[at - 1])) {
            at + length
        } else if rest.starts_with('"') {
            at + quoted(rest, '"')
        } else if rest.starts_with('\'') && !is_lifetime(rest) {
            at + quoted(rest, '\'')
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        out[at..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
        at = end;
    }
    String::from_utf8(out).unwrap()
}

/// `code` with every item under `#[cfg(test)]` blanked too.
pub(super) fn without_tests(code: &str) -> String {
    let mut out = code.as_bytes().to_vec();
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(test)]") {
        let start = from + found;
        let end = start + item_length(&code[start..]);
        out[start..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
        from = end;
    }
    String::from_utf8(out).unwrap()
}

pub(super) fn words(code: &str) -> Vec<Word<'_>> {
    let bytes = code.as_bytes();
    let (mut words, mut at, mut line) = (Vec::new(), 0, 1);
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && is_word(bytes[at]) {
            at += 1;
        }
        if at > start {
            words.push(Word { text: &code[start..at], line, start, end: at });
        } else {
            line += usize::from(bytes[at] == b'\n');
            at += 1;
        }
    }
    words
}

/// What follows `start` (a path's beginning such as `crate::`): its next name, or the first names of its `{…}` group.
pub(super) fn first_names(code: &str, after: usize) -> Vec<&str> {
    let rest = code[after..].trim_start();
    let Some(group) = rest.strip_prefix('{') else { return names_at(rest).into_iter().collect() };
    let (mut depth, mut names, mut fresh) = (1, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => fresh = true,
            c if depth == 1 && fresh && !c.is_whitespace() => {
                names.extend(names_at(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn names_at(text: &str) -> Option<&str> {
    let end = text.bytes().position(|b| !is_word(b)).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text.as_bytes()[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if text.as_bytes()[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// Length of `r"…"`, `r#"…"#`, `br"…"` at the start of `text`.
fn raw_string(text: &str, inside_word: bool) -> Option<usize> {
    let rest = text.strip_prefix('b').unwrap_or(text).strip_prefix('r')?;
    let hashes = rest.bytes().take_while(|b| *b == b'#').count();
    let body = rest[hashes..].strip_prefix('"').filter(|_| !inside_word)?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = body.find(&close).map_or(body.len(), |at| at + close.len());
    Some(text.len() - body.len() + end)
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `'a` of a lifetime or label, not `'a'`.
fn is_lifetime(text: &str) -> bool {
    let mut next = text.chars().skip(1);
    let first = next.next().unwrap_or(' ');
    (first.is_alphabetic() || first == '_') && next.next() != Some('\'')
}

/// Length of the item that starts with an attribute: to its `;` outside of braces, or the end of its first block.
fn item_length(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn what_is_no_code_is_blanked() {
    let text = "a // b\n/* c /* d */ e */ f r#\"g \" h\"# 'i' 'j: k \"l \\\" m\" '\\'' n br\"o\" p\n";
    assert_eq!(words(&code(text)).iter().map(|w| w.text).collect::<Vec<_>>(), ["a", "f", "j", "k", "n", "p"]);
    assert_eq!(words(&code(text)).last().unwrap().line, 2);
}

#[test]
fn tests_are_blanked_and_groups_are_read() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { } }\n#[cfg(test)]\nuse c;\nfn d() {}";
    let kept = without_tests(text);
    assert_eq!(words(&kept).iter().map(|w| w.text).collect::<Vec<_>>(), ["fn", "a", "fn", "d"]);
    assert_eq!(first_names("{a::{b, c}, d,\n e::f}; g", 0), ["a", "d", "e"]);
    assert_eq!(first_names("a::b", 0), ["a"]);
}
