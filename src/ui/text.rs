//! Text by the cells it takes: cut, pad, wrap, and put into a buffer. Never panics, whatever the width.
//!
//! Must not know: what the text says. It may come from a vendor or a repository: control and direction-changing
//! characters are dropped on the way to the screen, so text can't fake what it isn't.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr;

use crate::base::words::is_unfit;

/// Where a text that is too long loses a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cut {
    Start,
    Middle,
    #[default]
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    #[default]
    Left,
    Right,
    Centre,
}

/// What a person sees as characters, without those that may not reach a screen.
pub fn graphemes(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.graphemes(true).filter(|g| !g.chars().any(is_unfit) && g.width() > 0)
}

/// `text` without what may not reach a screen.
pub fn tame(text: &str) -> String {
    graphemes(text).collect()
}

/// Cells.
pub fn width(text: &str) -> usize {
    graphemes(text).map(UnicodeWidthStr::width).sum()
}

/// `text` in at most `max` cells; what is lost shows as `ellipsis`.
pub fn truncate(text: &str, max: usize, cut: Cut, ellipsis: &str) -> String {
    if width(text) <= max {
        return graphemes(text).collect();
    }
    let mark = width(ellipsis);
    if max <= mark {
        return head(ellipsis, max);
    }
    let room = max - mark;
    match cut {
        Cut::End => head(text, room) + ellipsis,
        Cut::Start => ellipsis.to_owned() + &tail(text, room),
        Cut::Middle => head(text, room.div_ceil(2)) + ellipsis + &tail(text, room / 2),
    }
}

fn head(text: &str, max: usize) -> String {
    taken(graphemes(text), max).concat()
}

fn tail(text: &str, max: usize) -> String {
    let mut parts = taken(graphemes(text).rev(), max);
    parts.reverse();
    parts.concat()
}

/// As many leading pieces as fit into `max` cells.
fn taken<'a>(pieces: impl Iterator<Item = &'a str>, max: usize) -> Vec<&'a str> {
    let mut used = 0;
    pieces
        .take_while(|g| {
            used += g.width();
            used <= max
        })
        .collect()
}

/// `text` with each absolute path that is wider than `max` cells cut in its middle: a path broken over lines can't be
/// read. Its end, which tells most, stays longest.
pub fn fit_paths(text: &str, max: usize, ellipsis: &str) -> String {
    let fit = |word: &str| {
        let start =
            word.find('/').filter(|at| word.get(..*at).is_some_and(|head| head.chars().all(|c| "(`'".contains(c))));
        if start.is_none() || width(word) <= max {
            return word.to_owned();
        }
        let room = max.saturating_sub(width(ellipsis));
        let (first, last) = (head(word, room / 4), tail(word, room - room / 4));
        // Whole names where there are some: half a name is another name.
        let first = first.rfind('/').filter(|at| *at > 0).and_then(|at| first.get(..=at)).unwrap_or(&first);
        let last = last.find('/').and_then(|at| last.get(at..)).unwrap_or(&last);
        format!("{first}{ellipsis}{last}")
    };
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive([' ', '\n']) {
        let word = piece.trim_end_matches([' ', '\n']);
        out.push_str(&fit(word));
        out.push_str(piece.get(word.len()..).unwrap_or_default());
    }
    out
}

/// `text` in exactly `cells` cells: blanks added, or the end cut off with `ellipsis`.
pub fn pad(text: &str, cells: usize, align: Align, cut: Cut, ellipsis: &str) -> String {
    let text = truncate(text, cells, cut, ellipsis);
    let free = cells.saturating_sub(width(&text));
    let left = match align {
        Align::Left => 0,
        Align::Right => free,
        Align::Centre => free / 2,
    };
    format!("{}{text}{}", " ".repeat(left), " ".repeat(free - left))
}

