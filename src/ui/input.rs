//! One line of text being typed.
//!
//! Must not know: what it is for. Never for secrets: its `String` is not zeroed and grows.

use super::key::{Code, Key};
use super::text;

/// Longest text taken, characters.
const LONGEST: usize = 1024;

/// The text and where the cursor stands: a character index, `0..=len`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Input {
    chars: Vec<char>,
    cursor: usize,
}

impl Input {
    /// Starts with `text`, the cursor at its end.
    pub fn with(text: &str) -> Self {
        let chars: Vec<char> = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        Self { cursor: chars.len(), chars }
    }

    pub fn text(&self) -> String {
        self.chars.iter().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Edits or moves; `false` when the key means nothing here.
    pub fn key(&mut self, key: &Key) -> bool {
        if let Some(c) = key.typed() {
            if self.chars.len() < LONGEST {
                self.chars.insert(self.cursor, c);
                self.cursor += 1;
            }
            return true;
        }
        let end = self.chars.len();
        match (key.ctrl, key.code) {
            (true, Code::Char('u')) => self.cut(0),
            (true, Code::Char('k')) => self.chars.truncate(self.cursor),
            (true, Code::Char('w')) => self.cut(self.word_start()),
            (true, Code::Char('a')) | (false, Code::Home) => self.cursor = 0,
            (true, Code::Char('e')) | (false, Code::End) => self.cursor = end,
            (true, Code::Left) => self.cursor = self.word_start(),
            (true, Code::Char('h')) | (false, Code::Backspace) => self.cut(self.cursor.saturating_sub(1)),
            (false, Code::Delete) if self.cursor < end => drop(self.chars.remove(self.cursor)),
            (false, Code::Delete) => {}
            (false, Code::Left) => self.cursor = self.cursor.saturating_sub(1),
            (false, Code::Right) => self.cursor = (self.cursor + 1).min(end),
            _ => return false,
        }
        true
    }

    /// The part that fits into `width` cells with the cursor in sight, and the cursor's column in it.
    pub fn view(&self, width: usize) -> (String, usize) {
        let piece = |from: usize, to: usize| self.chars.get(from..to).unwrap_or_default().iter().collect::<String>();
        if width == 0 {
            return (String::new(), 0);
        }
        let mut from = 0;
        while from < self.cursor && text::width(&piece(from, self.cursor)) >= width {
            from += 1;
        }
        let shown = piece(from, self.chars.len());
        let shown = text::truncate(&shown, width, text::Cut::End, "");
        (shown, text::width(&piece(from, self.cursor)).min(width - 1))
    }

    /// Removes what lies between `from` and the cursor.
    fn cut(&mut self, from: usize) {
        if from < self.cursor {
            self.chars.drain(from..self.cursor);
            self.cursor = from;
        }
    }

    fn word_start(&self) -> usize {
        let before = self.chars.get(..self.cursor).unwrap_or_default();
        let end = before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |at| at + 1);
        before.get(..end).unwrap_or_default().iter().rposition(|c| c.is_whitespace()).map_or(0, |at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(input: &mut Input, labels: &str) {
        for label in labels.split(' ') {
            assert!(input.key(&Key::parse(label).unwrap()), "{label}");
        }
    }

    #[test]
    fn edits_like_a_shell_line() {
        let mut input = Input::with("one two");
        typed(&mut input, "ctrl-w");
        assert_eq!(input.text(), "one ");
        typed(&mut input, "x home delete");
        assert_eq!(input.text(), "ne x");
        typed(&mut input, "right ctrl-k end backspace");
        assert_eq!(input.text(), "");
        typed(&mut input, "a left b ctrl-u");
        assert_eq!(input.text(), "a");
        assert!(!input.key(&Key::of(Code::Enter)) && !input.key(&Key::ctrl('c')));
    }

    #[test]
    fn the_cursor_stays_in_sight() {
        let mut input = Input::with("0123456789漢");
        for width in 0..14 {
            let (shown, col) = input.view(width);
            assert!(text::width(&shown) <= width && (col < width || width == 0), "{width}: {shown} {col}");
        }
        assert_eq!(input.view(5), ("89漢".into(), 4));
        typed(&mut input, "home");
        assert_eq!(input.view(5), ("01234".into(), 0));
    }
}
