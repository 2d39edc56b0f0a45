//! The search against what encoders write.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::memmem;
use proptest::prelude::*;

use super::*;

fn key() -> String {
    format!("sk-{}-{}", "proj", "Qz7_xW9".repeat(12))
}

fn replaced(key: &str, text: &[u8]) -> Option<Vec<u8>> {
    let needles = Needles::new(&[key.as_bytes()]).unwrap();
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
                let lines: Vec<&str> = text.as_bytes().chunks(width).map(|c| std::str::from_utf8(c).unwrap()).collect();
                let wrapped = format!("x {} y", lines.join(ending));
                let clean = replaced(&key, wrapped.as_bytes()).unwrap_or_else(|| panic!("{before} {width}"));
                assert_eq!(clean.len(), wrapped.len());
                let clean = String::from_utf8(clean).unwrap().replace(ending, "");
                let decoded = STANDARD.decode(clean.trim_matches(['x', 'y', ' '])).unwrap();
                assert!(decoded.starts_with(before.as_bytes()) && decoded.ends_with(b"tail"), "{before} {width}");
                assert!(memmem::find(&decoded, b"REMOVED-BY-STANCH-").is_some(), "{before} {width}");
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
    let needles = Needles::new(&[key.as_bytes()]).unwrap();
    let search = needles.search();
    assert_eq!(search.text(format!("https://u:{key}@h").as_bytes()), "https://u:[leaked]@h");
    assert!(!format!("{needles:?}{search:?}").contains(&key));
}

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

fn wrapped(text: &str, width: usize, ending: &str) -> String {
    let lines: Vec<&str> = text.as_bytes().chunks(width).map(|c| std::str::from_utf8(c).unwrap()).collect();
    lines.join(ending)
}

fn string(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
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
    fn codes_of_bytes_decode_to_a_placeholder_of_the_same_length(
        key in "[A-Za-z0-9_+/=.-]{16,120}", before in "[ -~]{0,20}", after in "[ -~]{3,20}",
        width in 16usize..100, ending in prop::sample::select(vec!["\n", "\r\n", "\n  ", "\\n", "\\r\\n", "\n > "]),
    ) {
        let text = format!("{before}{key}{after}");
        let want = format!("{before}{}{after}", string(forms::padded(key.len())));
        for engine in [STANDARD, URL_SAFE] {
            let code = wrapped(&engine.encode(&text), width, ending);
            let clean = string(replaced(&key, code.as_bytes()).unwrap());
            prop_assert_eq!(clean.len(), code.len());
            let joined = clean.replace(ending, "");
            // An edge that shares its character with the text around it is smoothed over plain line ends only.
            let decoded = String::from_utf8_lossy(&engine.decode(&joined).unwrap()).into_owned();
            if LINE_ENDS.contains(&ending.as_bytes()) {
                prop_assert_eq!(&decoded, &want);
            } else {
                prop_assert!(decoded.contains(&want[before.len() + 1..before.len() + key.len() - 1]));
            }
        }
        let hex = crate::base::id::hex(text.as_bytes());
        for hex in [wrapped(&hex, width, ending), wrapped(&hex.to_uppercase(), width, ending)] {
            let clean = string(replaced(&key, hex.as_bytes()).unwrap()).replace(ending, "").to_lowercase();
            prop_assert_eq!(clean, crate::base::id::hex(want.as_bytes()));
        }
    }

    #[test]
    fn utf16_keeps_its_order_and_its_mark(key in "[A-Za-z0-9_+/=.-]{16,120}", bom in any::<bool>()) {
        for code in [u16::to_le_bytes, u16::to_be_bytes] {
            let write = |k: &str| -> Vec<u8> {
                let text = format!("{}k={k}\r\né\n", if bom { "\u{feff}" } else { "" });
                text.encode_utf16().flat_map(code).collect()
            };
            prop_assert_eq!(replaced(&key, &write(&key)).unwrap(), write(PLACEHOLDER));
        }
    }

    #[test]
    fn a_key_cut_by_a_tool_that_wraps_is_found_and_the_breaks_stay(
        key in "[A-Za-z0-9_+/.]{1}[A-Za-z0-9_+/=.-]{14,150}[A-Za-z0-9]", at in 0usize..60, width in 20usize..80,
        ending in prop::sample::select(vec!["\\\n", "=\n", "=\r\n", "\n", "\n    ", "\\n", "\" +\n  \"", "' \\\n '", "\" \"", "\n# "]),
    ) {
        let text = format!("{}{key} tail", "x".repeat(at) + " ");
        let cut = wrapped(&text, width, ending);
        let clean = string(replaced(&key, cut.as_bytes()).unwrap_or_else(|| panic!("{cut}")));
        prop_assert_eq!(clean.matches(ending).count(), cut.matches(ending).count());
        prop_assert_eq!(clean.replace(ending, ""), format!("{} {PLACEHOLDER} tail", "x".repeat(at)));
    }

    #[test]
    fn nothing_is_seen_where_nothing_is(
        key in "[A-Za-z0-9_-]{16,60}", noise in prop::collection::vec(any::<u8>(), 0..1500), text in "[ -~\n]{0,1500}",
    ) {
        for hay in [&noise[..], text.as_bytes(), STANDARD.encode(&noise).as_bytes(), crate::base::id::hex(&noise).as_bytes()] {
            prop_assert!(replaced(&key, hay).is_none());
        }
        // All but the last character, and all but the first.
        for part in [&key[1..], &key[..key.len() - 1]] {
            let cut = format!("{}~~{part}~~{}", text.replace(&key, ""), crate::base::id::hex(part.as_bytes()));
            prop_assert!(replaced(&key, cut.as_bytes()).is_none());
        }
    }

    #[test]
    fn several_keys_at_once_leave_no_tail(
        start in "[A-Za-z0-9]{16,30}", middle in "[A-Za-z0-9]{1,20}", end in "[A-Za-z0-9]{16,30}", more in 0usize..20,
    ) {
        // One is a start of another, two share bytes, and there are strangers.
        let mut keys = vec![start.clone(), format!("{start}{middle}"), format!("{middle}{end}"), end.clone()];
        keys.extend((0..more).map(|n| format!("{n:04}{end}{start}")));
        keys.retain(|k| k.len() >= 16);
        let needles = Needles::new(&keys.iter().map(String::as_bytes).collect::<Vec<_>>()).unwrap();
        let search = needles.search();
        for (text, want) in [
            (format!("a={start};"), format!("a={PLACEHOLDER};")),
            (format!("a={start}{middle};"), format!("a={PLACEHOLDER};")),
        ] {
            prop_assert_eq!(string(search.replace_content(text.as_bytes()).unwrap().unwrap()), want);
        }
        let both = format!("a={start}{middle}{end};");
        let clean = search.replace_content(both.as_bytes()).unwrap().unwrap();
        for key in &keys {
            prop_assert!(memmem::find(&clean, key.as_bytes()).is_none());
        }
        let hits = search.hits(both.as_bytes());
        prop_assert!(hits.windows(2).all(|pair| pair[0].start <= pair[1].start && pair[0].end < pair[1].end));
        prop_assert!(hits.iter().all(|hit| hit.end - hit.start <= search.reach() && hit.key < keys.len()));
        // Whoever goes from anchor to anchor sees the same.
        let mut at = 0;
        let mut seen = Vec::new();
        while let Some(anchor) = search.anchor(both.as_bytes(), at) {
            seen.extend(search.hits_at(both.as_bytes(), anchor));
            at = anchor + 1;
        }
        prop_assert!(hits.iter().all(|hit| seen.contains(hit)));
    }
}

