//! From the terminal's events to the program's keys.
//!
//! Must not know: what a key does.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::ui::{Code, Key};

/// The key of an event; `None` for releases, for keys the program has no use for, and with Alt or Super held (so that
/// Alt-y is not y).
pub fn key(event: &KeyEvent) -> Option<Key> {
    let foreign = KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META;
    if event.kind == KeyEventKind::Release || event.modifiers.intersects(foreign) {
        return None;
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let code = match event.code {
        // Ctrl-Shift-u is Ctrl-u: most terminals can't tell them apart
        KeyCode::Char(c) if ctrl => Code::Char(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab if shift => Code::BackTab,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    Some(Key { code, ctrl, repeat: event.kind == KeyEventKind::Repeat })
}

/// Pasted text as keys that may type but never accept. A line end is an Enter (that accepts nothing), other control
/// characters are dropped.
pub fn pasted(text: &str) -> impl Iterator<Item = Key> {
    let mut after_cr = false;
    text.chars().filter_map(move |c| {
        let code = match c {
            '\n' if after_cr => None,
            '\n' | '\r' => Some(Code::Enter),
            '\t' => Some(Code::Char(' ')),
            c if c.is_control() => None,
            c => Some(Code::Char(c)),
        };
        after_cr = c == '\r';
        code.map(|code| Key::of(code).repeated())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> KeyEvent {
        KeyEvent::new_with_kind(code, modifiers, kind)
    }

    #[test]
    fn keys_are_what_was_pressed() {
        use KeyEventKind::{Press, Release, Repeat};
        let none = KeyModifiers::NONE;
        for (code, modifiers, kind, want) in [
            (KeyCode::Char('y'), none, Press, Some(Key::char('y'))),
            (KeyCode::Char('y'), none, Repeat, Some(Key::char('y').repeated())),
            (KeyCode::Char('y'), none, Release, None),
            (KeyCode::Char('Y'), KeyModifiers::SHIFT, Press, Some(Key::char('Y'))),
            (KeyCode::Char('y'), KeyModifiers::ALT, Press, None),
            (KeyCode::Char('Z'), KeyModifiers::CONTROL | KeyModifiers::SHIFT, Press, Some(Key::ctrl('z'))),
            (KeyCode::Tab, KeyModifiers::SHIFT, Press, Some(Key::of(Code::BackTab))),
            (KeyCode::Insert, none, Press, None),
        ] {
            assert_eq!(key(&event(code, modifiers, kind)), want, "{code:?} {modifiers:?} {kind:?}");
        }
    }

    #[test]
    fn pasted_text_never_counts_as_pressed() {
        let keys: Vec<_> = pasted("y\r\na\x1b\tb\n").collect();
        assert!(keys.iter().all(|key| key.repeat));
        let labels: Vec<_> = keys.iter().map(Key::label).collect();
        assert_eq!(labels, ["y", "enter", "a", "space", "b", "enter"]);
    }
}
