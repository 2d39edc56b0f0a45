//! The fold: records in, incident out. The only place where a record changes what the program believes.
//!
//! Must not know: why a record was written. Applying a record never fails: an odd one changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind, Fingerprint, SecretRef, Stamp};
use crate::effect::git::{GitOp, GitReply, Standing};
use crate::effect::provider::{Issued, KeyReport, KeyRow, Probe, UsageReading};
use crate::effect::target::{Holds, Hook, TargetRef};
use crate::effect::{Effect, Outcome, ProviderOp, ProviderReply, Reply, TargetOp, TargetReply};

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
            _ => {}
        }
    }

    /// Another value than before starts its own story: what was seen of the old one says nothing about it.
    fn took(&mut self, at: Stamp, role: SecretRef, print: &Fingerprint) {
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

    /// A key whose value was lost is gone: the walk can issue again.
    fn forget_orphan(&mut self, key_id: &str) {
        self.orphans.retain(|orphan| orphan.key_id != key_id);
        if self.issued.as_ref().is_some_and(|(_, issued)| issued.key_id == key_id) {
            self.issued = None;
            self.taken.remove(&SecretRef::Replacement);
        }
    }

    fn learn(&mut self, at: Stamp, effect: &Effect, reply: &Reply) {
        match reply {
            Reply::Provider { reply } => self.learn_provider(at, effect, reply),
            Reply::Target { reply } => self.learn_target(at, reply),
            Reply::Git { reply } => {
                if let Effect::Git { repo, .. } = effect {
                    self.learn_git(at, repo, reply);
                }
            }
        }
    }

    fn learn_provider(&mut self, at: Stamp, effect: &Effect, reply: &ProviderReply) {
        match reply {
            ProviderReply::Located(report) => self.located = Some((at, report.clone())),
            ProviderReply::Probed(probe) => self.probes.push((at, probe.clone())),
            ProviderReply::Revoked { .. } | ProviderReply::AccountRevoked { .. } => self.revoked_at = Some(at),
            ProviderReply::Usage(reading) => {
                let failed = |(_, r): &(Stamp, UsageReading)| r.parts.iter().filter(|p| p.failed.is_some()).count();
                self.usage_rounds = (self.usage_rounds.0 + 1, self.usage.as_ref().map_or(0, failed));
                self.usage = Some((at, (**reading).clone()));
            }
            ProviderReply::Issued(issued) => {
                if let Some(print) = &issued.print {
                    self.took(at, SecretRef::Replacement, print);
                }
                self.issued = Some((at, issued.clone()));
            }
            ProviderReply::IssuedFound { found } => {
                if let Effect::Provider { op: ProviderOp::FindIssued { name, .. }, .. } = effect {
                    let lost: Vec<Issued> = found.iter().filter(|issued| self.is_lost(issued)).cloned().collect();
                    self.orphans.retain(|known| known.name != *name);
                    self.orphans.extend(lost);
                }
            }
            ProviderReply::Discarded { .. } => {
                if let Effect::Provider { op: ProviderOp::Discard { issued, .. }, .. } = effect {
                    self.forget_orphan(&issued.key_id);
                }
            }
        }
    }

    /// Found by name after a lost answer: the value is gone, the key is alive and useless. One that a person made by
    /// hand under the name we proposed is none of that: only an own try whose end nobody saw leaves an orphan.
    fn is_lost(&self, issued: &Issued) -> bool {
        let tried = self.intents.values().any(|intent| {
            matches!(&intent.effect, Effect::Provider { op: ProviderOp::Issue { name, .. }, .. } if *name == issued.name)
                && (intent.is_unknown() || intent.happened())
        });
        tried && self.issued.as_ref().is_none_or(|(_, have)| have.key_id != issued.key_id)
    }

    fn learn_target(&mut self, at: Stamp, reply: &TargetReply) {
        match reply {
            TargetReply::Discovered { found, skipped, files } => {
                self.discovered = Some((at, *files));
                self.not_read.clone_from(skipped);
                for found in found {
                    self.saw(at, found);
                }
            }
            TargetReply::Inspected { found } => self.saw(at, found),
            TargetReply::Written { at: place, now, .. } => self.target(place, |target| {
                target.written = Some(at);
                target.undone = false;
                target.found.content.clone_from(now);
            }),
            TargetReply::ReadBack { at: place, holds } => {
                self.target(place, |target| target.read_back = Some((at, *holds)));
            }
            TargetReply::Ran { at: place, what, ok, said } => self.target(place, |target| {
                let ran = Some(Ran { at, ok: *ok, said: said.clone() });
                match what {
                    Hook::Reload => target.reloaded = ran,
                    Hook::Check => target.proven = ran,
                }
            }),
            TargetReply::Undone { at: place } => self.target(place, |target| {
                *target = TargetFacts { undone: true, ..TargetFacts::new(target.found.clone(), at) };
            }),
            TargetReply::BackupsDropped { .. } => self.backups_dropped = Some(at),
            TargetReply::Recovered { .. } => {}
        }
    }

    /// A look at a place: what it holds now replaces what was believed, what was done to it stays on record.
    fn saw(&mut self, at: Stamp, found: &crate::effect::target::Found) {
        let fresh = || TargetFacts::new(found.clone(), at);
        let target = self.targets.entry(found.at.clone()).or_insert_with(fresh);
        target.found = found.clone();
        target.seen = at;
        if found.holds == Holds::Leaked {
            target.written = None;
            target.read_back = None;
        }
    }

    fn target(&mut self, place: &TargetRef, change: impl FnOnce(&mut TargetFacts)) {
        if let Some(target) = self.targets.get_mut(place) {
            change(target);
        }
    }

    fn learn_git(&mut self, at: Stamp, repo: &Path, reply: &GitReply) {
        let facts = self.repos.entry(repo.to_owned()).or_default();
        match reply {
            GitReply::Found(map) => facts.map = Some((at, map.clone())),
            GitReply::Planned(plan) => facts.plan = Some((at, (**plan).clone())),
            GitReply::Applied { plan, .. } => {
                facts.applied = Some((at, plan.clone()));
                (facts.proof, facts.push) = (None, None);
            }
            GitReply::Proved(proof) => facts.proof = Some((at, proof.clone())),
            GitReply::Pushed(report) => facts.push = Some((at, report.clone())),
            GitReply::Stands { plan, at: standing, remote, .. } => {
                facts.standing = Some((at, *standing));
                facts.remote = remote.clone().map(|report| (at, report));
                match standing {
                    Standing::New if facts.applied.is_none() => facts.applied = Some((at, plan.clone())),
                    Standing::Old => (facts.applied, facts.proof, facts.push) = (None, None, None),
                    _ => {}
                }
            }
            GitReply::Undone { .. } => {
                *facts = RepoFacts { map: facts.map.take(), ..RepoFacts::default() };
            }
            GitReply::Finished { .. } => facts.finished = Some(at),
            GitReply::After(seen) => facts.after = Some((at, seen.clone())),
            GitReply::Filed(_) => {}
        }
    }

    /// The row that is the leaked key's: the only match, or the one a person chose among several. Once its deletion was
    /// announced the list may lack it: then it is the row that was to be deleted.
    pub fn row(&self) -> Option<&KeyRow> {
        let (_, report) = self.located.as_ref()?;
        match report.matches.as_slice() {
            [] => self.intents.values().rev().find_map(|intent| match &intent.effect {
                Effect::Provider { op: ProviderOp::Revoke { row } | ProviderOp::RevokeAccount { row, .. }, .. } => {
                    Some(row)
                }
                _ => None,
            }),
            [only] => Some(only),
            many => {
                let chosen = self.decision("row")?;
                many.iter().find(|row| row.id == chosen.choice)
            }
        }
    }

    /// The last decision on a topic.
    pub fn decision(&self, topic: &str) -> Option<&Decision> {
        self.decisions.iter().rev().find(|decision| decision.topic == topic)
    }

    /// When the exposure began: what a person told last, else what the opening says.
    pub fn exposed_since(&self) -> Stamp {
        self.told_since().unwrap_or(self.opened.exposed_since)
    }

    /// A person told when the exposure began.
    pub fn exposed_known(&self) -> bool {
        self.opened.exposed_known || self.told_since().is_some()
    }

    /// The last word about it that is a time.
    fn told_since(&self) -> Option<Stamp> {
        let mut told = self.decisions.iter().rev().filter(|d| d.topic == "exposed_since");
        told.find_map(|d| Stamp::parse(&d.choice))
    }

    /// Writes whose fate nobody knows.
    pub fn unknowns(&self) -> impl Iterator<Item = &Intent> {
        self.intents.values().filter(|intent| intent.is_unknown())
    }

    /// The last write announced for a step.
    pub fn last_intent(&self, step: &StepRef) -> Option<&Intent> {
        self.intents.values().rev().find(|intent| intent.step == *step)
    }

    pub fn next_intent(&self) -> u64 {
        self.intents.last_key_value().map_or(1, |(id, _)| id + 1)
    }
}
