//! Who spends with which key, minute by minute: the attacker, production, and the rest of the organisation.
//!
//! A pure function of the seed, the state and the time. Nothing runs in the background: the figures of a minute are
//! worked out when somebody asks, and are the same whenever they are asked for.
//!
//! Must not know: HTTP, files, what time it is.

use super::prices;
use super::scenario::{Load, Scenario};
use super::seed::Seed;
use super::state::{Key, Origin, State};
use crate::base::Stamp;

/// How far before the start the baseline reaches, seconds.
pub const BASELINE_S: i64 = 7 * 86_400;
const MINUTE_MS: i64 = 60_000;

/// Requests of one kind, made with one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// Tells its noise from that of other streams.
    pub id: u64,
    pub key: String,
    pub project: String,
    /// The owner, when it is a person.
    pub user: Option<String>,
    pub load: Load,
    pub daily: bool,
    /// The attacker's.
    pub thief: bool,
    pub spans: Vec<Span>,
}

/// `from..to`, at `weight` of the full rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    pub from: Stamp,
    pub to: Stamp,
    pub weight: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    pub requests: u64,
    pub input: u64,
    /// Part of `input`.
    pub cached: u64,
    pub output: u64,
}

impl Figures {
    pub fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.input += other.input;
        self.cached += other.cached;
        self.output += other.output;
    }

    /// US dollars at the drill's own prices.
    pub fn usd(&self, model: &str) -> f64 {
        prices::of(model).map_or(0.0, |price| price.usd(real(self.input), real(self.cached), real(self.output)))
    }
}

/// Every stream of the world.
pub fn streams(state: &State, scenario: &Scenario) -> Vec<Stream> {
    let one_in = scenario.propagation.one_in;
    let mut all = Vec::new();
    let begin = state.start.plus_secs(-BASELINE_S);
    let mut id = 0;
    let mut push = |key: &Key, load: &Load, daily: bool, thief: bool, spans: Vec<Span>| {
        id += 1;
        let user = (!key.owner.account).then(|| key.owner.id.clone());
        let (key, project, load) = (key.id.clone(), key.project.clone(), load.clone());
        all.push(Stream { id, key, project, user, load, daily, thief, spans });
    };
    if let Some(leaked) = state.leaked() {
        let from = state.start.plus_secs(i64::from(scenario.attacker.starts_after_s));
        for load in &scenario.attacker.models {
            push(leaked, load, false, true, alive(leaked, from, FOREVER, one_in));
        }
        if scenario.services().next().is_none() {
            for load in &scenario.production.models {
                push(leaked, load, scenario.production.daily_shape, false, alive(leaked, begin, FOREVER, one_in));
            }
        }
    }
    let services = u32::try_from(scenario.services().count()).unwrap_or(u32::MAX).max(1);
    for service in scenario.services() {
        for load in &scenario.production.models {
            let share =
                Load { requests_per_minute: load.rate() / f64::from(services), requests_per_hour: 0.0, ..load.clone() };
            for (key_id, from, to) in runs(state, &service.service) {
                if let Some(key) = state.key(&key_id) {
                    let from = if from <= state.start { begin } else { from };
                    push(key, &share, scenario.production.daily_shape, false, alive(key, from, to, one_in));
                }
            }
        }
    }
    for key in state.keys.iter().filter(|key| key.origin == Origin::Bystander && !key.hidden && key.n % 2 == 0) {
        let archived = state.project(&key.project).is_some_and(|project| project.archived.is_some());
        if !archived {
            let rate = 0.02 + 0.5 * state.seed().unit(key.n, 0, 9);
            let load = Load {
                model: "gpt-4o-mini".into(),
                endpoint: "completions".into(),
                requests_per_minute: rate,
                requests_per_hour: 0.0,
                input: 900,
                cached: 300,
                output: 250,
            };
            push(key, &load, true, false, alive(key, begin, FOREVER, one_in));
        }
    }
    all
}

const FOREVER: Stamp = Stamp(i64::MAX);

/// When `service` ran with which key: `(key id, from, to)`.
pub fn runs(state: &State, service: &str) -> Vec<(String, Stamp, Stamp)> {
    let mine: Vec<_> = state.runs.iter().filter(|run| run.service == service).collect();
    let ends = mine.iter().skip(1).map(|run| run.from).chain(std::iter::once(FOREVER));
    mine.iter().zip(ends).map(|(run, to)| (run.key.clone(), run.from, to)).collect()
}

