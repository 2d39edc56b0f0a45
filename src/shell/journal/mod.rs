//! The journal of one incident: append only, hash-chained, on disk before anything irreversible starts.
//!
//! Must not know: what events mean; it carries them. Layout: `<store>/<incident>/journal.jsonl` (0600) beside `lock`, in
//! a folder only its owner can enter (0700).
//!
//! When the disk fails, two rules hold. A write effect is not armed until the disk works again. What *did* happen is
//! never lost while the program lives: its record keeps its place in the chain and waits in memory for the disk.

mod armed;
mod file;
mod lock;
mod read;
mod store;

pub use armed::Armed;
pub use lock::{host, who};
pub use read::{Reading, Tail, read, read_only};
pub use store::{Listed, Store};

use std::collections::BTreeSet;
use std::path::Path;

use self::file::LogFile;
use self::lock::Lock;
use self::read::Head;
use super::finish::Finish;
use super::vault::Vault;
use crate::base::fault::Result;
use crate::base::{Clock, Fault, FaultKind};
use crate::effect::{Effect, Outcome};
use crate::incident::event::VERSION;
use crate::incident::{Event, Opened, Record, StepRef};

const ENDED: &str = "the program ended before an answer was seen";

/// The one writer of an incident's journal.
#[derive(Debug)]
pub struct Journal {
    file: LogFile,
    clock: Clock,
    by: String,
    /// Where the next line fits on, lines in memory included.
    head: Head,
    next_id: u64,
    /// Lines (with their ends) that happened and are not on disk yet.
    owed: Vec<u8>,
    broken: Option<Fault>,
    guard: Option<Vault>,
    /// Last, so that it is let go after the file is closed.
    _lock: Lock,
}

/// A journal that was taken up again.
#[derive(Debug)]
pub struct Reopened {
    pub journal: Journal,
    /// All of them, those written by the reopening included.
    pub records: Vec<Record>,
    /// Bytes of a half-written line that were cut.
    pub torn: u64,
}

impl Journal {
    /// Starts the journal of a new incident, in a folder of its own.
    pub fn create(store: &Store, opened: Opened, clock: Clock, by: &str) -> Result<(Self, Record)> {
        let dir = store.make(&opened.incident)?;
        Self::begin(store, &dir, opened, clock, by).map_err(|fault| {
            // Nothing was recorded, so nothing is lost; an empty incident would only puzzle the next reader.
            let _ = std::fs::remove_dir_all(&dir);
            fault.hint("set STANCH_STATE_DIR to a folder on a disk with room")
        })
    }

    fn begin(store: &Store, dir: &Path, opened: Opened, clock: Clock, by: &str) -> Result<(Self, Record)> {
        let lock = Lock::take(dir, by, clock.now())?;
        let file = LogFile::create(&store.journal(&opened.incident))?;
        // The names must survive a power cut too, not only the bytes.
        for folder in [dir, store.root()] {
            file::sync_dir(folder)?;
        }
        let mut journal = Self::at(file, lock, clock, by, Head::start(), 1);
        let record = journal.append(Event::Opened(Box::new(opened)))?;
        journal.broken.take().map_or(Ok((journal, record)), Err)
    }

    /// Takes up an incident again. Nothing is running now: every intent without an answer becomes unknown.
    pub fn open(store: &Store, incident: &str, clock: Clock, by: &str) -> Result<Reopened> {
        let path = store.journal(incident);
        let Some(dir) = path.parent().filter(|dir| dir.is_dir()) else {
            return Err(Fault::input(format!("there is no incident `{incident}`"), "it has no folder")
                .hint("`stanch status` lists the incidents this machine knows"));
        };
        let lock = Lock::take(dir, by, clock.now())?;
        let read::Reading { mut records, torn, fault, sound, head, .. } = read(&path)?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        let file = LogFile::open(&path, sound)?;
        let (last_id, open) = intents(&records);
        let mut journal = Self::at(file, lock, clock, by, head, last_id + 1);
        records.push(journal.append(Event::Resumed { torn })?);
        for id in open {
            records.push(journal.append(Event::Unknown { id, why: ENDED.into() })?);
        }
        Ok(Reopened { journal, records, torn })
    }

    fn at(file: LogFile, lock: Lock, clock: Clock, by: &str, head: Head, next_id: u64) -> Self {
        let by = by.to_owned();
        Self { file, clock, by, head, next_id, owed: Vec::new(), broken: None, guard: None, _lock: lock }
    }

    /// From now on a line that carries a secret of `vault` is refused.
    pub fn guard(&mut self, vault: Vault) {
        self.guard = Some(vault);
    }

    /// Why the disk does not take records now; `None` when all is well.
    pub fn broken(&self) -> Option<&Fault> {
        self.broken.as_ref()
    }

