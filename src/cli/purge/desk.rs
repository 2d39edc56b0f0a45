//! What is remembered of a repository between two calls: which plan was made or applied, and whether a switch was under
//! way. No key in it.
//!
//! Must not know: what a plan holds.

use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::base::Fault;
use crate::base::fault::Result;
use crate::base::id::hex;
use crate::effect::git::Plan;

use super::Context;

/// The last plan that matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Noted {
    pub(super) plan: String,
    pub(super) phrase: String,
    /// Begun, and nobody saw the end.
    pub(super) under_way: bool,
    /// The backup is destroyed: only looks are left.
    #[serde(default)]
    pub(super) finished: bool,
    /// The old history stands again; the backup is still there.
    #[serde(default)]
    pub(super) undone: bool,
    /// What was noted before this one began.
    #[serde(default)]
    before: Option<Box<Noted>>,
}

/// Where a repository's plans, backups and notes are: by the hash of where its git directory is, so that each of its
/// folders and linked working trees leads here.
#[derive(Debug)]
pub(super) struct Desk {
    root: PathBuf,
    /// Holds the lock.
    _held: File,
}

pub(super) fn root(repo: &Path, context: &Context) -> PathBuf {
    let root = context.settings.store.root();
    let home = crate::git::home(repo).unwrap_or_else(|| repo.to_owned());
    let name = hex(&Sha256::digest(home.as_os_str().as_encoded_bytes()));
    root.parent().unwrap_or(root).join("purges").join(name.get(..16).unwrap_or(&name))
}

/// How long another process is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

impl Desk {
    /// Takes the desk: one process at a time reads and writes what is noted here, from its first look to its end.
    pub(super) fn take(repo: &Path, context: &Context) -> Result<Self> {
        let cant = |e: std::io::Error| Fault::machine("what is done can't be noted", e);
        let root = root(repo, context);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&root).map_err(cant)?;
        let held = File::open(&root).map_err(cant)?;
        let since = Instant::now();
        loop {
            match held.try_lock() {
                Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => sleep(Duration::from_millis(50)),
                Err(TryLockError::WouldBlock) => return Err(busy()),
                // A file system that can't lock a folder: the engine has a lock of its own.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(Self { root, _held: held }),
            }
        }
    }

    /// What was applied, or began to be.
    pub(super) fn read(&self) -> Result<Option<Noted>> {
        self.load("applied.json")
    }

    /// What `--push` and `--undo` go on with.
    pub(super) fn need(&self) -> Result<Noted> {
        self.read()?.filter(|noted| !noted.finished && !noted.undone).ok_or_else(nothing)
    }

    /// What `--finish` goes on with: after an undo the backup is there as well.
    pub(super) fn kept(&self) -> Result<Noted> {
        self.read()?.filter(|noted| !noted.finished).ok_or_else(nothing)
    }

    /// What looks and papers are about: what was applied, finished or not, else what was planned last.
    pub(super) fn last(&self) -> Result<Noted> {
        match self.read()? {
            Some(noted) if !noted.undone => Ok(noted),
            noted => self.load("planned.json")?.or(noted).ok_or_else(nothing),
        }
    }

    pub(super) fn planned(&self, plan: &Plan) -> Result<()> {
        self.store("planned.json", &noted(plan, false, None))
    }

    pub(super) fn begin(&self, plan: &Plan) -> Result<()> {
        // Of a chain of attempts the last that came to an end counts.
        let before = self.read()?.and_then(|noted| if noted.under_way { noted.before } else { Some(Box::new(noted)) });
        let before = before.map(|noted| Box::new(Noted { before: None, ..*noted }));
        self.store("applied.json", &noted(plan, true, before))
    }

    pub(super) fn reached(&self) -> Result<()> {
        self.change(|noted| noted.under_way = false)
    }

    pub(super) fn finished(&self) -> Result<()> {
        self.change(|noted| noted.finished = true)
    }

    pub(super) fn undone(&self) -> Result<()> {
        self.change(|noted| noted.undone = true)
    }

    /// The switch did not happen: what was noted before it holds again.
    pub(super) fn back_to(&self, before: Option<&Noted>) -> Result<()> {
        before.map_or_else(|| self.forget(), |noted| self.store("applied.json", noted))
    }

    /// The old history stands. An attempt that never moved anything gives way to what was noted before it; what was
    /// applied once left a backup.
    pub(super) fn is_old(&self) -> Result<()> {
        match self.read()? {
            Some(noted) if noted.under_way => self.back_to(noted.before.as_deref()),
            _ => self.change(|noted| noted.undone = true),
        }
    }

    fn forget(&self) -> Result<()> {
        match std::fs::remove_file(self.root.join("applied.json")) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(Fault::machine("the note of what was applied can't be removed", e))
            }
            _ => Ok(()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Noted)) -> Result<()> {
        let Some(mut noted) = self.read()? else { return Ok(()) };
        let before = noted.clone();
        change(&mut noted);
        if noted == before { Ok(()) } else { self.store("applied.json", &noted) }
    }

    fn load(&self, name: &str) -> Result<Option<Noted>> {
        match std::fs::read_to_string(self.root.join(name)) {
            Ok(text) => serde_json::from_str(&text)
                .map(Some)
                .map_err(|e| Fault::machine("the note of what was done can't be read", e)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Fault::machine("the note of what was done can't be read", e)),
        }
    }

    fn store(&self, name: &str, noted: &Noted) -> Result<()> {
        let cant = |e: std::io::Error| Fault::machine("what is done can't be noted", e);
        let text = serde_json::to_string(noted).map_err(|e| Fault::machine("what is done can't be noted", e))?;
        std::fs::create_dir_all(&self.root).map_err(cant)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.root).map_err(cant)?;
        std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cant)?;
        file.as_file().sync_all().map_err(cant)?;
        file.persist(self.root.join(name)).map(drop).map_err(|e| cant(e.error))
    }
}

fn noted(plan: &Plan, under_way: bool, before: Option<Box<Noted>>) -> Noted {
    let (plan, phrase) = (plan.id.clone(), plan.phrase.clone());
    Noted { plan, phrase, under_way, finished: false, undone: false, before }
}

fn busy() -> Fault {
    Fault::refused("another stanch is at work on this repository", "it was started before; nothing was changed here")
        .hint("wait until it ends, then try again")
}

fn nothing() -> Fault {
    Fault::input("there is nothing to go on with", "no purge was applied to this repository from here")
        .hint("`--plan` shows what would change, `--apply --yes=PHRASE` does it")
}
