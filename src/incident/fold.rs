//! The fold: records in, incident out. The only place where a record changes what the program believes.
//!
//! Must not know: why a record was written. Applying a record never fails: an odd one changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind, Fingerprint, SecretRef, Stamp};
use crate::effect::git::GitOp;
use crate::effect::provider::{Issued, KeyReport, Probe, UsageReading};
use crate::effect::target::TargetRef;
use crate::effect::{Effect, Outcome, ProviderOp, TargetOp};

use super::event::{Event, Opened, Record, StepRef};
use super::facts::{Decision, Intent, IntentState, Ran, RepoFacts, StageMark, TargetFacts, Todo};
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

    pub fn apply(&mut self, record: &Record) {
        self.records = record.seq + 1;
        self.last_at = record.at;
        let at = record.at;
        match &record.event {
            Event::Opened(_) | Event::Note { .. } | Event::Handover { .. } => {}
            // On resume nothing is running; the journal names each open write as unknown, an older one may not have.
            Event::Resumed { .. } => self.nothing_runs(at),
            Event::Intent { id, step, effect } => {
                let (step, effect) = (step.clone(), effect.clone());
                // A write makes a backup, which holds the leaked key.
                if matches!(effect, Effect::Target { op: TargetOp::Put { .. } }) {
                    self.backups_dropped = None;
                }
                let intent = Intent { id: *id, at, step, effect, state: IntentState::Open, over_at: None };
                self.intents.insert(*id, intent);
            }
            Event::Outcome { id, outcome } => self.outcome(at, *id, outcome),
            Event::Unknown { id, why } => self.set(at, *id, IntentState::Unknown(why.clone())),
            Event::Settled { id, happened, .. } => self.settle(at, *id, *happened),
            Event::Observed { step, effect, outcome } => self.observe(at, step, effect, outcome),
            Event::ByHand { step, answer } => {
                self.by_hand.insert(step.clone(), (at, answer.clone()));
            }
            Event::Skipped { stage, reason } => {
                self.marks.insert(stage.clone(), StageMark::Skipped { at, reason: reason.clone() });
            }
            Event::Deferred { stage, owner, due, reason } => {
                let mark = StageMark::Deferred { at, owner: owner.clone(), due: due.clone(), reason: reason.clone() };
                self.marks.insert(stage.clone(), mark);
            }
            Event::Reopened { stage } => {
                self.marks.remove(stage);
            }
            Event::Decided { topic, choice, facts, reason } => {
                self.widen(topic, choice);
                self.decisions.push(Decision {
                    at,
                    by: record.by.clone(),
                    topic: topic.clone(),
                    choice: choice.clone(),
                    facts: facts.clone(),
                    reason: reason.clone(),
                });
            }
            Event::Todo { id, text, due } => {
                self.todos.push(Todo { id: id.clone(), text: text.clone(), due: *due, done: None });
            }
            Event::TodoDone { id, evidence } => {
                if let Some(todo) = self.todos.iter_mut().find(|todo| todo.id == *id) {
                    todo.done = Some((at, evidence.clone()));
                }
            }
            Event::Took { role, print } => {
                self.took(at, *role, print);
            }
            Event::Closed { open } => self.closed = Some((at, open.clone())),
        }
        if let Some(entry) = Entry::of(record, self) {
            self.tell(entry, matches!(record.event, Event::Observed { .. }));
        }
    }

    /// A look that brings the same as the one before it in its stage is no news.
    fn tell(&mut self, entry: Entry, looked: bool) {
        let mut before = self.timeline.iter().rev().filter(|e| e.stage == entry.stage);
        if !(looked && before.next().is_some_and(|before| before.words == entry.words)) {
            self.timeline.push(entry);
        }
    }

    /// One more place to look in, told after the opening.
    fn widen(&mut self, topic: &str, choice: &str) {
        let path = PathBuf::from(choice);
        match topic {
            "repo" => drop(self.repos.entry(path).or_default()),
            "root" if !self.roots.contains(&path) => {
                self.roots.push(path);
                self.discovered = None;
            }
            "drop" => self.narrow(&path),
            _ => {}
        }
    }

    /// A place that was named by mistake. What something was done to stays.
    fn narrow(&mut self, path: &Path) {
        if self.untouched_repo(path) && self.repos.remove(path).is_some() {
            let about = path.display().to_string();
            let of = |s: &StepRef| s.stage == "purge" && s.step.split_once(':').is_some_and(|(_, rest)| rest == about);
            self.faults.retain(|step, _| !of(step));
        }
        if self.roots.iter().any(|root| root == path) && self.untouched_root(path) {
            self.roots.retain(|root| root != path);
            let below = |place: &TargetRef| self.roots.iter().any(|root| Path::new(&place.place).starts_with(root));
            let kept: Vec<TargetRef> = self.targets.keys().filter(|place| below(place)).cloned().collect();
            self.targets.retain(|place, _| kept.contains(place));
            self.not_read.clear();
            self.discovered = None;
        }
    }

    /// Nothing was written to this repository, or begun to be.
    pub fn untouched_repo(&self, repo: &Path) -> bool {
        !self.intents.values().any(|i| matches!(&i.effect, Effect::Git { repo: of, .. } if of == repo))
    }

    /// Nothing was written below this folder, or begun to be.
    pub fn untouched_root(&self, root: &Path) -> bool {
        let below = |at: &TargetRef| Path::new(&at.place).starts_with(root);
        !self.intents.values().any(|i| matches!(&i.effect, Effect::Target { op } if op.at().is_some_and(below)))
    }

    /// Another value than before starts its own story: what was seen of the old one says nothing about it.
    pub(super) fn took(&mut self, at: Stamp, role: SecretRef, print: &Fingerprint) {
        let before = self.taken.insert(role, print.clone());
        if role == SecretRef::Replacement && before.is_none_or(|before| before.hash != print.hash) {
            self.replaced_at = Some(at);
        }
    }

    fn set(&mut self, at: Stamp, id: u64, state: IntentState) {
        if let Some(intent) = self.intents.get_mut(&id) {
            intent.state = state;
            intent.over_at = Some(at);
        }
    }

    fn nothing_runs(&mut self, at: Stamp) {
        for intent in self.intents.values_mut().filter(|i| i.state == IntentState::Open) {
            intent.state = IntentState::Unknown("the program ended before an answer was seen".into());
            intent.over_at = Some(at);
        }
    }

    fn outcome(&mut self, at: Stamp, id: u64, outcome: &Outcome) {
        self.set(at, id, IntentState::Over(outcome.clone()));
        let Some(intent) = self.intents.get(&id) else { return };
        let (step, effect) = (intent.step.clone(), intent.effect.clone());
        match outcome {
            Outcome::Done { reply } => {
                self.faults.remove(&step);
                self.learn(at, &effect, reply);
            }
            Outcome::Refused { fault } | Outcome::Failed { fault } => {
                if let Effect::Provider { op: ProviderOp::Revoke { .. }, .. } = effect
                    && fault.hints.iter().any(|hint| hint.contains("service account"))
                {
                    self.account_only = Some(fault.why.clone());
                }
                self.faults.insert(step, (at, fault.clone()));
            }
        }
    }

    fn observe(&mut self, at: Stamp, step: &StepRef, effect: &Effect, outcome: &Outcome) {
        match outcome {
            Outcome::Done { reply } => {
                self.faults.remove(step);
                self.learn(at, effect, reply);
            }
            Outcome::Refused { fault } | Outcome::Failed { fault } => {
                self.faults.insert(step.clone(), (at, fault.clone()));
                if let (Effect::Target { op: TargetOp::Recover { at: place, .. } }, FaultKind::Changed) =
                    (effect, fault.kind)
                {
                    // By its print, the new key does not stand there (any more).
                    self.target(place, |target| (target.written, target.read_back) = (None, None));
                }
            }
        }
    }

    /// An unknown write was looked into. What happened counts as done at the time it was seen.
    fn settle(&mut self, at: Stamp, id: u64, happened: bool) {
        self.set(at, id, IntentState::Settled(happened));
        if !happened {
            return;
        }
        match self.intents.get(&id).map(|intent| intent.effect.clone()) {
            Some(Effect::Provider { op: ProviderOp::Revoke { .. } | ProviderOp::RevokeAccount { .. }, .. }) => {
                self.revoked_at = Some(at);
            }
            Some(Effect::Target { op: TargetOp::Put { at: place, .. } }) => {
                if let Some(target) = self.targets.get_mut(&place) {
                    target.written = Some(at);
                }
            }
            Some(Effect::Provider { op: ProviderOp::Discard { issued, .. }, .. }) => self.forget_orphan(&issued.key_id),
            Some(Effect::Target { op: TargetOp::Reload { at: place } }) => self.target(&place, |target| {
                target.reloaded = Some(Ran { at, ok: true, said: "the check command says so".into() });
            }),
            Some(Effect::Git { repo, op: GitOp::Push { .. } }) => {
                if let Some(facts) = self.repos.get_mut(&repo) {
                    facts.push = facts.remote.clone().map(|(_, report)| (at, report));
                }
            }
            Some(Effect::Git { repo, op: GitOp::Finish { .. } }) => {
                self.repos.entry(repo).or_default().finished = Some(at);
            }
            _ => {}
        }
    }
}
