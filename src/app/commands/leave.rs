//! Leaving: at once, or after a question when something would be lost.
//!
//! Must not know: how the process ends.

use crate::app::App;
use crate::stages::{Act, Ask, Consequence, Kind, Then};

pub(in crate::app) fn quit(app: &App) -> Act {
    let writes: Vec<String> = app.running.iter().filter(|r| r.effect.writes()).map(|r| r.effect.words()).collect();
    let only_here = only_in_memory(app);
    if writes.is_empty() && only_here.is_none() {
        return Act::Now(vec![Consequence::Quit]);
    }
    let mut body = Vec::new();
    if let Some(print) = only_here {
        body.push(format!("The new key {print} is in memory only: no place was written with it yet."));
        body.push("Leaving loses it; you must make another, and delete this one.".into());
    }
    if !writes.is_empty() {
        body.push("These run now; leaving makes them unknown until you resume and check:".to_owned());
        body.extend(writes);
    }
    Act::Ask { asks: vec![Ask::new("Leave?", body, Kind::Confirm)], then: Then::Do(vec![Consequence::Quit]) }
}

/// The new key's print, when this program's memory is the one place that has its value.
fn only_in_memory(app: &App) -> Option<&crate::base::Fingerprint> {
    let role = crate::base::SecretRef::Replacement;
    let stands = app.incident.targets.values().any(|t| t.written.is_some() || t.is_read_back());
    let over = app.incident.closed.is_some() || stands || !app.held.contains(&role);
    app.incident.taken.get(&role).filter(|_| !over)
}
