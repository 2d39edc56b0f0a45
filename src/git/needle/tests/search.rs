//! What is found and what is not: several keys at once, and nothing where nothing is.
//!
//! Must not know: how a replacement looks in each form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

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
fn all_pieces_of_one_key_fit_into_one_search_of_the_processor() {
    for key in [key(), "AKIA".to_owned() + &"Q7ZX".repeat(4), "ghp_".to_owned() + &"aZ3kQ9".repeat(6)] {
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        assert!(needles.anchors.searchers() == 1 || !cfg!(target_arch = "x86_64"), "{}", needles.anchors.searchers());
    }
}
