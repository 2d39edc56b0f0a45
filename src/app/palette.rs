//! The palette: every command and action by name, with the reason beside what can't be done now.
//!
//! Must not know: how it is drawn.

use crate::ui::input::Input;
use crate::ui::scroll::Scroll;
use crate::ui::{Code, Key};

use super::{App, commands};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Palette {
    pub input: Input,
    pub scroll: Scroll,
}

/// A line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: String,
    pub key: String,
    pub label: String,
    /// Why it can't be done now.
    pub blocked: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Open,
    Closed,
    Chosen(String),
}

impl Palette {
    pub(super) fn key(&mut self, key: &Key, app: &App) -> Step {
        let items = self.items(app);
        match key.code {
            Code::Esc => return Step::Closed,
            Code::Char('c') if key.ctrl => return Step::Closed,
            Code::Enter if !key.repeat => {
                return items.get(self.scroll.at(items.len())).map_or(Step::Open, |item| Step::Chosen(item.id.clone()));
            }
            Code::Up | Code::Down | Code::PageUp | Code::PageDown => {
                self.scroll.key(key, items.len(), 10);
            }
            _ => {
                if self.input.key(key) {
                    self.scroll = Scroll::default();
                }
            }
        }
        Step::Open
    }

    /// What the typed words leave, the current stage's actions first.
    pub fn items(&self, app: &App) -> Vec<Item> {
        let typed = self.input.text().to_lowercase();
        let fits = |item: &Item| {
            let all = format!("{} {}", item.id, item.label).to_lowercase();
            typed.split_whitespace().all(|word| all.contains(word))
        };
        items(app).into_iter().filter(fits).collect()
    }
}

/// Everything there is.
pub(super) fn items(app: &App) -> Vec<Item> {
    let here = app.here().id();
    let mut stages: Vec<_> = crate::stages::ALL.to_vec();
    stages.sort_by_key(|stage| stage.id() != here);
    let actions = stages.into_iter().flat_map(|stage| {
        stage.actions().iter().map(move |action| Item {
            id: action.id.into(),
            key: action.key.to_string(),
            label: format!("{}: {}", stage.title(), action.label),
            blocked: (action.ready)(&app.view(stage.id())).err(),
        })
    });
    let commands = commands::ALL.iter().map(|command| Item {
        id: command.id.into(),
        key: command.keys.first().map(Key::label).unwrap_or_default(),
        label: command.label.into(),
        blocked: (command.ready)(app).err(),
    });
    actions.chain(commands).collect()
}
