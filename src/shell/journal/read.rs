//! Reading a journal: what of it can be believed, and where that ends. Never writes.
//!
//! Must not know: who reads, or locks. A line counts when it ends in a line end, parses, has the next number and
//! carries the hash of the line before.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::base::fault::Result;
use crate::base::words::count;
use crate::base::{Fault, FaultKind, id};
use crate::incident::event::VERSION;
use crate::incident::{Event, Record};

/// Where the next line must fit on: its number and the hash it must carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) prev: String,
}

impl Head {
    pub(super) fn start() -> Self {
        Self { seq: 0, prev: "0".repeat(64) }
    }

    /// The place after `line` (without its line end).
    pub(super) fn after(&self, line: &[u8]) -> Self {
        Self { seq: self.seq + 1, prev: id::hex(&Sha256::digest(line)) }
    }
}

/// What a journal holds, as far as it can be believed.
#[derive(Debug)]
pub struct Reading {
    pub records: Vec<Record>,
    /// Bytes of a half-written last line.
    pub torn: u64,
    /// Why reading stopped before the end. The records before it are sound.
    pub fault: Option<Fault>,
    /// The fault is only that a newer program wrote it.
    pub newer: bool,
    /// Bytes of sound, whole lines.
    pub(super) sound: u64,
    pub(super) head: Head,
}

/// Reads as far as the journal is sound. The fault of an unreadable file is the error; that of a bad line is inside.
pub fn read(path: &Path) -> Result<Reading> {
    let bytes = std::fs::read(path).map_err(|e| {
        Fault::machine(format!("the journal {} can't be read", path.display()), e)
            .hint("`stanch status` lists the incidents this machine knows")
    })?;
    let mut reading =
        Reading { records: Vec::new(), torn: 0, fault: None, newer: false, sound: 0, head: Head::start() };
    reading.take(&bytes, path);
    if reading.records.is_empty() && reading.fault.is_none() {
        reading.fault = Some(
            Fault::new(FaultKind::Malformed, format!("{} holds no record", path.display()), "it was never opened")
                .hint("nothing was done under it: its folder can be removed"),
        );
    }
    Ok(reading)
}

/// All records of a sound journal, for observing, exporting and replaying; a torn tail is left out.
pub fn read_only(path: &Path) -> Result<Vec<Record>> {
    let reading = read(path)?;
    reading.fault.map_or(Ok(reading.records), Err)
}

impl Reading {
    /// Takes in what stands at `self.sound`: whole sound lines up to the first bad one.
    fn take(&mut self, bytes: &[u8], path: &Path) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end);
            match believe(line, &self.head) {
                Ok(record) => self.records.push(record),
                Err(Doubt { why, newer }) => {
                    self.newer = newer;
                    self.fault = Some(doubt(path, self.head.seq + 1, why, newer));
                    return;
                }
            }
            self.head = self.head.after(line);
            self.sound += line.len() as u64 + 1;
            rest = after.get(1..).unwrap_or_default();
        }
        self.torn = rest.len() as u64;
    }
}

struct Doubt {
    why: String,
    newer: bool,
}

impl Doubt {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), newer: false }
    }
}

/// The part of a line that every version has.
#[derive(Deserialize)]
struct Frame {
    v: u32,
    seq: u64,
    prev: String,
}

fn believe(line: &[u8], head: &Head) -> Result<Record, Doubt> {
    let frame: Frame = serde_json::from_slice(line).map_err(|e| Doubt::new(format!("it is not a record ({e})")))?;
    if frame.v > VERSION {
        let why = format!("it has format {}, this stanch knows up to {VERSION}", frame.v);
        return Err(Doubt { why, newer: true });
    }
    if frame.v == 0 {
        return Err(Doubt::new("it has format 0, which never existed"));
    }
    if frame.seq != head.seq {
        return Err(Doubt::new(format!(
            "it has number {}, {} was due: lines are missing or moved",
            frame.seq, head.seq
        )));
    }
    if frame.prev != head.prev {
        return Err(Doubt::new("it does not carry the hash of the line before: that line or this one was changed"));
    }
    let record: Record =
        serde_json::from_slice(line).map_err(|e| Doubt::new(format!("its event is not one we know ({e})")))?;
    if (head.seq == 0) != matches!(record.event, Event::Opened(_)) {
        return Err(Doubt::new("an incident is opened by its first record, and only there"));
    }
    Ok(record)
}

fn doubt(path: &Path, line: u64, why: String, newer: bool) -> Fault {
    let what = format!("line {line} of {} can't be believed", path.display());
    let mut fault = Fault::new(FaultKind::Malformed, what, why);
    let before = count(usize::try_from(line - 1).unwrap_or(usize::MAX), "sound record");
    if newer {
        return fault
            .hint("update stanch and resume")
            .hint(format!("or look at the {before} before it: add --observe"));
    }
    if line > 1 {
        fault = fault.hint(format!("look at the {before} before it: add --observe"));
    }
    fault
        .hint("copy the folder aside as evidence before you touch anything")
        .hint("go on in a new incident: it will find out again what the provider, files and repositories hold")
}

/// Follows a journal that another process writes.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    reading: Reading,
    from_seq: u64,
}

impl Tail {
    /// Yields records numbered `from_seq` and later.
    pub fn new(path: &Path, from_seq: u64) -> Self {
        let reading =
            Reading { records: Vec::new(), torn: 0, fault: None, newer: false, sound: 0, head: Head::start() };
        Self { path: path.to_owned(), reading, from_seq }
    }

    /// What came since the last poll. A half-written line waits for its end. After an error the tail is of no use.
    pub fn poll(&mut self) -> Result<Vec<Record>> {
        let trouble =
            |e: std::io::Error| Fault::machine(format!("the journal {} can't be read", self.path.display()), e);
        let mut file = File::open(&self.path).map_err(trouble)?;
        if file.metadata().map_err(trouble)?.len() < self.reading.sound {
            let why = "lines that were there are gone: a write failed there, or somebody cut it";
            let what = format!("the journal {} shrank", self.path.display());
            return Err(Fault::new(FaultKind::Changed, what, why).hint("observe it again from the start"));
        }
        let mut fresh = Vec::new();
        file.seek(SeekFrom::Start(self.reading.sound)).and_then(|_| file.read_to_end(&mut fresh)).map_err(trouble)?;
        let path = self.path.clone();
        self.reading.take(&fresh, &path);
        let records = std::mem::take(&mut self.reading.records);
        match self.reading.fault.take() {
            // What is sound is handed out first; the next poll meets the same bad line again.
            Some(fault) if records.is_empty() => Err(fault),
            _ => Ok(records.into_iter().filter(|record| record.seq >= self.from_seq).collect()),
        }
    }
}
