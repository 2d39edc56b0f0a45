//! A time series as vertical bars, with lettered marks. Readable without colour and in ASCII, from 10x3 up.
//!
//! `resample` makes bars of points, `marks` draws the marks, `labels` the words around the bars.
//!
//! Must not know: what is counted. Labels are the caller's; a bar's height is the sum over the time it covers.

mod labels;
mod marks;
mod resample;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{self, Cut};
use super::{Look, Role};
pub use resample::resample;

/// An instant to mark: its letter stands on the axis, its words in the legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Unix seconds.
    pub at: i64,
    pub letter: char,
    pub words: String,
    pub role: Role,
}

/// What to draw. `points` are `(start in Unix seconds, amount)`, each covering `step` seconds from its start.
pub struct Chart<'a> {
    pub points: &'a [(i64, f64)],
    /// Seconds one point covers; 0 for an instant.
    pub step: i64,
    /// First and last second of the axis, the last not included.
    pub span: (i64, i64),
    pub marks: &'a [Mark],
    /// Words for a height: the sum of one bar, and the seconds a bar covers.
    pub y_label: &'a dyn Fn(f64, f64) -> String,
    /// Words for an instant on the axis.
    pub x_label: &'a dyn Fn(i64) -> String,
    pub role: Role,
    /// Said instead of bars when nothing was counted.
    pub empty: &'a str,
}

impl std::fmt::Debug for Chart<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chart({} points, {} marks)", self.points.len(), self.marks.len())
    }
}

/// Where things go; computed once per draw.
struct Plan {
    /// The bars.
    plot: Rect,
    /// Row of the axis with the letters, and of the time labels; relative to the area.
    axis: Option<u16>,
    times: Option<u16>,
    legend: Option<u16>,
}

impl Chart<'_> {
    fn plan(&self, area: Rect, label: usize) -> Plan {
        let (w, mut h) = (usize::from(area.width), area.height);
        let mut take = |wanted: bool| {
            let row = h.saturating_sub(1);
            h -= u16::from(wanted);
            wanted.then_some(row)
        };
        let legend = take(area.height >= 6 && !self.marks.is_empty() && w >= 16);
        let times = take(area.height >= 4 && w >= 12);
        let axis = take(area.height >= 3);
        let left = if w >= 20 && label < w / 2 { u16::try_from(label + 1).unwrap_or(0) } else { 0 };
        let plot = Rect { x: area.x.saturating_add(left), width: area.width - left, height: h, ..area };
        Plan { plot, axis, times, legend }
    }

    /// Draws into `area`, whatever its size.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let area = text::clip(area, buf);
        if area.is_empty() {
            return;
        }
        // the label's width decides the plot's width, which decides the bars and so the label: two rounds settle it
        let mut plan = self.plan(area, 0);
        let (mut bars, mut top) = (Vec::new(), 0.0);
        for _ in 0..2 {
            bars = resample(self.points, self.step, self.span, usize::from(plan.plot.width));
            top = bars.iter().copied().fold(0.0, f64::max);
            plan = self.plan(area, text::width(&self.height_words(top, bars.len())).max(1));
        }
        let columns = usize::from(plan.plot.width);
        if bars.len() != columns {
            bars = resample(self.points, self.step, self.span, columns);
            top = bars.iter().copied().fold(0.0, f64::max);
        }
        self.draw_bars(&bars, top, plan.plot, buf, look);
        self.draw_marks(&plan, area, buf, look);
        self.draw_words(&plan, top, area, buf, look);
        if top <= 0.0 && plan.plot.height > 0 {
            let words = text::truncate(self.empty, columns, Cut::End, look.glyphs.ellipsis);
            text::put(buf, plan.plot, 0, plan.plot.height / 2, &words, look.style(Role::Dim));
        }
    }

    fn draw_bars(&self, bars: &[f64], top: f64, plot: Rect, buf: &mut Buffer, look: &Look) {
        if top <= 0.0 {
            return;
        }
        let style = look.style(self.role);
        for (bar, col) in bars.iter().zip(0..plot.width) {
            let height = bar / top * f64::from(plot.height);
            for row in 0..plot.height {
                let below = f64::from(plot.height - 1 - row);
                // a bar above nothing shows in the lowest row, however small
                let fill =
                    if height > 0.0 && below < 1.0 { (height - below).max(f64::MIN_POSITIVE) } else { height - below };
                if fill > 0.0 {
                    text::put(buf, plot, col, row, look.glyphs.level(fill), style);
                }
            }
        }
    }

    #[allow(clippy::cast_precision_loss)] // seconds on a chart: exact enough for a label
    fn height_words(&self, amount: f64, bars: usize) -> String {
        let span = self.span.1.saturating_sub(self.span.0).max(0);
        (self.y_label)(amount, span as f64 / bars.max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_marks_at_one_instant_both_show() {
        let mark = |letter| Mark { at: 50, letter, words: "x".into(), role: Role::Mark };
        for at_end in [50, 100] {
            let marks = [mark('L'), mark('R')].map(|m| Mark { at: at_end, ..m });
            let chart = Chart {
                points: &[(10, 1.0)],
                step: 0,
                span: (0, 100),
                marks: &marks,
                y_label: &|_, _| String::new(),
                x_label: &|_| String::new(),
                role: Role::Series1,
                empty: "",
            };
            for (w, h) in [(10, 3), (10, 2), (40, 9)] {
                let mut buf = Buffer::empty(Rect::new(0, 0, w, h));
                chart.draw(buf.area, &mut buf, &Look::new(crate::ui::Theme::default(), true));
                let shown = crate::ui::screenshot::plain(&buf);
                assert!(shown.contains('L') && shown.contains('R'), "{w}x{h}\n{shown}");
            }
        }
    }
}
