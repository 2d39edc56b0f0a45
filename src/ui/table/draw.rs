//! A table on cells: header, rows in sight, place and filter below them.
//!
//! Must not know: which keys led to what it shows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::column::GAP;
use super::{Cell, Column, Row, State, widths};
use crate::ui::scroll;
use crate::ui::text::{self, Cut};
use crate::ui::{Look, Role};

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
pub(in crate::ui) fn draw_cursor(buf: &mut Buffer, area: Rect, col: u16, row: u16, look: &Look) {
    if col < area.width && row < area.height {
        let cell = Rect { x: area.x.saturating_add(col), y: area.y.saturating_add(row), width: 1, height: 1 };
        text::paint(buf, cell, Style::new().add_modifier(look.style(Role::Selection).add_modifier));
    }
}
