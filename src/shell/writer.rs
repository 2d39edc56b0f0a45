//! A thread of its own for the journal, so that waiting for the disk never stops the screen. Commands are served in order.
//!
//! Must not know: what effects do. It ends when told to, or when the last sender is gone.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::finish::Finish;
use super::journal::{Armed, Journal};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::Effect;
use crate::incident::{Event, Record, StepRef};

/// How often a disk that failed is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// What the journal is asked to do. `run` is the caller's number for one run of an effect.
#[derive(Debug)]
pub enum Command {
    Arm {
        run: u64,
        step: StepRef,
        effect: Effect,
    },
    /// Writes down how the run ended. `run` comes back only if that is refused.
    Settle {
        run: u64,
        armed: Armed,
        finish: Finish,
    },
    Append(Event),
    /// Try the disk now instead of at the next round.
    Retry,
}

/// What came of it, in the order of the commands.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time through a channel; a box would save nothing")]
pub enum Written {
    /// May be carried out; `record` is the intent of a write.
    Armed {
        run: u64,
        armed: Armed,
        record: Option<Record>,
    },
    Record(Record),
    /// Nothing was written. `run` is `None` for an appended event.
    Refused {
        run: Option<u64>,
        fault: Fault,
    },
    /// From now on the disk takes no records; those that come meanwhile wait in memory.
    Broken(Fault),
    /// The disk has all records again.
    Mended,
}

/// The handle of the thread.
#[derive(Debug)]
pub struct Writer {
    commands: Sender<Command>,
    thread: JoinHandle<Journal>,
}

impl Writer {
    /// Moves `journal` to a thread of its own. Answers go to `out`.
    pub fn start(journal: Journal, out: UnboundedSender<Written>) -> Result<Self> {
        let (commands, inbox) = channel();
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || serve(journal, &inbox, &out))
            .map_err(|e| Fault::machine("the journal's thread can't be started", e))?;
        Ok(Self { commands, thread })
    }

    /// Never waits. An error means the thread is gone, and with it the right to change anything.
    pub fn send(&self, command: Command) -> Result<()> {
        self.commands.send(command).map_err(|_| gone())
    }

    /// Serves what was sent before, then gives the journal back: [`Journal::owed`] says what the disk never took.
    pub fn finish(self) -> Result<Journal> {
        drop(self.commands);
        self.thread.join().map_err(|_| gone())
    }
}

fn gone() -> Fault {
    Fault::new(crate::base::FaultKind::Internal, "the journal has stopped", "its thread ended")
        .hint("quit and resume: what is on disk is safe, and open writes will be checked")
}

fn serve(mut journal: Journal, inbox: &Receiver<Command>, out: &UnboundedSender<Written>) -> Journal {
    let say = |written| {
        // Nobody listens any more: the program is ending, and the disk is what counts.
        let _ = out.send(written);
    };
    let mut was_broken = false;
    loop {
        // An intact journal has nothing to retry: it just waits.
        let command = if journal.broken().is_some() {
            match inbox.recv_timeout(RETRY) {
                Ok(command) => command,
                Err(RecvTimeoutError::Timeout) => Command::Retry,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        } else {
            match inbox.recv() {
                Ok(command) => command,
                Err(_) => break,
            }
        };
        let answer = obey(&mut journal, command);
        // Before the answer, so that whoever reads "refused" has read why, and "written" after "mended".
        match (was_broken, journal.broken()) {
            (false, Some(fault)) => say(Written::Broken(fault.clone())),
            (true, None) => say(Written::Mended),
            _ => {}
        }
        was_broken = journal.broken().is_some();
        if let Some(answer) = answer {
            say(answer);
        }
    }
    // One last try; what is owed after it goes back with the journal.
    let _ = journal.retry();
    journal
}

fn obey(journal: &mut Journal, command: Command) -> Option<Written> {
    let (run, result) = match command {
        Command::Arm { run, step, effect } => {
            (Some(run), journal.arm(step, effect).map(|(armed, record)| Written::Armed { run, armed, record }))
        }
        Command::Settle { run, armed, finish } => (Some(run), journal.outcome(armed, finish).map(Written::Record)),
        Command::Append(event) => (None, journal.append(event).map(Written::Record)),
        Command::Retry => {
            // How it went shows in the state that `serve` compares.
            let _ = journal.retry();
            return None;
        }
    };
    Some(result.unwrap_or_else(|fault| Written::Refused { run, fault }))
}
