//! Where the values stand: a lexer from bytes to byte ranges. One pass, no copy, never fatal on text.
//!
//! Must not know: what a value means. A line that is no assignment is skipped: whoever looks for a key looks at the raw
//! bytes as well.

use std::ops::Range;

use crate::base::Fault;
use crate::targets::{Quote, Span};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Every assignment, in order, duplicates included. Only a file that isn't text is refused.
pub(super) fn spans(content: &[u8]) -> Result<Vec<Span>, Fault> {
    if content.contains(&0) {
        let utf16 = content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff");
        let why = if utf16 { "it is UTF-16, which no loader of env files reads" } else { "it holds NUL bytes" };
        return Err(
            Fault::input("this is not an env file", why).hint("look at it by hand; save it as UTF-8 if it is text")
        );
    }
    let mut lexer = Lexer { content, at: if content.starts_with(BOM) { BOM.len() } else { 0 }, line: 1 };
    let mut found = Vec::new();
    while lexer.at < content.len() {
        if let Some(span) = lexer.assignment() {
            found.push(span);
        }
        lexer.rest_of_line();
    }
    Ok(found)
}

struct Lexer<'a> {
    content: &'a [u8],
    at: usize,
    line: u32,
}

impl Lexer<'_> {
    /// An assignment that starts in this line; the cursor ends behind its value.
    fn assignment(&mut self) -> Option<Span> {
        self.blanks();
        let line = self.line;
        let mut name = self.name()?;
        if self.content.get(name.clone()) == Some(b"export") && matches!(self.peek(), Some(b' ' | b'\t')) {
            self.blanks();
            // `export = x` sets a variable of that name.
            if self.peek() != Some(b'=') {
                name = self.name()?;
            }
        }
        let name = String::from_utf8_lossy(self.content.get(name)?).into_owned();
        self.blanks();
        match (self.peek(), self.content.get(self.at + 1)) {
            (Some(b'='), _) | (Some(b':'), Some(b' ' | b'\t')) => self.at += 1,
            _ => return None,
        }
        let after_sign = self.at;
        self.blanks();
        let (value, quote) = self.quoted().unwrap_or_else(|| (self.plain(after_sign), Quote::None));
        Some(Span { name, line, value, quote })
    }

    /// A letter or `_`, then letters, digits, `_`, `.`, `-` (the last is Node's).
    fn name(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.peek().filter(|b| b.is_ascii_alphabetic() || *b == b'_')?;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
            self.at += 1;
        }
        Some(start..self.at)
    }

    /// A quoted value that ends, with nothing but a comment behind it. Otherwise the cursor stays: the loaders disagree
    /// (`"a"b`, a quote without an end), so the line is taken as it stands.
    fn quoted(&mut self) -> Option<(Range<usize>, Quote)> {
        let (mark, quote) = match self.peek()? {
            b'\'' => (b'\'', Quote::Single),
            b'"' => (b'"', Quote::Double),
            b'`' => (b'`', Quote::Backtick),
            _ => return None,
        };
        let start = self.at + 1;
        let mut end = start;
        loop {
            match *self.content.get(end)? {
                b'\\' if quote == Quote::Double => end += 2,
                b if b == mark => break,
                _ => end += 1,
            }
        }
        if !self.content.get(end + 1).is_none_or(|b| b" \t\r\n#;".contains(b)) {
            return None;
        }
        let breaks = line_ends(self.content.get(start..end)?);
        self.line = self.line.saturating_add(breaks);
        self.at = end + 1;
        Some((start..end, quote))
    }

    /// To the end of the line, without blanks at its end and without a comment: a `#` behind a blank.
    fn plain(&mut self, after_sign: usize) -> Range<usize> {
        let start = self.at;
        let mut end = start;
        let mut blank = start > after_sign;
        while let Some(byte) = self.peek().filter(|b| !b"\r\n".contains(b)) {
            match byte {
                b'#' if blank => break,
                b' ' | b'\t' => blank = true,
                _ => {
                    blank = false;
                    end = self.at + 1;
                }
            }
            self.at += 1;
        }
        start..end
    }

    fn rest_of_line(&mut self) {
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'\n' || (byte == b'\r' && self.peek() != Some(b'\n')) {
                self.line = self.line.saturating_add(1);
                return;
            }
        }
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.content.get(self.at).copied()
    }
}

/// `\n`, `\r\n` and a lone `\r` end a line each.
fn line_ends(text: &[u8]) -> u32 {
    let ends = text.iter().enumerate().filter(|(i, b)| match b {
        b'\n' => true,
        b'\r' => text.get(i + 1) != Some(&b'\n'),
        _ => false,
    });
    u32::try_from(ends.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "lex_tests.rs"]
mod tests;
