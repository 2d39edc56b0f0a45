//! A key as the program sees it: what was pressed, not how a terminal spelled it.
//!
//! Must not know: crossterm. The shell converts.

/// One key event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
    /// Not a fresh press: the terminal says the key is held down, or the text was pasted. Such a key may type and
    /// move, it never accepts anything.
    pub repeat: bool,
}

/// Which key. A capital letter is its own `Char`; there is no shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Backspace,
    Delete,
    F(u8),
}

impl Key {
    pub fn of(code: Code) -> Self {
        Self { code, ctrl: false, repeat: false }
    }

    pub fn char(c: char) -> Self {
        Self::of(Code::Char(c))
    }

    pub fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true, repeat: false }
    }

    /// The same key, marked as not freshly pressed.
    #[must_use]
    pub fn repeated(self) -> Self {
        Self { repeat: true, ..self }
    }

    /// The same physical key: `repeat` doesn't count.
    pub fn same(self, other: Self) -> bool {
        self.code == other.code && self.ctrl == other.ctrl
    }

    /// The character this key types: none with Ctrl held, none for control characters.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !c.is_control() => Some(c),
            _ => None,
        }
    }

    /// For people: `r`, `ctrl-u`, `enter`, `space`.
    pub fn label(&self) -> String {
        let name = match self.code {
            Code::Char(' ') => "space".to_owned(),
            Code::Char(c) => c.to_string(),
            Code::F(n) => format!("f{n}"),
            other => other.word().to_owned(),
        };
        if self.ctrl { format!("ctrl-{name}") } else { name }
    }

    /// Reads what [`Self::label`] writes.
    pub fn parse(label: &str) -> Option<Self> {
        let (ctrl, name) = match label.strip_prefix("ctrl-") {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, label),
        };
        let mut chars = name.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => Code::Char(c),
            (Some('f'), Some('1'..='9')) => Code::F(name.get(1..)?.parse().ok()?),
            _ if name == "space" => Code::Char(' '),
            _ => *Code::NAMED.iter().find(|code| code.word() == name)?,
        };
        Some(Self { code, ctrl, repeat: false })
    }
}

impl Code {
    const NAMED: [Self; 14] = [
        Self::Enter,
        Self::Esc,
        Self::Tab,
        Self::BackTab,
        Self::Up,
        Self::Down,
        Self::Left,
        Self::Right,
        Self::Home,
        Self::End,
        Self::PageUp,
        Self::PageDown,
        Self::Backspace,
        Self::Delete,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Esc => "esc",
            Self::Tab => "tab",
            Self::BackTab => "shift-tab",
            Self::Up => "up",
            Self::Down => "down",
            Self::Left => "left",
            Self::Right => "right",
            Self::Home => "home",
            Self::End => "end",
            Self::PageUp => "page-up",
            Self::PageDown => "page-down",
            Self::Backspace => "backspace",
            Self::Delete => "delete",
            Self::Char(_) | Self::F(_) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_back() {
        let mut keys = vec![Key::char('r'), Key::char('f'), Key::char(' '), Key::char('?'), Key::ctrl('u')];
        keys.extend(Code::NAMED.map(Key::of));
        keys.extend([Key::of(Code::F(1)), Key::of(Code::F(12)), Key::char('G')]);
        for key in keys {
            assert_eq!(Key::parse(&key.label()), Some(key), "{}", key.label());
        }
        assert_eq!(Key::parse("nonsense"), None);
        assert_eq!(Key::parse(""), None);
    }

    #[test]
    fn control_keys_type_nothing() {
        assert_eq!(Key::ctrl('u').typed(), None);
        assert_eq!(Key::char('\u{1b}').typed(), None);
        assert_eq!(Key::char('é').typed(), Some('é'));
    }
}
