//! Dialogs: plain data, a pure answer to every key, and one way to draw them all.
//!
//! Must not know: what an answer sets off. The rule they exist for is that no reflex does harm; [`guard`] holds it.
//! A secret never comes in here: the secret prompt counts characters, the shell keeps them.

mod draw;
pub mod guard;

use super::input::Input;
use super::key::{Code, Key};
use super::scroll::Scroll;
use crate::base::Stamp;
use guard::Guard;

/// An open dialog. `now` and the opening instant are the *machine's* time in every call, never a drill's compressed
/// clock: the delays are there for hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    pub title: String,
    /// What will happen, to what, by whom. Wrapped when drawn; `\n` breaks lines.
    pub body: String,
    pub kind: Kind,
    /// Shown as a warning: the act can't be undone.
    pub grave: bool,
    /// Why the last key did nothing, or what is wrong with the input.
    pub note: Option<String>,
    /// First line of the body in sight.
    pub top: usize,
    guard: Guard,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Something to read.
    Info,
    /// Yes or no. Cancel has the focus.
    Confirm { yes: String, on_yes: bool },
    /// The phrase that names the object must be typed.
    Phrase { want: String, input: Input },
    /// A line of text. Empty is an answer only when `may_be_empty`.
    Text { label: String, input: Input, may_be_empty: bool },
    /// A line nobody sees: the number of characters typed so far.
    Secret { label: String, count: usize },
    /// One of several.
    Choice { options: Vec<Choice>, scroll: Scroll },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub label: String,
    /// What it costs or means, dim beside the label.
    pub detail: String,
}

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Open,
    Cancelled,
    Accepted(Answer),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An info was read.
    Seen,
    Yes,
    /// The right phrase was typed.
    Phrase,
    Text(String),
    /// The shell has the characters; this many were typed.
    Secret(usize),
    Choice(usize),
}

/// What a key asks of a dialog, before the guard has its say.
enum Wish {
    Nothing,
    Cancel,
    Accept(Answer),
    /// It would accept, but something is missing: the reason.
    NotYet(String),
}

impl Dialog {
    fn new(
        title: impl Into<String>,
        body: impl Into<String>,
        kind: Kind,
        opened_at: Stamp,
        opened_by: Option<Key>,
    ) -> Self {
        let guard = Guard::new(opened_at, opened_by, matches!(kind, Kind::Confirm { .. }));
        Self { title: title.into(), body: body.into(), kind, grave: false, note: None, top: 0, guard }
    }

    pub fn info(title: impl Into<String>, body: impl Into<String>, at: Stamp, by: Option<Key>) -> Self {
        Self::new(title, body, Kind::Info, at, by)
    }

    /// `yes` is the verb on the button: `revoke`, never `OK`.
    pub fn confirm(
        title: impl Into<String>,
        body: impl Into<String>,
        yes: impl Into<String>,
        at: Stamp,
        by: Option<Key>,
    ) -> Self {
        Self::new(title, body, Kind::Confirm { yes: yes.into(), on_yes: false }, at, by)
    }

    /// For what can't be undone: `want` names the object (last four of the key, name of the repository).
    pub fn phrase(
        title: impl Into<String>,
        body: impl Into<String>,
        want: impl Into<String>,
        at: Stamp,
        by: Option<Key>,
    ) -> Self {
        let kind = Kind::Phrase { want: want.into(), input: Input::default() };
        Self { grave: true, ..Self::new(title, body, kind, at, by) }
    }

    pub fn text(
        title: impl Into<String>,
        body: impl Into<String>,
        label: impl Into<String>,
        at: Stamp,
        by: Option<Key>,
    ) -> Self {
        let kind = Kind::Text { label: label.into(), input: Input::default(), may_be_empty: false };
        Self::new(title, body, kind, at, by)
    }

    pub fn secret(
        title: impl Into<String>,
        body: impl Into<String>,
        label: impl Into<String>,
        at: Stamp,
        by: Option<Key>,
    ) -> Self {
        Self::new(title, body, Kind::Secret { label: label.into(), count: 0 }, at, by)
    }

    pub fn choice(
        title: impl Into<String>,
        body: impl Into<String>,
        options: Vec<Choice>,
        at: Stamp,
        by: Option<Key>,
    ) -> Self {
        Self::new(title, body, Kind::Choice { options, scroll: Scroll::default() }, at, by)
    }

