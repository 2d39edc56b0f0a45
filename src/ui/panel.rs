//! A titled box.
//!
//! Must not know: what goes into it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{self, Cut};
use super::{Look, Role};

/// Draws a border with `title` around `area` and returns what is left inside. Below 4x3 there is no room for a
/// border: the whole area is left.
pub fn panel(area: Rect, buf: &mut Buffer, look: &Look, title: &str, role: Role) -> Rect {
    let area = text::clip(area, buf);
    if area.width < 4 || area.height < 3 {
        return area;
    }
    let (w, h, g) = (usize::from(area.width), area.height, look.glyphs);
    let border = look.style(Role::Border);
    let [tl, tr, bl, br] = g.corners;
    text::put(buf, area, 0, 0, &format!("{tl}{}{tr}", g.horizontal.repeat(w - 2)), border);
    text::put(buf, area, 0, h - 1, &format!("{bl}{}{br}", g.horizontal.repeat(w - 2)), border);
    for row in 1..h - 1 {
        text::put(buf, area, 0, row, g.vertical, border);
        text::put(buf, area, area.width - 1, row, g.vertical, border);
    }
    if !title.is_empty() && w > 6 {
        let title = format!(" {} ", text::truncate(title, w - 6, Cut::End, g.ellipsis));
        text::put(buf, area, 2, 0, &title, look.style(role));
    }
    Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: h - 2 }
}

/// A horizontal rule over row `row` of `area`.
pub fn rule(area: Rect, buf: &mut Buffer, look: &Look) {
    let line = look.glyphs.horizontal.repeat(usize::from(area.width));
    text::put(buf, area, 0, 0, &line, look.style(Role::Border));
}
