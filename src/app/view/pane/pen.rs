//! The pen: writes lines and slots downwards, on a paper that grows as needed.
//!
//! Must not know: what it writes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::view::role;
use crate::stages::{Text, Tone};
use crate::ui::{Look, Role, text};

/// Width of the column of slot names.
const NAMES: u16 = 9;

/// Writes downwards.
pub(super) struct Pen<'a> {
    pub(super) buf: &'a mut Buffer,
    pub(super) area: Rect,
    pub(super) row: u16,
    pub(super) look: &'a Look,
    /// Rows the area may grow to. Most sheets are short: a paper of the longest one, made anew for each frame, would
    /// cost more than all that is drawn on it.
    pub(super) longest: u16,
}

impl Pen<'_> {
    /// Makes the paper longer, so that `rows` more fit if that is allowed. Its width stays, so what is on it does too.
    pub(super) fn room(&mut self, rows: u16) {
        let wanted = self.row.saturating_add(rows).min(self.longest);
        if wanted > self.area.height {
            self.area.height = wanted.max(self.area.height.saturating_mul(2)).min(self.longest);
            self.buf.resize(self.area);
        }
    }

    /// Pieces in a row, wrapped at the area's edge, continued under `indent`.
    pub(super) fn line(&mut self, pieces: &[(Role, String)], indent: u16) {
        let width = usize::from(self.area.width.saturating_sub(indent)).max(1);
        let fitted: Vec<(Role, String)> = pieces
            .iter()
            .map(|(role, text)| (*role, text::fit_paths(text, width, self.look.glyphs.ellipsis)))
            .collect();
        let pieces = &fitted;
        let flat: String = pieces.iter().map(|(_, text)| text.as_str()).collect();
        let mut styled = pieces.iter().flat_map(|(role, text)| text.chars().map(move |c| (c, *role)));
        for row in text::wrap(&flat, width) {
            let spans: Vec<_> = row
                .chars()
                .map(|c| {
                    // Wrapping drops and adds blanks, and nothing else: the styles go by the letters.
                    let role = if c == ' ' { None } else { styled.find(|(letter, _)| *letter == c) };
                    text::span(c.to_string(), self.look.style(role.map_or(Role::Text, |(_, role)| role)))
                })
                .collect();
            // First the room, then the area: a line at the old edge of the paper would be written beyond it.
            self.room(1);
            let at = Rect {
                x: self.area.x + indent.min(self.area.width),
                width: self.area.width.saturating_sub(indent),
                ..self.area
            };
            if self.row < self.area.height {
                text::put_line(self.buf, at, self.row, &Line::from(spans));
            }
            self.row = self.row.saturating_add(1);
        }
    }

    pub(super) fn text(&mut self, text: &Text, indent: u16) {
        let pieces: Vec<(Role, String)> = text.0.iter().map(|(tone, t)| (role(*tone), t.clone())).collect();
        self.line(&pieces, indent);
    }

    /// A slot: its name at the left, its lines beside it.
    pub(super) fn slot(&mut self, name: &str, lines: &[(Role, String)]) {
        let lines: Vec<Text> = Vec::new()
            .into_iter()
            .chain(lines.iter().filter(|(_, t)| !t.is_empty()).map(|(role, t)| {
                let tone = if *role == Role::Strong { Tone::Strong } else { Tone::Plain };
                Text::tone(tone, t.clone())
            }))
            .collect();
        self.slot_texts(name, &lines);
    }

    pub(super) fn slot_texts(&mut self, name: &str, lines: &[Text]) {
        if lines.is_empty() {
            return;
        }
        self.room(1);
        if self.row < self.area.height {
            text::put(self.buf, self.area, 1, self.row, name, self.look.style(Role::Title));
        }
        for line in lines {
            self.text(line, NAMES + 1);
        }
        self.row = self.row.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Theme;

    #[test]
    fn every_line_is_on_the_paper_however_often_it_grows() {
        let look = Look::new(Theme::default(), false);
        let area = Rect::new(0, 0, 20, 3);
        let mut paper = Buffer::empty(area);
        let mut pen = Pen { buf: &mut paper, area, row: 0, look: &look, longest: 50 };
        for n in 0..40 {
            pen.line(&[(Role::Text, format!("line {n}"))], 1);
        }
        for n in 0..40_u16 {
            let row: String = (0..20).filter_map(|x| paper.cell((x, n))).map(ratatui::buffer::Cell::symbol).collect();
            assert_eq!(row.trim(), format!("line {n}"));
        }
    }
}
