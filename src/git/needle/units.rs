//! How one symbol of a form may be written, and what may stand between two: escapes of URLs, JSON, HTML and source
//! code, quoted-printable, and the line breaks of tools that wrap.
//!
//! Must not know: keys as a whole.

use super::forms::{Form, Kind};

/// Longest writing of one symbol: three more backslashes before `\U00000041`.
pub(super) const UNIT: usize = 13;
/// Longest break between two symbols: a line's end, an indentation, a mark of quotation.
pub(super) const GAP: usize = 160;

/// Calls `found` with each place where a writing of `symbol` that starts at `at` ends.
pub(super) fn units(form: &Form, hay: &[u8], at: usize, symbol: u16, found: &mut dyn FnMut(usize)) {
    let (high, low) = ((symbol >> 8).to_le_bytes()[0], symbol.to_le_bytes()[0]);
    match form.kind {
        Kind::Utf16 { little } => {
            let pair = |symbol: u16| if little { symbol.to_le_bytes() } else { symbol.to_be_bytes() };
            let rest = hay.get(at..).unwrap_or_default();
            if rest.starts_with(&pair(symbol)) {
                found(at + 2);
            }
            if symbol == u16::from(b'\n')
                && rest.starts_with(&pair(u16::from(b'\r')))
                && rest.get(2..).is_some_and(|rest| rest.starts_with(&pair(symbol)))
            {
                found(at + 4);
            }
        }
        Kind::Hex => {
            if high == 0 && hay.get(at).is_some_and(|b| b.eq_ignore_ascii_case(&low)) {
                found(at + 1);
            }
        }
        Kind::Dump => {
            for mark in [&b""[..], b"0x", b"0X"] {
                let from = at + mark.len();
                if hay.get(at..from) == Some(mark) && number(hay.get(from..from + 2), 16) == Some(low) {
                    found(from + 2);
                }
            }
        }
        Kind::Text => text(hay, at, low, found),
        Kind::Base64 { .. } => {
            text(hay, at, low, found);
            let url_safe = match low {
                b'+' => b'-',
                b'/' => b'_',
                _ => return,
            };
            if hay.get(at) == Some(&url_safe) {
                found(at + 1);
            }
        }
    }
}

fn text(hay: &[u8], at: usize, want: u8, found: &mut dyn FnMut(usize)) {
    let Some(first) = hay.get(at) else { return };
    if *first == want {
        found(at + 1);
    }
    let rest = hay.get(at + 1..).unwrap_or_default();
    match first {
        b'%' => percent(rest, want, &mut |len| found(at + 1 + len)),
        // quoted-printable
        b'=' if number(rest.get(..2), 16) == Some(want) => found(at + 3),
        b'\\' => backslash(rest, want, &mut |len| found(at + 1 + len)),
        b'&' => markup(rest, want, &mut |len| found(at + 1 + len)),
        _ => {}
    }
    if want == b'\n' {
        gaps(hay, at, found);
        if *first == b' ' {
            found(at + 1);
        }
    }
}

/// After a percent sign: `41`. An address within an address has its percent signs encoded in turn.
fn percent(rest: &[u8], want: u8, found: &mut dyn FnMut(usize)) {
    for skip in [0, 2, 4, 6] {
        if number(rest.get(skip..skip + 2), 16) == Some(want) {
            found(skip + 2);
        }
        if rest.get(skip..skip + 2) != Some(b"25") {
            return;
        }
    }
}

/// After a backslash: `\u0041`, `\u{41}`, `\U00000041`, `\x41`, `\101`, `\/`. Text within text doubles the backslashes.
fn backslash(rest: &[u8], want: u8, found: &mut dyn FnMut(usize)) {
    let more = rest.iter().take(3).take_while(|b| **b == b'\\').count();
    for skip in 0..=more {
        let rest = rest.get(skip..).unwrap_or_default();
        let after = rest.get(1..).unwrap_or_default();
        match rest.first() {
            Some(b'u') if after.first() == Some(&b'{') => {
                let digits = after.iter().skip(1).take(6).take_while(|b| b.is_ascii_hexdigit()).count();
                if after.get(1 + digits) == Some(&b'}') && number(after.get(1..=digits), 16) == Some(want) {
                    found(skip + digits + 3);
                }
            }
            Some(b'u') if number(after.get(..4), 16) == Some(want) => found(skip + 5),
            Some(b'U') if number(after.get(..8), 16) == Some(want) => found(skip + 9),
            Some(b'x') if number(after.get(..2), 16) == Some(want) => found(skip + 3),
            Some(b'0'..=b'3') if number(rest.get(..3), 8) == Some(want) => found(skip + 3),
            Some(other) if *other == want && !want.is_ascii_alphanumeric() && want > b' ' => found(skip + 1),
            _ => {}
        }
    }
}

