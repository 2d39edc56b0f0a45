//! L3: the screen kit. Keys, roles, glyphs and widgets that draw plain data into a buffer.
//!
//! Must not know: stages, incidents, effects, the terminal it ends up on. Imports `base` only.
//! Every widget clips first, so drawing at any size and any place, 0x0 included, never panics.
//!
//! To add a widget:
//! 1. one file here, with plain data in and `draw(.., area, buf, look)`; clip with [`text::clip`] or [`panel`];
//! 2. colours through [`Role`], symbols through [`Glyphs`], never a literal colour or symbol;
//! 3. one `pub mod` line below, one line in `every_widget` of `tests/it/ui_kit.rs`, which sweeps the sizes.

pub mod chart;
pub mod dialog;
pub mod glyph;
pub mod input;
pub mod key;
pub mod layout;
pub mod panel;
pub mod rail;
pub mod screenshot;
pub mod scroll;
pub mod table;
pub mod text;
pub mod theme;

pub use glyph::{Glyphs, Sign};
pub use key::{Code, Key};
pub use theme::{Palette, Role, Theme};

/// What every widget needs to look right: colours, symbols, and where the spinner is.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub theme: Theme,
    pub glyphs: &'static Glyphs,
    /// Counts ticks while something runs; turns the spinner.
    pub tick: u64,
}

impl Look {
    pub fn new(theme: Theme, ascii: bool) -> Self {
        Self { theme, glyphs: if ascii { &glyph::ASCII } else { &glyph::UNICODE }, tick: 0 }
    }

    /// The style of a role; shorthand for `look.theme.style(role)`.
    pub fn style(&self, role: Role) -> ratatui::style::Style {
        self.theme.style(role)
    }

    /// The symbol of a sign at this tick.
    pub fn sign(&self, sign: Sign) -> &'static str {
        self.glyphs.sign(sign, self.tick)
    }
}
