//! What can't be held becomes what the whole would become.
//!
//! Must not know: forms.

use super::*;

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
