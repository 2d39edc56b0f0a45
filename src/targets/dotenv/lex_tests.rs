//! What the lexer promises, case by case, against random input, and against another parser.

use proptest::prelude::*;

use super::super::encode::{decode, encode};
use super::*;

/// `(name, value, quote, line)` of every assignment.
fn read(text: &[u8]) -> Vec<(String, String, Quote, u32)> {
    let value = |span: &Span| String::from_utf8_lossy(&text[span.value.clone()]).into_owned();
    spans(text).unwrap().iter().map(|s| (s.name.clone(), value(s), s.quote, s.line)).collect()
}

fn one(text: &str) -> (String, String, Quote) {
    let all = read(text.as_bytes());
    assert_eq!(all.len(), 1, "{text:?}: {all:?}");
    let (name, value, quote, _) = all[0].clone();
    (name, value, quote)
}

#[test]
fn every_way_to_write_an_assignment() {
    for (text, value, quote) in [
        ("K=v", "v", Quote::None),
        ("K=v\n", "v", Quote::None),
        ("\u{feff}K=v\r\n", "v", Quote::None),
        ("  export\tK = v \t\r\n", "v", Quote::None),
        ("K=v # note", "v", Quote::None),
        ("K=v#part", "v#part", Quote::None),
        ("K=#part", "#part", Quote::None),
        ("K= # note", "", Quote::None),
        ("K=", "", Quote::None),
        ("K=a b  c", "a b  c", Quote::None),
        ("K==v=", "=v=", Quote::None),
        ("K: v", "v", Quote::None),
        ("K='v # not a note' # note", "v # not a note", Quote::Single),
        ("K=\"v\" # note", "v", Quote::Double),
        ("K=\"a\\\"b\\\\\"", "a\\\"b\\\\", Quote::Double),
        ("K=`v`", "v", Quote::Backtick),
        ("K='a\nb'", "a\nb", Quote::Single),
        ("K=\"\"", "", Quote::Double),
        ("K='v';", "v", Quote::Single),
        // Loaders disagree: taken as it stands, to the end of the line.
        ("K=\"v", "\"v", Quote::None),
        ("K='it\\'s'", "'it\\'s'", Quote::None),
        ("K=\"a\"b", "\"a\"b", Quote::None),
        ("K=\"a\\", "\"a\\", Quote::None),
    ] {
        assert_eq!(one(text), ("K".into(), value.into(), quote), "{text:?}");
    }
    assert_eq!(one("export=v").0, "export");
    assert_eq!(one("export =v").0, "export");
}

#[test]
fn garbage_is_skipped_and_lines_are_counted() {
    let text = b"\n# note\n=x\n1A=x\nset -a\nexport\nA B=x\n\xff\xfe=1\nK=1\r\nK='a\r\nb'\nL=2\rM=3";
    let seen: Vec<(String, u32)> = read(text).into_iter().map(|(name, _, _, line)| (name, line)).collect();
    let want = [("K", 9), ("K", 10), ("L", 12), ("M", 13)];
    assert_eq!(seen, want.map(|(name, line)| (name.to_owned(), line)));
}

#[test]
fn binary_is_refused_with_the_reason() {
    assert!(spans(b"K=v\0").unwrap_err().why.contains("NUL"));
    assert!(spans(b"\xff\xfeK\0=\0v\0").unwrap_err().why.contains("UTF-16"));
}

#[test]
fn a_long_line_and_many_open_quotes_take_one_pass() {
    let mut text = format!("K={}\n", "x".repeat(900_000)).into_bytes();
    text.extend("A=\"x\nB='x\nC=`x\n".repeat(5_000).bytes());
    assert_eq!(spans(&text).unwrap()[0].value, 2..900_002);
}

