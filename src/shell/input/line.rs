//! What each byte from a terminal in raw mode means for a hidden line.
//!
//! Must not know: the terminal.

use super::Masked;

/// What the reader of the terminal does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    More,
    Enter,
    /// Ctrl-C, or Ctrl-D on an empty line.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
    /// The key is longer than any key; the byte was dropped.
    Full,
}

/// Leaves out escape sequences: arrow keys, and the brackets that some terminals put around a paste.
#[derive(Debug, Default)]
pub(super) struct Line {
    escape: Escape,
}

#[derive(Debug, Default)]
enum Escape {
    #[default]
    No,
    /// ESC was the last byte.
    Begun,
    /// In a sequence that ends with a letter or `~`.
    Control,
    /// After `ESC O`: one more byte.
    Single,
}

impl Line {
    pub(super) fn feed(&mut self, byte: u8, field: &mut Masked) -> Step {
        match (&self.escape, byte) {
            (Escape::No, 0x1b) => self.escape = Escape::Begun,
            (Escape::Begun, b'[') => self.escape = Escape::Control,
            (Escape::Begun, b'O') => self.escape = Escape::Single,
            (Escape::Control, 0x20..=0x3f) => {}
            (Escape::Control, 0x40..=0x7e) | (Escape::Single, 0x20..=0x7e) => self.escape = Escape::No,
            // Anything else is no sequence: the byte means itself.
            _ => {
                self.escape = Escape::No;
                return plain(byte, field);
            }
        }
        Step::More
    }
}

fn plain(byte: u8, field: &mut Masked) -> Step {
    match byte {
        b'\r' | b'\n' => return Step::Enter,
        0x03 => return Step::Interrupt,
        0x04 if field.is_empty() => return Step::Interrupt,
        0x1a => return Step::Suspend,
        0x08 | 0x7f => field.backspace(),
        // Ctrl-U, Ctrl-W: with nothing to see, both start over.
        0x15 | 0x17 => field.clear(),
        // Other control keys mean nothing here; in a key they would be refused anyway.
        0x00..0x20 => {}
        _ if field.push_bytes(&[byte]) => {}
        _ => return Step::Full,
    }
    Step::More
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &[u8]) -> (Step, usize) {
        let (mut line, mut field) = (Line::default(), Masked::new());
        let step = bytes.iter().map(|b| line.feed(*b, &mut field)).last().unwrap();
        (step, field.len())
    }

    #[test]
    fn edits_and_ends() {
        assert_eq!(typed(b"abc\x7fd\r"), (Step::Enter, 3));
        assert_eq!(typed(b"abc\x15d\n"), (Step::Enter, 1));
        assert_eq!(typed(b"abc\x03"), (Step::Interrupt, 3));
        assert_eq!(typed(b"\x04"), (Step::Interrupt, 0));
        assert_eq!(typed(b"a\x04"), (Step::More, 1));
        assert_eq!(typed(b"a\x1a"), (Step::Suspend, 1));
    }

    #[test]
    fn arrows_and_paste_brackets_are_not_part_of_a_key() {
        assert_eq!(typed(b"\x1b[200~abc\x1b[201~\r"), (Step::Enter, 3));
        assert_eq!(typed(b"\x1b[A\x1bOBa\x1b[1;5Cb\r"), (Step::Enter, 2));
        assert_eq!(typed(b"\x1b\r"), (Step::Enter, 0), "a lone Esc swallows nothing");
        assert_eq!(typed(b"\x1b[\x03"), (Step::Interrupt, 0), "Ctrl-C works at any point");
    }

    #[test]
    fn a_line_longer_than_any_key_says_so() {
        assert_eq!(typed(&[b'a'; crate::base::secret::LONGEST + 1]).0, Step::Full);
    }
}
