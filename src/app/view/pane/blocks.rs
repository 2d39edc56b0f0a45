//! A sheet's blocks: lines, tables and charts, each below its title.
//!
//! Must not know: where in the sheet they stand.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::view::role;
use crate::base::Stamp;
use crate::stages::sheet::{Chart, Table};
use crate::stages::{Block, Text, Tone};
use crate::ui::table::{self, Cell, Column};
use crate::ui::{Role, chart, text};

use super::pen::Pen;

/// The widest column of a table, cells.
const WIDEST: u16 = 60;

pub(super) fn draw_block(app: &App, block: &Block, pen: &mut Pen<'_>, height: u16) {
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
                .map(|text| Cell::new(text.flat(), role(text.0.first().map_or(Tone::Plain, |(t, _)| *t))))
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
