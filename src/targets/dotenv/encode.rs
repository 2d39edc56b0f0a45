//! How a value is written and read in each style of quotes.
//!
//! The rule: what is written is read alike by shells, docker compose and the common loaders, or it is refused. One
//! exception, said in the words: escapes in double quotes, which Node's `dotenv` alone leaves as they stand. Keys as vendors
//! make them (letters, digits, `-`, `_`) need none of it.
//! Must not know: files, lines, names.

use zeroize::Zeroizing;

use crate::base::Fault;
use crate::targets::Quote;

pub(super) fn encode(value: &[u8], like: Quote) -> Result<Zeroizing<Vec<u8>>, Fault> {
    match like {
        Quote::None => match value.iter().find(|b| !plain(**b)) {
            Some(odd) => {
                Err(cannot("without quotes", *odd).hint("put single quotes around the old value, then look again"))
            }
            None => Ok(Zeroizing::new(value.to_vec())),
        },
        Quote::Single => literal(value, b'\'', "in single quotes", "double"),
        Quote::Backtick => literal(value, b'`', "in backticks", "single"),
        Quote::Double => double(value),
    }
}

/// The bytes a loader gets.
pub(super) fn decode(raw: &[u8], quote: Quote) -> Zeroizing<Vec<u8>> {
    if quote != Quote::Double {
        return Zeroizing::new(raw.to_vec());
    }
    let mut value = Zeroizing::new(Vec::with_capacity(raw.len()));
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            value.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => value.push(b'\n'),
            Some(b'r') => value.push(b'\r'),
            Some(b't') => value.push(b'\t'),
            Some(same @ (b'\\' | b'"' | b'$' | b'`')) => value.push(same),
            Some(other) => value.extend([b'\\', other]),
            None => value.push(b'\\'),
        }
    }
    value
}

/// No shell and no loader gives these a meaning in a bare value.
fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./:+=@%,^".contains(&byte)
}

/// No escapes exist: the mark itself can't stand in it, and Node would take a backslash before the closing mark for one.
fn literal(value: &[u8], mark: u8, place: &str, instead: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let odd = value.iter().copied().find(|b| *b == mark || *b == 0 || *b == b'\r');
    let odd = odd.or_else(|| value.last().copied().filter(|b| *b == b'\\'));
    match odd {
        Some(odd) => {
            Err(cannot(place, odd).hint(format!("put {instead} quotes around the old value, then look again")))
        }
        None => Ok(Zeroizing::new(value.to_vec())),
    }
}

fn double(value: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut raw = Zeroizing::new(Vec::with_capacity(value.len() * 2));
    for byte in value.iter().copied() {
        match byte {
            // A shell would run what stands between backticks, and no escape of them is common to all.
            0 | b'`' => {
                return Err(
                    cannot("in double quotes", byte).hint("put single quotes around the old value, then look again")
                );
            }
            b'"' | b'\\' | b'$' => raw.extend([b'\\', byte]),
            b'\n' => raw.extend(b"\\n"),
            b'\r' => raw.extend(b"\\r"),
            _ => raw.push(byte),
        }
    }
    Ok(raw)
}

/// Names the one byte, never the value.
fn cannot(place: &str, odd: u8) -> Fault {
    let shown = match odd {
        b' ' => "a blank".to_owned(),
        b'\n' | b'\r' => "a line end".to_owned(),
        _ if odd.is_ascii_graphic() => format!("`{}`", char::from(odd)),
        _ => format!("byte {odd:#04x}"),
    };
    Fault::refused(
        format!("the new value can't be written {place}"),
        format!("it holds {shown}, which programs would read differently there"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_as_it_is_in_every_style() {
        let key = format!("sk-proj-{}_-Aa09", "x".repeat(20));
        for quote in [Quote::None, Quote::Single, Quote::Double, Quote::Backtick] {
            assert_eq!(**encode(key.as_bytes(), quote).unwrap(), *key.as_bytes());
        }
    }

    #[test]
    fn what_programs_would_read_differently_is_refused_with_a_way_out() {
        for (value, like, why) in [
            ("a b", Quote::None, "a blank"),
            ("a$b", Quote::None, "`$`"),
            ("a#b", Quote::None, "`#`"),
            ("a'b", Quote::Single, "`'`"),
            ("ab\\", Quote::Single, "`\\`"),
            ("a`b", Quote::Double, "'`'"),
            ("a`b", Quote::Backtick, "`"),
            ("a\0b", Quote::Double, "0x00"),
        ] {
            let fault = encode(value.as_bytes(), like).unwrap_err();
            assert!(fault.why.contains(why.trim_matches('\'')), "{fault}");
            assert!(fault.hints[0].contains("quotes"), "{fault}");
        }
    }

    #[test]
    fn double_quotes_escape() {
        assert_eq!(**encode(b"a\"b\\c$d\ne", Quote::Double).unwrap(), *br#"a\"b\\c\$d\ne"#);
        assert_eq!(**decode(br#"a\"b\\c\$d\ne\q"#, Quote::Double), *b"a\"b\\c$d\ne\\q");
    }
}
