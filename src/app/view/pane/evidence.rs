//! The evidence in a slot of its own, with what happened last in the stage.
//!
//! Must not know: how wide the screen is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::stages::{Sheet, Text, Tone};
use crate::ui::{Look, Role, panel, text};

use super::pen::Pen;

/// The evidence in a slot of its own.
pub(in crate::app::view) fn evidence(app: &App, sheet: &Sheet, area: Rect, buf: &mut Buffer, look: &Look) {
    if area.is_empty() {
        return;
    }
    let stage = app.here();
    panel::rule(Rect { height: 1, ..area }, buf, look);
    let mut pen = Pen { buf, area, row: 1, look, longest: area.height };
    pen.line(&[(Role::Title, "Evidence".into())], 1);
    let none = vec![Text::tone(Tone::Dim, "none yet")];
    let seen = if sheet.evidence.is_empty() { &none } else { &sheet.evidence };
    for line in seen {
        pen.text(line, 1);
    }
    if pen.row > area.height {
        let more = format!(" {} more, all of it in the report (E) ", pen.row - area.height + 1);
        let at = area.width.saturating_sub(u16::try_from(text::width(&more)).unwrap_or(0));
        text::fill(buf, Rect { y: area.y + area.height - 1, height: 1, ..area }, look.style(Role::Text));
        text::put(buf, area, at, area.height - 1, &more, look.style(Role::Selection));
        return;
    }
    let recent = app.incident.timeline.iter().rev().filter(|e| e.stage == stage.id()).take(20);
    pen.row = pen.row.saturating_add(1);
    for entry in recent {
        pen.line(&[(Role::Dim, entry.at.time()), (Role::Dim, format!(" {}", entry.words))], 1);
    }
}
