//! The full-screen front end: events in, frames out. Draws when something changed, at most every 16 ms, and sleeps
//! otherwise: no tick but the whole second of a clock on screen. A key is answered at once: only a frame that another
//! key caused holds it up, never one that was due to news from the work.
//!
//! Must not know: what is on the screen.

use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt as _;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::time::Instant;

use crate::app::view;
use crate::app::{App, Msg, linear};
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::stages::Tone;
use crate::ui::{Code, Key, Look};

use super::engine::{ASKED, Engine, FrontOrder};
use super::keys;
use super::panics::Panics;
use super::secret_line::SecretLine;
use super::signals::{Sig, Signals};
use super::terminal::{Modes, Screen};

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(16);

/// How the program is to look and behave.
#[derive(Debug, Clone, Copy)]
pub struct Front {
    pub look: Look,
    pub modes: Modes,
}

/// What one turn of the loop ended with.
enum Turn {
    Go,
    End(u8),
}

struct Tui<'a> {
    engine: Engine,
    screen: Screen,
    front: Front,
    panics: &'a Panics,
    typed: SecretLine,
    dirty: bool,
    /// What is not drawn yet is due to a key.
    pressed: bool,
}

/// Takes the terminal and shows `lines` on it, while what comes is still being made. Dropping it gives it back.
pub fn curtain(front: Front, panics: &Panics, banner: &str, label: &str, lines: &[String]) -> Result<Screen> {
    let mut screen = Screen::enter(front.modes, panics)?;
    let look = front.look;
    screen.draw(look.glyphs.ascii, |area, buf| view::curtain::draw(banner, label, lines, area, buf, &look))?;
    Ok(screen)
}

/// Runs until the person leaves, on the terminal taken already, if it was. Gives the app back, and the exit code a
/// signal wants, if one ended it.
pub async fn run(engine: Engine, screen: Option<Screen>, front: Front, panics: &Panics) -> Result<(App, Option<u8>)> {
    let mut signals = Signals::listen()?;
    let mut events = EventStream::new();
    let screen = screen.map_or_else(|| Screen::enter(front.modes, panics), Ok)?;
    let mut tui = Tui { engine, screen, front, panics, typed: SecretLine::default(), dirty: true, pressed: false };
    tui.engine.tick();
    // However it ends, the terminal is given back and the journal gets what was sent to it.
    let ended = turns(&mut tui, &mut signals, &mut events).await;
    let farewell = linear::status(&tui.engine.app).join("\n");
    let Tui { engine, screen, .. } = tui;
    screen.leave(&farewell);
    let app = engine.finish();
    let code = ended?;
    Ok((app?, (code != 0).then_some(code)))
}

/// Turn after turn, until the person leaves or a signal comes: its exit code, or 0.
async fn turns(tui: &mut Tui<'_>, signals: &mut Signals, events: &mut EventStream) -> Result<u8> {
    let long_ago = Instant::now().checked_sub(FRAME).unwrap_or_else(Instant::now);
    let (mut last_frame, mut last_answer) = (long_ago, long_ago);
    loop {
        let since = if tui.pressed { last_answer } else { last_frame };
        if tui.dirty && since.elapsed() >= FRAME {
            last_frame = Instant::now();
            if std::mem::take(&mut tui.pressed) {
                last_answer = last_frame;
            }
            tui.draw()?;
        }
        let since = if tui.pressed { last_answer } else { last_frame };
        let nap = if tui.dirty { FRAME.saturating_sub(since.elapsed()) } else { tui.nap() };
        let turn = tokio::select! {
            biased;
            sig = signals.next() => tui.signal(sig).await?,
            Some(input) = tui.engine.next() => {
                let mut asked = tui.engine.take(input);
                while let Some(more) = tui.engine.next_now() {
                    asked.extend(tui.engine.take(more));
                }
                tui.dirty = true;
                tui.obey(asked).await?
            }
            event = events.next() => match event {
                Some(Ok(event)) => tui.event(event).await?,
                // The terminal is gone: the same as a hang-up.
                Some(Err(_)) | None => Turn::End(Sig::Hup.exit_code()),
            },
            () = tokio::time::sleep(nap) => {
                let asked = tui.engine.tick();
                tui.panicked();
                tui.dirty = true;
                tui.obey(asked).await?
            }
        };
        if let Turn::End(code) = turn {
            return Ok(code);
        }
    }
}

