//! The hidden prompt: asks on the terminal itself, whatever standard input and output are, and shows nothing of the answer.
//!
//! Must not know: what is asked for. The terminal gets its own settings back on every way out; what was pasted after the
//! end of the line is thrown away, so that it does not land in the shell and its history, and then nothing is taken: a
//! key that an editor wrapped is several lines, and its first line is no key.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};

use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios};
use rustix::termios::{tcflush, tcgetattr, tcsetattr};
use zeroize::{Zeroize as _, Zeroizing};

use super::given::{ANYWAY, Given};
use super::line::{Line, Step};
use super::{Masked, Taken};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind, Secret};

/// Pieces of a paste thrown away at most: a terminal that never falls silent must not hold us.
const MOST_PIECES: u32 = 1024;

/// How often it asks before it gives up.
const TRIES: u32 = 3;

/// What is asked, and what is said to the answer.
#[derive(Clone, Copy)]
pub struct Prompt<'a> {
    /// `The leaked key`
    pub words: &'a str,
    /// An empty line is an answer, and ends it.
    pub may_be_empty: bool,
    /// Why this can hardly be the key that is meant: then only [`ANYWAY`] takes it.
    pub doubt: &'a dyn Fn(&Secret) -> Option<Fault>,
}

impl std::fmt::Debug for Prompt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prompt({})", self.words)
    }
}

/// Asks for a key. Ctrl-C is a fault of kind `Cancelled`.
pub fn prompt(prompt: &Prompt<'_>) -> Result<Taken> {
    let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|e| {
        Fault::machine("the key can't be asked for", format!("there is no terminal ({e})"))
            .hint("give it with --key-stdin, --key-file or --key-env")
    })?;
    prompt_on(tty, prompt)
}

/// The same on a terminal that is open already. What is no key is asked for again: a person who pressed Enter too early
/// is about to paste, and without a question that paste would go to the shell.
pub fn prompt_on(mut tty: File, prompt: &Prompt<'_>) -> Result<Taken> {
    let mut doubted: Option<Taken> = None;
    let mut left = TRIES;
    loop {
        left -= 1;
        let fault = match ask(&mut tty, prompt.words) {
            Ok(Given::Anyway) => match doubted.take() {
                Some(taken) => return Ok(taken),
                None => {
                    Fault::input("this is not a key", format!("`{ANYWAY}` takes the key before it, and there is none"))
                }
            },
            Ok(Given::Key(taken)) => match (prompt.doubt)(&taken.secret) {
                None => return Ok(taken),
                Some(fault) => {
                    doubted = Some(taken);
                    fault.hint(format!("paste the right one, or type `{ANYWAY}` to take it all the same"))
                }
            },
            Err(fault)
                if fault.kind != FaultKind::Input || prompt.may_be_empty && fault.why.contains("it is empty") =>
            {
                return Err(fault);
            }
            Err(fault) => fault,
        };
        if left == 0 {
            return Err(fault);
        }
        let hints: Vec<String> = fault.hints.iter().map(|hint| format!("  {hint}\n")).collect();
        let told = format!("{}: {}. Nothing was taken.\n{}", fault.what, fault.why, hints.concat());
        tty.write_all(told.as_bytes()).map_err(cant)?;
    }
}

fn cant(e: std::io::Error) -> Fault {
    Fault::machine("the key can't be asked for", e).hint("give it with --key-stdin, --key-file or --key-env")
}

/// Asks once.
fn ask(tty: &mut File, words: &str) -> Result<Given> {
    let mut field = Masked::new();
    let quiet = Quiet::on(tty).map_err(cant)?;
    let ask = format!("{words} (nothing is shown while you type or paste; Enter ends): ");
    tty.write_all(ask.as_bytes()).map_err(cant)?;
    let end = read_line(tty, &quiet, &ask, &mut field);
    let more = quiet.drain(tty).map_err(cant)?;
    drop(quiet);
    tty.write_all(b"\n").map_err(cant)?;
    match end.map_err(cant)? {
        Step::Interrupt => Err(Fault::new(FaultKind::Cancelled, "no key was taken", "it was interrupted")),
        Step::Full => Err(Fault::input("this is not a key", "it is longer than any key")
            .hint("give exactly the key, on one line, nothing else")),
        _ if more => Err(Fault::input("this is not a key", "several lines were pasted")
            .hint("copy the key without the line breaks an editor or a terminal put into it")),
        _ => field.take(),
    }
}

fn read_line(tty: &mut File, quiet: &Quiet, ask: &str, field: &mut Masked) -> std::io::Result<Step> {
    let mut line = Line::default();
    let mut byte = [0];
    let mut full = false;
    loop {
        match tty.read(&mut byte) {
            Ok(0) => return Ok(Step::Interrupt),
            Ok(_) => {}
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        }
        let step = line.feed(byte[0], field);
        byte.zeroize();
        match step {
            Step::More => {}
            // Read on to the end of the line: the rest of a long paste must not go to the shell.
            Step::Full => full = true,
            Step::Enter if full => return Ok(Step::Full),
            Step::Suspend => {
                quiet.pause()?;
                tty.write_all(ask.as_bytes())?;
            }
            Step::Enter | Step::Interrupt => return Ok(step),
        }
    }
}

/// The terminal without echo, line by byte, its control keys handed to us; as it was before when dropped.
struct Quiet {
    tty: File,
    before: Termios,
    during: Termios,
}

impl Quiet {
    fn on(tty: &File) -> std::io::Result<Self> {
        let tty = tty.try_clone()?;
        let before = tcgetattr(&tty)?;
        let mut during = before.clone();
        // By byte, because a line of the kernel's own editing ends at 4095.
        during.local_modes &= !(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        during.special_codes[SpecialCodeIndex::VMIN] = 1;
        during.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&tty, OptionalActions::Flush, &during)?;
        Ok(Self { tty, before, during })
    }

    /// Ctrl-Z: the shell has its terminal while we, and whoever pipes into us, are stopped.
    fn pause(&self) -> std::io::Result<()> {
        tcsetattr(&self.tty, OptionalActions::Now, &self.before)?;
        kill_current_process_group(Signal::TSTP)?;
        tcsetattr(&self.tty, OptionalActions::Now, &self.during)?;
        Ok(())
    }

    /// Throws away the rest of a paste, which can come in several pieces: until a tenth of a second brings nothing.
    /// `true`: there was some, other than blanks and the brackets of the paste.
    fn drain(&self, tty: &mut File) -> std::io::Result<bool> {
        let mut waiting = self.during.clone();
        waiting.special_codes[SpecialCodeIndex::VMIN] = 0;
        waiting.special_codes[SpecialCodeIndex::VTIME] = 1;
        tcsetattr(&self.tty, OptionalActions::Now, &waiting)?;
        let mut rest = Zeroizing::new([0; 4096]);
        let (mut line, mut more) = (Line::default(), Masked::new());
        let mut any = false;
        for _ in 0..MOST_PIECES {
            let read = tty.read(&mut *rest)?;
            for byte in rest.iter().take(read).filter(|byte| !byte.is_ascii_whitespace()) {
                line.feed(*byte, &mut more);
                any |= !more.is_empty();
            }
            if read == 0 {
                break;
            }
        }
        Ok(any)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // On the way out there is nobody to tell; both calls fail only when the terminal is gone.
        let _ = tcflush(&self.tty, QueueSelector::IFlush);
        let _ = tcsetattr(&self.tty, OptionalActions::Flush, &self.before);
    }
}
