//! One operation of the engine from the command line: progress on the terminal; Ctrl-C, a request to end and a
//! terminal that closes as a cancel.
//!
//! Must not know: what the operations mean.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::{GitOp, GitReply, Outcome, Progress, Reply};
use crate::shell::finish::{Finish, Wire};
use crate::shell::git::GitJobs;
use crate::shell::signals;
use crate::shell::vault::Vault;

use super::{Context, desk};

/// At most ten lines a second.
const PACE: Duration = Duration::from_millis(100);

/// Whether the whole command was asked to end. Once it was, no further operation begins: each answers as one that was
/// cancelled, also where the signal came between two of them, or into one that had to run to its end.
#[derive(Debug, Clone)]
pub(super) struct Ending(CancellationToken);

impl Ending {
    /// Listens from now on, to the end of the process: for a terminal that closes, too, as what git starts may be in
    /// groups of its own, which nobody else ends. Must be called inside the runtime.
    pub(super) fn listen() -> Result<Self> {
        let (told, asked) = (CancellationToken::new(), signals::ending()?);
        let cancel = told.clone();
        drop(tokio::spawn(async move {
            asked.await;
            cancel.cancel();
        }));
        Ok(Self(told))
    }

    pub(super) fn came(&self) -> bool {
        self.0.is_cancelled()
    }
}

pub(super) struct Engine<'a> {
    repo: &'a Path,
    jobs: GitJobs,
    pub(super) ending: Ending,
}

/// How an operation ended.
pub(super) enum Ended {
    Done(GitReply),
    /// A write whose end nobody saw.
    Lost(String),
}

impl<'a> Engine<'a> {
    pub(super) fn new(vault: &Vault, repo: &'a Path, context: &Context, ending: &Ending) -> Self {
        let backups: PathBuf = desk::root(repo, context);
        Self { repo, jobs: GitJobs::new(vault.clone(), backups), ending: ending.clone() }
    }

    /// Blocking. Must be called inside the runtime.
    pub(super) fn run(&self, op: &GitOp) -> Result<Ended> {
        if self.ending.came() {
            return Err(Fault::new(FaultKind::Cancelled, "stopped", "it was asked to end before the next step began"));
        }
        let (progress, said) = unbounded_channel();
        let (log, _lines) = unbounded_channel();
        let wire = Wire { cancel: self.ending.0.clone(), progress, log };
        let teller = tokio::spawn(tell(said));
        let finish = self.jobs.run(self.repo, op, &wire);
        drop(wire);
        // It ends with the channel; what it still wanted to say is not worth a wait.
        teller.abort();
        clear();
        match finish {
            Finish::Outcome(Outcome::Done { reply: Reply::Git { reply } }) => Ok(Ended::Done(reply)),
            Finish::Outcome(Outcome::Refused { fault } | Outcome::Failed { fault }) => Err(fault),
            Finish::Outcome(Outcome::Done { .. }) => Err(Fault::refused("no answer", "it was of another kind")),
            Finish::Lost(why) => Ok(Ended::Lost(why)),
        }
    }

    /// The same for what only reads: an end that nobody saw is a failure like any other.
    pub(super) fn sure(&self, op: &GitOp) -> Result<GitReply> {
        match self.run(op)? {
            Ended::Done(reply) => Ok(reply),
            Ended::Lost(why) => Err(Fault::machine("it did not come to its end", why)),
        }
    }
}

/// The latest word on one line of the terminal; nothing where standard error is a file or a pipe.
async fn tell(mut said: UnboundedReceiver<Progress>) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    let mut last: Option<Instant> = None;
    while let Some(progress) = said.recv().await {
        if last.is_some_and(|last| last.elapsed() < PACE) {
            continue;
        }
        last = Some(Instant::now());
        let of = match (progress.done, progress.total) {
            (0, 0) => String::new(),
            (done, 0) => format!(" {done}"),
            (done, total) => format!(" {done} of {total}"),
        };
        // A terminal that went away can't be told so.
        let _ = write!(std::io::stderr(), "\r\x1b[K{}{of} …", progress.words);
    }
}

fn clear() {
    if std::io::stderr().is_terminal() {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
}
