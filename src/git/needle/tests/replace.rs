//! A key as it is, taken out: what changes, what stays, what can't be taken out.
//!
//! Must not know: forms.

use super::*;

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

#[test]
fn the_placeholder_itself_and_its_parts_are_refused() {
    for key in [PLACEHOLDER.as_bytes(), &PLACEHOLDER.as_bytes()[1..], &[b'-'; 16]] {
        let other = "Qz7_xW9".repeat(9);
        assert!(Needles::new(&[other.as_bytes(), key]).is_err());
    }
}
