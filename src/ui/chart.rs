//! A time series as vertical bars, with lettered marks. Readable without colour and in ASCII, from 10x3 up.
//!
//! Must not know: what is counted. Labels are the caller's; a bar's height is the sum over the time it covers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{self, Align, Cut};
use super::{Look, Role};

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

/// `points` summed into `bars` equal parts of `from..to`. A point's amount is spread evenly over the `step` seconds it
/// covers, so that the sum stays what it is and a coarse series on a wide chart is a plateau, not a comb. Points
/// outside, and amounts that aren't finite and positive, count nothing.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // indices below 2^16, clamped
pub fn resample(points: &[(i64, f64)], step: i64, (from, to): (i64, i64), bars: usize) -> Vec<f64> {
    let mut sums = vec![0.0; bars];
    if bars == 0 || to <= from {
        return sums;
    }
    let per = (to as f64 - from as f64) / bars as f64;
    // rounding of huge times must not put the last bar's end before a point that lies inside
    let place = |t: i64| ((t as f64 - from as f64) / per).clamp(0.0, bars as f64);
    for &(t, amount) in points.iter().filter(|(_, amount)| amount.is_finite() && *amount > 0.0) {
        let end = t.saturating_add(step.max(0));
        if end < from || t >= to || (end == from && step > 0) || (step <= 0 && t < from) {
            continue;
        }
        if step <= 0 {
            if let Some(sum) = sums.get_mut((place(t) as usize).min(bars - 1)) {
                *sum += amount;
            }
            continue;
        }
        let (a, b) = (place(t), place(end));
        let density = amount * per / step as f64;
        for (i, sum) in
            sums.iter_mut().enumerate().skip(a as usize).take(b.ceil() as usize - (a as usize).min(b.ceil() as usize))
        {
            let covered = b.min(i as f64 + 1.0) - a.max(i as f64);
            *sum += density * covered.max(0.0);
        }
    }
    sums
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

    #[allow(clippy::cast_precision_loss)] // seconds on a chart: exact enough for a label
    fn height_words(&self, amount: f64, bars: usize) -> String {
        let span = self.span.1.saturating_sub(self.span.0).max(0);
        (self.y_label)(amount, span as f64 / bars.max(1) as f64)
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

    /// The column of an instant, if it is on the axis; its end counts as the last column.
    fn column(&self, at: i64, columns: u16) -> Option<u16> {
        let (from, to) = self.span;
        if at < from || at > to || to <= from || columns == 0 {
            return None;
        }
        let (gone, whole) = (i128::from(at) - i128::from(from), i128::from(to) - i128::from(from));
        u16::try_from(gone * i128::from(columns) / whole).ok().map(|col| col.min(columns - 1))
    }

    /// A line through the plot where no bar stands, and the letter on the axis (or on top, when there is no axis).
    fn draw_marks(&self, plan: &Plan, area: Rect, buf: &mut Buffer, look: &Look) {
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

    fn draw_words(&self, plan: &Plan, top: f64, area: Rect, buf: &mut Buffer, look: &Look) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
    }

    #[test]
    fn the_sum_stays_what_it_is() {
        let points: Vec<_> = (0..60).map(|i| (i64::from(i) * 60, f64::from(i % 7))).collect();
        let sum: f64 = points.iter().map(|p| p.1).sum();
        for bars in [1, 2, 7, 59, 60, 61, 130, 500] {
            for step in [0, 60] {
                assert!(close(resample(&points, step, (0, 3600), bars).iter().sum(), sum), "{bars} {step}");
            }
        }
    }

    #[test]
    fn what_lies_outside_or_is_no_number_counts_nothing() {
        let points = [(-10, 5.0), (0, 1.0), (10, 5.0), (3, f64::NAN), (4, -1.0), (5, f64::INFINITY)];
        assert_eq!(resample(&points, 0, (0, 10), 2), [1.0, 0.0]);
        assert_eq!(resample(&[(-5, 10.0)], 10, (0, 10), 2), [5.0, 0.0]);
        assert_eq!(resample(&points, 1, (10, 0), 2), [0.0, 0.0]);
        assert!(resample(&points, 1, (0, 10), 0).is_empty());
        resample(&[(i64::MAX, 1.0), (i64::MIN, 1.0)], i64::MAX, (i64::MIN, i64::MAX), 9);
    }

    #[test]
    fn a_coarse_series_is_a_plateau() {
        assert_eq!(resample(&[(0, 6.0), (60, 0.0)], 60, (0, 120), 6), [2.0, 2.0, 2.0, 0.0, 0.0, 0.0]);
    }

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
