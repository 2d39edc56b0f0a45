//! The linear front end: prints what changes, reads one line at a time. For screen readers, dumb terminals, pipes.
//!
//! Must not know: where on the screen it is. Nothing it prints depends on a cursor.

use std::io::{BufRead as _, Write as _};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zeroize::Zeroizing;

use crate::app::{App, Msg, Overlay, linear};
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::base::{SecretRef, Stamp};
use crate::stages::Kind;
use crate::ui::{Code, Key};

use super::engine::{Engine, FrontOrder};
use super::input::Echo;
use super::signals::{Sig, Signals};

/// Between two keys of one line, milliseconds: a line is read whole, its keys are no reflex.
const HAND_MS: i64 = 2000;

struct Lines {
    engine: Engine,
    hand: Stamp,
    /// Entries of the timeline already printed, and the last block.
    told: usize,
    block: Vec<String>,
    said: Option<(Stamp, String)>,
    news: usize,
    /// A line was read, and nothing was printed since that says what can be typed now.
    owed: bool,
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
        engine,
        hand: machine_now(),
        told: 0,
        block: Vec::new(),
        said: None,
        news: 0,
        owed: false,
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

/// What a block is about: its head, what to do, the keys. Figures don't count: an age is another one every minute.
fn gist(block: &[String]) -> Vec<String> {
    let lines = block.iter().take(2).chain(block.last());
    lines.map(|line| line.chars().filter(|c| !c.is_ascii_digit()).collect()).collect()
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

    /// Prints what is new: the story, what was told, the pane or the question when it changed. A line that changed
    /// nothing is answered by the prompt alone.
    fn show(&mut self) {
        let app = &self.engine.app;
        let mut fresh: Vec<String> =
            app.incident.timeline.iter().skip(self.told).map(|e| format!("{} {}", e.at.time(), e.words)).collect();
        self.told = app.incident.timeline.len();
        fresh.extend(app.news.iter().skip(self.news).map(|(at, text)| format!("{} news: {text}", at.time())));
        self.news = app.news.len();
        let said = app.said.as_ref().map(|(at, _, words)| (*at, words.clone()));
        if said != self.said {
            fresh.extend(said.iter().map(|(_, words)| format!("! {words}")));
            self.said = said;
        }
        let block = linear::question(app).unwrap_or_else(|| {
            let mut pane = linear::pane(app);
            pane.push(linear::keys(app));
            pane
        });
        // Ages in the text tick by themselves; only another thing to do is worth saying again.
        if gist(&block) != gist(&self.block) {
            fresh.extend(block.clone());
            self.block = block;
            self.owed = false;
        } else if self.owed && !app.is_recording() {
            fresh.extend(linear::prompt(app));
            self.owed = false;
        }
        self.print(&fresh);
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
        self.owed = true;
        // It was printed; when this line earns the same words, they are said again.
        self.engine.app.said = None;
        self.said = None;
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
            self.engine.ask_colleague();
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
            self.hand = self.hand.plus_millis(HAND_MS);
            let asked = self.engine.put(Msg::Do { id: id.trim().to_owned(), hand: self.hand });
            return asked.contains(&FrontOrder::Quit);
        }
        if typed == "?" {
            let table: Vec<String> = crate::app::keys_table()
                .into_iter()
                .map(|(section, key, what, _)| format!("{section}: {key}  {what}"))
                .collect();
            self.print(&table);
            return false;
        }
        let key = if typed.is_empty() { Some(Key::of(Code::Enter)) } else { Key::parse(typed) };
        let Some(key) = key else {
            self.engine.put(Msg::Told(
                crate::stages::Tone::Warn,
                "one key a line: ? lists them, q leaves; or : and a command's name".into(),
            ));
            return false;
        };
        self.press(key)
    }

    fn press(&mut self, key: Key) -> bool {
        self.hand = self.hand.plus_millis(HAND_MS);
        let asked = self.engine.put(Msg::Key { key, hand: self.hand });
        asked.contains(&FrontOrder::Quit)
    }
}
