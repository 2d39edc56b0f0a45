//! `--plan`: what would change, shown and noted.
//!
//! Must not know: how a plan is worked out.

use serde::Serialize;

use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::{Plan, Policy};
use crate::effect::{GitOp, GitReply};

use super::super::{exit, say, say_json};
use super::{Job, tell};

/// What `--plan --json` prints.
#[derive(Debug, Serialize)]
struct Planned<'a> {
    /// Fingerprints of the keys that were looked for.
    keys: &'a [String],
    #[serde(flatten)]
    plan: &'a Plan,
}

impl Job<'_> {
    pub(super) fn plan(&self) -> Result<u8> {
        let plan = self.planned()?;
        if self.json {
            say_json(&Planned { keys: &self.keys, plan: &plan })?;
        } else {
            say(&tell::plan(&self.keys, &plan))?;
        }
        if !plan.nothing_to_do {
            self.desk.planned(&plan)?;
        }
        Ok(if plan.nothing_to_do { exit::DONE } else { exit::OPEN })
    }

    /// Paths say nothing to the engine before it looked: with choices for single files it plans twice.
    pub(super) fn planned(&self) -> Result<Plan> {
        let plan = self.planned_as(self.policy.clone())?;
        let mut policy = self.policy.clone();
        for (path, choice) in &self.files {
            let blobs: Vec<&String> =
                plan.choices.iter().filter(|c| c.path.as_ref() == Some(path) || c.id == *path).map(|c| &c.id).collect();
            if blobs.is_empty() {
                let known: Vec<&str> = plan.choices.iter().filter_map(|c| c.path.as_deref()).take(5).collect();
                let known = if known.is_empty() { "none".into() } else { known.join(", ") };
                return Err(Fault::input(format!("--file {path} names no archive or binary that holds the key"), "")
                    .hint(format!("those that do: {known}; `--plan` lists each with its path and blob")));
            }
            policy.files.extend(blobs.into_iter().map(|id| (id.clone(), *choice)));
        }
        if policy == self.policy { Ok(plan) } else { self.planned_as(policy) }
    }

    fn planned_as(&self, policy: Policy) -> Result<Plan> {
        let op = if self.offline { GitOp::PlanOffline { policy } } else { GitOp::PlanAs { policy } };
        match self.engine.sure(&op)? {
            GitReply::Planned(plan) => Ok(*plan),
            _ => Err(Fault::refused("there is no plan", "the engine answered something else")),
        }
    }
}