impl Tui<'_> {
    fn draw(&mut self) -> Result<()> {
        self.dirty = false;
        #[cfg(debug_assertions)]
        super::hold::break_if_told("ui");
        let mut look = self.front.look;
        look.tick = u64::try_from(machine_now().0 / 250).unwrap_or(0);
        let app = &self.engine.app;
        let mut extent = view::Extent::default();
        self.screen
            .draw(look.glyphs.ascii, |area: Rect, buf: &mut Buffer| extent = view::draw(app, area, buf, &look))?;
        self.engine.app.drawn(extent);
        Ok(())
    }

    /// Until the next thing is due by itself: the app's wake, or the next whole second while a clock is on screen.
    fn nap(&self) -> Duration {
        let now = self.engine.clock.now();
        let millis = |at: crate::base::Stamp| u64::try_from(at.0.saturating_sub(now.0)).unwrap_or(0);
        let second = if self.engine.app.running.is_empty() { 1000 } else { 250 };
        let left = second - u64::try_from(now.0.rem_euclid(1000)).unwrap_or(0) % second;
        // A clock that stands still needs no frame; what runs still shows that it does.
        let moves = !self.engine.clock.is_stepped() || !self.engine.app.running.is_empty();
        let clock = (self.engine.app.has_clock() && moves).then_some(left);
        let due = self.engine.wake().and_then(|at| self.engine.clock.real_millis(millis(at)));
        let nap = [clock, due].into_iter().flatten().min().unwrap_or(60_000);
        Duration::from_millis(nap.max(1))
    }

    async fn event(&mut self, event: Event) -> Result<Turn> {
        (self.dirty, self.pressed) = (true, true);
        match event {
            Event::Key(event) => match keys::key(&event) {
                Some(key) => self.key(key).await,
                None => Ok(Turn::Go),
            },
            Event::Paste(text) => {
                // The clipboard may hold the new key; the text goes through the same door as typed keys.
                let text = zeroize::Zeroizing::new(text);
                for key in keys::pasted(&text) {
                    if let Turn::End(code) = self.key(key).await? {
                        return Ok(Turn::End(code));
                    }
                }
                Ok(Turn::Go)
            }
            _ => Ok(Turn::Go),
        }
    }

    async fn key(&mut self, key: Key) -> Result<Turn> {
        let hand = machine_now();
        let mut key = key;
        if self.engine.app.wants_secret().is_some() {
            // In a drill, Enter on the empty line asks the colleague instead.
            if key.code == Code::Enter && !key.repeat && self.typed.is_empty() && self.engine.ask_colleague() {
                let asked = self.engine.put(Msg::Key { key: Key::of(Code::Esc), hand });
                self.engine.put(Msg::Told(Tone::Plain, ASKED.into()));
                return self.obey(asked).await;
            }
            match self.typed.key(&key, hand) {
                Some(stand_in) => key = stand_in,
                None => return Ok(Turn::Go),
            }
        }
        self.engine.put(Msg::Now(self.engine.clock.now()));
        let asked = self.engine.put(Msg::Key { key, hand });
        self.obey(asked).await
    }

    async fn obey(&mut self, asked: Vec<FrontOrder>) -> Result<Turn> {
        for order in asked {
            match order {
                FrontOrder::Quit => return Ok(Turn::End(0)),
                FrontOrder::Suspend => self.screen.suspend().await?,
                FrontOrder::Redraw => self.screen.refresh()?,
                FrontOrder::Copy(text) => {
                    let told = match self.screen.copy(&text) {
                        Ok(()) => (Tone::Good, "handed to the terminal's clipboard".to_owned()),
                        Err(fault) => (Tone::Bad, fault.to_string()),
                    };
                    self.engine.put(Msg::Told(told.0, told.1));
                }
                FrontOrder::Take(role) => {
                    let given = self.typed.finish();
                    let more = self.engine.given(role, given);
                    Box::pin(self.obey(more)).await?;
                }
                FrontOrder::DropTyped => {
                    self.typed.clear();
                    self.engine.drop_doubted();
                }
            }
        }
        Ok(Turn::Go)
    }

    async fn signal(&mut self, sig: Sig) -> Result<Turn> {
        self.dirty = true;
        match sig {
            Sig::Term | Sig::Hup | Sig::Int => {
                self.engine.put(Msg::Ending("asked to end by a signal".into()));
                return Ok(Turn::End(sig.exit_code()));
            }
            Sig::Stop => self.screen.suspend().await?,
            Sig::Cont => {
                self.screen.give_back();
                self.screen.resume()?;
            }
            // Whatever the size is now: it may have been smaller for a moment, and what was cut off then is gone.
            Sig::Winch => self.screen.refresh()?,
        }
        Ok(Turn::Go)
    }

    /// What a worker thread panicked about: said, never silent, and the screen stays.
    fn panicked(&mut self) {
        for words in self.panics.take() {
            self.engine.put(Msg::Told(Tone::Bad, format!("a worker failed: {words}")));
        }
    }
}
