//! The twenty points for doing the right thing, however fast.
//!
//! Must not know: the clocks.

use super::Line;
use super::reading::Reading;
use crate::base::words::count;
use crate::drill::scenario::{Order, OwnerSpec, Scenario};
use crate::drill::truth::Truth;

pub(super) fn lines(reading: &Reading<'_>, truth: &Truth, scenario: &Scenario) -> Vec<Line> {
    vec![
        order(truth, scenario),
        right_key(truth),
        siblings(reading, truth, scenario),
        orphans(truth),
        places(reading, truth, scenario),
        review(reading, truth, scenario),
        purge(reading),
    ]
}

fn order(truth: &Truth, scenario: &Scenario) -> Line {
    let line = |points, why: &str| Line::new("order", points, 4, why);
    let Some(deleted) = truth.deleted else { return line(0, "the leaked key was never deleted") };
    let issued = truth.made.iter().map(|key| key.created).min();
    match scenario.order {
        Order::ContainFirst if issued.is_none_or(|at| at >= deleted) => line(4, "contained first, as the facts ask"),
        Order::ContainFirst => line(1, "a key was issued first; the facts ask to contain first"),
        Order::ContinuityFirst if truth.production_refused_s == 0 => {
            line(4, "production moved first, as the facts ask")
        }
        Order::ContinuityFirst if issued.is_some_and(|at| at < deleted) => {
            line(2, "a key was issued first, but production had not moved when the old one died")
        }
        Order::ContinuityFirst => line(0, "the key was killed while production depended on it"),
    }
}

fn right_key(truth: &Truth) -> Line {
    let line = |points, why: String| Line::new("right key", points, 4, why);
    match (truth.deleted, truth.wrong_keys.len()) {
        (_, 1..) => line(0, format!("{} killed", count(truth.wrong_keys.len(), "wrong key"))),
        (None, 0) => line(0, "the leaked key still exists".into()),
        (Some(_), 0) => line(4, "the leaked key is gone, no other was killed by itself".into()),
    }
}

fn siblings(reading: &Reading<'_>, truth: &Truth, scenario: &Scenario) -> Line {
    let line = |points, why: &str| Line::new("siblings", points, 2, why);
    let listed = |id: &str| reading.dies.iter().any(|dies| dies.iter().any(|row| row.id == id));
    let died = &truth.died_with_account;
    if !died.is_empty() {
        let read = died.iter().all(|key| listed(&key.id));
        let why = "a service account was deleted without a list of the keys that die with it";
        return if read { line(2, "every key that died with the account was listed before") } else { line(0, why) };
    }
    match (scenario.key.owner, truth.deleted) {
        (OwnerSpec::User, _) => line(2, "none: a person owns the key"),
        (OwnerSpec::ServiceAccount, Some(_)) => line(2, "none died"),
        (OwnerSpec::ServiceAccount, None) => line(0, "the account that owns the key was not dealt with"),
    }
}

fn orphans(truth: &Truth) -> Line {
    let line = |points, why: String| Line::new("no orphans", points, 2, why);
    let used = truth.made.iter().filter(|key| key.alive && key.in_use).count();
    match truth.made.iter().filter(|key| key.alive && !key.in_use).count() {
        0 if used > 0 => line(2, "every new key is in use".into()),
        0 => line(0, "no new key is in use".into()),
        n => line(0, format!("{} used by nobody", count(n, "living new key"))),
    }
}

fn places(reading: &Reading<'_>, truth: &Truth, scenario: &Scenario) -> Line {
    let all = scenario.places.len();
    let good = scenario.places.iter().filter(|place| reading.repaired_at(truth, place).is_some()).count();
    let points = match (good, all) {
        (good, all) if good == all => 3,
        (0, _) => 0,
        _ => 1,
    };
    Line::new("targets proven", points, 3, format!("{good} of {all} shown to run with the new key"))
}

fn review(reading: &Reading<'_>, truth: &Truth, scenario: &Scenario) -> Line {
    let line = |points, why: &str| Line::new("usage review", points, 2, why);
    match reading.usage_read().last() {
        // Without an admin key nothing can be read from here: a colleague looks, and what they saw is written down.
        None if !scenario.admin && reading.usage_judged => line(2, "what was seen on the usage page is on record"),
        None if !scenario.admin => line(0, "nobody recorded what the usage page showed (v)"),
        None => line(0, "usage was never read"),
        Some(at) if truth.dead.is_some_and(|dead| at >= dead) => line(2, "usage was read again after the key's death"),
        Some(_) => line(1, "usage was read, but not after the key's death"),
    }
}

fn purge(reading: &Reading<'_>) -> Line {
    let line = |points, why: &str| Line::new("purge", points, 3, why);
    match reading.purge_deferred {
        _ if reading.purged() => line(3, "the history was rewritten and proven clean"),
        Some((owner, due)) if !owner.trim().is_empty() && !due.trim().is_empty() => {
            line(3, "put off to daylight, with an owner and a date")
        }
        Some(_) => line(1, "put off without an owner or a date"),
        None => line(0, "neither done and proven nor put off with an owner"),
    }
}