/// Breaks at blanks, inside a word only when it is wider than the line. Line ends in `text` are kept, and so is the
/// indentation of a line (for lists) and the blanks inside of it (for columns). No line at width 0.
pub fn wrap(text: &str, max: usize) -> Vec<String> {
    if max == 0 {
        return Vec::new();
    }
    text.split('\n').flat_map(|line| wrap_line(line, max)).collect()
}

fn wrap_line(line: &str, max: usize) -> Vec<String> {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let indent = " ".repeat(if blanks < max / 2 { blanks } else { 0 });
    let mut lines = Vec::new();
    // The line being filled and its width: measured anew for each grapheme, a long log would take whole frames.
    let (mut now, mut used) = (indent.clone(), indent.len());
    let mut gap = 0;
    for word in line.split(char::is_whitespace) {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        if now.len() > indent.len() {
            if used + gap + width(word) > max {
                lines.push(std::mem::replace(&mut now, indent.clone()));
                used = indent.len();
            } else {
                now.extend(std::iter::repeat_n(' ', gap));
                used += gap;
            }
        }
        for g in graphemes(word) {
            if used + g.width() > max && now.len() > indent.len() {
                lines.push(std::mem::replace(&mut now, indent.clone()));
                used = indent.len();
            }
            if used + g.width() <= max {
                now.push_str(g);
                used += g.width();
            }
        }
        gap = 1;
    }
    lines.push(now.trim_end().to_owned());
    lines
}

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

/// Cells a line of several styles takes.
pub fn line_width(line: &Line<'_>) -> usize {
    line.spans.iter().map(|span| width(&span.content)).sum()
}

/// A span that owns its text.
pub fn span(text: impl Into<String>, style: Style) -> Span<'static> {
    Span::styled(text.into(), style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_where_asked() {
        let cut = |max, cut| truncate("/home/ana/billing/.env", max, cut, "…");
        assert_eq!(cut(22, Cut::End), "/home/ana/billing/.env");
        assert_eq!(cut(10, Cut::End), "/home/ana…");
        assert_eq!(cut(10, Cut::Start), "…ling/.env");
        assert_eq!(cut(10, Cut::Middle), "/home….env");
        assert_eq!(cut(1, Cut::Middle), "…");
        assert_eq!(cut(0, Cut::Start), "");
    }

    #[test]
    fn wide_characters_never_overflow() {
        assert_eq!(truncate("漢字漢字", 5, Cut::End, "…"), "漢字…");
        assert_eq!(truncate("漢字漢字", 4, Cut::End, "…"), "漢…");
        assert_eq!(pad("漢", 4, Align::Right, Cut::End, "…"), "  漢");
        assert!(wrap("漢字漢字", 1).iter().all(|line| width(line) <= 1));
    }

    #[test]
    fn wraps_at_blanks_and_keeps_the_indent() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("  - one two three", 9), ["  - one", "  two", "  three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("one   two three", 10), ["one   two", "three"], "columns stay");
        assert_eq!(wrap("a\n\nb", 9), ["a", "", "b"]);
        assert!(wrap("a", 0).is_empty());
    }

    #[test]
    fn text_from_outside_cant_move_or_mirror_the_screen() {
        assert_eq!(truncate("a\x1b[2Jb\u{202e}c\r\n", 99, Cut::End, "…"), "a[2Jbc");
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 1));
        put(&mut buf, Rect::new(0, 0, 6, 1), 0, 0, "a\tb\u{202e}c", Style::new());
        assert_eq!(buf.content.iter().map(ratatui::buffer::Cell::symbol).collect::<String>(), "abc   ");
    }

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

    #[test]
    fn a_path_too_long_for_a_line_loses_whole_names_from_its_middle() {
        let text = "in /home/somebody/work/of/many/days/at/the/shop: 3 copies, and/or none";
        assert_eq!(fit_paths(text, 80, "…"), text);
        assert_eq!(fit_paths(text, 30, "…"), "in /home/…/days/at/the/shop: 3 copies, and/or none");
        assert_eq!(width(&fit_paths("/a-very-long-name-of-one-folder", 12, "…")), 12);
    }
}
