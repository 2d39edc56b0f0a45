//! A key in base64, hexadecimal, UTF-16, and in codes of codes.
//!
//! Must not know: escapes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::memmem;
use proptest::prelude::*;

use super::super::replace::LINE_ENDS;
use super::*;

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

/// `text` in base64 of its UTF-16, as PowerShell's `-EncodedCommand` takes it.
fn for_powershell(text: &str) -> String {
    STANDARD.encode(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
}

fn from_powershell(code: &str) -> String {
    let bytes = STANDARD.decode(code).unwrap();
    String::from_utf16(&bytes.chunks(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect::<Vec<_>>()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

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
}
