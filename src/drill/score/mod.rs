//! The score sheet of a drill: the journal held against the truth of the world. Points are for people to talk about;
//! every line says why.
//!
//! Weights: clocks 50, money and outage 20, correctness 20, record 10; a red card caps the total at 40.
//! Must not know: the server, files, what time it is.

mod correct;
mod reading;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::scenario::Scenario;
use super::truth::Truth;
use crate::base::stamp::span_text;
use crate::incident::Record;
use reading::Reading;

/// Highest total that a red card leaves.
const CAP: u32 = 40;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub scenario: String,
    pub total: u32,
    pub of: u32,
    pub grade: String,
    pub clocks: Clocks,
    /// Spent by the attacker after the start, US dollars.
    pub burned_usd: f64,
    pub production_refused_s: i64,
    pub lines: Vec<Line>,
    pub red_cards: Vec<String>,
}

/// Seconds from the drill's start; `None`: never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    pub time_to_contain_s: Option<i64>,
    pub time_to_prove_s: Option<i64>,
    pub time_to_repair_s: Option<i64>,
    pub time_to_first_note_s: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    pub points: u32,
    pub of: u32,
    pub why: String,
}

impl Line {
    fn new(name: &str, points: u32, of: u32, why: impl Into<String>) -> Self {
        Self { name: name.into(), points: points.min(of), of, why: why.into() }
    }
}

/// Scores a run: what the journal says, what really happened, what the scenario asks.
pub fn score(records: &[Record], truth: &Truth, scenario: &Scenario) -> Sheet {
    let reading = Reading::of(records, truth, scenario);
    let clocks = reading.clocks(truth);
    let mut lines = clock_lines(&clocks, scenario);
    lines.extend(cost_lines(truth, scenario));
    lines.extend(correct::lines(&reading, truth, scenario));
    lines.extend(record_lines(&reading));
    let red_cards = red_cards(&reading, records, truth);
    let sum: u32 = lines.iter().map(|line| line.points).sum();
    let total = if red_cards.is_empty() { sum } else { sum.min(CAP) };
    Sheet {
        scenario: scenario.id.clone(),
        total,
        of: lines.iter().map(|line| line.of).sum(),
        grade: grade(total).into(),
        clocks,
        burned_usd: (truth.burned_usd * 100.0).round() / 100.0,
        production_refused_s: truth.production_refused_s,
        lines,
        red_cards,
    }
}

/// The four ratings of the HSEEP doctrine for exercises: from how many points on, its name, what it means here.
const RATINGS: [(u32, &str, &str); 4] = [
    (85, "performed without challenges", "ready for a real night"),
    (65, "performed with some challenges", "it worked, but cost time, money or proof"),
    (40, "performed with major challenges", "handled, but late or with gaps"),
    (0, "unable to be performed", "a real key would have done its harm"),
];

fn grade(total: u32) -> &'static str {
    RATINGS.iter().find(|(from, ..)| total >= *from).map_or("", |(_, name, _)| name)
}

/// What the ratings mean, in a few lines for below the sheet.
fn legend() -> String {
    let one = |(from, name, means): &(u32, &str, &str)| {
        let name = name.trim_start_matches("performed ");
        if *from == 0 { format!("below that {name}: {means}") } else { format!("from {from} on {name}: {means}") }
    };
    let all: Vec<String> = RATINGS.iter().map(one).collect();
    format!("What the ratings of an exercise mean (HSEEP): {}.", all.join("; "))
}

/// `of` points up to `target`, none from four times `target` on, in proportion between.
fn falling(of: u32, target: f64, got: f64) -> u32 {
    if got <= target || target <= 0.0 {
        return if got <= target { of } else { 0 };
    }
    let left = (1.0 - (got - target) / (3.0 * target)).max(0.0) * f64::from(of);
    (0..=of).rev().find(|points| f64::from(*points) <= left + 0.5).unwrap_or(0)
}

fn seconds(secs: i64) -> f64 {
    f64::from(i32::try_from(secs).unwrap_or(i32::MAX))
}

fn clock_lines(clocks: &Clocks, scenario: &Scenario) -> Vec<Line> {
    let targets = scenario.targets_s;
    [
        ("time to contain", 20, targets.contain, clocks.time_to_contain_s, "the leaked key was never deleted"),
        ("time to prove", 10, targets.prove, clocks.time_to_prove_s, "no row of refused probes showed that it is dead"),
        ("time to repair", 15, targets.repair, clocks.time_to_repair_s, "not every service was shown to run a new key"),
        ("time to first note", 5, targets.note, clocks.time_to_first_note_s, "nothing was noted or handed over"),
    ]
    .into_iter()
    .map(|(name, of, target, got, never)| match got {
        None => Line::new(name, 0, of, never),
        Some(secs) => {
            let why = format!("{}, target {}", span_text(secs), span_text(i64::from(target)));
            Line::new(name, falling(of, f64::from(target), seconds(secs)), of, why)
        }
    })
    .collect()
}

