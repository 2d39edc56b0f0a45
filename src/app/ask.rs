//! Questions in a row: the dialogs of an action, one after the other, and what follows from the answers.
//!
//! Must not know: what the questions are about.

use crate::base::{SecretRef, Stamp};
use crate::stages::{Answer, Ask, Kind, Then};
use crate::ui::Key;
use crate::ui::dialog::{self, Choice, Dialog};
use crate::ui::input::Input;

/// The open dialog and what comes after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asking {
    pub dialog: Dialog,
    /// The action or command that asks: it must still be ready when the last answer is given.
    pub of: Option<&'static str>,
    ask: Ask,
    rest: Vec<Ask>,
    answers: Vec<Answer>,
    then: Then,
}

/// What became of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Open,
    Cancelled,
    /// The hidden line is complete; the shell takes it.
    Take(SecretRef),
    Done(Vec<crate::stages::Consequence>),
}

impl Asking {
    /// `None` when there is nothing to ask.
    pub fn new(mut asks: Vec<Ask>, then: Then, hand: Stamp, by: Option<Key>) -> Option<Self> {
        if asks.is_empty() {
            return None;
        }
        let first = asks.remove(0);
        Some(Self { dialog: open(&first, hand, by), of: None, ask: first, rest: asks, answers: Vec::new(), then })
    }

    pub fn wants_secret(&self) -> Option<SecretRef> {
        match self.ask.kind {
            Kind::Secret(role) => Some(role),
            _ => None,
        }
    }

    /// The phrase that must be typed, for a scripted operator.
    pub fn phrase(&self) -> Option<&str> {
        match &self.ask.kind {
            Kind::Phrase(phrase) => Some(phrase),
            _ => None,
        }
    }

    /// What sort of answer is wanted, for the linear view and a scripted operator.
    pub fn kind(&self) -> &Kind {
        &self.ask.kind
    }

    /// What follows whatever was answered, for a look at whether it would still be the same.
    pub fn then(&self) -> &Then {
        &self.then
    }

    /// Some words of the person's own are wanted.
    pub fn is_line(&self) -> bool {
        matches!(self.ask.kind, Kind::Line { .. })
    }

    /// The person may only read and close it.
    pub fn is_info(&self) -> bool {
        self.ask.kind == Kind::Info
    }

    /// The last answer can't stand: why, beside what was typed. A hidden line begins anew.
    pub fn refuse(&mut self, why: String) {
        self.dialog.note = Some(why);
        if let dialog::Kind::Secret { count, .. } = &mut self.dialog.kind {
            *count = 0;
        }
    }

    /// `unfit`: why a text can't stand. Then the dialog stays as it is, and says so.
    pub fn key(&mut self, key: &Key, hand: Stamp, unfit: &dyn Fn(&str) -> Option<String>) -> Step {
        let answer = match self.dialog.key(key, hand) {
            dialog::Verdict::Open => return Step::Open,
            dialog::Verdict::Cancelled => return Step::Cancelled,
            dialog::Verdict::Accepted(answer) => answer,
        };
        let answer = match (answer, &self.ask.kind) {
            (dialog::Answer::Text(text), _) => Answer::Text(text),
            (dialog::Answer::Choice(at), Kind::Choice(options)) => {
                Answer::Text(options.get(at).map(|(value, _)| value.clone()).unwrap_or_default())
            }
            (dialog::Answer::Phrase, Kind::Phrase(phrase)) => Answer::Text(phrase.clone()),
            (dialog::Answer::Secret(_), Kind::Secret(role)) => return Step::Take(*role),
            _ => Answer::Yes,
        };
        if let (Answer::Text(text), Kind::Line { .. }) = (&answer, &self.ask.kind)
            && let Some(why) = unfit(text)
        {
            self.refuse(why);
            return Step::Open;
        }
        self.answers.push(answer);
        if self.rest.is_empty() {
            return Step::Done(self.then.follow(&self.answers));
        }
        self.ask = self.rest.remove(0);
        self.dialog = open(&self.ask, hand, Some(*key));
        Step::Open
    }
}

fn open(ask: &Ask, hand: Stamp, by: Option<Key>) -> Dialog {
    let (title, body) = (ask.title.clone(), ask.body.join("\n"));
    match &ask.kind {
        Kind::Confirm => Dialog::confirm(title, body, "yes, do it", hand, by),
        Kind::Phrase(want) => Dialog::phrase(title, body, want, hand, by),
        Kind::Line { label, initial, needed } => {
            let mut dialog = Dialog::text(title, body, label, hand, by);
            dialog.kind =
                dialog::Kind::Text { label: label.clone(), input: Input::with(initial), may_be_empty: !needed };
            dialog
        }
        Kind::Choice(options) => {
            let options = options.iter().map(|(_, line)| Choice { label: line.clone(), detail: String::new() });
            Dialog::choice(title, body, options.collect(), hand, by)
        }
        Kind::Secret(role) => Dialog::secret(title, body, role.words(), hand, by),
        Kind::Info => Dialog::info(title, body, hand, by),
    }
}