    /// The shell must divert what is typed now: it is a secret.
    pub fn wants_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret { .. })
    }

    /// Takes a key. Esc (and Ctrl-C) cancels, always and at once.
    pub fn key(&mut self, key: &Key, now: Stamp) -> Verdict {
        if key.same(Key::of(Code::Esc)) || key.same(Key::ctrl('c')) {
            return Verdict::Cancelled;
        }
        let wish = self.wish(key);
        let pass = self.guard.pass(key, now, !matches!(wish, Wish::Nothing));
        match (wish, pass) {
            (Wish::Nothing, _) => Verdict::Open,
            (_, Err(why)) => {
                self.note = Some(why.to_owned());
                Verdict::Open
            }
            (Wish::NotYet(why), Ok(())) => {
                self.note = Some(why);
                Verdict::Open
            }
            (Wish::Cancel, Ok(())) => Verdict::Cancelled,
            // the opener may close what it opened, it may never say yes to it
            (Wish::Accept(_), Ok(())) if matches!(self.kind, Kind::Info) && self.guard.is_opener(key) => {
                Verdict::Cancelled
            }
            (Wish::Accept(answer), Ok(())) => match self.guard.opener(key) {
                Ok(()) => Verdict::Accepted(answer),
                Err(why) => {
                    self.note = Some(why);
                    Verdict::Open
                }
            },
        }
    }

    fn wish(&mut self, key: &Key) -> Wish {
        let enter = key.same(Key::of(Code::Enter));
        let is = |c| key.same(Key::char(c));
        let editing = match &mut self.kind {
            Kind::Info if enter || is('q') || self.guard.is_opener(key) => return Wish::Accept(Answer::Seen),
            Kind::Confirm { .. } if is('y') => return Wish::Accept(Answer::Yes),
            Kind::Confirm { .. } if is('n') || is('q') => return Wish::Cancel,
            Kind::Confirm { on_yes, .. } if enter => {
                return if *on_yes { Wish::Accept(Answer::Yes) } else { Wish::Cancel };
            }
            Kind::Confirm { on_yes, .. } => match key.code {
                Code::Tab | Code::BackTab | Code::Left | Code::Right if !key.ctrl => {
                    *on_yes = !*on_yes;
                    true
                }
                _ => false,
            },
            Kind::Phrase { want, input } if enter => return phrase(want, &input.text()),
            Kind::Text { input, may_be_empty, label } if enter => {
                let text = input.text().trim().to_owned();
                return if text.is_empty() && !*may_be_empty {
                    Wish::NotYet(format!("{label} is empty: type it, or Esc to go back"))
                } else {
                    Wish::Accept(Answer::Text(text))
                };
            }
            Kind::Phrase { input, .. } | Kind::Text { input, .. } => input.key(key),
            Kind::Secret { count: 0, .. } if enter => {
                return Wish::NotYet("nothing was typed yet, or Esc to go back".into());
            }
            Kind::Secret { count, .. } if enter => return Wish::Accept(Answer::Secret(*count)),
            Kind::Secret { count, .. } => count_key(count, key),
            Kind::Choice { options, scroll } => {
                if enter && !options.is_empty() {
                    return Wish::Accept(Answer::Choice(scroll.at(options.len())));
                }
                if let Some(at) = digit(key).filter(|at| *at < options.len()) {
                    scroll.cursor = at;
                    return Wish::Accept(Answer::Choice(at));
                }
                scroll.key(key, options.len(), 10)
            }
            Kind::Info => false,
        };
        if editing {
            self.note = None;
        } else {
            self.move_body(key);
        }
        Wish::Nothing
    }

    /// Scrolls a body that is longer than the box.
    fn move_body(&mut self, key: &Key) {
        // lines of the narrowest box: further down there is nothing at any width
        let most = super::text::wrap(&self.body, 20).len();
        let mut scroll = Scroll { cursor: self.top };
        if scroll.key(key, most, 8) {
            self.top = scroll.cursor;
        }
    }
}

fn phrase(want: &str, typed: &str) -> Wish {
    let typed = typed.trim();
    if typed == want && !want.is_empty() {
        Wish::Accept(Answer::Phrase)
    } else if typed.is_empty() {
        Wish::NotYet(format!("type {want} to go on, or Esc to go back"))
    } else {
        Wish::NotYet(format!("wrong phrase: you typed \"{typed}\", this asks for \"{want}\". Nothing was done"))
    }
}

/// Keeps the count in step with what the shell keeps; the same keys edit there.
fn count_key(count: &mut usize, key: &Key) -> bool {
    match (key.ctrl, key.code) {
        (true, Code::Char('u')) => *count = 0,
        (false, Code::Backspace) | (true, Code::Char('h')) => *count = count.saturating_sub(1),
        _ if key.typed().is_some() => *count = count.saturating_add(1),
        _ => return false,
    }
    true
}

fn digit(key: &Key) -> Option<usize> {
    let digit = key.typed()?.to_digit(10)?;
    usize::try_from(digit).ok()?.checked_sub(1)
}
