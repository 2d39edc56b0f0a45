//! Roles and their styles on the sixteen ANSI colours: dark, light, and mono (modifiers alone).
//!
//! Must not know: what is drawn. A role never stands alone: whoever uses one says the same thing in a word or a glyph.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Text,
    Dim,
    Strong,
    Title,
    Good,
    Warn,
    Bad,
    Accent,
    Selection,
    /// The banner of a drill.
    Drill,
    /// The banner of a live incident.
    Live,
    Border,
    Clock,
    Series1,
    Series2,
    Series3,
    /// A vertical mark in a chart.
    Mark,
}

impl Role {
    pub const ALL: [Self; 17] = [
        Self::Text,
        Self::Dim,
        Self::Strong,
        Self::Title,
        Self::Good,
        Self::Warn,
        Self::Bad,
        Self::Accent,
        Self::Selection,
        Self::Drill,
        Self::Live,
        Self::Border,
        Self::Clock,
        Self::Series1,
        Self::Series2,
        Self::Series3,
        Self::Mark,
    ];
}

/// Which set of styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    #[default]
    Dark,
    Light,
    /// No colour at all: bold, reverse, underline.
    Mono,
}

/// A palette, ready to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Theme {
    pub palette: Palette,
}

impl Theme {
    pub fn new(palette: Palette) -> Self {
        Self { palette }
    }

    /// What the user chose (`None`: automatic), unless the environment forbids colour: `NO_COLOR` set and not empty
    /// (no-color.org), or `TERM=dumb`. Automatic is dark; text that matters most keeps the terminal's own colour there, so
    /// it can be read on a light ground too.
    pub fn pick(chosen: Option<Palette>, no_color: bool, term_dumb: bool) -> Self {
        if no_color || term_dumb { Self::new(Palette::Mono) } else { Self::new(chosen.unwrap_or_default()) }
    }

    pub fn style(self, role: Role) -> Style {
        match self.palette {
            Palette::Dark => coloured(role, Color::Cyan, Color::Yellow),
            Palette::Light => coloured(role, Color::Blue, Color::Magenta),
            Palette::Mono => mono(role),
        }
    }
}

/// `accent` and `warn` are what differs between a dark and a light ground: yellow and cyan vanish on white.
fn coloured(role: Role, accent: Color, warn: Color) -> Style {
    let plain = Style::new().fg(Color::Reset).bg(Color::Reset);
    match role {
        Role::Text => plain,
        Role::Dim | Role::Border => plain.fg(Color::DarkGray),
        Role::Strong => plain.add_modifier(Modifier::BOLD),
        Role::Title => plain.fg(accent).add_modifier(Modifier::BOLD),
        Role::Good | Role::Series3 => plain.fg(Color::Green),
        Role::Warn => plain.fg(warn).add_modifier(Modifier::BOLD),
        Role::Bad => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Accent | Role::Series1 => plain.fg(accent),
        Role::Selection => plain.add_modifier(Modifier::REVERSED),
        Role::Drill => Style::new().fg(Color::Black).bg(Color::Cyan).add_modifier(Modifier::BOLD),
        Role::Live => Style::new().fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Clock => plain.fg(warn),
        Role::Series2 => plain.fg(Color::Magenta),
        Role::Mark => plain.fg(Color::Red),
    }
}

fn mono(role: Role) -> Style {
    let plain = Style::new().fg(Color::Reset).bg(Color::Reset);
    match role {
        Role::Text | Role::Border | Role::Good | Role::Series1 | Role::Series3 => plain,
        Role::Dim | Role::Series2 => plain.add_modifier(Modifier::DIM),
        Role::Strong | Role::Title | Role::Warn | Role::Clock | Role::Mark => plain.add_modifier(Modifier::BOLD),
        Role::Accent => plain.add_modifier(Modifier::UNDERLINED),
        Role::Bad => plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        Role::Selection | Role::Drill => plain.add_modifier(Modifier::REVERSED),
        Role::Live => plain.add_modifier(Modifier::REVERSED | Modifier::BOLD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_outranks_the_user() {
        assert_eq!(Theme::pick(Some(Palette::Light), false, false).palette, Palette::Light);
        assert_eq!(Theme::pick(None, false, false).palette, Palette::Dark);
        assert_eq!(Theme::pick(Some(Palette::Light), true, false).palette, Palette::Mono);
        assert_eq!(Theme::pick(Some(Palette::Dark), false, true).palette, Palette::Mono);
    }

    #[test]
    fn mono_has_no_colour_and_the_others_only_the_sixteen() {
        for role in Role::ALL {
            let style = Theme::new(Palette::Mono).style(role);
            assert_eq!((style.fg, style.bg), (Some(Color::Reset), Some(Color::Reset)), "{role:?}");
            for palette in [Palette::Dark, Palette::Light] {
                let style = Theme::new(palette).style(role);
                for colour in [style.fg, style.bg].into_iter().flatten() {
                    assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)), "{role:?}");
                }
            }
        }
    }
}