fn cost_lines(truth: &Truth, scenario: &Scenario) -> Vec<Line> {
    let par = scenario.par;
    let money_of = if scenario.production_depends { 10 } else { 20 };
    let usd = par.usd.max(1.0);
    let why = format!(
        "${:.2} burned after the start by the simulator's own count (the report estimates), par ${usd:.2}",
        truth.burned_usd
    );
    let mut lines = vec![Line::new("money burned", falling(money_of, usd, truth.burned_usd), money_of, why)];
    if scenario.production_depends {
        let refused = truth.production_refused_s;
        // A par of none still leaves room between the first refused second and no points at all.
        let beyond = seconds(refused) - f64::from(par.outage_s);
        let room = f64::from(par.outage_s.max(60));
        let points = if beyond <= 0.0 { 10 } else { falling(10, room, room + beyond).min(9) };
        let why = format!("production refused for {}, par {}", span_text(refused), span_text(i64::from(par.outage_s)));
        lines.push(Line::new("production outage", points, 10, why));
    }
    lines
}

fn record_lines(reading: &Reading<'_>) -> Vec<Line> {
    let yes = |ok: bool, of: u32| if ok { of } else { 0 };
    let pick = |ok: bool, good: &'static str, bad: &'static str| if ok { good } else { bad };
    let (reasoned, noted, closed) = (reading.reasoned, reading.first_note.is_some(), reading.closed.is_some());
    let open = reading.unsettled;
    vec![
        Line::new(
            "reasons",
            yes(reasoned, 3),
            3,
            pick(reasoned, "a decision has its reason", "no decision has a reason"),
        ),
        Line::new("notes", yes(noted, 3), 3, pick(noted, "notes were taken", "no note and no handover was written")),
        Line::new("close", yes(closed, 2), 2, pick(closed, "the incident was closed", "the incident was left open")),
        Line::new(
            "unknowns",
            yes(open == 0, 2),
            2,
            match open {
                0 => "every write has a known outcome".to_owned(),
                n => format!("{n} write(s) left without a known outcome"),
            },
        ),
    ]
}

fn red_cards(reading: &Reading<'_>, records: &[Record], truth: &Truth) -> Vec<String> {
    let mut cards = Vec::new();
    if !truth.wrong_keys.is_empty() {
        let names: Vec<_> = truth.wrong_keys.iter().map(|key| key.name.as_str()).collect();
        cards.push(format!("a wrong key was killed: {}", names.join(", ")));
    }
    if let Some((at, open)) = reading.closed
        && truth.dead.is_none_or(|dead| dead > at)
        && !open.iter().any(|step| step.to_lowercase().contains("revoke"))
    {
        cards.push("\"dead\" was claimed at the close while the key was live".into());
    }
    if records.iter().any(holds_a_key) {
        cards.push("a secret stands in the record".into());
    }
    if reading.pushed_unplanned {
        cards.push("history was force-pushed without a dry run".into());
    }
    cards
}

/// The middle that every well-formed key has.
fn holds_a_key(record: &Record) -> bool {
    serde_json::to_string(record).is_ok_and(|text| text.contains("T3BlbkFJ"))
}

impl Sheet {
    /// Plain text for a terminal or a file, 80 columns where the reasons allow.
    pub fn text(&self) -> String {
        let mut out = format!("DRILL {}: {} of {}, {}\n\n", self.scenario, self.total, self.of, self.grade);
        for line in &self.lines {
            // Told in a terminal, where a line broken in a word is hard to read.
            let why = crate::ui::text::wrap(&line.why, 50).join(&format!("\n{:29}", ""));
            let _ = writeln!(out, "{:>3}/{:<3} {:<20} {why}", line.points, line.of, line.name);
        }
        if !self.red_cards.is_empty() {
            let _ = writeln!(out, "\nRed cards (the total is capped at {CAP}):");
            for card in &self.red_cards {
                let _ = writeln!(out, "  - {card}");
            }
        }
        // The top of the sheet may have left the screen by now.
        let _ = writeln!(out, "\n{} of {}: {}.", self.total, self.of, self.grade);
        for line in crate::ui::text::wrap(&legend(), 79) {
            let _ = writeln!(out, "{line}");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_fall_in_proportion_between_target_and_four_times_target() {
        let points: Vec<u32> = [0.0, 100.0, 250.0, 400.0, 9000.0].map(|got| falling(20, 100.0, got)).to_vec();
        assert_eq!(points, [20, 20, 10, 0, 0]);
        assert_eq!(falling(10, 0.0, 0.0), 10);
        assert_eq!(falling(10, 0.0, 1.0), 0);
    }

    #[test]
    fn every_rating_says_what_it_means() {
        let text = legend();
        assert!(
            RATINGS
                .iter()
                .all(|(_, name, means)| text.contains(name.trim_start_matches("performed ")) && text.contains(means)),
            "{text}"
        );
        assert!(text.contains("from 65 on with some challenges: "), "{text}");
    }

    #[test]
    fn grades_are_words() {
        assert_eq!(grade(100), "performed without challenges");
        assert_eq!(grade(40), "performed with major challenges");
        assert_eq!(grade(39), "unable to be performed");
    }
}
