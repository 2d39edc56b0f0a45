//! Marked instants: a line through the plot, a letter on the axis.
//!
//! Must not know: what a mark stands for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Chart, Plan};
use crate::ui::{Look, Role, text};

impl Chart<'_> {
    /// A line through the plot where no bar stands, and the letter on the axis (or on top, when there is no axis).
    pub(super) fn draw_marks(&self, plan: &Plan, area: Rect, buf: &mut Buffer, look: &Look) {
        let plot = plan.plot;
        let axis = Rect { x: plot.x, width: plot.width, ..area };
        if let Some(row) = plan.axis {
            text::put(
                buf,
                axis,
                0,
                row,
                &look.glyphs.horizontal.repeat(usize::from(plot.width)),
                look.style(Role::Border),
            );
        }
        let mut taken: Vec<u16> = Vec::new();
        for mark in self.marks {
            let Some(col) = self.column(mark.at, plot.width) else { continue };
            for row in 0..plot.height {
                let blank = buf.cell((plot.x + col, plot.y + row)).is_some_and(|cell| cell.symbol() == " ");
                if blank {
                    text::put(buf, plot, col, row, look.glyphs.vertical, look.style(mark.role));
                }
            }
            // two marks in one column: the later letter moves aside
            let free = (col..plot.width).chain((0..col).rev()).find(|c| !taken.contains(c));
            if let Some(col) = free {
                taken.push(col);
                let row = plan.axis.unwrap_or(0);
                text::put(buf, axis, col, row, &mark.letter.to_string(), look.style(mark.role));
            }
        }
    }

    /// The column of an instant, if it is on the axis; its end counts as the last column.
    fn column(&self, at: i64, columns: u16) -> Option<u16> {
        let (from, to) = self.span;
        if at < from || at > to || to <= from || columns == 0 {
            return None;
        }
        let (gone, whole) = (i128::from(at) - i128::from(from), i128::from(to) - i128::from(from));
        u16::try_from(gone * i128::from(columns) / whole).ok().map(|col| col.min(columns - 1))
    }
}
