//! What the fold knows about each corner of the incident: plain data, filled by [`super::fold`] alone.
//!
//! Must not know: how it is shown.

use crate::base::Stamp;
use crate::effect::git::{Aftermath, CopyMap, Filed, Plan, Proof, PushReport, Standing};
use crate::effect::target::{Found, Holds, Hook};
use crate::effect::{Effect, Outcome};

use super::StepRef;

/// A write that was announced, and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    pub id: u64,
    pub at: Stamp,
    pub step: StepRef,
    pub effect: Effect,
    pub state: IntentState,
    /// When it left `Open`: only a look that began after this can settle an unknown.
    pub over_at: Option<Stamp>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum IntentState {
    /// Running, in this process.
    Open,
    Over(Outcome),
    /// It may or may not have happened. Only a look settles it.
    Unknown(String),
    /// A look settled it: it happened, or it did not.
    Settled(bool),
}

impl Intent {
    pub fn is_unknown(&self) -> bool {
        matches!(self.state, IntentState::Unknown(_))
    }

    /// An outcome `Done`, or settled as happened.
    pub fn happened(&self) -> bool {
        matches!(self.state, IntentState::Over(Outcome::Done { .. }) | IntentState::Settled(true))
    }
}

/// One place that holds the key, and how far it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetFacts {
    pub found: Found,
    /// When a look last saw `found`.
    pub seen: Stamp,
    pub written: Option<Stamp>,
    /// Which key the last look saw there.
    pub read_back: Option<(Stamp, Holds)>,
    pub reloaded: Option<Ran>,
    pub proven: Option<Ran>,
    pub undone: bool,
}

/// A hook's last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub at: Stamp,
    pub ok: bool,
    pub said: String,
}

impl TargetFacts {
    pub fn new(found: Found, seen: Stamp) -> Self {
        Self { found, seen, written: None, read_back: None, reloaded: None, proven: None, undone: false }
    }

    /// Written, and a later look saw the new key there and nothing of the old.
    pub fn is_read_back(&self) -> bool {
        let after = |at: Stamp| self.written.is_none_or(|written| at >= written);
        self.read_back.as_ref().is_some_and(|(at, holds)| *holds == Holds::Replacement && after(*at))
    }

    /// The hook ran and was content since the last write.
    pub fn ran_ok(&self, hook: Hook) -> Option<bool> {
        let ran = match hook {
            Hook::Reload => self.reloaded.as_ref(),
            Hook::Check => self.proven.as_ref(),
        }?;
        self.written.is_none_or(|written| ran.at >= written).then_some(ran.ok)
    }
}

/// One repository, and how far its purge has come.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RepoFacts {
    pub map: Option<(Stamp, CopyMap)>,
    pub plan: Option<(Stamp, Plan)>,
    pub applied: Option<(Stamp, String)>,
    /// Objects the switch left out because nothing needed them; the backup has them.
    pub dropped: u64,
    pub proof: Option<(Stamp, Proof)>,
    pub push: Option<(Stamp, PushReport)>,
    pub standing: Option<(Stamp, Standing)>,
    /// What the last look at the remotes saw.
    pub remote: Option<(Stamp, PushReport)>,
    /// What the remotes still served, and whether the old history came back.
    pub after: Option<(Stamp, Aftermath)>,
    /// The papers for others, and where they lie.
    pub papers: Option<(Stamp, Filed)>,
    pub finished: Option<Stamp>,
    /// Plans that were applied before this one: the old history had come back. Their backups go when this one's goes.
    pub earlier: Vec<String>,
}

impl RepoFacts {
    /// Looked through, and no object holds the key.
    pub fn is_free(&self) -> bool {
        self.map.as_ref().is_some_and(|(_, map)| map.copies.is_empty()) && self.applied.is_none()
    }

    /// The last look at the remotes, if nothing was pushed since.
    pub fn seen_after(&self) -> Option<&(Stamp, Aftermath)> {
        let pushed = self.push.as_ref().map(|(at, _)| *at);
        self.after.as_ref().filter(|(at, _)| pushed.is_none_or(|pushed| *at >= pushed))
    }

    /// A plan was made. Once one was applied, another begins a new round, unless it finds nothing to do.
    pub(super) fn planned(&mut self, at: Stamp, plan: &Plan) {
        if let Some((_, applied)) = self.applied.clone() {
            if plan.nothing_to_do || *applied == plan.id {
                return;
            }
            let mut earlier = std::mem::take(&mut self.earlier);
            earlier.extend(self.finished.is_none().then_some(applied));
            *self = Self { map: self.map.take(), earlier, ..Self::default() };
        }
        // What it saw is newer than the look before it. What is left by choice is no part of it, and stays on the map.
        if let Some((seen, map)) = &mut self.map {
            let left = |id: &str| plan.choices.iter().any(|choice| choice.id == id && choice.is_left());
            map.copies.retain(|copy| left(&copy.id));
            map.copies.extend(plan.copies.iter().cloned());
            map.not_looked_into.clone_from(&plan.not_looked_into);
            *seen = at;
        }
        self.plan = Some((at, plan.clone()));
    }
}

/// A stage that was put aside, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageMark {
    Skipped { at: Stamp, reason: String },
    Deferred { at: Stamp, owner: String, due: String, reason: String },
}

/// A choice between ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub at: Stamp,
    pub by: String,
    pub topic: String,
    pub choice: String,
    pub facts: std::collections::BTreeMap<String, String>,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    pub id: String,
    pub text: String,
    pub due: Option<Stamp>,
    /// When, and by what evidence, it was done.
    pub done: Option<(Stamp, String)>,
}
