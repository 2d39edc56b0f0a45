//! What a person did to a table: scrolled, filtered, selected. It never keeps the rows.
//!
//! Must not know: how a table is drawn.

use super::Row;
use crate::ui::input::Input;
use crate::ui::key::{Code, Key};
use crate::ui::scroll::Scroll;

/// What a person did to the table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    pub scroll: Scroll,
    /// Every word must occur somewhere in a row, letter case aside.
    pub filter: Input,
    /// The filter is being typed: it takes every character.
    pub filtering: bool,
    /// Only to be read: no row is marked as selected.
    pub still: bool,
}

impl State {
    /// Takes a key; `false` when it means nothing here (Enter outside the filter is the caller's).
    pub fn key(&mut self, key: &Key, rows: &[Row], page: usize) -> bool {
        if self.filtering {
            return self.filter_key(key, rows, page);
        }
        match key.code {
            Code::Char('/') if !key.ctrl => self.filtering = true,
            Code::Esc if !self.filter.is_empty() => self.filter.clear(),
            _ => return self.scroll.key(key, self.shown(rows).len(), page),
        }
        true
    }

    fn filter_key(&mut self, key: &Key, rows: &[Row], page: usize) -> bool {
        match key.code {
            Code::Enter => self.filtering = false,
            Code::Esc => {
                self.filtering = false;
                self.filter.clear();
            }
            Code::Up | Code::Down | Code::PageUp | Code::PageDown => {
                return self.scroll.key(key, self.shown(rows).len(), page);
            }
            _ => {
                let took = self.filter.key(key);
                self.scroll.cursor = if took { 0 } else { self.scroll.cursor };
                return took;
            }
        }
        true
    }

    /// Indices into `rows` of what the filter lets through, in order.
    pub fn shown(&self, rows: &[Row]) -> Vec<usize> {
        let filter = self.filter.text().to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let passes = |row: &Row| {
            words.is_empty() || {
                let all = row.iter().map(|cell| cell.text.to_lowercase()).collect::<Vec<_>>().join(" ");
                words.iter().all(|word| all.contains(word))
            }
        };
        rows.iter().enumerate().filter(|(_, row)| passes(row)).map(|(i, _)| i).collect()
    }

    /// Index into `rows` of the selected one.
    pub fn selected(&self, rows: &[Row]) -> Option<usize> {
        let shown = self.shown(rows);
        shown.get(self.scroll.at(shown.len())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cell;
    use super::*;

    fn rows() -> Vec<Row> {
        ["billing-api ok", "cron failed", "web ok"].map(|t| t.split(' ').map(Cell::from).collect()).to_vec()
    }

    #[test]
    fn the_filter_takes_words_in_any_order_and_esc_gives_all_back() {
        let (rows, mut state) = (rows(), State::default());
        for c in "/OK b".chars() {
            assert!(state.key(&Key::char(c), &rows, 9));
        }
        assert_eq!(state.shown(&rows), [0, 2]);
        assert!(state.key(&Key::of(Code::Enter), &rows, 9) && !state.filtering);
        assert!(state.key(&Key::char('j'), &rows, 9));
        assert_eq!(state.selected(&rows), Some(2));
        assert!(!state.key(&Key::of(Code::Enter), &rows, 9), "Enter is the caller's");
        assert!(state.key(&Key::of(Code::Esc), &rows, 9));
        assert_eq!(state.shown(&rows).len(), 3);
        assert!(!state.key(&Key::of(Code::Esc), &rows, 9), "Esc backs out further");
    }

    #[test]
    fn nothing_is_selected_in_nothing() {
        assert_eq!(State::default().selected(&[]), None);
    }
}
