//! A key whose characters are escaped or dumped one by one.
//!
//! Must not know: codes of several bytes at once.

use proptest::prelude::*;

use super::*;

/// `text` written so that each byte is escaped that `escape` gives something for.
fn escaped(text: &str, escape: impl Fn(u8) -> Option<String>) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        match escape(b) {
            Some(code) => out.push_str(&code),
            None => out.push(char::from(b)),
        }
        out
    })
}

/// The opposite of every escape that `escaped` is used with.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let code = |from: usize, to: usize, radix| {
            rest.get(from..to).and_then(|d| u32::from_str_radix(d, radix).ok()).and_then(char::from_u32)
        };
        let until = rest.find(';').unwrap_or(0);
        let (found, len) = match c {
            '%' | '=' => (code(1, 3, 16), 3),
            '\\' if rest.starts_with("\\u") => (code(2, 6, 16), 6),
            '\\' if rest.starts_with("\\x") => (code(2, 4, 16), 4),
            '\\' => (rest.chars().nth(1), 2),
            '&' if rest.starts_with("&#x") => (code(3, until, 16), until + 1),
            '&' if rest.starts_with("&#") => (code(2, until, 10), until + 1),
            _ => (Some(c), 1),
        };
        out.push(found.unwrap());
        rest = &rest[len..];
    }
    out
}

/// Bytes in hexadecimal with something between them.
fn dumped(text: &str, before: &str, between: &str, each_line: usize) -> String {
    let byte = |b: &u8| format!("{before}{b:02x}");
    let line = |line: &[u8]| line.iter().map(byte).collect::<Vec<_>>().join(between);
    text.as_bytes().chunks(each_line).map(line).collect::<Vec<_>>().join(&format!("{}\n  ", between.trim_end()))
}

/// The one stretch that an escape leaves alone is taken, although two others together are rarer.
#[test]
fn a_key_of_mostly_odd_characters_is_found_escaped() {
    let key = "+$$_~ea0Aa$!<_<A0_a_0CA~a";
    let text = escaped(key, |b| (!b.is_ascii_alphanumeric()).then(|| format!("%{b:02X}")));
    assert_eq!(unescaped(&string(replaced(key, text.as_bytes()).unwrap())), PLACEHOLDER);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn text_escaped_in_any_way_decodes_to_the_placeholder(
        key in "[A-Za-z0-9_+/=.~$!<&\"'-]{5,60}[A-Za-z0-9]{5}[A-Za-z0-9_+/=.~$!<&\"'-]{5,60}[A-Za-z0-9]",
        before in "[a-z ;:{}]{0,30}", after in "[a-z ;:{}]{0,30}", half in any::<u64>(),
    ) {
        let text = format!("{before}{key}{after}");
        let want = format!("{before}{PLACEHOLDER}{after}");
        prop_assert_eq!(string(replaced(&key, text.as_bytes()).unwrap()), want.clone());
        let special = |b: u8| !b.is_ascii_alphanumeric();
        // Which bytes a sloppy escaper takes besides those it must.
        let odd = move |b: u8| special(b) || half >> (b % 64) & 1 == 1;
        let ways: [&dyn Fn(u8) -> Option<String>; 13] = [
            &|b| special(b).then(|| format!("%{b:02X}")),
            &|b| special(b).then(|| format!("%{b:02x}")),
            &|b| Some(format!("%{b:02X}")),
            &|b| Some(format!("%{b:02x}")),
            &|b| special(b).then(|| format!("\\u{b:04x}")),
            &|b| Some(format!("\\u{b:04X}")),
            &|b| Some(format!("\\u{b:04x}")),
            &|b| Some(format!("\\x{b:02x}")),
            &|b| Some(format!("\\x{b:02X}")),
            &|b| special(b).then(|| format!("&#{b};")),
            &|b| special(b).then(|| format!("&#x{b:X};")),
            &|b| special(b).then(|| format!("={b:02X}")),
            &|b| (special(b) && b > b' ').then(|| format!("\\{}", char::from(b))),
        ];
        for (n, way) in ways.iter().enumerate() {
            let clean = string(replaced(&key, escaped(&text, way).as_bytes()).unwrap_or_else(|| panic!("way {n}")));
            prop_assert_eq!(unescaped(&clean), want.clone(), "way {}: {}", n, clean);
        }
        let json = serde_json::to_string(&text).unwrap();
        let clean = string(replaced(&key, json.as_bytes()).unwrap());
        prop_assert_eq!(serde_json::from_str::<String>(&clean).unwrap(), want.clone());
        let twice = serde_json::to_string(&json).unwrap();
        prop_assert!(replaced(&key, twice.as_bytes()).is_some());
        // A mixture still has an anchor when four characters in a row are as they were; here only what is found is held.
        let _ = replaced(&key, escaped(&text, |b| odd(b).then(|| format!("%{b:02X}"))).as_bytes());
    }

    #[test]
    fn dumps_and_octal_keep_their_shape(key in "[A-Za-z0-9_+/=.-]{5,40}[A-Za-z0-9]{5}[A-Za-z0-9_+/=.-]{6,40}", before in "[ -~]{0,9}", line in 8usize..20) {
        let text = format!("{before}{key};");
        let want = format!("{before}{};", string(forms::padded(key.len())));
        for (mark, between) in [("", " "), ("", ":"), ("0x", ", "), ("0x", ",")] {
            for upper in [false, true] {
                let case = |text: String| if upper { text.to_uppercase().replace("0X", "0x") } else { text };
                let dump = case(dumped(&text, mark, between, line));
                let clean = string(replaced(&key, dump.as_bytes()).unwrap_or_else(|| panic!("{dump}")));
                prop_assert_eq!(clean, case(dumped(&want, mark, between, line)));
            }
        }
        let octal = escaped(&text, |b| Some(format!("\\{b:03o}")));
        let clean = string(replaced(&key, octal.as_bytes()).unwrap());
        prop_assert!(clean.contains(PLACEHOLDER));
        let twice = escaped(&text, |b| (!b.is_ascii_alphanumeric()).then(|| format!("%25{b:02X}")));
        let clean = string(replaced(&key, twice.as_bytes()).unwrap_or_else(|| panic!("{twice}")));
        prop_assert!(clean.contains(PLACEHOLDER));
    }
}