/// Pieces that make interesting files more often than random bytes do.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"K=".to_vec()),
        Just(b"export ".to_vec()),
        prop::sample::select(&b"'\"`\\#$= \t\r\n;:_-"[..]).prop_map(|b| vec![b]),
        "[a-zA-Z0-9]{1,6}".prop_map(String::into_bytes),
        prop::collection::vec(1_u8..=255, 0..4),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_gives_ordered_ranges_within_it(text in soup()) {
        let mut end = 0;
        for span in spans(&text).unwrap() {
            prop_assert!(end <= span.value.start && span.value.start <= span.value.end && span.value.end <= text.len());
            prop_assert!(span.line >= 1);
            end = span.value.end;
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_and_lexed_to_the_same(value in prop::collection::vec(any::<u8>(), 0..40)) {
        for quote in [Quote::None, Quote::Single, Quote::Double, Quote::Backtick] {
            let Ok(raw) = encode(&value, quote) else { continue };
            prop_assert_eq!(&**decode(&raw, quote), &*value);
            let mark: &[u8] = match quote {
                Quote::None => b"",
                Quote::Single => b"'",
                Quote::Double => b"\"",
                Quote::Backtick => b"`",
            };
            let text = [b"A=1\nK=", mark, &raw, mark, b" # note\nB=2\n"].concat();
            let all = spans(&text).unwrap();
            prop_assert_eq!(all.len(), 3);
            prop_assert_eq!(&text[all[1].value.clone()], &**raw);
            prop_assert_eq!(all[1].quote, quote);
        }
    }

    /// Only bytes within a span change: a value put in its place leaves every other assignment as it was.
    #[test]
    fn a_value_put_in_place_moves_nothing_else(text in soup(), which in any::<prop::sample::Index>(), new in "[a-zA-Z0-9_-]{16,40}") {
        let before = spans(&text).unwrap();
        prop_assume!(!before.is_empty());
        let at = which.index(before.len());
        let span = &before[at];
        prop_assume!(span.quote != Quote::None || !text[span.value.clone()].is_empty());
        let raw = encode(new.as_bytes(), span.quote).unwrap();
        let after_text = [&text[..span.value.start], &raw, &text[span.value.end..]].concat();
        let after = spans(&after_text).unwrap();
        prop_assert_eq!(before.len(), after.len());
        for (i, (b, a)) in before.iter().zip(&after).enumerate() {
            prop_assert_eq!((&b.name, b.line), (&a.name, a.line));
            let want = if i == at { new.as_bytes() } else { &text[b.value.clone()] };
            prop_assert_eq!(&after_text[a.value.clone()], want);
        }
    }

    /// On what both understand, another parser reads the same.
    #[test]
    fn agrees_with_dotenvy(lines in prop::collection::vec(line(), 0..12), ends in any::<bool>()) {
        let text = lines.join(if ends { "\r\n" } else { "\n" });
        let theirs: Vec<(String, String)> = dotenvy::from_read_iter(text.as_bytes()).map(Result::unwrap).collect();
        let ours: Vec<(String, String)> = spans(text.as_bytes()).unwrap().iter().map(|s| {
            let value = decode(&text.as_bytes()[s.value.clone()], s.quote);
            (s.name.clone(), String::from_utf8(value.to_vec()).unwrap())
        }).collect();
        prop_assert_eq!(ours, theirs);
    }
}

/// A line that every loader reads alike.
fn line() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        "[a-zA-Z0-9_./:-]{0,20}",
        "'[a-zA-Z0-9 #\"$_-]{0,20}'",
        "\"([a-zA-Z0-9 #'_-]|\\\\\"|\\\\\\\\|\\\\\\$|\\\\n){0,20}\"",
    ];
    let assignment =
        ("(export )?[A-Z_][A-Z0-9_.]{0,10}", value, "( # note)?").prop_map(|(n, v, c)| format!("{n}={v}{c}"));
    prop_oneof![4 => assignment, 1 => Just("# note".to_owned()), 1 => Just(String::new())]
}
