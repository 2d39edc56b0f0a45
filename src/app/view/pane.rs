//! The stage's pane: its sheet laid out top to bottom on a paper of cells that grows as needed, of which a part shows.
//!
//! Must not know: which stage it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::App;
use crate::app::scene::Scene;
use crate::base::Stamp;
use crate::stages::sheet::{Chart, Table};
use crate::stages::{Block, Sheet, Text, Tone};
use crate::ui::table::{self, Cell, Column};
use crate::ui::{Look, Role, chart, panel, text};

/// The longest sheet that is laid out, rows.
const LONGEST: u16 = 600;
/// How long news stay on top of the pane, seconds of the incident: whoever lets it race reads on in the timeline.
const NEWS_S: i64 = 120;
/// The widest column of a table, cells.
const WIDEST: u16 = 60;
/// Width of the column of slot names.
const NAMES: u16 = 9;

/// Draws the pane; `with_evidence`: there is no slot of its own for it. How far down it can be scrolled.
pub(super) fn draw(app: &App, scene: &Scene, area: Rect, buf: &mut Buffer, look: &Look, with_evidence: bool) -> usize {
    if area.is_empty() {
        return 0;
    }
    let sheet = &scene.sheet;
    let short = Rect::new(0, 0, area.width, area.height.min(LONGEST));
    let mut paper = Buffer::empty(short);
    let mut pen = Pen { buf: &mut paper, area: short, row: 0, look, longest: LONGEST };
    title(app, scene, &mut pen);
    write(app, sheet, &mut pen, with_evidence, area.height);
    let used = pen.row.min(LONGEST);
    let most = used.saturating_sub(area.height);
    let top = u16::try_from(app.top).unwrap_or(u16::MAX).min(most);
    // The last row tells what follows, rather than lie on what stands there.
    let height = if top < most { area.height - 1 } else { area.height };
    for y in 0..height.min(used) {
        for x in 0..area.width {
            if let (Some(from), Some(to)) = (paper.cell((x, top + y)), buf.cell_mut((area.x + x, area.y + y))) {
                *to = from.clone();
            }
        }
    }
    if top < most {
        let more = format!(" {} more, page down ", used - top - height);
        let at = area.width.saturating_sub(u16::try_from(text::width(&more)).unwrap_or(0));
        text::put(buf, area, at, area.height - 1, &more, look.style(Role::Selection));
    }
    usize::from(most)
}

/// The evidence in a slot of its own.
pub(super) fn evidence(app: &App, sheet: &Sheet, area: Rect, buf: &mut Buffer, look: &Look) {
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

/// Writes downwards.
struct Pen<'a> {
    buf: &'a mut Buffer,
    area: Rect,
    row: u16,
    look: &'a Look,
    /// Rows the area may grow to. Most sheets are short: a paper of the longest one, made anew for each frame, would
    /// cost more than all that is drawn on it.
    longest: u16,
}

