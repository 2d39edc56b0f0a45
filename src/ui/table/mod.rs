//! A table: a header, rows that scroll and filter, one of them selected. Serves as the matrix too.
//!
//! Must not know: what the rows are. It never keeps them: the caller passes the same rows to [`State::key`] and [`draw()`].

mod column;
mod draw;
mod state;

use super::Role;

pub use column::{Column, widths};
pub use draw::draw;
pub(super) use draw::draw_cursor;
pub use state::State;

/// One cell: its text carries the meaning (word or glyph), the role adds a colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub role: Role,
}

impl Cell {
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Role::Text)
    }
}

pub type Row = Vec<Cell>;