#[test]
fn a_key_of_many_lines_is_found_with_other_line_ends_and_indented() {
    let mut key = String::from("-----BEGIN X-----\n");
    for n in 0..6 {
        writeln!(key, "{}", "Qz7xW9".repeat(10 - n % 2)).unwrap();
    }
    key.push_str("-----END X-----");
    for (ending, form) in
        [("\r\n", "plain with CRLF"), ("\n", "plain"), ("\n    ", ""), ("\\n", ""), ("\\\\n", ""), (" ", "")]
    {
        let text = format!("key: {}{ending}z", key.replace('\n', ending));
        assert_eq!(
            string(replaced(&key, text.as_bytes()).unwrap()),
            format!("key: {PLACEHOLDER}{ending}z"),
            "{ending:?}"
        );
        let needles = Needles::new(&[key.replace('\n', "\r\n").as_bytes()]).unwrap();
        let found = needles.search().form_in(text.as_bytes()).unwrap();
        assert!(form.is_empty() || found == form, "{found}");
    }
}

#[test]
fn the_placeholder_itself_and_its_parts_are_refused() {
    for key in [PLACEHOLDER.as_bytes(), &PLACEHOLDER.as_bytes()[1..], &[b'-'; 16]] {
        let other = "Qz7_xW9".repeat(9);
        assert!(Needles::new(&[other.as_bytes(), key]).is_err());
    }
}

