//! The linear front end: prints what changes, reads one line at a time. For screen readers, dumb terminals, pipes.
//!
//! Must not know: where on the screen it is. Nothing it prints depends on a cursor.

use std::io::{BufRead as _, Write as _};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zeroize::Zeroizing;

use crate::app::commands::{self, Command, OF_SCREEN};
use crate::app::linear::{self, Teller};
use crate::app::{App, Msg, Overlay};
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::base::{SecretRef, Stamp};
use crate::stages::{Kind, Tone};
use crate::ui::{Code, Key};

use super::engine::{ASKED, Engine, FrontOrder};
use super::input::Echo;
use super::signals::{Sig, Signals};

/// Between two keys of one line, milliseconds: a line is read whole, its keys are no reflex.
const HAND_MS: i64 = 2000;

struct Lines {
    engine: Engine,
    hand: Stamp,
    teller: Teller,
    echo: Option<Echo>,
    out_is_gone: bool,
    /// Of a terminal, which would break lines within words; nobody's when it goes to a file or a pipe.
    width: Option<usize>,
}

/// Runs until `q`, the end of input, or a signal.
pub async fn run(engine: Engine) -> Result<(App, Option<u8>)> {
    let mut signals = Signals::listen()?;
    let mut input = reader();
    let mut lines = Lines {
        teller: Teller::new(&engine.app),
        engine,
        hand: machine_now(),
        echo: None,
        out_is_gone: false,
        width: super::front::size().filter(|_| super::front::stdout_is_terminal()).map(|(w, _)| usize::from(w)),
    };
    let first = linear::status(&lines.engine.app);
    lines.print(&first);
    lines.engine.tick();
    let mut ended = false;
    let code = loop {
        lines.show();
        if lines.out_is_gone || (ended && lines.engine.is_quiet()) {
            break None;
        }
        let nap = lines.nap();
        tokio::select! {
            biased;
            sig = signals.next() => match sig {
                Sig::Term | Sig::Hup | Sig::Int => break Some(sig.exit_code()),
                Sig::Stop | Sig::Cont | Sig::Winch => {}
            },
            Some(input) = lines.engine.next() => { lines.engine.take(input); }
            line = input.recv(), if !ended => match line {
                Some(line) => if lines.line(&line) { break None },
                None => ended = true,
            },
            () = tokio::time::sleep(nap) => { lines.engine.tick(); }
        }
    };
    let last = linear::status(&lines.engine.app);
    lines.print(&last);
    Ok((lines.engine.finish()?, code))
}

/// Lines of standard input, on a thread of its own: reading can't be interrupted otherwise.
fn reader() -> UnboundedReceiver<Zeroizing<String>> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        let stdin = std::io::stdin();
        loop {
            // Room from the start, so that a secret line leaves no copy behind by growing.
            let mut line = Zeroizing::new(String::with_capacity(16 << 10));
            match stdin.lock().read_line(&mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if sender.send(line).is_err() => return,
                Ok(_) => {}
            }
        }
    });
    receiver
}

impl Lines {
    fn print(&mut self, lines: &[String]) {
        let mut out = std::io::stdout().lock();
        for line in lines {
            let line = crate::ui::text::tame(line);
            let rows = match self.width {
                Some(width) => crate::ui::text::wrap(&line, width),
                None => vec![line],
            };
            for row in rows {
                // Whoever read us is gone: end, quietly, as a filter does.
                if writeln!(out, "{row}").is_err() {
                    self.out_is_gone = true;
                    return;
                }
            }
        }
        self.out_is_gone |= out.flush().is_err();
    }

    /// Prints what is new. A page is over once it is printed.
    fn show(&mut self) {
        let fresh = self.teller.fresh(&self.engine.app);
        self.print(&fresh);
        if linear::page(&self.engine.app).is_some() {
            self.press(Key::of(Code::Esc));
            let after = self.teller.fresh(&self.engine.app);
            self.print(&after);
        }
        self.hide();
    }

    /// No echo while a secret line is open.
    fn hide(&mut self) {
        match (self.engine.app.wants_secret(), &self.echo) {
            (Some(_), None) => self.echo = Echo::off(),
            (None, Some(_)) => self.echo = None,
            _ => {}
        }
    }

    fn nap(&self) -> std::time::Duration {
        let now = self.engine.clock.now();
        let due = self
            .engine
            .wake()
            .and_then(|at| self.engine.clock.real_millis(u64::try_from(at.0.saturating_sub(now.0)).unwrap_or(0)));
        std::time::Duration::from_millis(due.unwrap_or(60_000).clamp(1, 60_000))
    }

