//! The words around the bars: heights at the left, instants below, the legend.
//!
//! Must not know: what is counted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Chart, Plan};
use crate::ui::text::{self, Align, Cut};
use crate::ui::{Look, Role};

impl Chart<'_> {
    pub(super) fn draw_words(&self, plan: &Plan, top: f64, area: Rect, buf: &mut Buffer, look: &Look) {
        let (plot, dim) = (plan.plot, look.style(Role::Dim));
        let left = plot.x - area.x;
        if left > 0 && top > 0.0 && plot.height > 0 {
            let cells = usize::from(left - 1);
            let words = |amount: f64| {
                text::pad(
                    &self.height_words(amount, usize::from(plot.width)),
                    cells,
                    Align::Right,
                    Cut::End,
                    look.glyphs.ellipsis,
                )
            };
            text::put(buf, area, 0, 0, &words(top), dim);
            if plot.height >= 6 {
                text::put(buf, area, 0, plot.height / 2, &words(top / 2.0), dim);
            }
            if let Some(axis) = plan.axis {
                text::put(buf, area, 0, axis, &text::pad("0", cells, Align::Right, Cut::End, ""), dim);
            }
        }
        if let Some(row) = plan.times {
            self.draw_times(plot, Rect { x: plot.x, width: plot.width, ..area }, row, buf, look);
        }
        if let Some(row) = plan.legend {
            let words: Vec<String> = self.marks.iter().map(|m| format!("{} {}", m.letter, m.words)).collect();
            let words = text::truncate(&words.join("  "), usize::from(area.width), Cut::End, look.glyphs.ellipsis);
            text::put(buf, area, 0, row, &words, look.style(Role::Text));
        }
    }

    /// As many labels as fit with air between them: both ends first.
    fn draw_times(&self, plot: Rect, area: Rect, row: u16, buf: &mut Buffer, look: &Look) {
        let (from, to) = self.span;
        let (first, last) = ((self.x_label)(from), (self.x_label)(to));
        let cells = text::width(&first).max(text::width(&last)).max(1);
        let columns = usize::from(plot.width);
        let dim = look.style(Role::Dim);
        text::put(buf, area, 0, row, &text::truncate(&first, columns, Cut::End, look.glyphs.ellipsis), dim);
        if columns < 2 * cells + 2 {
            return;
        }
        let end = columns - text::width(&last);
        text::put(buf, area, u16::try_from(end).unwrap_or(0), row, &last, dim);
        let between = (columns / (3 * cells)).saturating_sub(1);
        for i in 1..=between {
            let part = |whole: i128| whole * i128::try_from(i).unwrap_or(0) / i128::try_from(between + 1).unwrap_or(1);
            let at = i64::try_from(i128::from(from) + part(i128::from(to) - i128::from(from))).unwrap_or(from);
            let words = (self.x_label)(at);
            let col = columns * i / (between + 1);
            if col > cells && col + text::width(&words) < end {
                text::put(buf, area, u16::try_from(col).unwrap_or(0), row, &words, dim);
            }
        }
    }
}