impl Pen<'_> {
    /// Makes the paper longer, so that `rows` more fit if that is allowed. Its width stays, so what is on it does too.
    fn room(&mut self, rows: u16) {
        let wanted = self.row.saturating_add(rows).min(self.longest);
        if wanted > self.area.height {
            self.area.height = wanted.max(self.area.height.saturating_mul(2)).min(self.longest);
            self.buf.resize(self.area);
        }
    }

    /// Pieces in a row, wrapped at the area's edge, continued under `indent`.
    fn line(&mut self, pieces: &[(Role, String)], indent: u16) {
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

    fn text(&mut self, text: &Text, indent: u16) {
        let pieces: Vec<(Role, String)> = text.0.iter().map(|(tone, t)| (super::role(*tone), t.clone())).collect();
        self.line(&pieces, indent);
    }

    /// A slot: its name at the left, its lines beside it.
    fn slot(&mut self, name: &str, lines: &[(Role, String)]) {
        let lines: Vec<Text> = Vec::new()
            .into_iter()
            .chain(lines.iter().filter(|(_, t)| !t.is_empty()).map(|(role, t)| {
                let tone = if *role == Role::Strong { Tone::Strong } else { Tone::Plain };
                Text::tone(tone, t.clone())
            }))
            .collect();
        self.slot_texts(name, &lines);
    }

    fn slot_texts(&mut self, name: &str, lines: &[Text]) {
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

fn title(app: &App, scene: &Scene, pen: &mut Pen<'_>) {
    let stage = app.here();
    // The rail's number, which is the key that leads here.
    let place = scene.walk.iter().position(|s| s.stage.id() == stage.id()).map(|n| format!("{n} "));
    let pieces = [
        (Role::Dim, place.unwrap_or_default()),
        (Role::Title, stage.title().to_uppercase()),
        (Role::Text, format!(". Goal: {}", stage.goal())),
    ];
    pen.line(&pieces, 1);
    // The rail has one word for it; here is why.
    let standing = scene.walk.iter().find(|s| s.stage.id() == stage.id()).map(|s| &s.state);
    if let Some(crate::incident::StepState::Locked(why)) = standing
        && !scene.sheet.do_now.what.ends_with(why.as_str())
    {
        pen.line(&[(Role::Warn, format!("waiting: {why}"))], 1);
    }
    pen.row = pen.row.saturating_add(1);
}

fn write(app: &App, sheet: &Sheet, pen: &mut Pen<'_>, with_evidence: bool, height: u16) {
    let now = &sheet.do_now;
    pen.slot(
        "Do now",
        &[(Role::Strong, now.what.clone()), (Role::Text, now.effect.clone()), (Role::Text, now.check.clone())],
    );
    // Below what is to be done: it comes and goes, and that stays where it is.
    if let Some((when, text)) = app.news.last().filter(|(when, _)| app.now.since(*when) < NEWS_S) {
        pen.slot_texts("News", &[Text::tone(Tone::Warn, format!("{} {text}", when.time()))]);
    }
    // A picture says most, and a question wants an answer: they stand where they are seen without scrolling.
    let leads = |b: &&Block| matches!(b, Block::Chart(_) | Block::Table(Table { leads: true, .. }));
    let (first, rest): (Vec<&Block>, Vec<&Block>) = sheet.body.iter().partition(leads);
    for block in first {
        draw_block(app, block, pen, height);
    }
    pen.slot_texts("You see", &sheet.see);
    if with_evidence {
        let none = [Text::tone(Tone::Dim, "none yet")];
        pen.slot_texts("Evidence", if sheet.evidence.is_empty() { &none } else { &sheet.evidence });
    }
    for block in rest {
        draw_block(app, block, pen, height);
    }
    pen.slot_texts("Way out", &sheet.way_out);
}

fn draw_block(app: &App, block: &Block, pen: &mut Pen<'_>, height: u16) {
    let (Block::Lines { title, .. } | Block::Table(Table { title, .. }) | Block::Chart(Chart { title, .. })) = block;
    pen.line(&[(Role::Title, title.clone())], 1);
    match block {
        Block::Lines { lines, .. } => {
            let filter = app.filter.text().to_lowercase();
            let fits = |line: &&Text| filter.split_whitespace().all(|word| line.flat().to_lowercase().contains(word));
            for line in lines.iter().filter(fits) {
                pen.text(line, 2);
            }
        }
        Block::Table(table) => draw_table(app, table, pen),
        Block::Chart(chart) => draw_chart(chart, pen, height),
    }
    pen.row = pen.row.saturating_add(1);
}

fn draw_table(app: &App, data: &Table, pen: &mut Pen<'_>) {
    let rows: Vec<table::Row> = data
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|text| Cell::new(text.flat(), super::role(text.0.first().map_or(Tone::Plain, |(t, _)| *t))))
                .collect()
        })
        .collect();
    // A column needs what its widest cell needs and gets no more: an answer far to the right of its question is hard
    // to read. What is short of room goes to the columns that are cut.
    let columns: Vec<Column> = data
        .head
        .iter()
        .enumerate()
        .map(|(n, head)| {
            let cells = rows.iter().filter_map(|r| r.get(n)).map(|c| text::width(&c.text));
            let widest =
                u16::try_from(cells.chain([text::width(head)]).max().unwrap_or(1)).unwrap_or(WIDEST).min(WIDEST);
            // Short words stay whole; what is long shares the room, and loses its middle.
            let least = widest.min(10);
            let column = Column::new(head.clone(), least, widest - least);
            if widest > 10 { column.middle() } else { column }
        })
        .collect();
    let wanted: u16 = columns.iter().map(|c| c.min + c.weight + 2).sum::<u16>() + 2;
    let mut state = table::State { filter: app.filter.clone(), still: !data.picks, ..table::State::default() };
    state.scroll.cursor = if data.picks { app.view(app.here().id()).cursor } else { 0 };
    let shown = state.shown(&rows).len();
    let height = u16::try_from(shown.max(1)).unwrap_or(u16::MAX).saturating_add(1);
    pen.room(height);
    let area = Rect {
        x: pen.area.x + 1,
        y: pen.area.y + pen.row.min(pen.area.height),
        width: pen.area.width.saturating_sub(1).min(wanted),
        height,
    };
    table::draw(&columns, &rows, &state, "none", area, pen.buf, pen.look);
    pen.row = pen.row.saturating_add(height);
}

fn draw_chart(data: &Chart, pen: &mut Pen<'_>, height: u16) {
    let marks: Vec<chart::Mark> = data
        .marks
        .iter()
        .map(|(at, letter, words)| chart::Mark { at: *at, letter: *letter, words: words.clone(), role: Role::Mark })
        .collect();
    let drawn = chart::Chart {
        points: &data.points,
        step: 60,
        span: (data.from, data.to.max(data.from + 60)),
        marks: &marks,
        y_label: &|value, _| format!("{value:.0}"),
        x_label: &|at| Stamp::from_secs(at).minute(),
        role: Role::Series1,
        empty: "no requests in the window (yet)",
    };
    let rows = (height / 3).clamp(6, 14);
    pen.room(rows);
    let area =
        Rect { x: pen.area.x + 1, y: pen.area.y + pen.row, width: pen.area.width.saturating_sub(2), height: rows };
    drawn.draw(area, pen.buf, pen.look);
    pen.row = pen.row.saturating_add(rows);
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
