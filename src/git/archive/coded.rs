//! Base64 in the middle of a text, read as bytes, and the same text with other bytes in it: line breaks, alphabet and
//! padding as they were.
//!
//! Must not know: what the bytes are.

use std::io::{self, Read};

/// The bytes that the base64 at the start of a text stands for. Ends where it does; a line break does not end it.
pub(super) struct Decoded<'t> {
    symbols: Symbols<'t>,
    /// Bits that are read and not given out, and how many.
    bits: u32,
    count: u32,
}

impl<'t> Decoded<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { symbols: Symbols { text, at: 0, gap: 0..0 }, bits: 0, count: 0 }
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut made = 0;
        while let Some(slot) = buf.get_mut(made) {
            while self.count < 8 {
                let Some((value, _)) = self.symbols.next() else { return Ok(made) };
                self.bits = self.bits << 6 | u32::from(value);
                self.count += 6;
            }
            self.count -= 8;
            *slot = (self.bits >> self.count).to_le_bytes()[0];
            self.bits &= (1 << self.count) - 1;
            made += 1;
        }
        Ok(made)
    }
}

struct Symbols<'t> {
    text: &'t [u8],
    at: usize,
    /// The break before the last symbol.
    gap: std::ops::Range<usize>,
}

impl Iterator for Symbols<'_> {
    /// Its value, and the character.
    type Item = (u8, u8);

    fn next(&mut self) -> Option<(u8, u8)> {
        let rest = self.text.get(self.at..)?;
        let len = line_break(rest);
        let one = *rest.get(len)?;
        let value = value(one)?;
        self.gap = self.at..self.at + len;
        self.at += len + 1;
        Some((value, one))
    }
}

fn value(symbol: u8) -> Option<u8> {
    Some(match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Length of the line break at the start of `text`, with the indentation after it; also one written in letters.
fn line_break(text: &[u8]) -> usize {
    let written = [&b"\\r\\n"[..], b"\\n"].iter().find(|end| text.starts_with(end)).map(|end| end.len());
    if let Some(len) = written {
        return len;
    }
    let blank = |from: usize, of: &[u8]| {
        from + text.get(from..).unwrap_or_default().iter().take_while(|b| of.contains(b)).count()
    };
    let end = blank(0, b" \t\r\\");
    if text.get(end) == Some(&b'\n') { blank(end, b" \t\r\n") } else { 0 }
}

/// One stretch of base64 of known length.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Bytes it takes in the text, padding and breaks included.
    pub(super) len: usize,
    /// Symbols in a line, and what is between two lines.
    lines: Option<(usize, Vec<u8>)>,
    url_safe: bool,
    /// Unknown where none was needed.
    padded: Option<bool>,
}

impl Stretch {
    /// The stretch at the start of `text` that stands for `bytes` bytes.
    pub(super) fn new(text: &[u8], bytes: usize) -> Option<Self> {
        let count = (bytes.checked_mul(4)?).div_ceil(3);
        let mut symbols = Symbols { text, at: 0, gap: 0..0 };
        let (mut lines, mut url_safe) = (None, false);
        for n in 0..count {
            let (_, symbol) = symbols.next()?;
            url_safe |= matches!(symbol, b'-' | b'_');
            if lines.is_none() && !symbols.gap.is_empty() {
                lines = Some((n, text.get(symbols.gap.clone())?.to_vec()));
            }
        }
        let needed = (4 - count % 4) % 4;
        let (mut len, mut padding) = (symbols.at, 0);
        while padding < needed {
            let rest = text.get(len..)?;
            let gap = line_break(rest);
            if rest.get(gap) != Some(&b'=') {
                break;
            }
            if lines.is_none() && gap > 0 {
                lines = Some((count + padding, rest.get(..gap)?.to_vec()));
            }
            len += gap + 1;
            padding += 1;
        }
        let padded = (needed > 0).then_some(padding == needed);
        Some(Self { len, lines, url_safe, padded })
    }

    /// Whether the base64 at the start of `text` ends where this does.
    pub(super) fn ends(&self, text: &[u8]) -> bool {
        text.get(self.len).is_none_or(|b| value(*b).is_none())
    }

    /// `bytes` written in the same way.
    pub(super) fn write(&self, bytes: &[u8]) -> Vec<u8> {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
        let text = match (self.url_safe, self.padded != Some(false)) {
            (false, true) => STANDARD.encode(bytes),
            (false, false) => STANDARD_NO_PAD.encode(bytes),
            (true, true) => URL_SAFE.encode(bytes),
            (true, false) => URL_SAFE_NO_PAD.encode(bytes),
        };
        let Some((width, gap)) = self.lines.as_ref().filter(|(width, _)| *width > 0) else { return text.into_bytes() };
        let lines: Vec<&[u8]> = text.as_bytes().chunks(*width).collect();
        lines.join(gap.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    fn decoded(text: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        Decoded::new(text).read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn every_length_in_lines_and_without() {
        for len in 0..80 {
            let bytes: Vec<u8> = (0..len).map(|n: u8| n.wrapping_mul(37) ^ 0xf5).collect();
            for gap in ["", "\n", "\r\n    ", "\\n", " \\\n"] {
                let line = |text: String| {
                    let lines: Vec<&[u8]> = text.as_bytes().chunks(if gap.is_empty() { 999 } else { 20 }).collect();
                    lines.join(gap.as_bytes())
                };
                for text in [line(STANDARD.encode(&bytes)), line(URL_SAFE_NO_PAD.encode(&bytes))] {
                    let mut whole = text.clone();
                    whole.extend_from_slice(b"\" : more");
                    assert_eq!(decoded(&whole), bytes);
                    let stretch = Stretch::new(&whole, bytes.len()).unwrap();
                    assert_eq!(stretch.len, text.len(), "{gap:?} {len}");
                    assert_eq!(stretch.write(&bytes), text, "{gap:?} {len}");
                }
            }
        }
        assert_eq!(Stretch::new(b"AAAA", 4), None);
    }
}
