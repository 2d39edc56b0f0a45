//! A pseudo-terminal with a program in it and an emulator that reads it.
//!
//! Every wait is on output or on a state of the process, with a limit; nothing sleeps. A wait that fails shows the screen.

#![allow(dead_code)] // a kit: each test takes what it needs

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// Longest wait for anything: a busy machine needs a while, a hang must not.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A program in a terminal. Dropping it kills the program.
pub(crate) struct Pty {
    seen: Arc<Seen>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    pid: Pid,
    /// Local modes (`ICANON`, `ECHO`, ...) before the program started.
    modes: u64,
}

struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// The program is in the middle of a frame: what is on the screen is half old, half new.
    drawing: bool,
    /// No more output will come.
    closed: bool,
    exit: Option<ExitStatus>,
}

impl Pty {
    /// The built program. `size` is columns by rows.
    pub(crate) fn stanch(args: &[&str], env: &[(&str, &str)], size: (u16, u16)) -> Self {
        Self::spawn(Path::new(env!("CARGO_BIN_EXE_stanch")), args, env, size)
    }

    /// Any program. Its environment is `PATH`, `TERM=xterm-256color` and what `env` says (`TERM` may be overridden).
    pub(crate) fn spawn(program: &Path, args: &[&str], env: &[(&str, &str)], size: (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let modes = local_modes(&*pair.master);
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TERM", "xterm-256color");
        for (name, value) in env {
            command.env(name, value);
        }
        command.cwd(std::env::temp_dir());
        let mut child = pair.slave.spawn_command(command).unwrap();
        // only the child holds the other end now: its exit closes the output
        drop(pair.slave);
        let pid = Pid::from_raw(i32::try_from(child.process_id().unwrap()).unwrap()).unwrap();
        let (cols, rows) = size;
        // a terminal that says 0x0 shows something all the same
        let parser = vt100::Parser::new(non_zero(rows), non_zero(cols), 1000);
        let state = State { parser, raw: Vec::new(), drawing: false, closed: false, exit: None };
        let seen = Arc::new(Seen { state: Mutex::new(state), changed: Condvar::new() });

        let mut reader = pair.master.try_clone_reader().unwrap();
        let sink = seen.clone();
        std::thread::spawn(move || {
            let mut chunk = [0_u8; 4096];
            // the kernel ends a terminal whose program is gone with an error, not with an end of file
            while let Ok(n @ 1..) = reader.read(&mut chunk) {
                sink.update(|state| {
                    state.raw.extend_from_slice(&chunk[..n]);
                    state.parser.process(&chunk[..n]);
                    // a bracket may be split between two chunks: look a little further back
                    let new = &state.raw[state.raw.len().saturating_sub(n + 8)..];
                    let last = |mark: &[u8]| new.windows(8).rposition(|w| w == mark);
                    let (begun, ended) = (last(b"\x1b[?2026h"), last(b"\x1b[?2026l"));
                    if begun.is_some() || ended.is_some() {
                        state.drawing = begun > ended;
                    }
                });
            }
            sink.update(|state| state.closed = true);
        });
        let sink = seen.clone();
        std::thread::spawn(move || {
            let status = child.wait().unwrap();
            sink.update(|state| state.exit = Some(status));
        });
        let writer = pair.master.take_writer().unwrap();
        Self { seen, master: pair.master, writer, pid, modes }
    }

    /// Types bytes: `"y"`, `"\r"` for Enter, `"\x1b"` for Esc, `"\x1a"` for Ctrl-Z, `"\x1b[A"` for Up.
    pub(crate) fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Waits until `text` is on the screen.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?} on the screen"), |screen| screen.contents().contains(text));
    }

    /// Waits until `text` is no longer on the screen.
    pub(crate) fn wait_gone(&self, text: &str) {
        self.wait_until(&format!("{text:?} gone"), |screen| !screen.contents().contains(text));
    }

    /// Waits until the screen satisfies `done`; looks again at every new output, at whole frames only.
    pub(crate) fn wait_until(&self, what: &str, mut done: impl FnMut(&vt100::Screen) -> bool) {
        drop(self.wait(what, |state| !state.drawing && done(state.parser.screen())));
    }

    /// The same for a shorter while: whether it came to be.
    pub(crate) fn comes(&self, limit: Duration, mut done: impl FnMut(&vt100::Screen) -> bool) -> bool {
        let end = Instant::now() + limit;
        let mut state = self.seen.lock();
        while state.drawing || !done(state.parser.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
        true
    }

    /// Waits until `bytes` went over the wire, seen or not.
    pub(crate) fn wait_raw(&self, bytes: &[u8]) {
        let what = format!("{:?} in the raw output", String::from_utf8_lossy(bytes));
        drop(self.wait(&what, |state| contains(&state.raw, bytes)));
    }

    /// Waits for the program's end and for all it wrote.
    pub(crate) fn wait_exit(&mut self) -> ExitStatus {
        self.wait("the program's end", |state| state.exit.is_some() && state.closed).exit.clone().unwrap()
    }

    /// Waits until the program is stopped, as by Ctrl-Z.
    pub(crate) fn wait_stopped(&self) {
        let (pid, (send, receive)) = (self.pid, std::sync::mpsc::channel());
        std::thread::spawn(move || {
            let stopped = waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT);
            let _ = send.send(stopped.is_ok());
        });
        assert_eq!(receive.recv_timeout(LIMIT), Ok(true), "the program didn't stop\n{}", self.contents());
    }

    /// The program's process id.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Ends the program as a power cut would.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Gives the terminal another size, which the program is told. Columns by rows.
    pub(crate) fn resize(&self, size: (u16, u16)) {
        // the emulator first: what the program draws at the new size must not meet the old one
        self.seen.update(|state| state.parser.set_size(non_zero(size.1), non_zero(size.0)));
        self.master.resize(pty_size(size)).unwrap();
    }

    /// What the screen shows, as text.
    pub(crate) fn contents(&self) -> String {
        self.screen(vt100::Screen::contents)
    }

    /// Asks the emulator's screen: `pty.screen(|s| s.alternate_screen())`.
    pub(crate) fn screen<T>(&self, ask: impl FnOnce(&vt100::Screen) -> T) -> T {
        ask(self.seen.lock().parser.screen())
    }

    /// Every byte so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.seen.lock().raw.clone()
    }

    /// Whether every byte so far lacks `text`: for secrets.
    pub(crate) fn never_showed(&self, text: &str) -> bool {
        !contains(&self.seen.lock().raw, text.as_bytes())
    }

    /// Whether keys go to the program one by one, unechoed.
    pub(crate) fn is_raw(&self) -> bool {
        local_modes(&*self.master) & (ICANON | ECHO) == 0
    }

    /// Checks that the terminal is as it was: screen, cursor, modes.
    pub(crate) fn assert_restored(&self) {
        self.screen(|screen| {
            assert!(!screen.alternate_screen(), "still on the alternate screen");
            assert!(!screen.hide_cursor(), "the cursor is still hidden");
            assert!(!screen.bracketed_paste(), "bracketed paste is still on");
            assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is still taken");
        });
        let count = |bytes: &[u8]| self.raw().windows(bytes.len()).filter(|w| *w == bytes).count();
        assert_eq!(count(b"\x1b[>3u"), count(b"\x1b[<1u"), "keyboard flags pushed and popped");
        assert_eq!(local_modes(&*self.master), self.modes, "the line modes differ from those before");
    }

    fn wait(&self, what: &str, mut done: impl FnMut(&State) -> bool) -> MutexGuard<'_, State> {
        let end = Instant::now() + LIMIT;
        let mut state = self.seen.lock();
        loop {
            if done(&state) {
                return state;
            }
            let left = end.saturating_duration_since(Instant::now());
            let over = state.closed && state.exit.is_some();
            if left.is_zero() || over {
                let why = if over { "the program ended" } else { "the time is over" };
                let shown = state.parser.screen().contents();
                let raw = &state.raw[state.raw.len().saturating_sub(1000)..];
                let sent = String::from_utf8_lossy(raw).replace('\x1b', "^");
                drop(state);
                panic!("waited for {what}, but {why}. The last of what was sent:\n{sent}\nThe screen:\n{shown}");
            }
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // a pid may be used again once its process was waited for: only a program still running is killed
        if self.seen.state.lock().is_ok_and(|state| state.exit.is_none()) {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    part.is_empty() || all.windows(part.len()).any(|window| window == part)
}

fn non_zero(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN)
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// Bits of `c_lflag`.
const ICANON: u64 = if cfg!(target_os = "macos") { 0x100 } else { 0x2 };
const ECHO: u64 = 0x8;

fn local_modes(master: &dyn MasterPty) -> u64 {
    master.get_termios().unwrap().local_flags.bits().into()
}
