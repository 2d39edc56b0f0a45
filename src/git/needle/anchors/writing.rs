//! The ways to spell a form out.
//!
//! Must not know: which pieces of a spelling are looked for.

use zeroize::Zeroizing;

use super::super::forms::{Form, Kind};

/// A form spelled out in one way.
pub(super) struct Writing {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Bytes of one symbol.
    pub(super) unit: usize,
    /// Each symbol stands for itself: one anchor, which is one symbol, is enough.
    pub(super) alone: bool,
    /// Upper-case digits as well.
    pub(super) any_case: bool,
}

impl Writing {
    pub(super) fn of(form: &Form, write: impl Fn(u8, &mut Vec<u8>)) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(6 * form.symbols.len()));
        for symbol in form.symbols.iter() {
            write(symbol.to_le_bytes()[0], &mut bytes);
        }
        let unit = bytes.len() / form.symbols.len().max(1);
        Self { bytes, unit, alone: false, any_case: false }
    }
}

/// Each way to spell a form that has anchors of its own. Ways that escape a few characters only share those of another.
pub(super) fn writings(form: &Form) -> Vec<Writing> {
    let each = |hex: fn(u8) -> String| Writing::of(form, move |b, out| out.extend_from_slice(hex(b).as_bytes()));
    match form.kind {
        Kind::Text => vec![
            Writing::of(form, |b, out| out.push(b)),
            each(|b| format!("%{b:02x}")),
            each(|b| format!("%{b:02X}")),
            each(|b| format!("\\u{b:04x}")),
            each(|b| format!("\\u{b:04X}")),
            each(|b| format!("\\x{b:02x}")),
            each(|b| format!("\\x{b:02X}")),
            Writing { alone: true, ..each(|b| format!("\\{b:03o}")) },
        ],
        Kind::Dump => vec![
            Writing { any_case: true, ..each(|b| format!("{b:02x} ")) },
            Writing { any_case: true, ..each(|b| format!("{b:02x}:")) },
            Writing { any_case: true, alone: true, ..each(|b| format!("0x{b:02x}")) },
        ],
        Kind::Hex => vec![Writing::of(form, |b, out| out.push(b)), each(|b| char::from(b).to_ascii_uppercase().into())],
        Kind::Utf16 { little } => {
            let mut bytes = Zeroizing::new(Vec::with_capacity(2 * form.symbols.len()));
            for symbol in form.symbols.iter() {
                bytes.extend_from_slice(&if little { symbol.to_le_bytes() } else { symbol.to_be_bytes() });
            }
            vec![Writing { bytes, unit: 2, alone: false, any_case: false }]
        }
        Kind::Base64 { .. } => {
            let url = |b: u8, out: &mut Vec<u8>| {
                out.push(match b {
                    b'+' => b'-',
                    b'/' => b'_',
                    other => other,
                });
            };
            vec![Writing::of(form, |b, out| out.push(b)), Writing::of(form, url)]
        }
    }
}
