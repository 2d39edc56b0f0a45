//! The terminal: taken on enter, given back on every way out (leave, drop, error, panic, suspend).
//!
//! Must not know: what is drawn. The kit draws, this puts it on the screen.

use std::io::{self, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use tokio::signal::unix::{SignalKind, signal};

use super::panics::Panics;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::ui::glyph;

/// Most text sent to the terminal's clipboard, bytes; common terminals drop more.
const COPY: usize = 74_994;

/// What to ask of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes {
    /// Mouse events: only when the user asked, they take selection away.
    pub mouse: bool,
    /// Pasted text arrives as one event, so that a pasted line end isn't Enter.
    pub paste: bool,
    /// Held keys arrive marked (kitty protocol). See [`super::front::marks_repeats`].
    pub repeats: bool,
}

/// The terminal while it is ours. Dropping it gives it back.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    modes: Modes,
    panics: Panics,
    /// Shared with the panic hook: whoever gives the terminal back first does it alone. A second time would pop keyboard
    /// flags that belong to somebody else.
    ours: Arc<AtomicBool>,
}

impl Screen {
    /// Takes the terminal. Call it on the thread that will draw.
    pub fn enter(modes: Modes, panics: &Panics) -> Result<Self> {
        // with NO_COLOR crossterm writes `ESC[;m`, which also wipes bold and reverse; the mono theme has no colours
        crossterm::style::force_color_output(true);
        let terminal = blank().map_err(|e| no_terminal(&e))?;
        let mut screen = Self { terminal, modes, panics: panics.clone(), ours: Arc::default() };
        screen.take().map_err(|e| no_terminal(&e))?;
        Ok(screen)
    }

    /// Draws one frame: `paint` gets the whole area and a blank buffer. With `ascii`, whatever it painted is folded.
    ///
    /// A frame is bracketed (mode 2026), so that a terminal that knows this never shows half of one. Others ignore it.
    pub fn draw(&mut self, ascii: bool, paint: impl FnOnce(Rect, &mut Buffer)) -> Result<()> {
        let begun = queue!(io::stdout(), BeginSynchronizedUpdate);
        let done = self.terminal.draw(|frame| {
            paint(frame.area(), frame.buffer_mut());
            if ascii {
                glyph::fold_buffer(frame.buffer_mut());
            }
        });
        let ended = execute!(io::stdout(), EndSynchronizedUpdate);
        begun.and(done.map(drop)).and(ended).map_err(|e| {
            Fault::machine("the screen can't be drawn", e).hint("`stanch resume` goes on in another terminal")
        })
    }

    /// The last frame drawn is no longer what the terminal shows: the next one is sent whole. Not by ratatui's `clear`:
    /// it asks the terminal where the cursor is, and waits two seconds for an answer the event reader may swallow.
    pub fn refresh(&mut self) -> Result<()> {
        let no_clear = |e: io::Error| Fault::machine("the screen can't be cleared", e);
        execute!(io::stdout(), Clear(ClearType::All)).map_err(no_clear)?;
        self.terminal = blank().map_err(no_clear)?;
        Ok(())
    }

    /// Gives the terminal back, stops the whole job as Ctrl-Z does, and takes it again when the job goes on.
    ///
    /// SIGSTOP, because an orphaned group ignores a SIGTSTP it raises itself; the group, because the shell waits for
    /// whatever started us. The stop may reach another thread first and this one a moment later: only SIGCONT says
    /// that it is over.
    pub async fn suspend(&mut self) -> Result<()> {
        use rustix::process::{Signal, kill_current_process_group};
        let no_stop = |e: io::Error| Fault::machine("this program can't be suspended", e);
        let mut go_on = signal(SignalKind::from_raw(Signal::CONT.as_raw())).map_err(no_stop)?;
        self.give_back();
        let stopped = kill_current_process_group(Signal::STOP);
        if stopped.is_ok() {
            go_on.recv().await;
        }
        self.resume()?;
        stopped.map_err(|e| no_stop(e.into()))
    }

    /// Takes the terminal again after somebody else had it (an editor, a stop from outside) and redraws whole.
    pub fn resume(&mut self) -> Result<()> {
        self.take().map_err(|e| no_terminal(&e))?;
        self.refresh()
    }

    /// Gives the terminal back for a while: for an editor or a pager. [`Self::resume`] takes it again.
    pub fn give_back(&mut self) {
        self.panics.unwatch();
        if self.ours.swap(false, Ordering::SeqCst) {
            restore(self.modes);
        }
    }

    /// Puts `text` into the terminal's clipboard (OSC 52). Whether the terminal obeyed can't be known.
    pub fn copy(&mut self, text: &str) -> Result<()> {
        if text.len() > COPY {
            return Err(Fault::input(
                "this is too long to copy",
                format!("{} bytes, terminals take {COPY}", text.len()),
            )
            .hint("`stanch export` writes it to a file"));
        }
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text.as_bytes()))
            .map_err(|e| Fault::machine("the terminal took no copy", e))
    }

    /// Gives the terminal back and leaves `farewell` in its scrollback.
    pub fn leave(mut self, farewell: &str) {
        self.give_back();
        let mut out = io::stdout().lock();
        // a terminal that is gone needs no farewell
        let _ = writeln!(out, "{}", farewell.trim_end()).and_then(|()| out.flush());
    }

    fn take(&mut self) -> io::Result<()> {
        let modes = self.modes;
        self.ours.store(true, Ordering::SeqCst);
        let ours = self.ours.clone();
        self.panics.watch(move || {
            if ours.swap(false, Ordering::SeqCst) {
                restore(modes);
            }
        });
        let taken = take(modes);
        if taken.is_err() {
            self.give_back();
        }
        taken
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// A terminal that is believed to show nothing.
fn blank() -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
    let options = TerminalOptions { viewport: Viewport::Fullscreen };
    Terminal::with_options(CrosstermBackend::new(io::stdout()), options)
}

fn no_terminal(why: &io::Error) -> Fault {
    Fault::machine("the terminal can't be used for a full screen", why).hint("use --linear: the same, line by line")
}

fn take(modes: Modes) -> io::Result<()> {
    enable_raw_mode()?;
    let mut out = io::stdout();
    // A program that was killed left the terminal in its alternate screen: entering it again clears nothing.
    queue!(out, EnterAlternateScreen, Clear(ClearType::All), Hide)?;
    if modes.paste {
        queue!(out, EnableBracketedPaste)?;
    }
    if modes.mouse {
        queue!(out, EnableMouseCapture)?;
    }
    if modes.repeats {
        let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES | KeyboardEnhancementFlags::REPORT_EVENT_TYPES;
        queue!(out, PushKeyboardEnhancementFlags(flags))?;
    }
    out.flush()
}

/// The reverse, last first. Each step is tried whatever became of the one before: half a terminal back is better.
fn restore(modes: Modes) {
    let mut out = io::stdout();
    // a panic while drawing leaves a frame open
    let _ = queue!(out, EndSynchronizedUpdate);
    if modes.repeats {
        let _ = queue!(out, PopKeyboardEnhancementFlags);
    }
    if modes.mouse {
        let _ = queue!(out, DisableMouseCapture);
    }
    if modes.paste {
        let _ = queue!(out, DisableBracketedPaste);
    }
    let _ = queue!(out, LeaveAlternateScreen, Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}
