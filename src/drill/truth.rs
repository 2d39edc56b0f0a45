//! What really happened in the world, whatever anybody believes: what the score holds the journal against.
//!
//! Must not know: the journal, HTTP.

use serde::{Deserialize, Serialize};

use super::attacker;
use super::scenario::Scenario;
use super::state::{Class, Key, Origin, State};
use crate::base::Stamp;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    pub now: Stamp,
    pub exposed_since: Stamp,
    /// The drill's start.
    pub started: Stamp,
    /// When the leaked key was deleted, and from when on every request is refused.
    pub deleted: Option<Stamp>,
    pub dead: Option<Stamp>,
    /// US dollars the attacker spent since the exposure.
    pub burned_usd: f64,
    /// What the attacker spends now, US dollars a minute.
    pub usd_per_minute: f64,
    /// Seconds in which at least one production service was refused.
    pub production_refused_s: i64,
    /// Living bystanders that were deleted by themselves.
    pub wrong_keys: Vec<KeyNote>,
    /// Other keys that died with a service account.
    pub died_with_account: Vec<KeyNote>,
    /// Keys made during the drill.
    pub made: Vec<MadeKey>,
    pub services: Vec<ServiceNow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyNote {
    pub id: String,
    pub name: String,
    pub at: Stamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeKey {
    pub id: String,
    pub name: String,
    pub created: Stamp,
    pub alive: bool,
    /// A service runs with it.
    pub in_use: bool,
}

/// What a service runs with now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceNow {
    pub name: String,
    pub production: bool,
    /// Of its env file, below the world's folder.
    pub path: String,
    pub runs: Running,
    pub since: Stamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Running {
    Leaked,
    /// A living key made during the drill.
    Replacement,
    /// A dead key, somebody else's, or none.
    Other,
}

/// The truth at `now`.
pub fn tell(state: &State, scenario: &Scenario, now: Stamp) -> Truth {
    let exposed_since = state.start.plus_secs(-60 * i64::from(scenario.exposed_minutes));
    let gone = state.leaked().and_then(|key| key.gone.as_ref());
    let alive = gone.is_none_or(|gone| now < gone.dead);
    let begun = now >= state.start.plus_secs(i64::from(scenario.attacker.starts_after_s));
    Truth {
        now,
        exposed_since,
        started: state.start,
        deleted: gone.map(|gone| gone.at),
        dead: gone.map(|gone| gone.dead),
        burned_usd: attacker::burned(state, scenario, exposed_since, now),
        usd_per_minute: if alive && begun { scenario.attacker.usd_per_minute } else { 0.0 },
        production_refused_s: refused_s(state, scenario, now),
        wrong_keys: deleted(state, |key| innocent(key) && !went_along(key)),
        died_with_account: deleted(state, |key| innocent(key) && went_along(key)),
        made: made(state, now),
        services: services(state, scenario, now),
    }
}

fn innocent(key: &Key) -> bool {
    matches!(key.origin, Origin::Bystander | Origin::Sibling | Origin::Admin)
}

fn went_along(key: &Key) -> bool {
    key.gone.as_ref().is_some_and(|gone| gone.with_account)
}

fn deleted(state: &State, which: impl Fn(&Key) -> bool) -> Vec<KeyNote> {
    let all = state.keys.iter().filter(|key| which(key));
    all.filter_map(|key| Some(KeyNote { id: key.id.clone(), name: key.name.clone(), at: key.gone.as_ref()?.at }))
        .collect()
}

fn made(state: &State, now: Stamp) -> Vec<MadeKey> {
    let all = state.keys.iter().filter(|key| key.origin == Origin::Made && key.class != Class::Admin);
    all.map(|key| {
        let in_use = state.seen.keys().any(|service| current(state, service).is_some_and(|(id, _)| id == key.id));
        MadeKey { id: key.id.clone(), name: key.name.clone(), created: key.created, alive: key.listed(now), in_use }
    })
    .collect()
}

/// What `service` runs with, and since when.
fn current(state: &State, service: &str) -> Option<(String, Stamp)> {
    attacker::runs(state, service).pop().map(|(key, from, _)| (key, from))
}

fn services(state: &State, scenario: &Scenario, now: Stamp) -> Vec<ServiceNow> {
    let hooked = scenario.places.iter().filter(|place| place.hooks);
    hooked
        .map(|place| {
            let (key, since) = current(state, &place.service).unwrap_or_default();
            let runs = match state.key(&key) {
                Some(key) if key.origin == Origin::Leaked => Running::Leaked,
                Some(key) if key.origin == Origin::Made && key.listed(now) => Running::Replacement,
                _ => Running::Other,
            };
            let (name, path) = (place.service.clone(), place.path.clone());
            ServiceNow { name, production: place.production, path, runs, since }
        })
        .collect()
}

/// The union, over production's services, of the times they ran with a key that was deleted or never was one.
fn refused_s(state: &State, scenario: &Scenario, now: Stamp) -> i64 {
    let mut spans: Vec<(Stamp, Stamp)> = scenario
        .services()
        .flat_map(|place| attacker::runs(state, &place.service))
        .filter_map(|(key, from, to)| {
            let refused_from = match state.key(&key) {
                None => from,
                Some(key) => key.gone.as_ref()?.at.max(from),
            };
            let to = to.min(now);
            (refused_from < to).then_some((refused_from, to))
        })
        .collect();
    spans.sort();
    let mut covered = Stamp(i64::MIN);
    let mut millis = 0;
    for (from, to) in spans {
        let from = from.max(covered);
        millis += to.0.saturating_sub(from.0).max(0);
        covered = covered.max(to);
    }
    millis / 1000
}
