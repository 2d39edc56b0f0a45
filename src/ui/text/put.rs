//! Text, and the blank below it, put into a buffer. Nothing is written outside of the area or the buffer.
//!
//! Must not know: how text is cut.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::{graphemes, wrap};

/// The part of `area` that exists in `buf`.
pub fn clip(area: Rect, buf: &Buffer) -> Rect {
    // a rectangle that ends past u16::MAX can't be intersected safely: shorten it first
    let width = area.width.min(u16::MAX - area.x);
    let height = area.height.min(u16::MAX - area.y);
    let area = Rect { width, height, ..area };
    let common = area.intersection(buf.area);
    if area.is_empty() || common.is_empty() { Rect::new(buf.area.x, buf.area.y, 0, 0) } else { common }
}

/// Writes `text` into row `row` of `area` (0 is its top), from its column `col`, cut at its right edge.
/// The next free column.
pub fn put(buf: &mut Buffer, area: Rect, col: u16, row: u16, text: &str, style: Style) -> u16 {
    let shown = clip(area, buf);
    let (Some(x), Some(y)) = (area.x.checked_add(col), area.y.checked_add(row)) else { return col };
    if y < shown.y || y >= shown.bottom() || x < shown.x || x >= shown.right() {
        return col;
    }
    let mut used = 0_u16;
    let room = shown.right() - x;
    for g in graphemes(text) {
        let cells = u16::try_from(g.width()).unwrap_or(1);
        if cells > room - used {
            break;
        }
        buf.set_stringn(x + used, y, g, usize::from(cells), style);
        used += cells;
    }
    col.saturating_add(used)
}

/// Writes a line of several styles; the next free column.
pub fn put_line(buf: &mut Buffer, area: Rect, row: u16, line: &Line<'_>) -> u16 {
    let mut col = 0;
    for span in &line.spans {
        col = put(buf, area, col, row, &span.content, line.style.patch(span.style));
    }
    col
}

/// Writes wrapped `text` from row `row` on; the next free row.
pub fn paragraph(buf: &mut Buffer, area: Rect, row: u16, text: &str, style: Style) -> u16 {
    let mut row = row;
    for line in wrap(text, usize::from(area.width)) {
        if row >= area.height {
            break;
        }
        put(buf, area, 0, row, &line, style);
        row += 1;
    }
    row
}

/// Blanks `area` in `style`.
pub fn fill(buf: &mut Buffer, area: Rect, style: Style) {
    let area = clip(area, buf);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }
}

/// Repaints `area` without touching its symbols.
pub fn paint(buf: &mut Buffer, area: Rect, style: Style) {
    let area = clip(area, buf);
    buf.set_style(area, style);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_outside() {
        let mut buf = Buffer::empty(Rect::new(2, 2, 4, 2));
        let clean = buf.clone();
        for (x, y) in [(0, 0), (6, 2), (2, 4), (u16::MAX, u16::MAX), (0, 2)] {
            put(&mut buf, Rect::new(x, y, u16::MAX, u16::MAX), 0, 0, "text", Style::new());
            assert_eq!(buf, clean, "{x} {y}");
        }
        put(&mut buf, Rect::new(4, 2, 9, 9), 0, 0, "漢字", Style::new());
        assert_eq!(buf.cell((4, 2)).map(|c| c.symbol().to_owned()).as_deref(), Some("漢"));
    }
}
