//! How a dialog looks: a box in the middle, its input and buttons in sight whatever the size.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Choice, Dialog, Kind};
use crate::ui::input::Input;
use crate::ui::layout::{self, Hint};
use crate::ui::panel::panel;
use crate::ui::scroll::{self, Scroll};
use crate::ui::table::draw_cursor;
use crate::ui::text::{self, Align, Cut};
use crate::ui::{Look, Role};

/// Widest box, cells: longer lines are hard to read.
const WIDEST: u16 = 76;

impl Dialog {
    /// Draws over the middle of `area`. The parts that matter most come first when room is short: the input, the note,
    /// the buttons; the body scrolls.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let area = text::clip(area, buf);
        if area.is_empty() {
            return;
        }
        let side = if area.width > 40 { 4 } else { 0 };
        let width = (area.width - side).min(WIDEST);
        let inside = usize::from(width.saturating_sub(4).max(1));
        let body = text::wrap(&text::fit_paths(&self.body, inside, look.glyphs.ellipsis), inside);
        let note = self.note.as_ref().map(|note| text::wrap(note, inside)).unwrap_or_default();
        let between = usize::from(self.control_rows() + note.len() > 0);
        let wanted = body.len() + between + self.control_rows() + note.len() + 4;
        let height = u16::try_from(wanted).unwrap_or(u16::MAX).min(area.height);
        let frame =
            Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
        text::fill(buf, frame, look.style(Role::Text));
        let title = if self.grave { format!("! {}", self.title) } else { self.title.clone() };
        let inner = panel(frame, buf, look, &title, if self.grave { Role::Bad } else { Role::Title });
        let margin = u16::from(inner.width > 4);
        let inner = Rect { x: inner.x + margin, width: inner.width - 2 * margin, ..inner };
        self.draw_inside(&body, &note, inner, buf, look);
    }

    fn draw_inside(&self, body: &[String], note: &[String], inner: Rect, buf: &mut Buffer, look: &Look) {
        let rows = usize::from(inner.height);
        let control = self.control_rows().min(rows.saturating_sub(1));
        let notes = note.len().min(rows.saturating_sub(control + 1));
        // a blank row between body and controls when there is room for all of it
        let air = usize::from(rows > body.len() + control + notes + 1 && control + notes > 0);
        let room = rows.saturating_sub(control + notes + 1 + air);
        let top = self.top.min(body.len().saturating_sub(room));
        let view = top..body.len().min(top + room);
        let mut row = 0;
        for line in body.get(view.clone()).unwrap_or_default() {
            text::put(buf, inner, 0, row, line, look.style(Role::Text));
            row += 1;
        }
        row += u16::try_from(air).unwrap_or(0);
        let part = |row: u16, count: usize| {
            let height = u16::try_from(count).unwrap_or(0);
            Rect { y: inner.y + row, height, ..inner }
        };
        self.draw_control(part(row, control), buf, look);
        row += u16::try_from(control).unwrap_or(0);
        for line in note.iter().take(notes) {
            text::put(buf, inner, 0, row, line, look.style(Role::Warn));
            row += 1;
        }
        let place = scroll::place(&view, body.len(), look.glyphs.dash);
        self.draw_buttons(&place, part(inner.height.saturating_sub(1), 1), buf, look);
    }

    /// Rows the input or the list takes, without body, note and buttons.
    fn control_rows(&self) -> usize {
        match &self.kind {
            Kind::Info | Kind::Confirm { .. } => 0,
            Kind::Phrase { .. } | Kind::Text { .. } | Kind::Secret { .. } => 1,
            Kind::Choice { options, .. } => options.len().clamp(1, 12),
        }
    }

    fn draw_control(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        match &self.kind {
            Kind::Info | Kind::Confirm { .. } => {}
            Kind::Phrase { want, input } => draw_input(&format!("Type {want}: "), input, area, buf, look),
            Kind::Text { label, input, .. } => {
                let colon = if label.ends_with('?') { "" } else { ":" };
                draw_input(&format!("{label}{colon} "), input, area, buf, look);
            }
            Kind::Secret { label, count } => {
                let words = if *count == 1 { "1 character".into() } else { format!("{count} characters") };
                let col = text::put(buf, area, 0, 0, &format!("{label}: "), look.style(Role::Strong));
                // never more dots than this: the length of a secret is nobody's business beyond the count
                let col =
                    text::put(buf, area, col, 0, &look.glyphs.hidden.repeat((*count).min(12)), look.style(Role::Text));
                draw_cursor(buf, area, col, 0, look);
                text::put(buf, area, col.saturating_add(2), 0, &format!("({words})"), look.style(Role::Dim));
            }
            Kind::Choice { options, scroll } => draw_choices(options, *scroll, area, buf, look),
        }
    }

    fn draw_buttons(&self, place: &str, area: Rect, buf: &mut Buffer, look: &Look) {
        if let Kind::Confirm { yes, on_yes } = &self.kind {
            let button = |words: &str, focus: bool| {
                let words = if focus { format!("[{} {words} ]", look.glyphs.here) } else { format!("[  {words} ]") };
                text::span(words, look.style(if focus { Role::Selection } else { Role::Text }))
            };
            let gap = text::span("  ", look.style(Role::Text));
            let line = Line::from(vec![button("Cancel (n)", !on_yes), gap, button(&format!("{yes} (y)"), *on_yes)]);
            text::put_line(buf, area, 0, &line);
        } else {
            let hints = match &self.kind {
                Kind::Info => vec![Hint::new("enter", "go on", 1), Hint::new("esc", "close", 0)],
                Kind::Choice { .. } => {
                    vec![Hint::new("enter", "choose", 1), Hint::new("esc", "back", 0), Hint::new("1-9", "pick", 2)]
                }
                _ => vec![Hint::new("enter", "accept", 1), Hint::new("esc", "back", 0)],
            };
            let line = layout::hints(&hints, usize::from(area.width), look);
            text::put_line(buf, area, 0, &line);
        }
        let cells = u16::try_from(text::width(place)).unwrap_or(0);
        if cells > 0 && area.width > cells + 30 {
            text::put(buf, area, area.width - cells, 0, place, look.style(Role::Dim));
        }
    }
}

