//! The frame before the first one: what is being set up, so that nobody looks at an empty terminal.
//!
//! Must not know: what is being set up.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::{Look, Role, text};

/// `banner` and `label` stand where the header's will; `lines` below.
pub fn draw(banner: &str, label: &str, lines: &[String], area: Rect, buf: &mut Buffer, look: &Look) {
    let area = text::clip(area, buf);
    let role = if banner == "DRILL" { Role::Drill } else { Role::Live };
    let at = text::put(buf, area, 0, 0, &format!(" {banner} "), look.style(role));
    text::put(buf, area, at.saturating_add(2), 0, label, look.style(Role::Strong));
    let mut row = 3;
    for line in lines {
        if row >= area.height {
            return;
        }
        row = text::paragraph(buf, area, row, line, look.style(Role::Text));
    }
}
