//! Standard input without echo, for the linear view's hidden lines.
//!
//! Must not know: what is typed.

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// While it lives, the terminal on standard input shows nothing of what is typed.
#[derive(Debug)]
pub struct Echo {
    before: Termios,
}

impl Echo {
    /// `None` when standard input is no terminal: then nothing is echoed anyway.
    pub fn off() -> Option<Self> {
        let stdin = rustix::stdio::stdin();
        let before = tcgetattr(stdin).ok()?;
        let mut during = before.clone();
        during.local_modes &= !LocalModes::ECHO;
        tcsetattr(stdin, OptionalActions::Now, &during).ok()?;
        Some(Self { before })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // It fails only when the terminal is gone, and then nobody reads it.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before);
    }
}