fn draw_input(label: &str, input: &Input, area: Rect, buf: &mut Buffer, look: &Look) {
    let label = text::truncate(label, usize::from(area.width) / 2, Cut::End, look.glyphs.ellipsis);
    let col = text::put(buf, area, 0, 0, &label, look.style(Role::Strong));
    let (shown, cursor) = input.view(usize::from(area.width.saturating_sub(col)));
    text::put(buf, area, col, 0, &shown, look.style(Role::Text));
    draw_cursor(buf, area, col.saturating_add(u16::try_from(cursor).unwrap_or(0)), 0, look);
}

fn draw_choices(options: &[Choice], scroll: Scroll, area: Rect, buf: &mut Buffer, look: &Look) {
    // Half the room belongs to the details, if there are any.
    let room = usize::from(area.width.saturating_sub(4));
    let room = if options.iter().all(|o| o.detail.is_empty()) { room } else { usize::from(area.width) / 2 };
    let widest = options.iter().map(|o| text::width(&o.label)).max().unwrap_or(0).min(room);
    let at = scroll.at(options.len());
    for (i, row) in scroll.view(options.len(), usize::from(area.height)).zip(0..) {
        let Some(option) = options.get(i) else { continue };
        let here = if i == at { look.glyphs.here } else { " " };
        let label = text::pad(&option.label, widest, Align::Left, Cut::End, look.glyphs.ellipsis);
        let number = if i < 9 { (i + 1).to_string() } else { " ".into() };
        let role = if i == at { Role::Selection } else { Role::Text };
        let col = text::put(buf, area, 0, row, &format!("{here} {number} {label}"), look.style(role));
        text::put(buf, area, col.saturating_add(2), row, &option.detail, look.style(Role::Dim));
    }
    if options.is_empty() {
        text::put(buf, area, 0, 0, "nothing to choose from", look.style(Role::Dim));
    }
}
