//! What comes after a switch, from what was noted of it: `--push`, `--check`, `--papers`, `--undo`, `--finish`.
//!
//! Must not know: how any of them is done.

use std::path::Path;

use serde::Serialize;

use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::{Aftermath, Outside, Proof, PushReport, Standing};
use crate::effect::{GitOp, GitReply};

use super::super::{exit, say, say_json};
use super::engine::Ended;
use super::{Job, lost, phrase, tell};

/// What `--push --json` prints.
#[derive(Debug, Serialize)]
struct Pushed {
    #[serde(flatten)]
    report: PushReport,
    /// Proven again: a fetch between switch and push brings the old objects back.
    proof: Proof,
}

/// What `--check --json` prints.
#[derive(Debug, Serialize)]
struct Checked {
    plan: String,
    at: Standing,
    finished: bool,
    /// `null` while the clean history does not stand.
    after: Option<Aftermath>,
}

impl Job<'_> {
    pub(super) fn push(&self, yes: Option<&str>) -> Result<u8> {
        let noted = self.desk.need()?;
        phrase(yes, &noted.phrase)?;
        let report = match self.engine.run(&GitOp::Push { plan: noted.plan })? {
            Ended::Done(GitReply::Pushed(report)) => report,
            Ended::Done(_) => PushReport::default(),
            Ended::Lost(why) => return Ok(lost(&why)),
        };
        let proof = self.proof("what could be pushed was pushed")?;
        let done = report.refs.iter().all(|r| r.ok) && report.needs_support.is_empty() && proof.clean();
        let pushed = Pushed { report, proof };
        if self.json {
            say_json(&pushed)?;
        } else {
            say(&tell::pushed(&pushed.report, &pushed.proof))?;
        }
        Ok(if done { exit::DONE } else { exit::OPEN })
    }

    pub(super) fn undo(&self) -> Result<u8> {
        let noted = self.desk.need()?;
        match self.engine.run(&GitOp::Undo { plan: noted.plan })? {
            Ended::Lost(why) => Ok(lost(&why)),
            Ended::Done(reply) => {
                self.desk.undone()?;
                self.end(&reply, "Undone: the old history, with the key, stands again.")?;
                Ok(exit::OPEN)
            }
        }
    }

    pub(super) fn finish(&self, yes: Option<&str>) -> Result<u8> {
        let noted = self.desk.kept()?;
        phrase(yes, &noted.phrase)?;
        match self.engine.run(&GitOp::Finish { plan: noted.plan })? {
            Ended::Lost(why) => Ok(lost(&why)),
            Ended::Done(reply) => {
                self.desk.finished()?;
                self.end(&reply, "Finished: the backup is gone. --check still looks at the remotes.")?;
                Ok(exit::DONE)
            }
        }
    }

    /// Where the repository stands, and what the remotes still serve. Rolls an interrupted switch to one of its ends.
    pub(super) fn check(&self) -> Result<u8> {
        let noted = self.desk.last()?;
        let reply = self.engine.sure(&GitOp::Check { plan: noted.plan.clone() })?;
        let GitReply::Stands { at, finished, .. } = reply else {
            return Err(Fault::refused("nobody knows where it stands", "the engine answered something else"));
        };
        match at {
            Standing::Old => self.desk.is_old()?,
            _ => self.desk.reached()?,
        }
        let after = match at {
            Standing::New => match self.engine.sure(&GitOp::After { plan: noted.plan.clone() })? {
                GitReply::After(seen) => Some(seen),
                _ => None,
            },
            _ => None,
        };
        let outside = after.as_ref().map_or(Outside::Seen, Aftermath::outside);
        let checked = Checked { plan: noted.plan, at, finished, after };
        if self.json {
            say_json(&checked)?;
        } else {
            say(&tell::checked(at, finished, checked.after.as_ref()))?;
        }
        Ok(match outside {
            Outside::Gone => exit::DONE,
            Outside::Unknown => exit::UNKNOWN,
            Outside::Seen => exit::OPEN,
        })
    }

    pub(super) fn papers(&self, dir: &Path) -> Result<u8> {
        let noted = self.desk.last()?;
        let dir = std::path::absolute(dir).map_err(|e| Fault::input("the folder can't be used", e.to_string()))?;
        match self.engine.sure(&GitOp::Papers { plan: noted.plan, dir })? {
            GitReply::Filed(filed) if self.json => say_json(&filed)?,
            GitReply::Filed(filed) => say(&tell::filed(&filed))?,
            _ => {}
        }
        Ok(exit::DONE)
    }

    fn end(&self, reply: &GitReply, words: &str) -> Result<()> {
        if self.json { say_json(reply) } else { say(words) }
    }
}
