//! What the journal says about a run, drawn from its events alone.
//!
//! Must not know: points.

use std::collections::BTreeMap;
use std::path::Path;

use super::Clocks;
use crate::base::{SecretRef, Stamp};
use crate::drill::scenario::{Place, Scenario};
use crate::drill::truth::{Running, Truth};
use crate::effect::git::{GitOp, Standing};
use crate::effect::provider::{KeyRow, ProviderOp, ProviderReply};
use crate::effect::target::{Holds, Hook, TargetOp, TargetRef, TargetReply};
use crate::effect::{Effect, GitReply, Outcome, Reply, Verdict};
use crate::incident::{Event, Record};

/// Refused probes in a row that show death, and the least time between the first and the last of them, seconds.
const PROBES: u32 = 5;
const PROBE_SPAN_S: i64 = 60;

/// One effect that ended with an outcome.
pub(super) struct Act<'a> {
    pub(super) at: Stamp,
    pub(super) effect: &'a Effect,
    pub(super) outcome: &'a Outcome,
}

impl<'a> Act<'a> {
    fn reply(&self) -> Option<&'a Reply> {
        match self.outcome {
            Outcome::Done { reply } => Some(reply),
            Outcome::Refused { .. } | Outcome::Failed { .. } => None,
        }
    }
}

