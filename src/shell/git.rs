//! The history engine's errand boy: takes the key from the vault, runs one operation on a thread, tells how far it is.
//!
//! Must not know: how history is rewritten. Secret bytes pass from the vault to the engine and nowhere else.

use std::path::{Path, PathBuf};

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind, Secret};
use crate::effect::git::Policy;
use crate::effect::{GitOp, GitReply, Outcome, Progress, Reply};
use crate::git::{self, Ask, Memory};

use super::finish::{Finish, Wire};
use super::vault::Vault;

/// Where plans and backups go: a folder of the incident, outside every repository.
#[derive(Debug, Clone)]
pub struct GitJobs {
    vault: Vault,
    backups: PathBuf,
    /// From a plan to its application nothing is looked at twice. Shared by clones.
    memory: Memory,
}

impl GitJobs {
    pub fn new(vault: Vault, backups: PathBuf) -> Self {
        Self { vault, backups, memory: Memory::default() }
    }

    /// Blocking: call it where waiting is allowed.
    pub fn run(&self, repo: &Path, op: &GitOp, wire: &Wire) -> Finish {
        let keys = self.vault.leaked();
        if keys.is_empty() {
            let fault = Fault::refused("the repository was not touched", "the leaked key is not in the vault")
                .hint("resume with a key source, e.g. --key-stdin");
            return Finish::Outcome(Outcome::Refused { fault });
        }
        let keys: Vec<&[u8]> = keys.iter().map(Secret::expose).collect();
        let cancelled = || wire.cancel.is_cancelled();
        let said = |progress: Progress| wire.say(progress);
        let ask = Ask { repo, backup_root: &self.backups, keys: &keys, cancel: &cancelled, progress: &said };
        match carry_out(&ask, op, &self.memory) {
            Ok(reply) => Finish::Outcome(Outcome::Done { reply: Reply::Git { reply } }),
            Err(fault) => self.failed(op, fault),
        }
    }

    /// A write that failed half-way is not a failure: a look must tell where it stands.
    fn failed(&self, op: &GitOp, mut fault: Fault) -> Finish {
        fault.what = self.vault.clean(&fault.what);
        fault.why = self.vault.clean(&fault.why);
        if changed_nothing(op, fault.kind) {
            let refused = matches!(fault.kind, FaultKind::Refused | FaultKind::Changed | FaultKind::Input);
            let outcome = if refused { Outcome::Refused { fault } } else { Outcome::Failed { fault } };
            return Finish::Outcome(outcome);
        }
        Finish::Lost(fault.to_string())
    }
}

/// Does this end say for sure that nothing was changed? A push that is stopped has sent some refs and not others, an
/// undo and a finish have begun: those are looked at.
fn changed_nothing(op: &GitOp, kind: FaultKind) -> bool {
    match kind {
        _ if op.risk() == crate::effect::Risk::Read => true,
        FaultKind::Refused | FaultKind::Changed | FaultKind::Input => true,
        FaultKind::Cancelled => matches!(op, GitOp::Apply { .. }),
        _ => false,
    }
}

fn carry_out(ask: &Ask<'_>, op: &GitOp, memory: &Memory) -> Result<GitReply> {
    Ok(match op {
        GitOp::Find => GitReply::Found(git::find(ask)?),
        GitOp::Plan => GitReply::Planned(Box::new(git::plan_kept(ask, Policy::default(), memory)?)),
        GitOp::PlanAs { policy } => GitReply::Planned(Box::new(git::plan_kept(ask, policy.clone(), memory)?)),
        GitOp::PlanOffline { policy } => GitReply::Planned(Box::new(git::plan_offline(ask, policy.clone(), memory)?)),
        GitOp::Apply { plan } => git::apply_kept(ask, plan, memory)?,
        GitOp::Prove => GitReply::Proved(git::prove(ask)?),
        GitOp::Push { plan } => GitReply::Pushed(git::push(ask, plan)?),
        GitOp::Check { plan } => git::check(ask, plan)?,
        GitOp::Undo { plan } => git::undo(ask, plan)?,
        GitOp::Finish { plan } => git::finish(ask, plan)?,
        GitOp::After { plan } => GitReply::After(git::after(ask, plan)?),
        GitOp::Papers { plan, dir } => GitReply::Filed(git::file_papers(ask, plan, dir)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_that_is_stopped_half_way_is_looked_at() {
        let plan = String::new;
        assert!(changed_nothing(&GitOp::Find, FaultKind::Cancelled));
        assert!(changed_nothing(&GitOp::Apply { plan: plan() }, FaultKind::Cancelled));
        for op in [GitOp::Push { plan: plan() }, GitOp::Undo { plan: plan() }, GitOp::Finish { plan: plan() }] {
            assert!(!changed_nothing(&op, FaultKind::Cancelled), "{op:?}");
            assert!(changed_nothing(&op, FaultKind::Refused), "{op:?}");
        }
    }
}
