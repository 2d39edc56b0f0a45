//! The reading of usage: what the window shows against the baseline, and the verdict with its reasons.
//!
//! Must not know: where the figures come from. Facts: usage carries no IP address, lags by minutes to hours, and
//! costs come by the day (vendor's spec of 2026-08-21).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::Stamp;
use crate::effect::provider::{UsageReading, UsageRow};

/// What the figures allow to say. Never "no abuse" from figures that are not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Abuse {
    Abused,
    NoSign,
    CannotTell,
}

impl Abuse {
    pub fn words(self) -> &'static str {
        match self {
            Self::Abused => "abused",
            Self::NoSign => "no sign of abuse",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// One line of the table: a model at an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub part: String,
    pub model: String,
    /// Requests per hour over the baseline week.
    pub baseline: f64,
    /// Requests per hour over the window.
    pub window: f64,
    /// `window / baseline`; `None` when the baseline is zero.
    pub ratio: Option<f64>,
    pub requests: u64,
    pub tokens: u64,
    pub new: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    pub verdict: Abuse,
    pub reasons: Vec<String>,
    pub lines: Vec<Line>,
    pub requests: u64,
    pub tokens: u64,
}

/// A window that ran at least this many times its baseline is called abused.
const LOUD: f64 = 3.0;
/// Figures newer than this many seconds before the window's end count as complete enough to say "no sign".
const FRESH_S: i64 = 900;

/// How long figures may lag behind, seconds, where nothing is known to be wrong: so long after the key's end a reading
/// is taken for whole.
pub const LAG_S: i64 = 600;

/// What bears on the figures from elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside {
    /// When the key was first seen refused.
    pub revoked: Option<Stamp>,
    /// Somebody told that it is being spent on: an alarm, a bill.
    pub alarm: bool,
}

impl Beside {
    /// A reading of this instant holds everything that was done with the key.
    pub fn is_whole(&self, read: Stamp) -> bool {
        self.revoked.is_some_and(|end| read >= end.plus_secs(LAG_S))
    }
}

/// Reads one round of figures.
pub fn assess(reading: &UsageReading, beside: Beside) -> Assessment {
    let revoked = beside.revoked;
    let lines = lines(reading);
    let (mut abused, mut doubts) = (Vec::new(), Vec::new());
    for line in lines.iter().filter(|line| line.window > 0.0) {
        let name = format!("{} ({})", line.model, line.part);
        match line.ratio {
            _ if line.new && line.requests > 0 => abused.push(format!("{name} was never used before")),
            Some(ratio) if ratio >= LOUD => abused.push(format!("{name} ran at {ratio:.0} times its usual rate")),
            _ => {}
        }
    }
    let late = revoked.map_or(0, |at| after(reading, at.plus_secs(60)));
    if late > 0 {
        abused.push(format!("{late} requests after the key was refused"));
    }
    for part in reading.parts.iter().filter(|p| p.part == "completions" || p.part == "embeddings") {
        if let Some(why) = &part.failed {
            doubts.push(format!("{} could not be read: {why}", part.part));
        }
    }
    match reading.data_up_to {
        None => doubts.push("there are no figures at all".into()),
        Some(up_to) if up_to.plus_secs(FRESH_S) < reading.window.to => {
            doubts.push(format!("figures end at {}, the window at {}", up_to.minute(), reading.window.to.minute()));
        }
        Some(up_to) if beside.alarm && !beside.is_whole(reading.window.to) => {
            let lag = crate::base::stamp::span_text(reading.window.to.since(up_to));
            doubts.push(format!("you were told of spending, and the figures lag by {lag} or more: look again"));
        }
        Some(_) if beside.alarm => {
            doubts.push("you were told of spending, and the figures of this key show none: was it another key?".into());
        }
        Some(_) => {}
    }
    let (verdict, reasons) = match (abused.is_empty(), doubts.is_empty()) {
        (false, _) => (Abuse::Abused, abused),
        (true, false) => (Abuse::CannotTell, doubts),
        (true, true) => (Abuse::NoSign, vec!["the window looks like the week before it".into()]),
    };
    let requests = lines.iter().map(|l| l.requests).sum();
    let tokens = lines.iter().map(|l| l.tokens).sum();
    Assessment { verdict, reasons, lines, requests, tokens }
}

/// Requests in minute buckets that begin at or after `at`.
fn after(reading: &UsageReading, at: Stamp) -> u64 {
    in_window(reading).filter(|row| row.start >= at).map(|row| row.requests).sum()
}

/// The window's rows: by the minute, from its start.
pub fn in_window(reading: &UsageReading) -> impl Iterator<Item = &UsageRow> {
    reading.rows.iter().filter(|row| row.seconds == 60 && row.start.plus_secs(60) > reading.window.from)
}

