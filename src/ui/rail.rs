//! The rail: where we are among a few places, as a list or in one line.
//!
//! Must not know: what the places are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::glyph::Sign;
use super::text::{self, Align, Cut};
use super::{Look, Role};

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub label: String,
    /// One word: `done`, `ready`, `locked`.
    pub state: String,
    pub sign: Sign,
    pub is_here: bool,
}

/// Cells of the state column: room for a glyph, a blank and `verifying`.
const STATE: usize = 11;

/// One row a stop, numbered from 0: ` 1 Revoke      ▸ here`. The row we are at is marked by a glyph and a style, its state stays readable.
pub fn draw(stops: &[Stop], area: Rect, buf: &mut Buffer, look: &Look) {
    let width = usize::from(area.width);
    for (i, (stop, row)) in stops.iter().zip(0..area.height).enumerate() {
        let here = if stop.is_here { look.glyphs.here } else { " " };
        let state = format!("{} {}", look.sign(stop.sign), stop.state);
        let room = width.saturating_sub(4 + STATE);
        let (label, state) = if room >= 4 {
            (text::pad(&stop.label, room, Align::Left, Cut::End, look.glyphs.ellipsis), state)
        } else {
            (
                text::pad(&stop.label, width.saturating_sub(6), Align::Left, Cut::End, look.glyphs.ellipsis),
                look.sign(stop.sign).to_owned(),
            )
        };
        let label_role = if stop.is_here { Role::Strong } else { stop_role(stop) };
        let line = Line::from(vec![
            text::span(here, look.style(Role::Accent)),
            text::span(format!("{i} {label} "), look.style(label_role)),
            text::span(state, look.style(stop.sign.role())),
        ]);
        text::put_line(buf, area, row, &line);
    }
}

fn stop_role(stop: &Stop) -> Role {
    if stop.sign.role() == Role::Dim { Role::Dim } else { Role::Text }
}

/// All stops in one line, the one we are at spelled out: `0✓ 1✓ ▸2 New key: ready 3· 4⊘`. When that is wider than
/// `width`, only the one we are at: `2/4 New key: ready`.
pub fn line(stops: &[Stop], width: usize, look: &Look) -> Line<'static> {
    let mut spans = Vec::new();
    for (i, stop) in stops.iter().enumerate() {
        if i > 0 {
            spans.push(text::span(" ", look.style(Role::Text)));
        }
        if stop.is_here {
            let words = format!("{}{i} {}: {}", look.glyphs.here, stop.label, stop.state);
            spans.push(text::span(words, look.style(Role::Strong)));
        } else {
            let words = format!("{i}{}", look.sign(stop.sign));
            spans.push(text::span(words, look.style(stop.sign.role())));
        }
    }
    let whole = Line::from(spans);
    if text::line_width(&whole) <= width {
        return whole;
    }
    let short = stops.iter().position(|stop| stop.is_here).and_then(|i| stops.get(i).map(|stop| (i, stop)));
    let words = short.map_or(String::new(), |(i, stop)| {
        format!("{i}/{} {}: {}", stops.len().saturating_sub(1), stop.label, stop.state)
    });
    let words = text::truncate(&words, width, Cut::End, look.glyphs.ellipsis);
    Line::from(text::span(words, look.style(Role::Strong)))
}
