//! Taking back a switch that moved no ref: the new pack, the backup and the journal go, and nothing has happened.
//!
//! Must not know: what the switch was about to change.

use super::super::plan::Details;
use super::super::repo::Repo;
use super::super::{fold, shelf, undo};
use super::midway;
use super::moves::{current, untouched};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};

/// Nothing was switched: the new pack, the backup and the journal go.
pub(super) fn withdraw(repo: &Repo<'_>, details: &Details) -> Result<()> {
    if let Some(backup) = shelf::whole(repo.ask.backup_root, &details.plan)? {
        // Git logs its moves before it makes them, and drops the logs of refs that go: killed between, it leaves lines
        // that lead into the pack that goes now.
        undo::logs(repo, details, &backup)?;
    }
    if let Some(pack) = &details.pack {
        fold::remove(repo, pack)?;
    }
    shelf::end(repo)?;
    shelf::discard(repo.ask.backup_root, &details.plan)
}

/// The transaction failed: when no ref moved, nothing has happened.
pub(super) fn step_back(repo: &Repo<'_>, details: &Details, fault: Fault) -> Fault {
    match current(repo) {
        Ok(now) if untouched(&now, &details.moves) => match withdraw(repo, details) {
            Ok(()) => Fault { kind: FaultKind::Changed, ..fault }
                .hint("nothing was changed; another git process may be at work: wait, plan again, apply again"),
            Err(other) => midway(other),
        },
        _ => midway(fault),
    }
}
