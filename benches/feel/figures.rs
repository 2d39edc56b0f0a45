//! Figures and the table they are printed in.

use std::time::Duration;

/// Times of the same thing, many times.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that this share of all stays below or at, milliseconds.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let rank = (sorted.len() as f64 * share).ceil() as usize;
        sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}

/// What was measured, what it came to, what was wanted.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<[String; 4]>);

impl Table {
    /// `value` must stay below `goal`; without a goal it is only told.
    pub(crate) fn row(&mut self, what: &str, value: f64, goal: Option<f64>, unit: &str, more: &str) {
        let verdict = match goal {
            Some(goal) if value < goal => "ok",
            Some(_) => "MISSED",
            None => "",
        };
        let more = if more.is_empty() { String::new() } else { format!("  ({more})") };
        let goal = goal.map_or_else(String::new, |goal| format!("< {goal} {unit}"));
        println!("{what}: {value:.2} {unit}{more} {verdict}");
        self.0.push([what.into(), format!("{value:.2} {unit}{more}"), goal, verdict.into()]);
    }

    pub(crate) fn text(&self) -> String {
        let head = ["what", "measured", "goal", ""].map(str::to_owned);
        let width = |n: usize| self.0.iter().chain([&head]).map(|row| row[n].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2), width(3)];
        let line = |row: &[String; 4]| {
            let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = widths.map(|width| "-".repeat(width));
        [&head, &rule].into_iter().chain(&self.0).map(line).collect()
    }
}