    /// Lets `effect` be carried out. For one that writes, the intent is on disk when this returns `Ok`, and that is its
    /// record; when the disk does not take it, the effect is refused. A read needs no intent and no disk.
    pub fn arm(&mut self, step: StepRef, effect: Effect) -> Result<(Armed, Option<Record>)> {
        if !effect.writes() {
            return Ok((Armed::new(None, step, effect), None));
        }
        let refused = |fault: Fault| Fault {
            what: format!("`{}` was not started: its intent can't be written down ({})", effect.words(), fault.what),
            ..fault
        };
        self.retry().map_err(refused)?;
        let id = self.next_id;
        let event = Event::Intent { id, step: step.clone(), effect: effect.clone() };
        let (record, line) = self.line(event).map_err(refused)?;
        if let Err(fault) = self.file.add(&line) {
            self.broken = Some(fault.clone());
            return Err(refused(fault));
        }
        self.advance(&line);
        self.next_id += 1;
        Ok((Armed::new(Some(id), step, effect), Some(record)))
    }

    /// Writes down how an armed effect ended. An answer that can't be written as it is (it carries a secret, which is
    /// a fault of ours) becomes an unknown for a write and a failure for a read, so that nothing stays open.
    pub fn outcome(&mut self, armed: Armed, finish: Finish) -> Result<Record> {
        let (id, step, effect) = armed.into_parts();
        let event = match (id, finish) {
            (Some(id), Finish::Outcome(outcome)) => Event::Outcome { id, outcome },
            (Some(id), Finish::Lost(why)) => Event::Unknown { id, why },
            (None, Finish::Outcome(outcome)) => Event::Observed { step: step.clone(), effect: effect.clone(), outcome },
            (None, Finish::Lost(why)) => {
                let fault = Fault::new(FaultKind::Unreachable, "no answer was seen", why);
                let outcome = Outcome::Failed { fault };
                Event::Observed { step: step.clone(), effect: effect.clone(), outcome }
            }
        };
        self.append(event).or_else(|fault| {
            self.append(match id {
                Some(id) => Event::Unknown { id, why: format!("{}: {}", fault.what, fault.why) },
                None => Event::Observed { step, effect, outcome: Outcome::Failed { fault } },
            })
        })
    }

    /// Writes down what happened. An error means the event itself can't be a record. Trouble with the disk is no
    /// error: the record stands, waits in memory, and [`Self::broken`] says so.
    pub fn append(&mut self, event: Event) -> Result<Record> {
        let (record, line) = self.line(event)?;
        self.owed.extend_from_slice(&line);
        self.advance(&line);
        // Its failure is kept in `broken`; the record is kept in `owed`.
        let _ = self.retry();
        Ok(record)
    }

    /// Tries to put on disk what waits in memory.
    pub fn retry(&mut self) -> Result<()> {
        if self.owed.is_empty() && self.broken.is_none() {
            return Ok(());
        }
        match self.file.add(&self.owed) {
            Ok(()) => {
                self.owed.clear();
                self.broken = None;
                Ok(())
            }
            Err(fault) => {
                self.broken = Some(fault.clone());
                Err(fault)
            }
        }
    }

    /// Records that are in memory only.
    pub fn owed(&self) -> usize {
        memchr::memchr_iter(b'\n', &self.owed).count()
    }

    /// `event` as the next record and its line, checked: no secret in it, and it can be read back.
    fn line(&self, event: Event) -> Result<(Record, Vec<u8>)> {
        let record = Record {
            v: VERSION,
            seq: self.head.seq,
            at: self.clock.now(),
            by: self.by.clone(),
            prev: self.head.prev.clone(),
            event,
        };
        let ours = |why: &str| {
            Fault::new(FaultKind::Internal, "a record was not written", why).hint("please report this as a bug")
        };
        let line = serde_json::to_string(&record).map_err(|e| ours(&format!("it can't be put as text ({e})")))?;
        if self.guard.as_ref().is_some_and(|vault| vault.finds(&line)) {
            return Err(ours("it carries a secret"));
        }
        // A number that is none, say, can be written but not read; better found now than on resume.
        serde_json::from_str::<Record>(&line).map_err(|e| ours(&format!("it could not be read back ({e})")))?;
        let mut line = line.into_bytes();
        line.push(b'\n');
        Ok((record, line))
    }

    fn advance(&mut self, line: &[u8]) {
        self.head = self.head.after(line.strip_suffix(b"\n").unwrap_or(line));
    }
}

/// The highest intent id there is (0: none), and those still without an answer of any kind.
fn intents(records: &[Record]) -> (u64, BTreeSet<u64>) {
    let (mut last, mut open) = (0, BTreeSet::new());
    for record in records {
        match &record.event {
            Event::Intent { id, .. } => {
                last = last.max(*id);
                open.insert(*id);
            }
            Event::Outcome { id, .. } | Event::Unknown { id, .. } | Event::Settled { id, .. } => {
                open.remove(id);
            }
            _ => {}
        }
    }
    (last, open)
}