    /// One line of input. `true`: leave.
    fn line(&mut self, line: &Zeroizing<String>) -> bool {
        self.engine.put(Msg::Now(self.engine.clock.now()));
        // It was printed; when this line earns the same words, they are said again.
        self.engine.app.said = None;
        self.teller.typed();
        let typed = line.trim_end_matches(['\n', '\r']);
        let kind = match &self.engine.app.overlay {
            Overlay::Asking(asking) => Some(asking.kind().clone()),
            _ => None,
        };
        match kind {
            Some(Kind::Secret(role)) => self.secret(role, typed),
            Some(_) if typed.trim().is_empty() => self.press(Key::of(Code::Esc)),
            Some(Kind::Confirm) => {
                self.press(if matches!(typed.trim(), "y" | "yes") { Key::char('y') } else { Key::of(Code::Esc) })
            }
            Some(Kind::Choice(options)) => self.choose(typed, options.len()),
            Some(Kind::Info) => self.press(Key::of(Code::Enter)),
            Some(Kind::Line { initial, .. }) if !initial.is_empty() && typed.trim() == linear::AS_IT_STANDS => {
                self.write(&initial)
            }
            Some(Kind::Phrase(_) | Kind::Line { .. }) => self.write(typed),
            None => self.command(typed.trim()),
        }
    }

    /// In the place of what stands in the field.
    fn write(&mut self, text: &str) -> bool {
        self.press(Key::ctrl('u'));
        text.chars().for_each(|c| {
            self.press(Key::char(c));
        });
        self.press(Key::of(Code::Enter))
    }

    fn choose(&mut self, typed: &str, options: usize) -> bool {
        match typed.trim().parse::<usize>() {
            Ok(n) if (1..=options).contains(&n) => {
                for _ in 1..n {
                    self.press(Key::of(Code::Down));
                }
                self.press(Key::of(Code::Enter))
            }
            _ => self.press(Key::of(Code::Esc)),
        }
    }

    fn secret(&mut self, role: SecretRef, typed: &str) -> bool {
        if typed.trim().is_empty() {
            if self.engine.ask_colleague() {
                let leave = self.press(Key::of(Code::Esc));
                self.engine.put(Msg::Told(Tone::Plain, ASKED.into()));
                return leave;
            }
        } else {
            let given = super::input::given(&Zeroizing::new(typed.as_bytes().to_vec()));
            self.engine.given(role, given);
            if self.engine.doubts() {
                // The question stays open: `anyway`, or another paste.
                return false;
            }
        }
        self.press(Key::of(Code::Esc))
    }

    fn command(&mut self, typed: &str) -> bool {
        if let Some(id) = typed.strip_prefix(':') {
            let id = if id.trim().is_empty() { "palette" } else { id.trim() };
            if OF_SCREEN.contains(&id) {
                return self.only_on_screen(typed);
            }
            self.hand = self.hand.plus_millis(HAND_MS);
            let asked = self.engine.put(Msg::Do { id: id.to_owned(), hand: self.hand });
            return self.obey(asked);
        }
        let key = if typed.is_empty() { Some(Key::of(Code::Enter)) } else { Key::parse(typed) };
        let Some(key) = key else {
            self.engine
                .put(Msg::Told(Tone::Warn, "one key a line: ? lists them, q leaves; or : and a command's name".into()));
            return false;
        };
        let of_screen = |c: &Command| OF_SCREEN.contains(&c.id) && c.keys.iter().any(|k| k.same(key));
        if commands::ALL.iter().any(of_screen) {
            return self.only_on_screen(typed);
        }
        // A stage that is asked for by its number is told whole, also the one that is in sight.
        if key.typed().is_some_and(|c| ('0'..='6').contains(&c)) {
            self.teller.whole();
        }
        self.press(key)
    }

    fn only_on_screen(&mut self, typed: &str) -> bool {
        let words = format!("{typed} is for the full screen; here every line is printed whole");
        self.engine.put(Msg::Told(Tone::Warn, words));
        false
    }

    fn press(&mut self, key: Key) -> bool {
        self.hand = self.hand.plus_millis(HAND_MS);
        let asked = self.engine.put(Msg::Key { key, hand: self.hand });
        self.obey(asked)
    }

    /// What only a front end can do. `true`: leave.
    fn obey(&mut self, asked: Vec<FrontOrder>) -> bool {
        let mut leave = false;
        for order in asked {
            match order {
                FrontOrder::Quit => leave = true,
                FrontOrder::Copy(text) => {
                    let lines: Vec<String> = text.lines().map(|line| format!("   {line}")).collect();
                    self.print(&["To copy:".to_owned()]);
                    self.print(&lines);
                }
                FrontOrder::Suspend | FrontOrder::Redraw | FrontOrder::Take(_) | FrontOrder::DropTyped => {}
            }
        }
        leave
    }
}