/// After an ampersand: `&amp;`, `&#65;`, `&#x41;`.
fn markup(rest: &[u8], want: u8, found: &mut dyn FnMut(usize)) {
    let Some(end) = rest.iter().take(9).position(|b| *b == b';') else { return };
    let name = rest.get(..end).unwrap_or_default();
    let byte = match name {
        b"amp" => Some(b'&'),
        b"lt" => Some(b'<'),
        b"gt" => Some(b'>'),
        b"quot" => Some(b'"'),
        b"apos" => Some(b'\''),
        [b'#', b'x' | b'X', digits @ ..] => number(Some(digits), 16),
        [b'#', digits @ ..] => number(Some(digits), 10),
        _ => None,
    };
    if byte == Some(want) {
        found(end + 1);
    }
}

fn number(digits: Option<&[u8]>, radix: u32) -> Option<u8> {
    let digits = digits?;
    let mut value = 0u32;
    for digit in digits {
        value = value.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?)?;
    }
    u8::try_from(value).ok().filter(|_| !digits.is_empty())
}

/// What may stand between two symbols of `form`; calls `found` with each place where it ends.
pub(super) fn between(form: &Form, hay: &[u8], at: usize, found: &mut dyn FnMut(usize)) {
    match form.kind {
        Kind::Utf16 { .. } => {}
        Kind::Dump => {
            let rest = hay.get(at..hay.len().min(at + GAP)).unwrap_or_default();
            let len = rest.iter().take_while(|b| is_apart(**b)).count();
            if len > 0 {
                found(at + len);
            }
        }
        _ => gaps(hay, at, found),
    }
}

/// Whether what stands between two symbols of `form` may end in this byte.
pub(super) fn ends_between(form: &Form, b: u8) -> bool {
    match form.kind {
        Kind::Utf16 { .. } => false,
        Kind::Dump => is_apart(b),
        _ => ends_gap(b),
    }
}

/// What stands between the bytes of a dump, line ends too.
fn is_apart(b: u8) -> bool {
    b.is_ascii_whitespace() || b",:;-\"'+\\".contains(&b)
}

/// Calls `found` with each place where a break that starts at `at` ends: a line end with what tools put around it (a
/// backslash, `=` of quoted-printable, quotes and a joiner, an indentation, `>`, `#`, `+` and the like), a written `\n`,
/// or two quotes of a text that was cut in two.
fn gaps(hay: &[u8], at: usize, found: &mut dyn FnMut(usize)) {
    let rest = hay.get(at..hay.len().min(at + GAP)).unwrap_or_default();
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r');
    let run = |from: usize, of: &dyn Fn(&u8) -> bool| {
        from + rest.get(from..).unwrap_or_default().iter().take_while(|b| of(b)).count()
    };
    match rest.first() {
        Some(b' ' | b'\t' | b'\r' | b'\n' | b'\\' | b'=' | b'"' | b'\'' | b'`' | b'+' | b'.' | b'&' | b',') => {}
        _ => return,
    }
    written(rest, &mut |len| found(at + len));
    let quoted = rest.first().is_some_and(|b| is_quote(*b));
    let mut i = run(usize::from(quoted), &blank);
    if rest.get(i).is_some_and(|b| b"+.\\=&,".contains(b)) {
        i = run(i + 1, &blank);
    }
    if rest.get(i) != Some(&b'\n') {
        if quoted && rest.get(i).is_some_and(|b| is_quote(*b)) {
            found(at + i + 1);
        }
        return;
    }
    i = run(i, &|b| b.is_ascii_whitespace());
    found(at + i);
    for _ in 0..3 {
        if !rest.get(i).is_some_and(|b| is_mark(*b)) {
            return;
        }
        i += 1;
        found(at + i);
        let after = run(i, &blank);
        if after > i {
            found(at + after);
        }
        if rest.get(after).is_some_and(|b| is_quote(*b)) {
            found(at + after + 1);
        }
    }
}

/// Whether a break may end in this byte.
fn ends_gap(b: u8) -> bool {
    b.is_ascii_whitespace() || b == b'n' || is_quote(b) || is_mark(b)
}

fn is_mark(b: u8) -> bool {
    matches!(b, b'#' | b'>' | b'*' | b'+' | b'|' | b';' | b'/' | b'-') || is_quote(b)
}

fn is_quote(b: u8) -> bool {
    matches!(b, b'"' | b'\'' | b'`')
}

/// `\n` or `\r\n` in letters, the backslash once or twice.
fn written(rest: &[u8], found: &mut dyn FnMut(usize)) {
    let letter = |from: usize, letter: u8| {
        let slashes = rest.get(from..)?.iter().take(2).take_while(|b| **b == b'\\').count();
        (slashes > 0 && rest.get(from + slashes) == Some(&letter)).then_some(from + slashes + 1)
    };
    let after = letter(0, b'r').unwrap_or(0);
    if let Some(end) = letter(after, b'n') {
        found(end);
    }
}
