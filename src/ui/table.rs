//! A table: a header, rows that scroll and filter, one of them selected. Serves as the matrix too.
//!
//! Must not know: what the rows are. It never keeps them: the caller passes the same rows to [`State::key`] and [`draw`].

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::input::Input;
use super::key::{Code, Key};
use super::scroll::{self, Scroll};
use super::text::{self, Align, Cut};
use super::{Look, Role};

/// Blank cells between two columns.
const GAP: u16 = 2;

/// One column: at least `min` cells, and `weight` shares of what is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub title: String,
    pub min: u16,
    pub weight: u16,
    pub align: Align,
    pub cut: Cut,
}

impl Column {
    pub fn new(title: impl Into<String>, min: u16, weight: u16) -> Self {
        Self { title: title.into(), min, weight, align: Align::Left, cut: Cut::End }
    }

    #[must_use]
    pub fn right(mut self) -> Self {
        self.align = Align::Right;
        self
    }

    /// Long texts lose their middle, as suits a path.
    #[must_use]
    pub fn middle(mut self) -> Self {
        self.cut = Cut::Middle;
        self
    }
}

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

/// Cells each column gets. From the right, columns whose minimum doesn't fit get nothing; the first always gets some.
pub fn widths(columns: &[Column], total: u16) -> Vec<u16> {
    let mut widths = vec![0_u16; columns.len()];
    let mut free = total;
    let mut kept = 0;
    for (i, column) in columns.iter().enumerate() {
        let gap = if i == 0 { 0 } else { GAP };
        let need = if i == 0 { column.min.min(total) } else { column.min };
        if need.saturating_add(gap) > free {
            break;
        }
        free -= need + gap;
        kept = i + 1;
        if let Some(width) = widths.get_mut(i) {
            *width = need;
        }
    }
    let shares: u32 = columns.iter().take(kept).map(|c| u32::from(c.weight)).sum();
    let mut given = 0_u16;
    let mut seen = 0_u32;
    for (column, width) in columns.iter().zip(&mut widths).take(kept) {
        seen += u32::from(column.weight);
        // running totals: what rounding takes from one column goes to the next, nothing is lost
        let upto = u16::try_from(u32::from(free) * seen / shares.max(1)).unwrap_or(free);
        *width += upto - given;
        given = upto;
    }
    widths
}

/// Draws header, rows in sight, and, when there is something to say, a last row with place and filter.
/// `empty` is said where rows would be.
pub fn draw(columns: &[Column], rows: &[Row], state: &State, empty: &str, area: Rect, buf: &mut Buffer, look: &Look) {
    let area = text::clip(area, buf);
    if area.is_empty() {
        return;
    }
    let widths = widths(columns, area.width.saturating_sub(2));
    let head: Row = columns.iter().map(|c| Cell::new(c.title.clone(), Role::Dim)).collect();
    draw_row(&head, columns, &widths, area, 0, None, buf, look);
    let shown = state.shown(rows);
    let body = usize::from(area.height - 1);
    let foot = usize::from(body > 1 && (state.filtering || !state.filter.is_empty() || shown.len() > body));
    let view = state.scroll.view(shown.len(), body - foot);
    let at = state.scroll.at(shown.len());
    for (row, line) in view.clone().zip(1..) {
        let Some(cells) = shown.get(row).and_then(|i| rows.get(*i)) else { continue };
        let selected = (row == at && !state.still).then(|| look.style(Role::Selection));
        draw_row(cells, columns, &widths, area, line, selected, buf, look);
    }
    if shown.is_empty() && body > foot {
        let words = if state.filter.is_empty() { empty } else { "nothing matches the filter" };
        text::put(buf, area, 2, 1, words, look.style(Role::Dim));
    }
    if foot > 0 {
        draw_foot(state, &scroll::place(&view, shown.len(), look.glyphs.dash), area, buf, look);
    }
}

/// The selected row has a glyph in front and its own style over every cell: it shows without colour too.
#[allow(clippy::too_many_arguments)]
fn draw_row(
    cells: &[Cell],
    columns: &[Column],
    widths: &[u16],
    area: Rect,
    line: u16,
    selected: Option<Style>,
    buf: &mut Buffer,
    look: &Look,
) {
    let mut col = 2;
    for ((cell, column), width) in cells.iter().zip(columns).zip(widths) {
        if *width == 0 {
            break;
        }
        let words = text::pad(&cell.text, usize::from(*width), column.align, column.cut, look.glyphs.ellipsis);
        // One bar of one colour: the words say what the colours would.
        let role = if selected.is_some() { Role::Text } else { cell.role };
        text::put(buf, area, col, line, &words, look.style(role));
        col += width + GAP;
    }
    if let Some(style) = selected {
        text::put(buf, area, 0, line, look.glyphs.here, look.style(Role::Text));
        let whole = Rect { y: area.y + line, height: 1, ..area };
        text::paint(buf, whole, Style::new().add_modifier(style.add_modifier));
    }
}

fn draw_foot(state: &State, place: &str, area: Rect, buf: &mut Buffer, look: &Look) {
    let line = area.height - 1;
    let mut room = usize::from(area.width);
    if !place.is_empty() {
        let place = text::truncate(place, room, Cut::End, look.glyphs.ellipsis);
        room -= text::width(&place);
        text::put(buf, area, u16::try_from(room).unwrap_or(0), line, &place, look.style(Role::Dim));
    }
    if (state.filtering || !state.filter.is_empty()) && room > 4 {
        let (shown, cursor) = state.filter.view(room - 3);
        text::put(buf, area, 0, line, &format!("/{shown}"), look.style(Role::Accent));
        if state.filtering {
            draw_cursor(buf, area, u16::try_from(cursor + 1).unwrap_or(0), line, look);
        }
    }
}

/// The text cursor, as a reversed cell: the terminal's own stays hidden.
pub(super) fn draw_cursor(buf: &mut Buffer, area: Rect, col: u16, row: u16, look: &Look) {
    if col < area.width && row < area.height {
        let cell = Rect { x: area.x.saturating_add(col), y: area.y.saturating_add(row), width: 1, height: 1 };
        text::paint(buf, cell, Style::new().add_modifier(look.style(Role::Selection).add_modifier));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        ["billing-api ok", "cron failed", "web ok"].map(|t| t.split(' ').map(Cell::from).collect()).to_vec()
    }

    #[test]
    fn widths_use_all_there_is_and_no_more() {
        let columns = [Column::new("a", 8, 3), Column::new("b", 6, 0), Column::new("c", 6, 1)];
        for total in 0..200 {
            let widths = widths(&columns, total);
            let kept = u16::try_from(widths.iter().filter(|w| **w > 0).count()).unwrap();
            let used = widths.iter().sum::<u16>() + GAP * kept.saturating_sub(1);
            assert!(used <= total, "{total}: {widths:?}");
            assert!(total < 24 || used == total, "{total}: {widths:?}");
            assert!(total == 0 || widths[0] > 0);
        }
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
