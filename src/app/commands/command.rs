//! What a command is: its keys, its words, whether it can be done now, and what it does.
//!
//! Must not know: which commands there are.

use crate::app::{App, Order};
use crate::stages::Act;
use crate::ui::{Code, Key};

/// A command and its keys.
pub struct Command {
    pub id: &'static str,
    pub keys: &'static [Key],
    pub label: &'static str,
    pub why: &'static str,
    /// Can it be done now? If not, why not.
    pub ready: fn(&App) -> Result<(), String>,
    pub go: Go,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command({})", self.id)
    }
}

/// What it does: change the view, or act like a stage's action.
pub enum Go {
    View(fn(&mut App, &mut Vec<Order>)),
    Act(fn(&App) -> Act),
}

impl std::fmt::Debug for Go {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::View(_) => "View",
            Self::Act(_) => "Act",
        })
    }
}

pub(super) const fn key(c: char) -> Key {
    Key { code: Code::Char(c), ctrl: false, repeat: false }
}

pub(super) const fn ctrl(c: char) -> Key {
    Key { code: Code::Char(c), ctrl: true, repeat: false }
}

pub(super) const fn code(code: Code) -> Key {
    Key { code, ctrl: false, repeat: false }
}
