//! What lies over the pane: help, palette, logs, dialogs.
//!
//! Must not know: what a dialog is about.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{App, Overlay, Palette, Reading, commands};
use crate::ui::{Key, Look, Role, panel, text};

/// How far down it can be scrolled.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer, look: &Look) -> usize {
    match &app.overlay {
        Overlay::None => return 0,
        Overlay::Help { top } => return lines(&help(app), *top, " Help ", over(area), buf, look),
        Overlay::Log { top } => return lines(&log(app), *top, " Requests ", over(area), buf, look),
        Overlay::Timeline { top } => return lines(&timeline(app), *top, " The story so far ", over(area), buf, look),
        Overlay::Reading(reading) => {
            let (rows, shown) = listing(reading);
            let title = format!("{}: {shown} of {}", reading.listing.title, reading.listing.items.len());
            return lines(&rows, reading.top, &title, over(area), buf, look);
        }
        Overlay::Palette(palette) => draw_palette(app, palette, over(area), buf, look),
        Overlay::Asking(asking) => asking.dialog.draw(area, buf, look),
    }
    0
}

/// Everything between header and footer.
fn over(area: Rect) -> Rect {
    Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(2), ..area }
}

/// An empty panel over whatever was there; its inside.
fn blank(area: Rect, title: &str, buf: &mut Buffer, look: &Look) -> Rect {
    text::fill(buf, area, look.style(Role::Text));
    panel::panel(area, buf, look, title, Role::Border)
}

type Row = (Role, String);

fn lines(rows: &[Row], top: usize, title: &str, area: Rect, buf: &mut Buffer, look: &Look) -> usize {
    let inner = blank(area, title, buf, look);
    let width = usize::from(inner.width);
    // A row that fits keeps its columns; wrapping would close up its blanks.
    let parts = |row: &str| if text::width(row) <= width { vec![row.to_owned()] } else { text::wrap(row, width) };
    let wrapped: Vec<Row> =
        rows.iter().flat_map(|(role, row)| parts(row).into_iter().map(move |part| (*role, part))).collect();
    let height = usize::from(inner.height);
    let top = top.min(wrapped.len().saturating_sub(height));
    for (n, (role, row)) in wrapped.iter().skip(top).take(height).enumerate() {
        text::put(buf, inner, 0, u16::try_from(n).unwrap_or(u16::MAX), row, look.style(*role));
    }
    wrapped.len().saturating_sub(height)
}

/// The items that fit the filter, and how many they are.
fn listing(reading: &Reading) -> (Vec<Row>, usize) {
    let (mut rows, mut shown) = (Vec::new(), 0);
    for item in reading.listing.fitting(&reading.filter.text()) {
        shown += 1;
        rows.extend(item.iter().map(|line| {
            let tone = line.0.first().map_or(crate::stages::Tone::Plain, |(tone, _)| *tone);
            (super::role(tone), line.flat())
        }));
    }
    if shown == 0 {
        rows.push((Role::Dim, "nothing fits the filter; esc drops it".into()));
    }
    (rows, shown)
}

fn help(app: &App) -> Vec<Row> {
    let stage = app.here();
    let view = app.view(stage.id());
    let mut rows = vec![(Role::Title, format!("{}: {}", stage.title(), stage.goal())), (Role::Text, String::new())];
    for action in stage.actions() {
        match (action.ready)(&view) {
            Ok(()) => rows.push((Role::Text, format!(" {}   {} {}", action.key, ended(action.label), action.why))),
            Err(why) => rows.push((Role::Dim, format!("({})  {} Not now: {why}", action.key, ended(action.label)))),
        }
    }
    rows.push((Role::Text, String::new()));
    rows.push((Role::Title, "Everywhere".into()));
    let moves = [
        "0-6   go to that stage",
        "tab, shift-tab   next and previous stage",
        "j, k, page down, page up   move, scroll",
    ];
    rows.extend(moves.iter().chain(&["esc   back, out of anything"]).map(|row| (Role::Text, format!(" {row}."))));
    for command in commands::ALL.iter().filter(|c| !c.keys.is_empty()) {
        let keys: Vec<String> = command.keys.iter().map(Key::label).collect();
        match (command.ready)(app) {
            Ok(()) => rows.push((Role::Text, format!(" {}   {}. {}", keys.join(" "), command.label, command.why))),
            Err(why) => rows.push((Role::Dim, format!("({})  {}. Not now: {why}", keys.join(" "), command.label))),
        }
    }
    rows
}

/// A label as a sentence: some are questions.
fn ended(label: &str) -> String {
    if label.ends_with('?') { label.to_owned() } else { format!("{label}.") }
}

fn log(app: &App) -> Vec<Row> {
    if app.log.is_empty() {
        return vec![(Role::Dim, "nothing was asked of anybody yet".into())];
    }
    let row = |line: &crate::effect::LogLine| {
        // The names of a query's fields are in the journal's evidence; here they only hide the path.
        let path = line.what.split('?').next().unwrap_or_default();
        let status = line.status.map_or_else(|| "---".to_owned(), |s| s.to_string());
        let role = if line.status.is_some_and(|s| (200..300).contains(&s) || s == 0) { Role::Text } else { Role::Warn };
        (role, format!("{} {:6} {status:>4} {:>6} ms  {}  {}", line.at.time(), line.verb, line.millis, path, line.note))
    };
    app.log.iter().map(row).collect()
}

fn timeline(app: &App) -> Vec<Row> {
    app.incident.timeline.iter().map(|e| (Role::Text, format!("{} {:7} {}", e.at.time(), e.stage, e.words))).collect()
}

fn draw_palette(app: &App, palette: &Palette, area: Rect, buf: &mut Buffer, look: &Look) {
    let inner = blank(area, " Commands ", buf, look);
    let (typed, _) = palette.input.view(usize::from(inner.width).saturating_sub(4));
    text::put(buf, inner, 0, 0, &format!(": {typed}"), look.style(Role::Strong));
    let items = palette.items(app);
    if items.is_empty() {
        text::put(buf, inner, 0, 2, "no command of that name", look.style(Role::Dim));
        return;
    }
    let height = usize::from(inner.height.saturating_sub(2));
    let at = palette.scroll.at(items.len());
    let (width, dots) = (usize::from(inner.width), look.glyphs.ellipsis);
    for (row, n) in palette.scroll.view(items.len(), height).zip(2..) {
        let Some(item) = items.get(row) else { continue };
        let mark = if row == at { look.glyphs.here } else { " " };
        let why = item.blocked.as_ref().map(|why| format!("  (not now: {why})")).unwrap_or_default();
        let role = if item.blocked.is_some() { Role::Dim } else { Role::Text };
        let line = format!("{mark} {:6} {}{why}", item.key, item.label);
        text::put(buf, inner, 0, n, &text::truncate(&line, width, text::Cut::End, dots), look.style(role));
        if row == at {
            let bar = Rect { y: inner.y.saturating_add(n), height: 1, ..inner };
            text::paint(buf, bar, look.style(Role::Selection));
        }
    }
}