/// `from..to` as far as the key is taken: fully, then now and then while a deletion spreads.
fn alive(key: &Key, from: Stamp, to: Stamp, one_in: u32) -> Vec<Span> {
    let from = from.max(key.created);
    let to = key.expires.map_or(to, |end| to.min(end));
    let (gone, dead) = key.gone.as_ref().map_or((FOREVER, FOREVER), |gone| (gone.at, gone.dead));
    [
        Span { from, to: to.min(gone), weight: 1.0 },
        Span { from: from.max(gone), to: to.min(dead), weight: 1.0 / f64::from(one_in.max(1)) },
    ]
    .into_iter()
    .filter(|span| span.from < span.to)
    .collect()
}

impl Stream {
    /// Figures of the part of the minute that begins at `minute` (minutes since the epoch) inside `from..to`.
    fn minute(&self, seed: &Seed, minute: i64, from: Stamp, to: Stamp) -> Figures {
        let begin = Stamp(minute * MINUTE_MS);
        let (from, to) = (from.max(begin), to.min(begin.plus_millis(MINUTE_MS)));
        let part: f64 = self.spans.iter().map(|span| overlap(span, from, to) * span.weight).sum();
        if part <= 0.0 {
            return Figures::default();
        }
        let hour = f64::from(u16::try_from(minute.rem_euclid(1440)).unwrap_or(0)) / 60.0;
        let shape = if self.daily { 0.675 + 0.325 * ((hour - 15.0) / 24.0 * std::f64::consts::TAU).cos() } else { 1.0 };
        let noise = 0.85 + 0.3 * seed.unit(self.id, minute, 1);
        // Rounded up or down by chance: a rate below one request a minute keeps its mean.
        let requests = whole(self.load.rate() * shape * noise * part + seed.unit(self.id, minute, 2));
        let size = 0.9 + 0.2 * seed.unit(self.id, minute, 3);
        let tokens = |each: u32| whole(real(requests) * f64::from(each) * size);
        let input = tokens(self.load.input);
        Figures { requests, input, cached: tokens(self.load.cached).min(input), output: tokens(self.load.output) }
    }

    /// Figures of `from..to`.
    pub fn over(&self, seed: &Seed, from: Stamp, to: Stamp) -> Figures {
        let mut sum = Figures::default();
        let first = self.spans.iter().map(|span| span.from).min().unwrap_or(FOREVER).max(from);
        let last = self.spans.iter().map(|span| span.to).max().unwrap_or(first).min(to);
        let mut minute = first.0.div_euclid(MINUTE_MS);
        while minute < i64::MAX / MINUTE_MS && minute * MINUTE_MS < last.0 {
            sum.add(self.minute(seed, minute, from, to));
            minute += 1;
        }
        sum
    }

    /// The last minute before `now` with a request in it; looks back one day.
    pub fn last_use(&self, seed: &Seed, now: Stamp) -> Option<Stamp> {
        let end = self.spans.iter().map(|span| span.to).max()?.min(now);
        let newest = end.0.div_euclid(MINUTE_MS);
        (0..1440).map(|back| newest - back).find_map(|minute| {
            let used = self.minute(seed, minute, Stamp(minute * MINUTE_MS), end).requests > 0;
            used.then(|| Stamp(minute * MINUTE_MS).plus_secs(59).min(end))
        })
    }
}

/// The part of a minute that `span` shares with `from..to`.
fn overlap(span: &Span, from: Stamp, to: Stamp) -> f64 {
    let shared = span.to.min(to).0.saturating_sub(span.from.max(from).0).clamp(0, MINUTE_MS);
    f64::from(u32::try_from(shared).unwrap_or(0)) / 60_000.0
}

/// What the attacker spent in `from..to`, US dollars.
pub fn burned(state: &State, scenario: &Scenario, from: Stamp, to: Stamp) -> f64 {
    let seed = state.seed();
    let thief = streams(state, scenario).into_iter().filter(|stream| stream.thief);
    thief.map(|stream| stream.over(&seed, from, to).usd(&stream.load.model)).sum()
}

/// When `key` was last used: by simulated traffic or over HTTP.
pub fn last_used(state: &State, streams: &[Stream], key: &Key, now: Stamp) -> Option<Stamp> {
    let seed = state.seed();
    let simulated = streams.iter().filter(|s| s.key == key.id).filter_map(|s| s.last_use(&seed, now)).max();
    simulated.max(key.used)
}

/// Exact up to 2^53, far beyond any count here.
#[allow(clippy::cast_precision_loss, reason = "counts here stay far below 2^53")]
pub fn real(count: u64) -> f64 {
    count as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as casts saturate; negatives become 0")]
fn whole(value: f64) -> u64 {
    value as u64
}
