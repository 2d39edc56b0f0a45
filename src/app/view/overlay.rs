//! What lies over the pane: help, palette, logs, dialogs.
//!
//! Must not know: what a dialog is about.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::pages::{self, Row};
use crate::app::{App, Overlay, Palette, Reading};
use crate::ui::{Look, Role, panel, scroll, text};

/// How a screen is moved about in.
const MOVES: [&str; 4] = [
    "0-6   go to that stage",
    "tab, shift-tab   next and previous stage",
    "j, k, page down, page up   move, scroll",
    "esc   back, out of anything",
];

/// How far down it can be scrolled.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer, look: &Look) -> usize {
    match &app.overlay {
        Overlay::None => return 0,
        Overlay::Help { top } => return lines(&pages::help(app, &MOVES), *top, "Help", over(area), buf, look),
        Overlay::Log { top } => return lines(&pages::log(app), *top, "Requests", over(area), buf, look),
        Overlay::Timeline { top } => {
            return lines(&pages::timeline(app), *top, "The story so far", over(area), buf, look);
        }
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

fn lines(rows: &[Row], top: usize, title: &str, area: Rect, buf: &mut Buffer, look: &Look) -> usize {
    let (width, height) = (usize::from(area.width.saturating_sub(2)), usize::from(area.height.saturating_sub(2)));
    // A row that fits keeps its columns; wrapping would close up its blanks.
    let parts = |row: &str| if text::width(row) <= width { vec![row.to_owned()] } else { text::wrap(row, width) };
    let wrapped: Vec<(Role, String)> =
        rows.iter().flat_map(|row| parts(&row.text).into_iter().map(move |part| (row.role, part))).collect();
    let top = top.min(wrapped.len().saturating_sub(height));
    let place = scroll::place(&(top..wrapped.len().min(top + height)), wrapped.len(), look.glyphs.dash);
    let place = if place.is_empty() { place } else { format!(" (rows {place})") };
    let inner = blank(area, &format!("{title}{place}"), buf, look);
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
            Row::new(super::role(tone), line.flat())
        }));
    }
    if shown == 0 {
        rows.push(Row::new(Role::Dim, "nothing fits the filter; esc drops it"));
    }
    (rows, shown)
}

fn draw_palette(app: &App, palette: &Palette, area: Rect, buf: &mut Buffer, look: &Look) {
    let inner = blank(area, "Commands", buf, look);
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
