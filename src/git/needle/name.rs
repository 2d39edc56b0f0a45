//! What a person is told about the form of a hit.
//!
//! Must not know: how it was found.

use super::forms::{Form, Kind, Of};

/// What a person is told.
pub(super) fn name(form: &Form, found: &[u8]) -> &'static str {
    match form.kind {
        Kind::Utf16 { little: true } => "utf-16le",
        Kind::Utf16 { little: false } => "utf-16be",
        Kind::Hex => "hex",
        Kind::Dump => "hex, byte by byte",
        Kind::Base64 { of: Of::Wide, .. } => "base64 of utf-16le",
        Kind::Base64 { of: Of::Code { .. }, .. } => "base64 of base64",
        Kind::Base64 { .. } if found.iter().any(|b| matches!(b, b'-' | b'_')) => "base64url",
        Kind::Base64 { .. } => "base64",
        Kind::Text => text_name(form, found),
    }
}

fn text_name(form: &Form, found: &[u8]) -> &'static str {
    if found.len() == form.bytes {
        return "plain";
    }
    let more =
        |of: u8| memchr::memchr_iter(of, found).count() > form.symbols.iter().filter(|s| **s == u16::from(of)).count();
    let has = |what: &[u8]| memchr::memmem::find(found, what).is_some();
    if more(b'%') {
        "percent-encoded"
    } else if more(b'&') && has(b";") {
        "html-escaped"
    } else if more(b'\\') && (has(b"\\u") || has(b"\\U")) {
        "unicode-escaped"
    } else if more(b'\\') && has(b"\\x") {
        "hex-escaped"
    } else if found.windows(2).any(|pair| matches!(pair, [b'\\', b'0'..=b'3'])) {
        "octal-escaped"
    } else if more(b'\\') && !has(b"\\\n") && !has(b"\\\r\n") {
        "json-escaped"
    } else if more(b'\n') {
        "line-wrapped"
    } else if more(b'\r') {
        "plain with CRLF"
    } else if more(b'=') {
        "quoted-printable"
    } else {
        "plain, indented or quoted"
    }
}