fn lines(reading: &UsageReading) -> Vec<Line> {
    #[derive(Default)]
    struct Sum {
        before: u64,
        requests: u64,
        tokens: u64,
    }
    let window = reading.window;
    let whole: BTreeSet<&str> = reading.parts.iter().filter(|p| p.whole_project).map(|p| p.part.as_str()).collect();
    let mut sums: BTreeMap<(&str, &str), Sum> = BTreeMap::new();
    for row in reading.rows.iter().filter(|row| !whole.contains(row.part.as_str())) {
        let sum = sums.entry((&row.part, &row.model)).or_default();
        if row.seconds == 60 {
            sum.requests += row.requests;
            sum.tokens += row.input + row.output;
        } else if row.start.plus_secs(i64::from(row.seconds)) <= window.from {
            sum.before += row.requests;
        }
    }
    let hours = |from: Stamp, to: Stamp| as_f64(u64::try_from(to.since(from)).unwrap_or(0)).max(60.0) / 3600.0;
    let (before_h, window_h) = (hours(window.baseline, window.from), hours(window.from, window.to));
    let mut lines: Vec<Line> = sums
        .into_iter()
        .map(|((part, model), sum)| {
            let (baseline, rate) = (as_f64(sum.before) / before_h, as_f64(sum.requests) / window_h);
            Line {
                part: part.to_owned(),
                model: model.to_owned(),
                baseline,
                window: rate,
                ratio: (sum.before > 0).then(|| rate / baseline),
                requests: sum.requests,
                tokens: sum.tokens,
                new: sum.before == 0,
            }
        })
        .collect();
    lines.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.model.cmp(&b.model)));
    lines
}

/// Counts as figures for a ratio: beyond 2^53 the last digits don't matter here.
#[allow(clippy::cast_precision_loss)]
pub fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::provider::{PartState, Window};

    fn row(model: &str, start: i64, seconds: u32, requests: u64) -> UsageRow {
        UsageRow {
            part: "completions".into(),
            model: model.into(),
            start: Stamp::from_secs(start),
            seconds,
            requests,
            input: requests * 100,
            cached: 0,
            output: requests * 10,
        }
    }

    /// Baseline of 24 hours at 60 requests an hour of `usual`, then a window of 10 minutes with `rows`.
    fn reading(rows: Vec<UsageRow>, up_to: Option<i64>) -> UsageReading {
        let base: Vec<UsageRow> = (0..24).map(|h| row("usual", h * 3600, 3600, 60)).collect();
        UsageReading {
            window: Window { baseline: Stamp(0), from: Stamp::from_secs(86_400), to: Stamp::from_secs(87_000) },
            parts: vec![PartState { part: "completions".into(), failed: None, whole_project: false }],
            rows: base.into_iter().chain(rows).collect(),
            costs: vec![],
            audit: vec![],
            data_up_to: up_to.map(Stamp::from_secs),
        }
    }

    fn minutes(model: &str, per_minute: u64) -> Vec<UsageRow> {
        (0..10).map(|m| row(model, 86_400 + m * 60, 60, per_minute)).collect()
    }

    #[test]
    fn verdicts() {
        let table = [
            (minutes("usual", 1), Some(87_000), Abuse::NoSign),
            (minutes("usual", 30), Some(87_000), Abuse::Abused),
            (minutes("strange", 1), Some(87_000), Abuse::Abused),
            (vec![], None, Abuse::CannotTell),
            (vec![], Some(86_000), Abuse::CannotTell),
            (minutes("strange", 1), Some(80_000), Abuse::Abused),
        ];
        for (rows, up_to, want) in table {
            let got = assess(&reading(rows.clone(), up_to), Beside::default());
            assert_eq!(got.verdict, want, "{:?}", got.reasons);
            assert!(!got.reasons.is_empty());
        }
    }

    #[test]
    fn a_failed_endpoint_is_no_clean_bill() {
        let mut reading = reading(minutes("usual", 1), Some(87_000));
        reading.parts[0].failed = Some("500".into());
        assert_eq!(assess(&reading, Beside::default()).verdict, Abuse::CannotTell);
    }

    #[test]
    fn requests_after_the_refusal_are_abuse() {
        let reading = reading(minutes("usual", 1), Some(87_000));
        let beside = Beside { revoked: Some(Stamp::from_secs(86_460)), alarm: false };
        assert_eq!(assess(&reading, beside).verdict, Abuse::Abused);
    }

    #[test]
    fn after_an_alarm_quiet_figures_are_no_clean_bill() {
        let quiet = reading(minutes("usual", 1), Some(87_000));
        let told = |revoked| Beside { revoked, alarm: true };
        let early = assess(&quiet, told(None));
        assert_eq!(early.verdict, Abuse::CannotTell);
        assert!(early.reasons[0].contains("look again"), "{:?}", early.reasons);
        let silent = reading(vec![], Some(87_000));
        let late = assess(&silent, told(Some(Stamp::from_secs(86_400))));
        assert_eq!(late.verdict, Abuse::CannotTell);
        assert!(late.reasons[0].contains("another key"), "{:?}", late.reasons);
        let loud = reading(minutes("usual", 30), Some(87_000));
        assert_eq!(assess(&loud, told(None)).verdict, Abuse::Abused);
    }
}
