//! The first row: what this is, whose key, how long, how exposed, what it costs, what time it is.
//!
//! Must not know: the rest of the screen. Two clocks, never paused.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::base::SecretRef;
use crate::base::stamp::clock_text;
use crate::incident::Mode;
use crate::incident::death::Death;
use crate::ui::{Look, Role, text};

use crate::app::{App, linear};

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer, look: &Look) {
    let o = &app.incident.opened;
    let banner = match o.mode {
        Mode::Live => Role::Live,
        Mode::Drill => Role::Drill,
    };
    let death = Death::of(&app.incident, SecretRef::Leaked);
    let contained = death.contained_at().is_some();
    let exposed = match (contained, death.proven_at) {
        (_, Some(_)) if death.doubtful() => Role::Warn,
        (_, Some(_)) => Role::Good,
        (true, None) => Role::Warn,
        (false, None) => Role::Bad,
    };
    let open = app.incident.closed.as_ref().map_or(app.now, |(when, _)| *when).since(app.incident.opened_at);
    let burn = crate::stages::usage::burn_rate(&app.view("")).filter(|rate| *rate >= 0.005 && !contained);
    // From the most to the least important; the least important goes first when room is short.
    let mut parts = vec![
        (0, banner, format!(" {} ", o.mode.word())),
        (4, Role::Strong, app.setup.label.clone()),
        (2, Role::Text, o.key.to_string()),
        (3, Role::Clock, format!("open {}", clock_text(open))),
        (1, exposed, linear::exposure(app)),
        (2, Role::Bad, burn.map(|rate| format!("${rate:.2}/min")).unwrap_or_default()),
        (5, Role::Clock, app.now.time()),
    ];
    if let Some(why) = app.no_writes() {
        parts.insert(1, (0, Role::Bad, why));
    }
    parts.retain(|(_, _, words)| !words.is_empty());
    let size = |parts: &[(i32, Role, String)]| parts.iter().map(|(_, _, w)| text::width(w) + 2).sum::<usize>();
    while parts.len() > 1 && size(&parts) > usize::from(area.width) {
        let worst = parts.iter().enumerate().max_by_key(|(_, (rank, ..))| *rank).map_or(0, |(i, _)| i);
        parts.remove(worst);
    }
    let spans = parts
        .into_iter()
        .flat_map(|(_, role, words)| [text::span(words, look.style(role)), text::span("  ", look.style(Role::Text))]);
    text::put_line(buf, area, 0, &Line::from(spans.collect::<Vec<_>>()));
}