/// `text` in base64 of its UTF-16, as PowerShell's `-EncodedCommand` takes it.
fn for_powershell(text: &str) -> String {
    STANDARD.encode(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
}

fn from_powershell(code: &str) -> String {
    let bytes = STANDARD.decode(code).unwrap();
    String::from_utf16(&bytes.chunks(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect::<Vec<_>>()).unwrap()
}

/// Bytes in hexadecimal with something between them.
fn dumped(text: &str, before: &str, between: &str, each_line: usize) -> String {
    let byte = |b: &u8| format!("{before}{b:02x}");
    let line = |line: &[u8]| line.iter().map(byte).collect::<Vec<_>>().join(between);
    text.as_bytes().chunks(each_line).map(line).collect::<Vec<_>>().join(&format!("{}\n  ", between.trim_end()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn codes_of_codes_decode_to_a_placeholder_of_the_same_length(
        key in "[A-Za-z0-9_+/=.-]{16,120}", before in "[ -~]{0,20}", after in "[ -~]{3,20}", outer in "[ -~]{0,5}",
        width in 40usize..100,
    ) {
        let text = format!("{before}{key}{after}");
        let same = string(forms::padded(key.len()));
        let clean = string(replaced(&key, for_powershell(&text).as_bytes()).unwrap());
        prop_assert_eq!(from_powershell(&clean), format!("{before}{same}{after}"));
        // A docker login (`user:key` in base64) within JSON within a Secret, in one line and wrapped.
        let json = format!("{{\"{outer}\":\"{}\"}}", STANDARD.encode(&text));
        let secret = STANDARD.encode(&json);
        let clean = string(replaced(&key, secret.as_bytes()).unwrap());
        let clean = string(STANDARD.decode(&clean).unwrap());
        prop_assert_eq!(clean.len(), json.len());
        let inner = clean.strip_suffix("\"}").unwrap().rsplit('"').next().unwrap();
        let inner = STANDARD.decode(inner).unwrap();
        prop_assert!(inner.starts_with(before.as_bytes()) && inner.ends_with(after.as_bytes()));
        prop_assert!(memmem::find(&inner, &same.as_bytes()[1..same.len() - 1]).is_some());
        let cut = wrapped(&secret, width, "\n    ");
        let clean = string(replaced(&key, cut.as_bytes()).unwrap());
        prop_assert_eq!(clean.len(), cut.len());
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

#[test]
fn all_pieces_of_one_key_fit_into_one_search_of_the_processor() {
    for key in [key(), "AKIA".to_owned() + &"Q7ZX".repeat(4), "ghp_".to_owned() + &"aZ3kQ9".repeat(6)] {
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        assert!(needles.anchors.searchers() == 1 || !cfg!(target_arch = "x86_64"), "{}", needles.anchors.searchers());
    }
}

/// Lines with keys here and there, longer than what is looked at together.
fn long_text(key: &str, before: usize, binary: bool) -> Vec<u8> {
    let mut text = format!("{key} at the start\n").into_bytes();
    text.resize(before, b'x');
    text.extend_from_slice(key.as_bytes());
    while text.len() < 9 << 20 {
        text.extend_from_slice(b"a line of text, and then more of it, until there is enough\n");
        if text.len() % 65_537 < 50 {
            text.extend_from_slice(format!("k={key}\n{}", if binary { "\0" } else { "" }).as_bytes());
        }
    }
    text.extend_from_slice(key.as_bytes());
    text
}

#[test]
fn a_stream_becomes_what_the_whole_becomes() {
    use std::io::Read as _;
    let key = key();
    let needles = Needles::new(&[key.as_bytes()]).unwrap();
    let search = needles.search();
    let edge = (4 << 20) + 2 * search.reach();
    for before in [edge - key.len() / 2, edge - search.reach() - 5, edge + 1] {
        for binary_too in [false, true] {
            let text = long_text(&key, before, binary_too);
            assert_eq!(binary(&text), binary_too);
            assert_eq!(binary_stream(&mut &text[..]).unwrap(), binary_too);
            let mut out = Vec::new();
            Cleaned::new(&search, &text[..], binary_too).read_to_end(&mut out).unwrap();
            assert!(out == search.replace_content(&text).unwrap().unwrap(), "{before} {binary_too}");
            let mut pieces = Pieces::new(&search, &text[..]);
            let mut sum = 0;
            while let Some(piece) = pieces.next().unwrap() {
                sum += piece.len();
            }
            assert_eq!(sum, text.len());
        }
    }
    // Nothing but the key, again and again.
    let text = key.repeat((6 << 20) / key.len());
    let mut out = Vec::new();
    Cleaned::new(&search, text.as_bytes(), false).read_to_end(&mut out).unwrap();
    assert!(search.first(&out).is_none() && out.starts_with(PLACEHOLDER.as_bytes()));
}

#[test]
fn what_is_binary_is_so_as_a_stream_too() {
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    for text in [&b""[..], b"text\n", b"a\0b", &wide("text\n"), &wide("a\x01"), &wide("\u{4e00}\u{4e8c}"), b"odd\0"] {
        assert_eq!(binary_stream(&mut &text[..]).unwrap(), binary(text), "{text:?}");
    }
}
