//! Which face the program wears, decided from what the terminal and the environment say.
//!
//! Must not know: what either face shows. Deciding is pure; asking is a handful of one-line functions.

use std::io::{self, IsTerminal as _};

use crate::ui::layout::Shape;

/// Whether a terminal of this name surely knows the kitty keyboard protocol. It isn't asked: an answer that never
/// comes would hold the start up. Inside tmux or screen `TERM` is theirs, so the answer is no.
pub fn marks_repeats(term: Option<&str>) -> bool {
    matches!(term, Some("xterm-kitty" | "xterm-ghostty" | "foot" | "foot-extra" | "foot-direct" | "alacritty" | "rio"))
}

/// Which face the program wears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    Tui,
    Linear,
}

/// Picks the front end. `size` is columns by rows, `None` when unknown.
pub fn front(linear: bool, stdin_tty: bool, stdout_tty: bool, term: Option<&str>, size: Option<(u16, u16)>) -> Front {
    if why_linear(linear, stdin_tty, stdout_tty, term, size).is_some() { Front::Linear } else { Front::Tui }
}

/// Why it must be the linear view, in words; `None` when the full screen will do.
pub fn why_linear(
    linear: bool,
    stdin_tty: bool,
    stdout_tty: bool,
    term: Option<&str>,
    size: Option<(u16, u16)>,
) -> Option<String> {
    let because = |why: &str| Some(why.to_owned());
    if linear {
        return because("--linear was given");
    }
    if !stdin_tty {
        return because("input doesn't come from a terminal");
    }
    if !stdout_tty {
        return because("output doesn't go to a terminal");
    }
    match term {
        None | Some("" | "dumb" | "unknown") => return because("TERM says the terminal can't place text"),
        Some(_) => {}
    }
    let (w, h) = size?;
    (Shape::of(w, h) == Shape::Linear).then(|| format!("the terminal has {w}x{h} cells, the full screen needs 60x16"))
}

pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Columns by rows; `None` when unknown (and 0x0 is unknown). Asks the terminal's driver, runs nothing.
pub fn size() -> Option<(u16, u16)> {
    let size = crossterm::terminal::window_size().ok()?;
    (size.columns > 0 && size.rows > 0).then_some((size.columns, size.rows))
}

/// Whether the terminal says that its ground is light: `COLORFGBG`, `text;ground`, where 7 and 15 are light. Few terminals
/// say anything; then it is taken for dark.
pub fn is_light(colorfgbg: Option<&str>) -> bool {
    let ground = colorfgbg.and_then(|value| value.rsplit(';').next());
    matches!(ground, Some("7" | "15"))
}

/// Colour is unwanted: `NO_COLOR` set and not empty.
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_end_is_what_the_terminal_can_do() {
        let xterm = Some("xterm-256color");
        let room = Some((80, 24));
        for (linear, stdin, stdout, term, size, want) in [
            (false, true, true, xterm, room, None),
            (false, true, true, xterm, None, None),
            (false, true, true, xterm, Some((60, 16)), None),
            (true, true, true, xterm, room, Some("--linear")),
            (false, false, true, xterm, room, Some("input")),
            (false, true, false, xterm, room, Some("output")),
            (false, true, true, Some("dumb"), room, Some("TERM")),
            (false, true, true, Some(""), room, Some("TERM")),
            (false, true, true, None, room, Some("TERM")),
            (false, true, true, xterm, Some((59, 16)), Some("59x16")),
        ] {
            let why = why_linear(linear, stdin, stdout, term, size);
            assert_eq!(why.is_some(), want.is_some(), "{why:?} {want:?}");
            assert!(why.unwrap_or_default().contains(want.unwrap_or_default()));
            let front = front(linear, stdin, stdout, term, size);
            assert_eq!(front == Front::Linear, want.is_some());
        }
    }

    #[test]
    fn the_ground_is_dark_unless_it_says_otherwise() {
        assert!(is_light(Some("0;15")) && is_light(Some("0;default;7")));
        assert!(!is_light(Some("15;0")) && !is_light(Some("")) && !is_light(None));
    }

    #[test]
    fn repeats_are_asked_for_only_where_they_are_known() {
        assert!(marks_repeats(Some("xterm-kitty")));
        for term in [None, Some("xterm-256color"), Some("tmux-256color"), Some("screen"), Some("linux")] {
            assert!(!marks_repeats(term));
        }
    }
}
