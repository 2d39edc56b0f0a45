//! Where a list stands: the selected line and what is in sight.
//!
//! Must not know: what the lines are.

use std::ops::Range;

use super::key::{Code, Key};

/// The selected line, `0` when the list is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scroll {
    pub cursor: usize,
}

impl Scroll {
    /// Moves by vim keys, arrows, pages and ends through `len` lines, `page` lines a page. `false`: not a moving key.
    pub fn key(&mut self, key: &Key, len: usize, page: usize) -> bool {
        let last = len.saturating_sub(1);
        let page = page.max(2);
        self.cursor = match (key.ctrl, key.code) {
            (false, Code::Up | Code::Char('k')) | (true, Code::Char('p')) => self.cursor.min(last).saturating_sub(1),
            (false, Code::Down | Code::Char('j')) | (true, Code::Char('n')) => self.cursor.saturating_add(1),
            (false, Code::Home | Code::Char('g')) => 0,
            (false, Code::End | Code::Char('G')) => last,
            (false, Code::PageUp) | (true, Code::Char('b')) => self.cursor.min(last).saturating_sub(page - 1),
            (false, Code::PageDown) | (true, Code::Char('f')) => self.cursor.saturating_add(page - 1),
            (true, Code::Char('u')) => self.cursor.min(last).saturating_sub(page / 2),
            (true, Code::Char('d')) => self.cursor.saturating_add(page / 2),
            _ => return false,
        }
        .min(last);
        true
    }

    /// The selected line of a list that may have become shorter.
    pub fn at(&self, len: usize) -> usize {
        self.cursor.min(len.saturating_sub(1))
    }

    /// Which lines are in sight at `height`: the selected one is, in the middle where possible.
    pub fn view(&self, len: usize, height: usize) -> Range<usize> {
        let top = self.at(len).saturating_sub(height / 2).min(len.saturating_sub(height));
        top..len.min(top + height)
    }
}

/// `3–9 of 41`; empty when all is in sight or there is nothing.
pub fn place(view: &Range<usize>, len: usize, dash: &str) -> String {
    if view.len() >= len { String::new() } else { format!("{}{dash}{} of {len}", view.start + 1, view.end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_move_within_the_list() {
        let mut scroll = Scroll::default();
        for (label, want) in [
            ("k", 0),
            ("j", 1),
            ("down", 2),
            ("G", 9),
            ("j", 9),
            ("page-up", 5),
            ("ctrl-u", 3),
            ("g", 0),
            ("page-down", 4),
        ] {
            assert!(scroll.key(&Key::parse(label).unwrap(), 10, 5));
            assert_eq!(scroll.cursor, want, "{label}");
        }
        assert!(!scroll.key(&Key::char('x'), 10, 5));
        assert!(scroll.key(&Key::char('j'), 0, 0));
        assert_eq!(scroll.cursor, 0);
    }

    #[test]
    fn the_selected_line_is_always_in_sight() {
        for len in 0..30 {
            for height in 0..12 {
                for cursor in 0..40 {
                    let scroll = Scroll { cursor };
                    let view = scroll.view(len, height);
                    assert!(view.len() == len.min(height));
                    assert!(view.is_empty() || view.contains(&scroll.at(len)));
                }
            }
        }
        assert_eq!(place(&(2..9), 41, "–"), "3–9 of 41");
        assert_eq!(place(&(0..4), 4, "–"), "");
    }
}
