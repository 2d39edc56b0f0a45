//! The executor of every [`TargetOp`] that works on files: look, write, undo, reload, prove.
//!
//! Must not know: what an incident is, who asked. Blocking: call it from `spawn_blocking`. Key bytes are opened here only,
//! for the moment of a search or a write; replies, faults, logs, sidecars and child processes never see them.
//!
//! | file | what |
//! |---|---|
//! | `content` | read a file safely, once |
//! | `find` | where a key stands in bytes; the bytes with another key there |
//! | `shown` | masked lines of such a change |
//! | `look`, `discover` | one place, all places |
//! | `backup`, `write`, `put` | keep, replace atomically, the operations that write |
//! | `child`, `hooks` | run a program without secrets; the user's declared commands |

mod backup;
mod child;
mod content;
mod discover;
mod find;
mod hooks;
mod look;
mod put;
mod shown;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::base::{Clock, Fault, FaultKind, Fingerprint, Secret, SecretRef};
use crate::config::Hooks;
use crate::effect::target::TargetRef;
use crate::effect::{LogLine, Outcome, Reply, TargetOp, TargetReply};
use crate::shell::finish::{Finish, Wire};
use crate::shell::vault::Vault;
use crate::targets::{self, FileFormat, Job};
use backup::Backups;

/// Does what target effects say, on this machine's files.
#[derive(Debug)]
pub struct Files {
    vault: Vault,
    hooks: Vec<Hooks>,
    backups: Backups,
    clock: Clock,
    /// One write at a time: a temp file of this process is then stale by definition.
    writing: Mutex<()>,
}

/// Why there is no reply.
#[derive(Debug)]
enum End {
    Fault(Fault),
    /// See [`Finish::Lost`].
    Lost(String),
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

type Ended<T = TargetReply> = Result<T, End>;

impl Files {
    /// `hooks`: the user's declared commands, places absolute. `backup_dir`: outside every tree that is looked through; made
    /// with mode 0700 at the first write.
    pub fn new(vault: Vault, hooks: Vec<Hooks>, backup_dir: PathBuf) -> Self {
        let backups = Backups::new(backup_dir);
        Self { vault, hooks, backups, clock: Clock::real(), writing: Mutex::new(()) }
    }

    /// Stamps log lines with `clock`, a drill's for one.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Does `op`. Blocks until it is done, refused, failed, or past knowing.
    pub fn run(&self, op: &TargetOp, wire: &Wire) -> Finish {
        let began = std::time::Instant::now();
        let ended = self.turn(op, wire);
        let finish = match ended {
            Ok(reply) => Finish::Outcome(Outcome::Done { reply: Reply::Target { reply } }),
            Err(End::Fault(fault)) => Finish::Outcome(self.no(&fault)),
            Err(End::Lost(why)) => Finish::Lost(self.vault.clean(&why)),
        };
        let note = match &finish {
            Finish::Outcome(Outcome::Done { .. }) => "done".to_owned(),
            Finish::Outcome(Outcome::Refused { fault } | Outcome::Failed { fault }) => fault.what.clone(),
            Finish::Lost(why) => why.clone(),
        };
        self.log(wire, "file", &op.words(), None, began, note);
        finish
    }

    fn turn(&self, op: &TargetOp, wire: &Wire) -> Ended {
        match op {
            TargetOp::Discover { roots } => self.discover(op, roots, wire),
            TargetOp::Inspect { at } => Ok(TargetReply::Inspected { found: self.inspect(op, at, wire)? }),
            TargetOp::Put { at, expect, with } => self.put(op, at, expect, *with, wire),
            TargetOp::ReadBack { at } => Ok(self.read_back(op, at)?),
            TargetOp::Reload { at } => self.reload(at, wire),
            TargetOp::Prove { at } => self.prove(at, wire),
            TargetOp::Undo { at } => self.undo(at, wire),
            TargetOp::DropBackups => Ok(self.drop_backups()?),
            TargetOp::Recover { at, print } => Ok(self.recover(op, at, print)?),
        }
    }

    /// A fault as an outcome, scrubbed: a path or an error's words may hold what nobody foresaw.
    fn no(&self, fault: &Fault) -> Outcome {
        let clean = |text: &String| self.vault.clean(text);
        let fault = Fault {
            kind: fault.kind,
            what: clean(&fault.what),
            why: clean(&fault.why),
            hints: fault.hints.iter().map(clean).collect(),
        };
        match fault.kind {
            FaultKind::Input | FaultKind::Refused | FaultKind::Changed => Outcome::Refused { fault },
            _ => Outcome::Failed { fault },
        }
    }

    fn log(
        &self,
        wire: &Wire,
        verb: &str,
        what: &str,
        status: Option<i32>,
        began: std::time::Instant,
        note: impl AsRef<str>,
    ) {
        wire.note(LogLine {
            at: self.clock.now(),
            verb: verb.to_owned(),
            what: self.vault.clean(what),
            status,
            millis: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            note: self.vault.clean(note.as_ref()),
        });
    }

    /// The key of that role, or how to get it into the vault.
    fn key(&self, role: SecretRef) -> Result<Secret, Fault> {
        self.vault.get(role).ok_or_else(|| {
            let fault = Fault::input(
                format!("{} is not at hand", role.words()),
                "this program keeps keys in memory only, and a restart forgets them",
            );
            match role {
                SecretRef::Leaked => fault.hint("give the leaked key again"),
                SecretRef::Replacement => fault
                    .hint("take it back from a place it was written to already")
                    .hint("or delete the new key at the provider and issue another one"),
                SecretRef::Admin => fault.hint("give the admin key again"),
            }
        })
    }

    fn print(&self, role: SecretRef) -> Result<Fingerprint, Fault> {
        Ok(self.key(role)?.fingerprint(self.vault.salt()))
    }
}

/// The format of a place's kind.
fn format_of(op: &TargetOp, at: &TargetRef) -> Result<&'static dyn FileFormat, Fault> {
    let target = targets::by_id(&at.kind).ok_or_else(|| {
        Fault::input(
            format!("`{}` is no kind of place this program knows", at.kind),
            "a newer version may have made it",
        )
    })?;
    let Job::File(format) = target.plan(op)?;
    Ok(format)
}

/// The place's path. Places are absolute, so nothing depends on where the program was started.
fn path_of(at: &TargetRef) -> Result<&Path, Fault> {
    let path = Path::new(&at.place);
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Fault::input(format!("{} is not an absolute path", at.place), "it could mean different files")
        .hint("look for the key again"))
}

fn cancelled(wire: &Wire) -> Result<(), Fault> {
    if wire.cancel.is_cancelled() {
        return Err(Fault::new(FaultKind::Cancelled, "stopped", "somebody pressed cancel; nothing was changed"));
    }
    Ok(())
}
