//! A person at the keyboard: reads the screen, presses the one key it recommends, answers dialogs with what they ask for.
//! Knows no more of the program than stands on the screen.

use std::time::Duration;

use crate::pty::Pty;

/// What a person needs to read a dialog: a little more than the program insists on.
const READING: Duration = Duration::from_millis(320);
/// What the program asks for after it refused a key.
const REST: Duration = Duration::from_millis(1100);
/// How often a key that is held down comes again.
const BEAT: Duration = Duration::from_millis(30);

/// What the screen wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wants {
    /// Something to read and close.
    Info,
    /// Yes or no.
    Confirm,
    /// This phrase.
    Phrase(String),
    /// One of several.
    Choice,
    /// Some words of one's own, after this label.
    Words,
    /// Nothing is open; the footer names this key and what it does.
    Key(char, String),
    /// Nothing: the program goes on by itself.
    Wait,
}

pub(crate) struct Person {
    pub(crate) pty: Pty,
}

impl Person {
    pub(crate) fn at(pty: Pty) -> Self {
        Self { pty }
    }

    /// Types after having read what is there.
    pub(crate) fn press(&mut self, keys: &str) {
        self.pty.send(keys);
    }

    /// A dialog is open: reads it, then presses `y`.
    pub(crate) fn agree(&mut self) {
        self.confirm("y");
    }

    /// Types the phrase the open dialog names.
    pub(crate) fn phrase(&mut self) {
        let Wants::Phrase(phrase) = self.wants() else { panic!("no phrase is asked for:\n{}", self.pty.contents()) };
        self.words(&phrase);
    }

    /// Types a line, then Enter.
    pub(crate) fn words(&mut self, words: &str) {
        self.pty.send(words);
        self.enter();
    }

    /// Enter, as a hand does it: not at once.
    pub(crate) fn enter(&mut self) {
        self.confirm("\r");
    }

    /// Confirms the open dialog. On a busy machine even a slow hand can look quick: then the dialog says so, the hand
    /// rests as it asks, and presses again.
    fn confirm(&mut self, key: &str) {
        let before = self.wants();
        for _ in 0..5 {
            read();
            self.pty.send(key);
            let mut quick = false;
            self.pty.wait_until("an answer to the dialog", |screen| {
                let shown = screen.contents();
                quick = ["let go", "too quick", "the end of a pasted line"].iter().any(|note| shown.contains(note));
                quick || wants(screen) != before || shown.contains("wrong phrase")
            });
            if !quick {
                return;
            }
            std::thread::sleep(REST);
            // the note may have been the last one's: a key too many would go to what is behind the dialog
            if self.wants() != before {
                return;
            }
        }
    }

    pub(crate) fn wants(&self) -> Wants {
        self.pty.screen(wants)
    }

    /// Waits until the screen wants one of these.
    pub(crate) fn wait_wants(&self, what: &str, test: impl Fn(&Wants) -> bool) -> Wants {
        let mut got = Wants::Wait;
        self.pty.wait_until(what, |screen| {
            got = wants(screen);
            test(&got)
        });
        got
    }

    /// Presses a key that opens a dialog and waits for it.
    pub(crate) fn open(&mut self, key: char, title: &str) {
        self.pty.send(&key.to_string());
        self.pty.wait_for(title);
    }

    /// Presses what `wants` asks for.
    pub(crate) fn do_it(&mut self, wants: &Wants) {
        match wants {
            Wants::Info | Wants::Choice => self.enter(),
            Wants::Confirm => self.agree(),
            Wants::Phrase(phrase) => self.words(phrase),
            Wants::Words => self.words("seen by hand"),
            Wants::Key(key, _) => self.pty.send(&key.to_string()),
            Wants::Wait => {}
        }
    }
}

/// Reads a screen.
pub(crate) fn wants(screen: &vt100::Screen) -> Wants {
    let cols: u16 = screen.size().1.into();
    let lines: Vec<String> = screen.rows(0, cols).collect();
    let inside =
        |line: &str| line.trim_matches(|c: char| c.is_whitespace() || c == '│' || c == '║' || c == '┃').to_owned();
    let boxed = |text: &str| lines.iter().any(|line| line.contains(text));
    if boxed("[▸ Cancel (n) ]") || boxed("yes, do it (y)") {
        return Wants::Confirm;
    }
    if boxed("enter accept") {
        let phrase = lines.iter().find_map(|line| {
            let (_, rest) = line.split_once("Type ")?;
            let (phrase, _) = rest.split_once(": ")?;
            Some(inside(phrase))
        });
        return phrase.map_or(Wants::Words, Wants::Phrase);
    }
    if boxed("enter choose") {
        return Wants::Choice;
    }
    if boxed("esc close ") {
        return Wants::Info;
    }
    let footer = lines.last().cloned().unwrap_or_default();
    let Some(hint) = footer.strip_prefix(" NEXT  ") else { return Wants::Wait };
    let mut first = hint.split("   ").next().unwrap_or_default().splitn(2, ' ');
    match (first.next().map(|key| key.chars().collect::<Vec<_>>()), first.next()) {
        (Some(key), Some(words)) if key.len() == 1 => Wants::Key(key[0], words.to_owned()),
        _ => Wants::Wait,
    }
}

/// Hands take their time. With [`beat`] the only pauses in these tests that are no wait for something.
pub(crate) fn read() {
    std::thread::sleep(READING);
}

/// Until a key that is held down comes again.
pub(crate) fn beat() {
    std::thread::sleep(BEAT);
}
