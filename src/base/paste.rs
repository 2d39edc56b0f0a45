//! What stands around a key that was pasted: a variable's name, quotes, `Bearer`, a comma.
//!
//! Must not know: keys. Bytes in, a part of them out, nothing copied: a key taken with its quotes on is refused by its
//! provider and found nowhere, and both look like good news.

/// Quotes of programs and of word processors.
const QUOTES: [&[u8]; 9] =
    [b"\"", b"'", b"`", "“".as_bytes(), "”".as_bytes(), "‘".as_bytes(), "’".as_bytes(), b"<", b">"];
/// A part before `=` or `:` that is shorter than this stands for a name, and what follows for its value.
const LONGEST_NAME: usize = 64;

/// The value in `bytes`, and what was left out around it, one phrase each: `the quotes`, `OPENAI_API_KEY=`.
/// `least`: bytes a value has at least; a cut that leaves less is none.
pub fn value(bytes: &[u8], least: usize) -> (&[u8], Vec<String>) {
    let mut left_out: Vec<String> = Vec::new();
    let mut now = trim(bytes);
    while let Some((rest, what)) = once(now).filter(|(rest, _)| rest.len() >= least) {
        now = trim(rest);
        if !left_out.contains(&what) {
            left_out.push(what);
        }
    }
    (now, left_out)
}

/// `took the value without OPENAI_API_KEY= and the quotes`; `None`: nothing was left out.
pub fn words(left_out: &[String]) -> Option<String> {
    let (last, rest) = left_out.split_last()?;
    let all = if rest.is_empty() { last.clone() } else { format!("{} and {last}", rest.join(", ")) };
    Some(format!("took the value without {all}"))
}

fn trim(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii();
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii()
}

/// One thing less around it.
fn once(bytes: &[u8]) -> Option<(&[u8], String)> {
    if let Some((name, sign, rest)) = named(bytes) {
        return Some((rest, format!("{name}{sign}")));
    }
    for word in ["Bearer ", "bearer ", "Basic "] {
        if let Some(rest) = bytes.strip_prefix(word.as_bytes()) {
            return Some((rest, format!("`{}`", word.trim_end())));
        }
    }
    for quote in QUOTES {
        if let Some(rest) = bytes.strip_prefix(quote).or_else(|| bytes.strip_suffix(quote)) {
            return Some((rest, "the quotes".into()));
        }
    }
    for sign in [",", ";"] {
        if let Some(rest) = bytes.strip_suffix(sign.as_bytes()) {
            return Some((rest, format!("the `{sign}` at its end")));
        }
    }
    let comment = bytes.windows(2).position(|pair| matches!(pair, b" #" | b"\t#"));
    if let Some(at) = comment {
        return Some((bytes.get(..at)?, "the comment behind it".into()));
    }
    None
}

/// `NAME=value`, `NAME: value`, `export NAME=value`, `"name": "value"`: the name, its sign, and what follows.
fn named(bytes: &[u8]) -> Option<(&str, &'static str, &[u8])> {
    let mut rest = bytes;
    for word in ["export ", "set ", "setenv ", "-"] {
        rest = rest.strip_prefix(word.as_bytes()).unwrap_or(rest).trim_ascii_start();
    }
    let quote = rest.first().filter(|b| matches!(b, b'"' | b'\''));
    let rest = if quote.is_some() { rest.get(1..)? } else { rest };
    let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')))?;
    let (name, after) = rest.split_at_checked(end)?;
    let after = match quote {
        Some(quote) => after.strip_prefix(&[*quote])?,
        None => after,
    }
    .trim_ascii_start();
    let (sign, value) = match after.split_first()? {
        (b'=', value) => ("=", value),
        (b':', value) if !value.starts_with(b"//") => (":", value),
        _ => return None,
    };
    let begins = name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    // A key of unknown form may hold such a sign itself: a name has few digits, and is no key.
    let digits = name.iter().filter(|b| b.is_ascii_digit()).count();
    let name = std::str::from_utf8(name).ok()?;
    (begins && name.len() <= LONGEST_NAME && digits <= 4 && !value.trim_ascii().is_empty())
        .then_some((name, sign, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> (String, Option<String>) {
        let (value, left_out) = value(text.as_bytes(), 16);
        (String::from_utf8(value.to_vec()).unwrap(), words(&left_out))
    }

    #[test]
    fn a_key_is_taken_out_of_what_people_paste_around_it() {
        let key = format!("sk-{}-{}", "proj", "aB3_".repeat(10));
        assert_eq!(cut(&key), (key.clone(), None));
        assert_eq!(cut(&format!(" {key}\r\n")), (key.clone(), None));
        for (text, said) in [
            (format!("\"{key}\""), "the quotes"),
            (format!("'{key}"), "the quotes"),
            (format!("`{key}`"), "the quotes"),
            (format!("“{key}”"), "the quotes"),
            (format!("OPENAI_API_KEY={key}\n"), "OPENAI_API_KEY="),
            (format!("export OPENAI_API_KEY=\"{key}\";"), "OPENAI_API_KEY=, the quotes and the `;` at its end"),
            (format!("OPENAI_API_KEY: {key}"), "OPENAI_API_KEY:"),
            (format!("  \"apiKey\": \"{key}\","), "apiKey:, the quotes and the `,` at its end"),
            (format!("Authorization: Bearer {key}"), "Authorization: and `Bearer`"),
            (format!("Bearer {key}"), "`Bearer`"),
            (format!("{key},"), "the `,` at its end"),
            (format!("OPENAI_API_KEY={key} # prod"), "OPENAI_API_KEY= and the comment behind it"),
        ] {
            let (value, words) = cut(&text);
            assert_eq!(value, key, "{said}");
            let words = words.unwrap();
            assert!(said.split([',', ' ']).all(|part| words.contains(part)), "{words}");
            assert!(!words.contains("aB3_"), "{words}");
        }
    }

    #[test]
    fn what_may_be_a_part_of_the_value_stays() {
        for text in
            ["YWJjZGVmZ2hpamtsbW5vcA==", "https://example.org/abcdefghijklmnop", "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"", ""]
        {
            assert_eq!(cut(text).0, text);
        }
    }
}
