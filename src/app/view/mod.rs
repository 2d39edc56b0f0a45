//! From the state to cells. Pure: the same state, size and look give the same buffer.
//!
//! Must not know: the terminal. Drawing at any size, 0x0 included, never panics.

pub mod curtain;
mod footer;
mod header;
mod overlay;
mod pane;
pub mod start;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::incident::StepState;
use crate::stages::Tone;
use crate::ui::layout::{self, Shape};
use crate::ui::rail::{self, Stop};
use crate::ui::{Look, Role, Sign, text};

use super::scene::{Scene, Standing};
use super::{App, Overlay, linear};

/// How far down the pane and what lies over it can be scrolled, as they were drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    pub pane: usize,
    pub over: usize,
}

/// Draws everything into `area`. What comes back is for [`App::drawn`].
pub fn draw(app: &App, area: Rect, buf: &mut Buffer, look: &Look) -> Extent {
    let area = text::clip(area, buf);
    let mut extent = Extent::default();
    if area.is_empty() {
        return extent;
    }
    let slots = layout::split(area);
    let scene = app.scene();
    header::draw(app, slots.header, buf, look);
    layout::frame(&slots, buf, look);
    if slots.shape == Shape::Linear {
        small(app, slots.pane, buf, look);
    } else {
        rail(app, &scene, slots.rail, buf, look);
        extent.pane = pane::draw(app, &scene, slots.pane, buf, look, slots.evidence.is_empty());
        pane::evidence(app, &scene.sheet, slots.evidence, buf, look);
    }
    footer::draw(app, &scene, slots.footer, buf, look);
    extent.over = overlay::draw(app, area, buf, look);
    extent
}

/// Too small for panes: the linear view's words, wrapped. What is open lies over all of it, or would leave cut words of
/// the linear view around it.
fn small(app: &App, area: Rect, buf: &mut Buffer, look: &Look) {
    if app.overlay != Overlay::None {
        return;
    }
    let mut row = 0;
    for line in linear::Pane::of(app).lines().iter().flat_map(|line| line.lines()) {
        if row >= area.height {
            break;
        }
        row = text::paragraph(buf, area, row, line, look.style(Role::Text));
    }
}

fn rail(app: &App, scene: &Scene, area: Rect, buf: &mut Buffer, look: &Look) {
    let view = app.view("");
    let here = app.here().id();
    let stop = |Standing { stage, state, do_now }: &Standing| {
        // A wheel that turns says "wait"; where the proof is begun by a key, it must not.
        let idle = view.running_in(stage.id()).next().is_none();
        let yours = matches!(state, StepState::Verifying(_)) && idle && do_now.action.is_some();
        Stop {
            label: stage.title().to_owned(),
            state: if yours { "go on".into() } else { state.word().to_owned() },
            sign: if yours { Sign::Ready } else { sign(state) },
            is_here: stage.id() == here,
        }
    };
    let stops: Vec<Stop> = scene.walk.iter().map(stop).collect();
    if area.height > 1 {
        rail::draw(&stops, area, buf, look);
        let count = stops.len();
        let at = u16::try_from(count).unwrap_or(0).saturating_add(1);
        let todo = app.incident.todos.iter().filter(|t| t.done.is_none()).count();
        let unknown = app.incident.unknowns().count();
        let lines = [
            (unknown > 0, Role::Warn, format!("{unknown} unknown: check them")),
            (todo > 0, Role::Text, format!("{todo} to do")),
            (
                !app.running.is_empty(),
                Role::Accent,
                format!("{} {} running", look.glyphs.spin(look.tick), app.running.len()),
            ),
        ];
        for (n, (_, role, words)) in lines.into_iter().filter(|(show, ..)| *show).enumerate() {
            let row = at.saturating_add(u16::try_from(n).unwrap_or(u16::MAX));
            text::put(buf, area, 1, row, &words, look.style(role));
        }
    } else if !area.is_empty() {
        text::put_line(buf, area, 0, &rail::line(&stops, usize::from(area.width), look));
    }
}

/// The glyph of a state.
pub(super) fn sign(state: &StepState) -> Sign {
    match state {
        StepState::Locked(_) => Sign::Locked,
        StepState::Ready => Sign::Ready,
        StepState::Running | StepState::Verifying(_) => Sign::Running,
        StepState::Done(_) => Sign::Done,
        StepState::ByHand(_) => Sign::ByHand,
        StepState::Skipped(_) => Sign::Skipped,
        StepState::Deferred(_) => Sign::Deferred,
        StepState::Failed(_) => Sign::Failed,
        StepState::Unknown(_) => Sign::Unknown,
    }
}

/// The role of a tone.
pub(super) fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Text,
        Tone::Dim => Role::Dim,
        Tone::Strong => Role::Strong,
        Tone::Good => Role::Good,
        Tone::Warn => Role::Warn,
        Tone::Bad => Role::Bad,
    }
}
