//! The start screen of a bare `stanch`: what can be taken up, opened or drilled, in one list.
//!
//! Must not know: how the choice is carried out.

use crate::ui::scroll::Scroll;
use crate::ui::{Code, Key};

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    Respond,
    Resume(String),
    Drill(String),
    Quit,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub label: String,
    pub detail: String,
    pub choice: Choice,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Start {
    pub items: Vec<Item>,
    pub scroll: Scroll,
    /// What the keys do, once somebody asked.
    pub help: bool,
}

impl Start {
    /// `open`: incidents that are not closed, newest first (id, words). `drills`: id and title.
    pub fn new(open: Vec<(String, String)>, drills: Vec<(String, String)>) -> Self {
        let resume = open.into_iter().map(|(id, words)| Item {
            label: format!("Resume {id}"),
            detail: words,
            choice: Choice::Resume(id),
        });
        let respond = Item {
            label: "A key has leaked".into(),
            detail: "live; it asks for the key, hidden".into(),
            choice: Choice::Respond,
        };
        let drill = drills.into_iter().map(|(id, title)| Item {
            label: format!("Drill: {id}"),
            detail: title,
            choice: Choice::Drill(id),
        });
        let quit = Item { label: "Quit".into(), detail: String::new(), choice: Choice::Quit };
        // What is open wants somebody: it is under the cursor.
        let items = resume.chain(std::iter::once(respond)).chain(drill).chain(std::iter::once(quit)).collect();
        Self { items, scroll: Scroll::default(), help: false }
    }

    /// The choice, once one is made.
    pub fn key(&mut self, key: &Key) -> Option<Choice> {
        match key.code {
            Code::Char('q') | Code::Esc => Some(Choice::Quit),
            Code::Char('c') if key.ctrl => Some(Choice::Quit),
            Code::Enter if !key.repeat => self.items.get(self.scroll.at(self.items.len())).map(|i| i.choice.clone()),
            Code::Char('?' | ':') => {
                self.help = !self.help;
                None
            }
            _ => {
                self.scroll.key(key, self.items.len(), 10);
                None
            }
        }
    }
}