pub(super) struct Reading<'a> {
    pub(super) acts: Vec<Act<'a>>,
    pub(super) first_note: Option<Stamp>,
    pub(super) reasoned: bool,
    /// A person recorded what the usage looked like.
    pub(super) usage_judged: bool,
    pub(super) closed: Option<(Stamp, &'a [String])>,
    /// Writes whose outcome nobody knows.
    pub(super) unsettled: usize,
    pub(super) pushed_unplanned: bool,
    /// Keys listed before each deletion of an account.
    pub(super) dies: Vec<&'a [KeyRow]>,
    /// `(owner, due)` of a deferred purge.
    pub(super) purge_deferred: Option<(&'a str, &'a str)>,
    proved: Option<Stamp>,
    repaired: Option<Stamp>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(records: &'a [Record], truth: &Truth, scenario: &Scenario) -> Self {
        let mut reading = Self {
            acts: Vec::new(),
            first_note: None,
            reasoned: false,
            usage_judged: false,
            closed: None,
            unsettled: 0,
            pushed_unplanned: false,
            dies: Vec::new(),
            purge_deferred: None,
            proved: None,
            repaired: None,
        };
        let mut running: BTreeMap<u64, &Effect> = BTreeMap::new();
        for record in records {
            reading.take(record, &mut running);
        }
        reading.unsettled = running.len();
        reading.proved = reading.proof(truth);
        reading.repaired = reading.repair(truth, scenario);
        reading
    }

    fn take(&mut self, record: &'a Record, running: &mut BTreeMap<u64, &'a Effect>) {
        let at = record.at;
        match &record.event {
            Event::Intent { id, effect, .. } => {
                running.insert(*id, effect);
                if let Effect::Provider { op: ProviderOp::RevokeAccount { dies, .. }, .. } = effect {
                    self.dies.push(dies);
                }
                if let Effect::Git { op: GitOp::Push { .. }, .. } = effect {
                    self.pushed_unplanned |= !self.planned();
                }
            }
            Event::Outcome { id, outcome } => {
                if let Some(effect) = running.remove(id) {
                    self.acts.push(Act { at, effect, outcome });
                }
            }
            Event::Settled { id, .. } => {
                running.remove(id);
            }
            Event::Observed { effect, outcome, .. } => self.acts.push(Act { at, effect, outcome }),
            Event::Note { .. } | Event::Handover { .. } => {
                self.first_note.get_or_insert(at);
            }
            Event::Decided { topic, reason, .. } => {
                self.reasoned |= !reason.trim().is_empty();
                self.usage_judged |= topic == "usage.verdict";
            }
            Event::Deferred { stage, owner, due, .. } if stage == "purge" => self.purge_deferred = Some((owner, due)),
            Event::Reopened { stage } if stage == "purge" => self.purge_deferred = None,
            Event::Closed { open } => self.closed = Some((at, open)),
            _ => {}
        }
    }

    fn planned(&self) -> bool {
        self.acts.iter().any(|act| matches!(act.reply(), Some(Reply::Git { reply: GitReply::Planned(_) })))
    }

    pub(super) fn clocks(&self, truth: &Truth) -> Clocks {
        let after = |at: Option<Stamp>| at.map(|at| at.since(truth.started));
        Clocks {
            time_to_contain_s: after(truth.deleted),
            time_to_prove_s: after(self.proved),
            time_to_repair_s: after(self.repaired),
            time_to_first_note_s: after(self.first_note),
        }
    }

    /// When a row of refused probes first showed what was true: an answer that works breaks the row.
    fn proof(&self, truth: &Truth) -> Option<Stamp> {
        let dead = truth.dead?;
        let mut row: Option<(Stamp, u32)> = None;
        for act in &self.acts {
            let Some(Reply::Provider { reply: ProviderReply::Probed(probe) }) = act.reply() else { continue };
            match (probe.key, probe.verdict) {
                (SecretRef::Leaked, Verdict::Dead) => {
                    let (first, count) = row.map_or((act.at, 1), |(first, count)| (first, count + 1));
                    row = Some((first, count));
                    if count >= PROBES && act.at.since(first) >= PROBE_SPAN_S && act.at >= dead {
                        return Some(act.at);
                    }
                }
                (SecretRef::Leaked, Verdict::Live) => row = None,
                _ => {}
            }
        }
        None
    }

    /// When the last service was shown to run a new key: its check said yes and it was true.
    fn repair(&self, truth: &Truth, scenario: &Scenario) -> Option<Stamp> {
        let counts = |place: &&Place| place.production || !scenario.production_depends;
        let times: Option<Vec<Stamp>> =
            scenario.places.iter().filter(counts).map(|place| self.repaired_at(truth, place)).collect();
        times?.into_iter().max()
    }

    /// When this place was shown to hold, and its service to run, a new key.
    pub(super) fn repaired_at(&self, truth: &Truth, place: &Place) -> Option<Stamp> {
        let service = truth.services.iter().find(|service| service.path == place.path);
        if service.is_some_and(|service| service.runs != Running::Replacement) {
            return None;
        }
        let here = |at: &TargetRef| Path::new(&at.place).ends_with(&place.path);
        let written = |act: &&Act<'_>| match act.reply() {
            Some(Reply::Target { reply: TargetReply::Written { at, .. } }) => here(at),
            _ => false,
        };
        let since = self.acts.iter().filter(written).map(|act| act.at).max().unwrap_or(truth.started);
        let shown = |act: &&Act<'_>| {
            let Effect::Target { op: TargetOp::Prove { at } | TargetOp::ReadBack { at } } = act.effect else {
                return false;
            };
            here(at)
                && match act.reply() {
                    Some(Reply::Target { reply: TargetReply::Ran { what: Hook::Check, ok, .. } }) => *ok,
                    Some(Reply::Target { reply: TargetReply::ReadBack { holds, .. } }) => {
                        !place.hooks && *holds == Holds::Replacement
                    }
                    _ => false,
                }
        };
        self.acts.iter().filter(shown).map(|act| act.at).find(|at| *at >= since)
    }

    /// When usage was read in full or in part.
    pub(super) fn usage_read(&self) -> impl Iterator<Item = Stamp> {
        let usage = |act: &&Act<'_>| matches!(act.reply(), Some(Reply::Provider { reply: ProviderReply::Usage(_) }));
        self.acts.iter().filter(usage).map(|act| act.at)
    }

    /// The last thing said about the history, after a switch to the clean one, is a proof.
    pub(super) fn purged(&self) -> bool {
        let replies = self.acts.iter().filter_map(|act| match act.reply() {
            Some(Reply::Git { reply }) => Some(reply),
            _ => None,
        });
        replies.fold((false, false), |(applied, clean), reply| match reply {
            GitReply::Applied { .. } => (true, false),
            // A look after a switch or an undo whose end nobody saw.
            GitReply::Stands { at: Standing::New, .. } if !applied => (true, false),
            GitReply::Undone { .. } | GitReply::Stands { at: Standing::Old, .. } => (false, false),
            GitReply::Proved(proof) => (applied, proof.clean()),
            _ => (applied, clean),
        }) == (true, true)
    }
}
