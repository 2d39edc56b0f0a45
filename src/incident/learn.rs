//! What an answer teaches: replies of providers, targets and git, folded into the facts.
//!
//! Must not know: whether a write was announced or a read went by itself.

use std::path::Path;

use crate::base::{SecretRef, Stamp};
use crate::effect::git::{GitReply, Standing};
use crate::effect::provider::{Issued, UsageReading};
use crate::effect::target::{Found, Holds, Hook, TargetRef};
use crate::effect::{Effect, ProviderOp, ProviderReply, Reply, TargetOp, TargetReply};

use super::facts::{Ran, RepoFacts, TargetFacts};
use super::fold::Incident;

impl Incident {
    /// A key whose value was lost is gone: the walk can issue again.
    pub(super) fn forget_orphan(&mut self, key_id: &str) {
        self.orphans.retain(|orphan| orphan.key_id != key_id);
        if self.issued.as_ref().is_some_and(|(_, issued)| issued.key_id == key_id) {
            self.issued = None;
            self.taken.remove(&SecretRef::Replacement);
        }
    }

    pub(super) fn learn(&mut self, at: Stamp, effect: &Effect, reply: &Reply) {
        match reply {
            Reply::Provider { reply } => self.learn_provider(at, effect, reply),
            Reply::Target { reply } => self.learn_target(at, effect, reply),
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

    fn learn_target(&mut self, at: Stamp, effect: &Effect, reply: &TargetReply) {
        match reply {
            // Begun before a folder was added or taken off: it says nothing about the folders there are now.
            TargetReply::Discovered { .. } if !matches!(effect, Effect::Target { op: TargetOp::Discover { roots } } if *roots == self.roots) =>
                {}
            TargetReply::Discovered { found, skipped, files } => {
                self.discovered = Some((at, *files));
                self.not_read.clone_from(skipped);
                for found in found {
                    self.saw(at, found);
                }
            }
            TargetReply::Inspected { found } => self.saw(at, found),
            TargetReply::Written { at: place, now, .. } => {
                // What could not be read may have been this write's unfinished file, or one it cleared away.
                if !self.not_read.is_empty() {
                    self.discovered = None;
                }
                self.target(place, |target| {
                    target.written = Some(at);
                    target.undone = false;
                    target.found.content.clone_from(now);
                });
            }
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
    pub(super) fn saw(&mut self, at: Stamp, found: &Found) {
        let fresh = || TargetFacts::new(found.clone(), at);
        let target = self.targets.entry(found.at.clone()).or_insert_with(fresh);
        target.found = found.clone();
        target.seen = at;
        if found.holds == Holds::Leaked {
            target.written = None;
            target.read_back = None;
        }
    }

    pub(super) fn target(&mut self, place: &TargetRef, change: impl FnOnce(&mut TargetFacts)) {
        if let Some(target) = self.targets.get_mut(place) {
            change(target);
        }
    }

    fn learn_git(&mut self, at: Stamp, repo: &Path, reply: &GitReply) {
        // Taken off the list while the look went on.
        let Some(facts) = self.repos.get_mut(repo) else { return };
        match reply {
            GitReply::Found(map) => facts.map = Some((at, map.clone())),
            GitReply::Planned(plan) => facts.planned(at, plan),
            GitReply::Applied { plan, dropped, .. } => {
                facts.dropped = *dropped;
                facts.applied = Some((at, plan.clone()));
                (facts.proof, facts.push) = (None, None);
                (facts.after, facts.papers) = (None, None);
            }
            GitReply::Proved(proof) => facts.proof = Some((at, proof.clone())),
            // What git itself says of the repository is asked anew: a fetch may have brought the old history back.
            GitReply::Pushed(report) => (facts.push, facts.proof) = (Some((at, report.clone())), None),
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
                let earlier = std::mem::take(&mut facts.earlier);
                *facts = RepoFacts { map: facts.map.take(), earlier, ..RepoFacts::default() };
            }
            GitReply::Finished { .. } => {
                facts.finished = Some(at);
                facts.earlier.clear();
            }
            GitReply::After(seen) => facts.after = Some((at, seen.clone())),
            GitReply::Filed(filed) => facts.papers = Some((at, filed.clone())),
        }
    }
}
