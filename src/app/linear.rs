//! The linear view: the same state in plain lines, for screen readers, dumb terminals, pipes and very small windows.
//!
//! Must not know: how wide the terminal is. A line never depends on colour, cursor or position.

use crate::base::SecretRef;
use crate::base::stamp::span_text;
use crate::incident::death::{Death, WANTED};
use crate::stages::{self, Block, Kind};

use super::{App, Overlay};

/// Typed alone, it takes the answer that is proposed.
pub const AS_IT_STANDS: &str = "=";

/// The incident in a few lines: for a chat, a pager, a scrollback.
pub fn status(app: &App) -> Vec<String> {
    let o = &app.incident.opened;
    let view = app.view("");
    let mut lines = vec![format!("{} {} {} {}, {}", o.mode.word(), o.incident, o.provider, o.key, exposure(app))];
    for stage in stages::order(&view) {
        let state = stages::state(stage, &view);
        let detail = if state.detail().is_empty() { String::new() } else { format!(" - {}", state.detail()) };
        lines.push(format!("{}: {}{detail}", stage.title(), state.word()));
    }
    lines
}

/// `EXPOSED since 13:52Z (25 min)`, `REFUSED 2 of 8, proving` or `CONTAINED after 12 min`; a start nobody told is
/// `EXPOSED, since when is not told`.
pub fn exposure(app: &App) -> String {
    let since = app.incident.exposed_since();
    let death = Death::of(&app.incident, SecretRef::Leaked);
    match death.contained_at() {
        Some(_) if death.doubtful() => "REFUSED FROM THE START: is it the right key?".into(),
        Some(_) if death.proven_at.is_some() && !app.incident.exposed_known() => "CONTAINED".into(),
        Some(end) if death.proven_at.is_some() => format!("CONTAINED after {}", span_text(end.since(since))),
        Some(_) => format!("REFUSED {} of {WANTED}, proving", death.run),
        None if !app.incident.exposed_known() => "EXPOSED, since when is not told".into(),
        None => format!("EXPOSED since {} ({})", since.minute(), span_text(app.now.since(since))),
    }
}

/// The stage in sight, whole.
pub fn pane(app: &App) -> Vec<String> {
    let stage = app.here();
    let sheet = stage.sheet(&app.view(stage.id()));
    let mut lines = vec![format!("== {}. Goal: {}", stage.title(), stage.goal())];
    lines.push(format!("Do now: {}", sheet.do_now.what));
    lines.extend(
        [&sheet.do_now.effect, &sheet.do_now.check].into_iter().filter(|t| !t.is_empty()).map(|t| format!("  {t}")),
    );
    let mut part = |name: &str, texts: &[crate::stages::Text]| {
        lines.extend(texts.iter().map(|t| format!("{name}: {}", t.flat())));
    };
    part("You see", &sheet.see);
    part("Evidence", &sheet.evidence);
    part("Way out", &sheet.way_out);
    for block in &sheet.body {
        lines.extend(block_lines(block));
    }
    lines
}

fn block_lines(block: &Block) -> Vec<String> {
    match block {
        Block::Lines { title, lines } => {
            std::iter::once(format!("-- {title}")).chain(lines.iter().map(|l| format!("   {}", l.flat()))).collect()
        }
        Block::Table(table) => {
            let row = |cells: &[crate::stages::Text]| {
                let named = table.head.iter().zip(cells).map(|(head, cell)| format!("{head}: {}", cell.flat()));
                format!("   {}", named.collect::<Vec<_>>().join("; "))
            };
            std::iter::once(format!("-- {}", table.title)).chain(table.rows.iter().map(|r| row(r))).collect()
        }
        Block::Chart(chart) => {
            let sum: f64 = chart.points.iter().map(|(_, v)| v).sum();
            let most = chart.points.iter().map(|(_, v)| *v).fold(0.0, f64::max);
            let marks: Vec<String> = chart
                .marks
                .iter()
                .map(|(at, _, word)| format!("{word} {}", crate::base::Stamp::from_secs(*at).minute()))
                .collect();
            vec![format!("-- {}: {sum:.0} in all, at most {most:.0}; {}", chart.title, marks.join(", "))]
        }
    }
}

/// What can be pressed: the one next thing first, or that there is none.
pub fn keys(app: &App) -> String {
    let stage = app.here();
    let view = app.view(stage.id());
    let advised = app.advised();
    let other = app.recommended().filter(|other| other.id() != stage.id());
    let next = match (advised, other) {
        (Some(action), _) => format!("{} {}", action.key, action.label),
        (None, Some(other)) => format!("n go on with {}", other.title()),
        (None, None) => "wait, the program goes on by itself".to_owned(),
    };
    let also = stage.actions().iter().filter(|a| (a.ready)(&view).is_ok() && Some(a.id) != advised.map(|a| a.id));
    let mut also: Vec<String> = also.map(|a| format!("{} {}", a.key, a.label)).collect();
    also.extend(["n next thing, 0-6 stage, : command by name, ? help, q leave".to_owned()]);
    format!("NEXT: {next}; also: {}", also.join(", "))
}

/// The open question, if any: what a person must read before answering, and how to answer.
pub fn question(app: &App) -> Option<Vec<String>> {
    let asking = match &app.overlay {
        Overlay::Asking(asking) => asking,
        Overlay::Reading(reading) => {
            let mut lines = vec![format!("== {}", reading.listing.title)];
            lines.extend(reading.listing.items.iter().flatten().map(|line| format!("   {}", line.flat())));
            lines.extend(prompt(app));
            return Some(lines);
        }
        _ => return None,
    };
    let mut lines = vec![format!("?? {}", asking.dialog.title)];
    lines.extend(asking.dialog.body.lines().map(|l| format!("   {l}")));
    if let Kind::Choice(options) = asking.kind() {
        lines.extend(options.iter().enumerate().map(|(n, (_, line))| format!("   {} {line}", n + 1)));
    }
    lines.extend(prompt(app));
    Some(lines)
}

/// The end of what is shown: why the last answer can't stand, and how to answer; the keys when nothing is asked. It is
/// said again after every line that changed nothing: who can't look at the screen must hear whose turn it is.
pub fn prompt(app: &App) -> Vec<String> {
    let asking = match &app.overlay {
        Overlay::Asking(asking) => asking,
        Overlay::Reading(_) => return vec!["   Enter goes on.".into()],
        _ => return vec![keys(app)],
    };
    let how = match asking.kind() {
        Kind::Confirm => "   y and Enter does it; anything else does not.".into(),
        Kind::Phrase(phrase) => format!("   Type {phrase} and Enter to do it; an empty line goes back."),
        Kind::Line { label, initial, .. } if initial.is_empty() => format!("   {label} (an empty line goes back)"),
        Kind::Line { label, initial, .. } => {
            format!("   {label} ({AS_IT_STANDS} takes {initial}; an empty line goes back)")
        }
        Kind::Choice(_) => "   Type a number; an empty line goes back.".into(),
        Kind::Secret(_) => "   Type or paste it, hidden, and Enter; an empty line goes back.".into(),
        Kind::Info => "   Enter goes on.".into(),
    };
    asking.dialog.note.iter().map(|note| format!("   {note}")).chain([how]).collect()
}
