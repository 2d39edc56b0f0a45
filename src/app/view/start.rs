//! The start screen.
//!
//! Must not know: what a choice does.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::start::Start;
use crate::ui::{Look, Role, panel, text};

pub fn draw(start: &Start, area: Rect, buf: &mut Buffer, look: &Look) {
    let area = text::clip(area, buf);
    let inner = panel::panel(area, buf, look, " stanch: stop the bleeding ", Role::Border);
    let at = start.scroll.at(start.items.len());
    let height = usize::from(inner.height.saturating_sub(3));
    let wide = start.items.iter().map(|item| text::width(&item.label)).max().unwrap_or(0);
    for (row, n) in start.scroll.view(start.items.len(), height).zip(1..) {
        let Some(item) = start.items.get(row) else { continue };
        let mark = if row == at { look.glyphs.here } else { " " };
        text::put(buf, inner, 1, n, &format!("{mark} {:wide$}  {}", item.label, item.detail), look.style(Role::Text));
        if row == at {
            let bar = Rect { y: inner.y.saturating_add(n), height: 1, ..inner };
            text::paint(buf, bar, look.style(Role::Selection));
        }
    }
    let last = inner.height.saturating_sub(1);
    let words = if start.help {
        "j k or arrows choose, enter opens, q or esc quits; ? and : list everything once one is open"
    } else {
        "up and down choose, enter opens, ? help, q quits"
    };
    text::put(buf, inner, 1, last, words, look.style(Role::Dim));
}
