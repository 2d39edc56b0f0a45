//! The fold: records in, incident out. The only place where a record changes what the program believes.
//!
//! `apply` has an arm for each word of the journal, `answers` what becomes of a write or a read, `places` which folders and
//! repositories there are; what a reply teaches is in `learn.rs` beside this folder.
//!
//! Must not know: why a record was written. Applying a record never fails: an odd one changes nothing.

mod answers;
mod apply;
mod places;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::base::fault::Result;
use crate::base::{Fault, Fingerprint, SecretRef, Stamp};
use crate::effect::provider::{Issued, KeyReport, Probe, UsageReading};
use crate::effect::target::TargetRef;

use super::event::{Event, Opened, Record, StepRef};
use super::facts::{Decision, Intent, RepoFacts, StageMark, TargetFacts, Todo};
use super::timeline::Entry;

/// Everything known, and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    pub opened: Opened,
    pub opened_at: Stamp,
    pub by: String,
    pub last_at: Stamp,
    pub records: u64,
    pub intents: BTreeMap<u64, Intent>,
    pub located: Option<(Stamp, KeyReport)>,
    /// Every probe, in order, of any key.
    pub probes: Vec<(Stamp, Probe)>,
    pub revoked_at: Option<Stamp>,
    /// The provider refused to delete the key alone: a service account owns it.
    pub account_only: Option<String>,
    pub usage: Option<(Stamp, UsageReading)>,
    /// Rounds of figures read, and how many parts failed in the round before the last.
    pub usage_rounds: (u64, usize),
    pub issued: Option<(Stamp, Issued)>,
    /// Made, but their value was lost before it was stored anywhere.
    pub orphans: Vec<Issued>,
    /// Folders to look for places in: those of the opening and those added since.
    pub roots: Vec<PathBuf>,
    pub discovered: Option<(Stamp, u64)>,
    pub not_read: Vec<crate::effect::target::NotRead>,
    pub targets: BTreeMap<TargetRef, TargetFacts>,
    pub repos: BTreeMap<PathBuf, RepoFacts>,
    pub backups_dropped: Option<Stamp>,
    pub marks: BTreeMap<String, StageMark>,
    pub by_hand: BTreeMap<StepRef, (Stamp, String)>,
    pub decisions: Vec<Decision>,
    pub todos: Vec<Todo>,
    pub taken: BTreeMap<SecretRef, Fingerprint>,
    /// Since when the new key is the one in `taken`: older probes were of another.
    pub replaced_at: Option<Stamp>,
    /// Last read that failed, per step, so that the screen can say so.
    pub faults: BTreeMap<StepRef, (Stamp, Fault)>,
    pub closed: Option<(Stamp, Vec<String>)>,
    pub timeline: Vec<Entry>,
}

impl Incident {
    /// From all records; the first must be `Opened`.
    pub fn fold<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Self> {
        let mut records = records.into_iter();
        let first = records.next();
        let Some(Record { event: Event::Opened(opened), at, by, .. }) = first else {
            return Err(Fault::input("the journal does not tell an incident", "its first record is not the opening"));
        };
        let mut incident = Self::open(opened, *at, by);
        if let Some(first) = first {
            incident.apply(first);
        }
        records.for_each(|record| incident.apply(record));
        Ok(incident)
    }

    fn open(opened: &Opened, at: Stamp, by: &str) -> Self {
        Self {
            opened: opened.clone(),
            opened_at: at,
            by: by.to_owned(),
            last_at: at,
            records: 0,
            intents: BTreeMap::new(),
            located: None,
            probes: Vec::new(),
            revoked_at: None,
            account_only: None,
            usage: None,
            usage_rounds: (0, 0),
            issued: None,
            orphans: Vec::new(),
            roots: opened.roots.clone(),
            discovered: None,
            not_read: Vec::new(),
            targets: BTreeMap::new(),
            repos: opened.repos.iter().map(|repo| (repo.clone(), RepoFacts::default())).collect(),
            backups_dropped: None,
            marks: BTreeMap::new(),
            by_hand: BTreeMap::new(),
            decisions: Vec::new(),
            todos: Vec::new(),
            taken: BTreeMap::new(),
            replaced_at: None,
            faults: BTreeMap::new(),
            closed: None,
            timeline: Vec::new(),
        }
    }
}
