//! What is written where a form stood: the placeholder, in the same form, line breaks left where they are.
//!
//! Must not know: how the form was found.

use super::forms::{Coded, Form, Kind, PLACEHOLDER, padded};
use super::walk;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What to write over `found`. `fit`: exactly as many bytes.
pub(super) fn substitute(form: &Form, found: &[u8], fit: bool) -> Vec<u8> {
    let steps = walk::steps(form, found);
    let written: usize = steps.iter().map(|(start, end)| end - start).sum();
    let gaps = found.len() - written.min(found.len());
    // Text, cut where the breaks are: any one symbol may take any number of bytes.
    let text = match form.kind {
        Kind::Text if fit => padded(written),
        Kind::Text => PLACEHOLDER.as_bytes().to_vec(),
        Kind::Utf16 { little } => {
            let pair = |c: u16| if little { c.to_le_bytes() } else { c.to_be_bytes() };
            let symbols: Vec<u16> = if fit {
                padded(written / 2).into_iter().map(u16::from).collect()
            } else {
                PLACEHOLDER.bytes().map(u16::from).collect()
            };
            symbols.into_iter().flat_map(pair).collect()
        }
        Kind::Hex | Kind::Dump | Kind::Base64 { .. } => return in_place(form, found, &steps, fit),
    };
    let mut text = text.into_iter();
    let mut out = Vec::with_capacity(text.len() + gaps);
    let mut at = 0;
    for (start, end) in &steps {
        out.extend_from_slice(found.get(at..*start).unwrap_or_default());
        if fit {
            out.extend(text.by_ref().take(end - start));
        } else {
            out.extend(text.by_ref());
        }
        at = *end;
    }
    out.extend(text);
    out
}

/// Symbol for symbol, so that what stands around it keeps its alignment.
fn in_place(form: &Form, found: &[u8], steps: &[(usize, usize)], fit: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(found.len());
    let mut at = 0;
    // Digits alone don't tell their case.
    let upper = found.iter().any(|b| matches!(b, b'A'..=b'F'));
    for ((start, end), symbol) in steps.iter().zip(&form.same) {
        out.extend_from_slice(found.get(at..*start).unwrap_or_default());
        let was = found.get(*start..*end).unwrap_or_default();
        let symbol = symbol.to_le_bytes()[0];
        match was {
            _ if form.kind == Kind::Dump => {
                let mark = was.get(..was.len().saturating_sub(2)).unwrap_or_default();
                out.extend_from_slice(mark);
                let hex = if upper { format!("{symbol:02X}") } else { format!("{symbol:02x}") };
                out.extend_from_slice(hex.as_bytes());
            }
            [b'%', _, _] => out.extend_from_slice(format!("%{symbol:02X}").as_bytes()),
            [one] if one.is_ascii_uppercase() && form.kind == Kind::Hex => out.push(symbol.to_ascii_uppercase()),
            _ => out.push(symbol),
        }
        at = *end;
    }
    if fit {
        out.resize(found.len(), b'-');
    }
    out
}

/// The characters just before and after base64 symbols hold bits of the key too; this writes the placeholder's there,
/// so that what is decoded is the placeholder from its first letter to its last. Gives the new character; `None` when
/// there is nothing to change, or the neighbour does not hold what it would.
pub(super) fn edge(form: &Form, neighbour: u8, first: bool) -> Option<u8> {
    let Kind::Base64 { skew, .. } = form.kind else { return None };
    let Coded { len, ends, same } = &form.coded;
    let plain = match neighbour {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    let value = u8::try_from(ALPHABET.iter().position(|c| *c == plain)?).ok()?;
    let fresh = if first {
        // Of the first byte, the upper bits.
        let bits = [0, 4, 2].get(skew).copied()?;
        (bits > 0).then_some(())?;
        let kept = value >> bits << bits;
        (value == kept | ends[0] >> (8 - bits)).then_some(())?;
        kept | same[0] >> (8 - bits)
    } else {
        // Of the last byte, the lower bits.
        let bits = 8 * (skew + len) % 6;
        (bits > 0).then_some(())?;
        let kept = value & ((1 << (6 - bits)) - 1);
        (value == (ends[1] << (6 - bits) & 0x3f) | kept).then_some(())?;
        (same[1] << (6 - bits) & 0x3f) | kept
    };
    ALPHABET.get(usize::from(fresh)).copied().filter(|c| c.is_ascii_alphanumeric() || plain == *c)
}
