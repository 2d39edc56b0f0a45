//! The stage's pane: its sheet laid out top to bottom on a paper of cells that grows as needed, of which a part shows.
//!
//! Must not know: which stage it is.

mod blocks;
mod evidence;
mod pen;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::app::scene::Scene;
use crate::stages::sheet::Table;
use crate::stages::{Block, Sheet, Text, Tone};
use crate::ui::{Look, Role, text};

use blocks::draw_block;
use pen::Pen;

pub(super) use evidence::evidence;

/// The longest sheet that is laid out, rows.
const LONGEST: u16 = 600;
/// How long news stay on top of the pane, seconds of the incident: whoever lets it race reads on in the timeline.
const NEWS_S: i64 = 120;

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
