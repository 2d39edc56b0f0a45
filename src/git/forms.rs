//! The forms a key takes when it travels: plain, base64, hexadecimal, percent-encoded, UTF-16, escaped.
//! Each comes with the placeholder that takes its place, written the same way.
//!
//! Must not know: where the forms are looked for.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::base::Fault;
use crate::base::fault::Result;
use crate::base::id::hex;
use crate::base::secret::SHORTEST;

/// What stands where the key stood.
pub(super) const PLACEHOLDER: &str = "REMOVED-BY-STANCH";

/// One way to write the key, and what to write instead.
pub(super) struct Form {
    /// `plain`, `base64`, `hex`, …: what a person is told.
    pub(super) name: &'static str,
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// For text: as short as it reads well.
    pub(super) short: Vec<u8>,
    /// For binary content: exactly as long as `bytes`, so that offsets in the file stay right.
    pub(super) same: Vec<u8>,
    /// Base64, which tools break into lines: matched across line ends, replaced in place.
    pub(super) wraps: bool,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Form({}, {} bytes)", self.name, self.bytes.len())
    }
}

/// Every form of `key`, without doubles. Refuses a key that is too short to be told from ordinary text, and one
/// whose placeholder would hold the key again.
pub(super) fn all(key: &[u8]) -> Result<Vec<Form>> {
    if key.len() < SHORTEST {
        return Err(Fault::input(
            "this key is too short to search for",
            format!("it has {} bytes; below {SHORTEST} a search would change ordinary text", key.len()),
        )
        .hint("give the whole key, exactly as the vendor issued it"));
    }
    let short = PLACEHOLDER.as_bytes();
    let same = padded(short, key.len());
    let mut forms = Vec::new();
    let mut add = |name, write: &dyn Fn(&[u8]) -> Vec<u8>| {
        let bytes = Zeroizing::new(write(key));
        let fit = padded(&write(&same), bytes.len());
        push(&mut forms, Form { name, bytes, short: write(short), same: fit, wraps: false });
    };
    add("plain", &<[u8]>::to_vec);
    if key.contains(&b'\n') {
        add("plain with CRLF", &|b| replaced(b, b"\n", b"\r\n"));
    }
    add("hex", &|b| hex(b).into_bytes());
    add("hex", &|b| hex(b).to_uppercase().into_bytes());
    add("utf-16le", &|b| b.iter().flat_map(|c| [*c, 0]).collect());
    add("utf-16be", &|b| b.iter().flat_map(|c| [0, *c]).collect());
    add("percent-encoded", &|b| percent(b, false, true));
    add("percent-encoded", &|b| percent(b, false, false));
    add("percent-encoded", &|b| percent(b, true, true));
    add("percent-encoded", &|b| percent(b, true, false));
    add("json-escaped", &|b| json(b, false, false));
    add("json-escaped", &|b| json(b, true, false));
    add("json-escaped", &|b| json(b, false, true));
    add("unicode-escaped", &|b| unicode(b, true));
    add("unicode-escaped", &|b| unicode(b, false));
    add("html-escaped", &|b| html(b));
    for skew in 0..3 {
        for (engine, name) in [(&STANDARD_NO_PAD, "base64"), (&URL_SAFE_NO_PAD, "base64url")] {
            let core = |b: &[u8]| Zeroizing::new(base64_core(engine, b, skew));
            let same = core(&same).to_vec();
            push(&mut forms, Form { name, bytes: core(key), short: same.clone(), same, wraps: true });
        }
    }
    let echo = |text: &[u8]| forms.iter().any(|form| memchr::memmem::find(text, &form.bytes).is_some());
    if forms.iter().any(|form| echo(&form.short) || echo(&form.same)) {
        return Err(Fault::input(
            "this value can't be purged",
            format!("it is a part of {PLACEHOLDER}, the text that would take its place"),
        )
        .hint("check that you gave the leaked key, not a placeholder"));
    }
    Ok(forms)
}

fn push(forms: &mut Vec<Form>, form: Form) {
    if !form.bytes.is_empty() && !forms.iter().any(|known| *known.bytes == *form.bytes) {
        forms.push(form);
    }
}

/// `text` cut or filled with dashes to `len` bytes.
fn padded(text: &[u8], len: usize) -> Vec<u8> {
    text.iter().copied().chain(std::iter::repeat(b'-')).take(len).collect()
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, from) {
        let (head, tail) = rest.split_at(at);
        out.extend_from_slice(head);
        out.extend_from_slice(to);
        rest = tail.get(from.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

fn percent(bytes: &[u8], all: bool, upper: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if !all && (byte.is_ascii_alphanumeric() || b"-_.~".contains(byte)) {
            out.push(*byte);
        } else if upper {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            out.extend_from_slice(format!("%{byte:02x}").as_bytes());
        }
    }
    out
}

/// `slash`: `/` is escaped too (PHP); `markup`: `<`, `>` and `&` become `\u003c` and so on (Go).
fn json(bytes: &[u8], slash: bool, markup: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'/' if slash => out.extend_from_slice(b"\\/"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'<' | b'>' | b'&' if markup => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            other => out.push(*other),
        }
    }
    out
}

fn unicode(bytes: &[u8], lower: bool) -> Vec<u8> {
    let one = |byte: &u8| if lower { format!("\\u{byte:04x}") } else { format!("\\u{byte:04X}") };
    bytes.iter().flat_map(|byte| one(byte).into_bytes()).collect()
}

fn html(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for byte in bytes {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            other => out.push(*other),
        }
    }
    out
}

/// The characters of the base64 text that depend on `bytes` alone when `skew` other bytes (0, 1 or 2) stand before
/// them in the encoder's group of three: a character holds six bits, and those that share one with a stranger fall off.
fn base64_core(engine: &base64::engine::GeneralPurpose, bytes: &[u8], skew: usize) -> Vec<u8> {
    let mut shifted = Zeroizing::new(vec![0; skew]);
    shifted.extend_from_slice(bytes);
    let text = Zeroizing::new(engine.encode(&*shifted));
    let (from, to) = ((8 * skew).div_ceil(6), 8 * shifted.len() / 6);
    text.as_bytes().get(from..to).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_replaced_by_the_same_kind_of_text() {
        let key = format!("sk-{}-{}+/&\"", "proj", "aB3".repeat(9));
        for form in all(key.as_bytes()).unwrap() {
            assert_eq!(form.bytes.len(), form.same.len(), "{form:?}");
            assert_ne!(*form.bytes, form.short, "{form:?}");
        }
    }

    #[test]
    fn short_keys_and_the_placeholder_itself_are_refused() {
        assert!(all(b"only-fifteen-by").unwrap_err().why.contains("15 bytes"));
        assert!(all(PLACEHOLDER.as_bytes()).is_err());
        assert!(all(&PLACEHOLDER.as_bytes()[1..]).is_err());
    }

    #[test]
    fn base64_of_text_around_the_key_holds_the_core() {
        let key = "k".to_owned() + &"eY7".repeat(11);
        let forms = all(key.as_bytes()).unwrap();
        for before in ["", "u", "us", "usr", "user:"] {
            let text = STANDARD_NO_PAD.encode(format!("{before}{key}:after"));
            assert!(forms.iter().any(|f| f.wraps && text.contains(std::str::from_utf8(&f.bytes).unwrap())), "{before}");
        }
    }
}
