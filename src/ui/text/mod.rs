//! Text by the cells it takes: cut, pad, wrap, and put into a buffer. Never panics, whatever the width.
//!
//! `cut` makes it fit one line, `wrap` breaks it into many, `put` writes it into a buffer.
//!
//! Must not know: what the text says. It may come from a vendor or a repository: control and direction-changing
//! characters are dropped on the way to the screen, so text can't fake what it isn't.

mod cut;
mod put;
mod wrap;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr;

use crate::base::words::is_unfit;
pub use cut::{Align, Cut, fit_paths, pad, truncate};
pub use put::{clip, fill, paint, paragraph, put, put_line};
pub use wrap::wrap;

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
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;

    #[test]
    fn text_from_outside_cant_move_or_mirror_the_screen() {
        assert_eq!(truncate("a\x1b[2Jb\u{202e}c\r\n", 99, Cut::End, "…"), "a[2Jbc");
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 1));
        put(&mut buf, Rect::new(0, 0, 6, 1), 0, 0, "a\tb\u{202e}c", Style::new());
        assert_eq!(buf.content.iter().map(ratatui::buffer::Cell::symbol).collect::<String>(), "abc   ");
    }
}
