//! `--apply`: the same plan once more, its phrase, the switch, the proof.
//!
//! Must not know: how refs are moved.

use serde::Serialize;

use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::Proof;
use crate::effect::{GitOp, GitReply};

use super::super::{exit, say, say_json};
use super::engine::Ended;
use super::{Job, lost, phrase, tell};

/// What `--apply --json` prints.
#[derive(Debug, Serialize)]
struct Applied<'a> {
    nothing_to_do: bool,
    plan: &'a str,
    refs: usize,
    /// Still contains the key, until `--finish`.
    backup: &'a str,
    /// Objects that nothing needed: they are in the backup only, and go with it.
    dropped: u64,
    push_needed: bool,
    /// Refs that somebody put on the old history meanwhile.
    came_back: &'a [String],
    proof: Proof,
}

impl Job<'_> {
    pub(super) fn apply(&self, yes: Option<&str>) -> Result<u8> {
        let plan = self.planned()?;
        if plan.nothing_to_do {
            if self.json {
                let proof = Proof { checks: Vec::new(), not_checked: plan.not_looked_into.clone() };
                let (plan, backup) = (plan.id.as_str(), "");
                say_json(&Applied {
                    nothing_to_do: true,
                    plan,
                    refs: 0,
                    backup,
                    dropped: 0,
                    push_needed: false,
                    came_back: &[],
                    proof,
                })?;
            } else {
                say(&tell::plan(&self.keys, &plan))?;
            }
            return Ok(exit::DONE);
        }
        phrase(yes, &plan.phrase)?;
        if let Some(first) = plan.refusals.first() {
            let fault = Fault::refused("the history was not rewritten", first.why.clone());
            return Err(plan.refusals.iter().fold(fault, |fault, r| fault.hint(r.way_forward.clone())));
        }
        // Noted before: a process that dies in the middle leaves word of what it did.
        let before = self.desk.read()?;
        self.desk.begin(&plan)?;
        let reply = match self.engine.run(&GitOp::Apply { plan: plan.id.clone() }) {
            Ok(Ended::Done(reply)) => reply,
            Ok(Ended::Lost(why)) => return Ok(lost(&why)),
            Err(fault) => {
                self.desk.back_to(before.as_ref())?;
                return Err(fault);
            }
        };
        self.desk.reached()?;
        let (refs, backup, dropped, came_back) = match &reply {
            GitReply::Applied { refs, backup, dropped, came_back, .. } => {
                (*refs, backup.as_str(), *dropped, came_back.as_slice())
            }
            _ => (0, "", 0, &[][..]),
        };
        let proof = self.proof("the clean history stands")?;
        let clean = proof.clean();
        let push_needed = plan.push_needed;
        let (nothing_to_do, id) = (false, &plan.id);
        let applied = Applied { nothing_to_do, plan: id, refs, backup, dropped, push_needed, came_back, proof };
        if self.json {
            say_json(&applied)?;
        } else {
            say(&tell::applied(&plan, (backup, dropped), came_back, &applied.proof))?;
        }
        Ok(if clean { exit::DONE } else { exit::OPEN })
    }
}
