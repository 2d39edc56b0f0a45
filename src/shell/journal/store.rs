//! Where incidents are kept: one folder each, named by its id. Lists them tolerantly and finds one by what people call it.
//!
//! Must not know: how a journal is written.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::read::{Reading, read};
use crate::base::fault::Result;
use crate::base::id::short;
use crate::base::{Fault, Fingerprint, Stamp};
use crate::incident::{Event, Mode, Record};

/// The folder of all incidents.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// One incident in a list. `fault` says why the rest may be missing.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: String,
    pub path: PathBuf,
    pub mode: Option<Mode>,
    pub opened: Option<Stamp>,
    /// When it was closed, unless work went on afterwards.
    pub closed: Option<Stamp>,
    pub key: Option<Fingerprint>,
    /// Instant of the last sound record.
    pub last: Option<Stamp>,
    pub fault: Option<Fault>,
}

impl Store {
    /// `state_root`: the folder that holds one folder per incident; it need not exist yet.
    pub fn new(state_root: impl Into<PathBuf>) -> Self {
        Self { root: state_root.into() }
    }

    /// `$XDG_STATE_HOME/stanch/incidents`, by default `~/.local/state/stanch/incidents`.
    pub fn standard() -> Result<Self> {
        use etcetera::BaseStrategy as _;
        let homeless = || {
            Fault::machine("there is no place to keep incidents", "the home folder is unknown")
                .hint("set STANCH_STATE_DIR to a folder you can write to")
        };
        let base = etcetera::base_strategy::Xdg::new().map_err(|_| homeless())?;
        Ok(Self::new(base.state_dir().ok_or_else(homeless)?.join("stanch/incidents")))
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the journal of `incident` stands or would stand.
    pub fn journal(&self, incident: &str) -> PathBuf {
        self.root.join(incident).join("journal.jsonl")
    }

    /// Makes the folder of a new incident, 0700, and everything above it that is missing.
    pub(super) fn make(&self, incident: &str) -> Result<PathBuf> {
        let plain = incident.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if incident.is_empty() || !plain {
            return Err(Fault::input(format!("`{incident}` is no incident id"), "it is letters, digits, - and _ only"));
        }
        let dir = self.root.join(incident);
        let trouble = |e: std::io::Error| {
            Fault::machine(format!("the incident's folder {} can't be made", dir.display()), e)
                .hint("set STANCH_STATE_DIR to a folder you can write to")
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.root).map_err(trouble)?;
        // An older or foreign creator may have left it open to all.
        let mode = self.root.metadata().map_err(trouble)?.permissions().mode();
        if mode & 0o077 != 0 {
            std::fs::set_permissions(&self.root, Permissions::from_mode(0o700)).map_err(trouble)?;
        }
        DirBuilder::new().mode(0o700).create(&dir).map_err(trouble)?;
        Ok(dir)
    }

    /// All incidents, newest first. A broken one is listed with its fault.
    pub fn list(&self) -> Result<Vec<Listed>> {
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => {
                let what = format!("the incidents in {} can't be listed", self.root.display());
                return Err(Fault::machine(what, e).hint("set STANCH_STATE_DIR to the folder that holds them"));
            }
        };
        let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let ids = folders.filter_map(|entry| entry.file_name().into_string().ok());
        let mut all: Vec<Listed> = ids.map(|id| self.look(&id)).collect();
        all.sort_by(|a, b| b.id.cmp(&a.id));
        Ok(all)
    }

    /// The id of the one incident a person means: the whole id, its short name (`otter-4f`), or the start of either.
    pub fn resolve(&self, said: &str) -> Result<String> {
        let ids: Vec<String> = self.list()?.into_iter().map(|listed| listed.id).collect();
        let exactly: Vec<&String> = ids.iter().filter(|id| *id == said || short(id) == said).collect();
        let starts = |id: &&String| !said.is_empty() && (id.starts_with(said) || short(id).starts_with(said));
        let starting = || ids.iter().filter(starts).collect();
        let fits: Vec<&String> = if exactly.is_empty() { starting() } else { exactly };
        match fits.as_slice() {
            [one] => Ok((*one).clone()),
            [] => {
                Err(Fault::input(format!("there is no incident `{said}`"), format!("none in {}", self.root.display()))
                    .hint("`stanch status` lists the incidents this machine knows"))
            }
            several => {
                let names: Vec<&str> = several.iter().map(|id| id.as_str()).collect();
                Err(Fault::input(format!("`{said}` fits several incidents"), names.join(", "))
                    .hint("give more of the id"))
            }
        }
    }

    fn look(&self, id: &str) -> Listed {
        let path = self.journal(id);
        let bare = |fault| {
            let path = path.clone();
            Listed { id: id.to_owned(), path, mode: None, opened: None, closed: None, key: None, last: None, fault }
        };
        match read(&path) {
            Err(fault) => bare(Some(fault)),
            Ok(Reading { records, fault, .. }) => {
                let Some(Record { at, event: Event::Opened(opened), .. }) = records.first() else { return bare(fault) };
                Listed {
                    mode: Some(opened.mode),
                    opened: Some(*at),
                    closed: closed(&records),
                    key: Some(opened.key.clone()),
                    last: records.last().map(|record| record.at),
                    ..bare(fault)
                }
            }
        }
    }
}

/// A note or a second look after closing leaves it closed; work does not.
fn closed(records: &[Record]) -> Option<Stamp> {
    records.iter().fold(None, |closed, record| match &record.event {
        Event::Closed { .. } => Some(record.at),
        Event::Reopened { .. } | Event::Intent { .. } => None,
        _ => closed,
    })
}
