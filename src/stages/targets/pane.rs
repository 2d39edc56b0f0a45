//! The matrix of places, what is known of them, and the way out.
//!
//! Must not know: what to do about it.

use crate::base::words::count;
use crate::effect::target::{Holds, Hook, TargetRef};
use crate::incident::{StepState, TargetFacts};
use crate::stages::sheet::Table;
use crate::stages::{Block, Text, Tone, View};

use super::at_place;
use super::state::place_state;

pub(super) fn see(at: &View<'_>) -> Vec<Text> {
    let mut see = Vec::new();
    if let Some((_, files)) = at.incident.discovered {
        see.push(Text::plain(format!(
            "{} looked at, {} found with the key",
            count(usize::try_from(files).unwrap_or(usize::MAX), "file"),
            count(at.incident.targets.len(), "place")
        )));
    }
    for not_read in at.incident.not_read.iter().take(3) {
        see.push(Text::tone(Tone::Warn, format!("not read: {} ({})", not_read.place, not_read.why)));
    }
    for (stage_step, (_, fault)) in at.incident.faults.iter().filter(|(s, _)| s.stage == "targets") {
        let place = stage_step.step.rsplit('/').next().unwrap_or_default();
        see.push(Text::tone(Tone::Bad, format!("{place}: {}: {}", fault.what, fault.why)));
        see.extend(fault.hints.iter().map(|hint| Text::tone(Tone::Dim, format!("try: {hint}"))));
    }
    if let Some((place, facts)) = at.incident.targets.iter().nth(at.cursor) {
        let spots: Vec<String> = facts.found.spots.iter().map(|s| format!("{} (line {})", s.name, s.line)).collect();
        see.push(Text::plain(format!("Under the cursor: {}, {}", place.short(), spots.join(", "))));
        see.extend(facts.found.warnings.iter().map(|w| Text::tone(Tone::Warn, w.clone())));
    }
    see
}

pub(super) fn evidence(at: &View<'_>) -> Vec<Text> {
    let done = |test: fn(&TargetFacts) -> bool| at.incident.targets.values().filter(|f| test(f)).count();
    let all = at.incident.targets.len();
    if all == 0 {
        return Vec::new();
    }
    vec![Text::plain(format!(
        "of {all}: {} written, {} read back, {} reloaded, {} proven",
        done(|f| f.written.is_some()),
        done(TargetFacts::is_read_back),
        done(|f| f.ran_ok(Hook::Reload) == Some(true)),
        done(|f| f.ran_ok(Hook::Check) == Some(true)),
    ))]
}

pub(super) fn way_out(at: &View<'_>) -> Vec<Text> {
    let mut lines = vec![Text::plain("By hand: edit the file yourself, then c looks again")];
    let mute = at.incident.targets.values().any(|f| !f.found.can_prove);
    if mute {
        lines.push(Text::tone(Tone::Dim, "Declare [[targets]] place, reload, check in the config to have it proven"));
    }
    lines
}

pub(super) fn body(at: &View<'_>) -> Vec<Block> {
    let head = ["Place", "Wrote", "Read", "Loaded", "Proven"].map(str::to_owned).to_vec();
    let rows = at.incident.targets.iter().map(|(place, facts)| row(at, place, facts)).collect();
    let table = Block::Table(Table { title: "Places".into(), head, rows, picks: true, leads: true });
    let diff = at.incident.targets.values().nth(at.cursor).filter(|f| f.written.is_none()).map(|facts| Block::Lines {
        title: format!("What a write changes in {}", facts.found.at.short()),
        lines: facts.found.diff.iter().map(|line| diff_line(line)).collect(),
    });
    // An empty table would read like a finding where nothing was looked into.
    let looked = !at.incident.roots.is_empty() || !at.incident.targets.is_empty();
    looked.then_some(table).into_iter().chain(diff).collect()
}

pub(in crate::stages) fn diff_line(line: &str) -> Text {
    match line.as_bytes().first() {
        Some(b'-') => Text::tone(Tone::Bad, line),
        Some(b'+') => Text::tone(Tone::Good, line),
        _ => Text::plain(line),
    }
}

pub(super) fn row(at: &View<'_>, place: &TargetRef, facts: &TargetFacts) -> Vec<Text> {
    let cell = |state: Option<bool>| match state {
        Some(true) => Text::tone(Tone::Good, "yes"),
        Some(false) => Text::tone(Tone::Bad, "no"),
        None => Text::tone(Tone::Dim, "-"),
    };
    let by_hand = at.incident.by_hand.contains_key(&at_place("place", place));
    let unknown = matches!(place_state(at, place, facts), StepState::Unknown(_));
    let hook = |can: bool, ran: Option<bool>| match (ran, can) {
        _ if by_hand => Text::plain("by hand"),
        (None, false) => Text::tone(Tone::Dim, "not declared"),
        (ran, _) => cell(ran),
    };
    let written = if unknown { Text::tone(Tone::Warn, "unknown") } else { cell(facts.written.map(|_| true)) };
    vec![
        Text::plain(place.short()),
        written,
        cell(facts.read_back.as_ref().map(|(_, holds)| *holds == Holds::Replacement)),
        hook(facts.found.can_reload, facts.ran_ok(Hook::Reload)),
        hook(facts.found.can_prove, facts.ran_ok(Hook::Check)),
    ]
}
