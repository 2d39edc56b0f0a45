//! The last row: NEXT, the one recommended key first; or what was just told.
//!
//! Must not know: what the keys do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::stages::Tone;
use crate::ui::layout::{self, Hint};
use crate::ui::{Look, Role, text};

use crate::app::scene::Scene;
use crate::app::{App, Overlay, TOLD_S};

pub(super) fn draw(app: &App, scene: &Scene, area: Rect, buf: &mut Buffer, look: &Look) {
    if area.is_empty() {
        return;
    }
    let width = usize::from(area.width);
    let line = match &app.overlay {
        Overlay::None if app.filtering => filter(&app.filter, width, look),
        Overlay::Reading(reading) if reading.filtering => filter(&reading.filter, width, look),
        Overlay::Reading(reading) if !reading.filter.text().is_empty() => Line::from(vec![
            text::span(" filter: ", look.style(Role::Accent)),
            text::span(reading.filter.view(width.saturating_sub(40)).0, look.style(Role::Strong)),
            text::span("   / changes it, esc drops it", look.style(Role::Dim)),
        ]),
        Overlay::Reading(_) => {
            Line::from(text::span(" / filters, j and k scroll, g and G to the ends, esc closes", look.style(Role::Dim)))
        }
        Overlay::Help { .. } | Overlay::Log { .. } | Overlay::Timeline { .. } => {
            Line::from(text::span(" esc closes, j and k scroll", look.style(Role::Dim)))
        }
        Overlay::Palette(_) => {
            let words = " type a part of a name, up and down choose, enter runs it, esc closes";
            Line::from(text::span(words, look.style(Role::Dim)))
        }
        // Nothing else is next while a question is open.
        Overlay::Asking(asking) => told(app, width, look).unwrap_or_else(|| {
            let back = if asking.is_info() { " enter goes on" } else { " the question above is open; esc goes back" };
            Line::from(text::span(back, look.style(Role::Dim)))
        }),
        Overlay::None => told(app, width, look).unwrap_or_else(|| next(app, scene, width, look)),
    };
    text::put_line(buf, area, 0, &line);
}

fn filter(input: &crate::ui::input::Input, width: usize, look: &Look) -> Line<'static> {
    Line::from(vec![
        text::span(" filter: ", look.style(Role::Accent)),
        text::span(input.view(width.saturating_sub(40)).0, look.style(Role::Strong)),
        text::span("   enter keeps it, esc drops it", look.style(Role::Dim)),
    ])
}

fn told(app: &App, width: usize, look: &Look) -> Option<Line<'static>> {
    let (tone, words) = app.told(TOLD_S)?;
    let role = super::role(tone);
    let head = match tone {
        Tone::Bad => " FAILED  ",
        Tone::Warn => " NOTE  ",
        _ => " ",
    };
    // The end of what is told is often what it was told for: the name of a file, a reason.
    let room = width.saturating_sub(text::width(head));
    let words = text::truncate(words, room, text::Cut::Middle, look.glyphs.ellipsis);
    Some(Line::from(vec![text::span(head, look.style(role)), text::span(words, look.style(role))]))
}

fn next(app: &App, scene: &Scene, width: usize, look: &Look) -> Line<'static> {
    let stage = app.here();
    let view = app.view(stage.id());
    let advised = scene.advised(app);
    let wanted = advised.map(|action| action.id);
    let mut hints = Vec::new();
    if let Some(action) = advised {
        hints.push(Hint::new(action.key.to_string(), action.label, 0));
    } else if let Some(other) = scene.recommended().filter(|other| other.id() != stage.id() && !app.holds()) {
        hints.push(Hint::new("n", format!("go on with {}", other.title()), 0));
    } else {
        hints.push(Hint { enabled: false, ..Hint::new("wait", "the program goes on by itself", 1) });
    }
    for other in stage.actions().iter().filter(|a| Some(a.id) != wanted && (a.ready)(&view).is_ok()) {
        hints.push(Hint::new(other.key.to_string(), short(other.label), 4));
    }
    hints.push(Hint::new("?", "help", 1));
    hints.push(Hint::new(":", "all", 3));
    hints.push(Hint::new("q", "leave", 2));
    let mut line = layout::hints(&hints, width.saturating_sub(7), look);
    line.spans.insert(0, text::span(" NEXT  ", look.style(Role::Title)));
    line
}

/// The first words of a label, for a crowded row.
fn short(label: &str) -> String {
    let end = label.find([':', ',', '(']).unwrap_or(label.len());
    label.get(..end).unwrap_or(label).trim().to_owned()
}
