//! The closing list: everything that is still open, in words.
//!
//! Must not know: whether the incident is closed.

use crate::base::SecretRef;
use crate::base::words::count;
use crate::incident::death::{self, Death};
use crate::stages::{self, View, state};

use super::state::wrote;

/// Everything a closing list must carry: skipped, deferred, unknown, unproven, booked, to do.
pub fn open(at: &View<'_>) -> Vec<String> {
    let mut open = Vec::new();
    for stage in stages::order(at).into_iter().filter(|s| s.id() != "close") {
        let state = state(stage, at);
        if let (Some(what), false) = (stage.not_looked_into(at), state.settled()) {
            open.push(format!("{}: not looked into, {what}", stage.title()));
        } else if state.is_open() {
            let detail = if state.detail().is_empty() { String::new() } else { format!(": {}", state.detail()) };
            open.push(format!("{} {}{detail}", stage.title(), state.word()));
        }
    }
    open.extend(stages::order(at).into_iter().flat_map(|stage| stage.still_open(at)));
    open.extend(at.incident.unknowns().map(|i| format!("Nobody saw whether it happened: {}", i.effect.words())));
    let death = Death::of(at.incident, SecretRef::Leaked);
    if let (Some(proven), None) = (death.proven_at, death.late_at) {
        open.push(format!("Late probe (does the key stay dead?) due at {}", proven.plus_secs(death::LATE_S).time()));
    }
    for (repo, facts) in &at.incident.repos {
        let name = repo.display();
        let support = facts.push.iter().flat_map(|(_, push)| &push.needs_support);
        open.extend(support.map(|r| format!("Only the host's support can clean {r} of {name}")));
        let unseen = facts.map.iter().flat_map(|(_, map)| &map.not_looked_into);
        open.extend(unseen.map(|what| format!("Not looked into in {name}: {what}")));
    }
    if !at.incident.not_read.is_empty() {
        open.push(format!("{} below the env roots could not be read", count(at.incident.not_read.len(), "place")));
    }
    if wrote(at) && at.incident.backups_dropped.is_none() {
        open.push("Backups of the env files still contain the leaked key".into());
    }
    open.extend(at.incident.orphans.iter().map(|o| format!("Orphan key {} is alive", o.key_id)));
    open.extend(at.incident.todos.iter().filter(|t| t.done.is_none()).map(|t| {
        let due = t.due.map(|d| format!(", due {}", d.date_minute())).unwrap_or_default();
        format!("To do: {}{due}", t.text)
    }));
    open
}
