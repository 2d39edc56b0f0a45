//! A scenario: everything about a drill that is written down beforehand. TOML; an unknown key is an error.
//!
//! Must not know: how any of it is simulated.

use serde::{Deserialize, Serialize};

use super::script::Step;
pub use super::spec::*;
use super::{checks, prices};
use crate::base::fault::Result;
use crate::base::{Fault, Stamp};

/// The scenarios that ship, the default first.
pub const SHIPPED: [(&str, &str); 3] = [
    ("friday-push", include_str!("../../assets/drills/friday-push.toml")),
    ("storefront", include_str!("../../assets/drills/storefront.toml")),
    ("no-admin-key", include_str!("../../assets/drills/no-admin-key.toml")),
];

/// Longest scenario file taken, bytes.
const LONGEST: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts of a story, each a line of the file")]
pub struct Scenario {
    pub id: String,
    pub title: String,
    pub level: Level,
    /// Shown at the start, line by line.
    pub story: Vec<String>,
    /// How it was found: mail, bill, scanner, colleague, …
    pub found_by: String,
    /// When a drill with a stepped clock begins.
    pub starts: Stamp,
    /// Between the leak and the start, minutes.
    pub exposed_minutes: u32,
    /// Anybody could read it where it stood.
    pub public: bool,
    /// Production fails when the leaked key does.
    pub production_depends: bool,
    /// Somebody spends with it, as far as is known at the start.
    pub burning: bool,
    /// An admin key is at hand.
    pub admin: bool,
    /// The playbook that suits the facts: decides the points for the order.
    pub order: Order,
    /// How late figures show in the usage and cost answers, seconds.
    #[serde(default)]
    pub usage_lag_s: u32,
    /// How long the colleague with the dashboard takes for one request, seconds.
    #[serde(default)]
    pub colleague_s: u32,
    pub hints: Vec<String>,
    pub key: LeakedKey,
    pub propagation: Propagation,
    pub targets_s: Targets,
    pub par: Par,
    pub attacker: Attacker,
    pub production: Production,
    pub repo: RepoSpec,
    #[serde(default)]
    pub projects: Vec<ProjectSpec>,
    #[serde(default)]
    pub places: Vec<Place>,
    #[serde(default)]
    pub audit: Vec<AuditSpec>,
    #[serde(default)]
    pub faults: Vec<FaultSpec>,
    #[serde(default)]
    pub injects: Vec<InjectSpec>,
    /// The reference run.
    #[serde(default)]
    pub script: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Beginner,
    Intermediate,
    Advanced,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    ContainFirst,
    ContinuityFirst,
}

impl Order {
    pub fn word(self) -> &'static str {
        match self {
            Self::ContainFirst => "contain-first",
            Self::ContinuityFirst => "continuity-first",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeakedKey {
    pub name: String,
    /// Name of the project it is in.
    pub project: String,
    pub owner: OwnerSpec,
    /// A person's or an account's name.
    pub owner_name: String,
    /// Only a person has one.
    #[serde(default)]
    pub email: String,
    pub age_days: u32,
    /// Names of further keys of the same service account: they die with it.
    #[serde(default)]
    pub siblings: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerSpec {
    User,
    ServiceAccount,
}

/// A deleted key goes on answering one request in `one_in` for `delay_s` seconds; the first request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Propagation {
    pub delay_s: u32,
    pub one_in: u32,
}

/// Full points at or below, none at four times as much; seconds since the incident was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    pub contain: u32,
    pub prove: u32,
    pub repair: u32,
    pub note: u32,
}

/// What the reference run costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Par {
    /// Burned after the incident was opened.
    pub usd: f64,
    /// Production refused, seconds.
    pub outage_s: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attacker {
    /// After the start of the drill.
    pub starts_after_s: u32,
    /// What the story says; held against the traffic below when the scenario is read.
    pub usd_per_minute: f64,
    pub models: Vec<Load>,
}

/// What production (or, when nothing depends on the key, a developer) does with the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Production {
    /// More by day, less by night.
    #[serde(default)]
    pub daily_shape: bool,
    pub models: Vec<Load>,
}

/// Requests to one model. Exactly one of the two rates is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    pub model: String,
    #[serde(default = "completions")]
    pub endpoint: String,
    #[serde(default)]
    pub requests_per_minute: f64,
    #[serde(default)]
    pub requests_per_hour: f64,
    /// Tokens of one request; `cached` is part of `input`.
    pub input: u32,
    #[serde(default)]
    pub cached: u32,
    #[serde(default)]
    pub output: u32,
}

fn completions() -> String {
    "completions".into()
}

impl Load {
    /// Requests per minute.
    pub fn rate(&self) -> f64 {
        self.requests_per_minute + self.requests_per_hour / 60.0
    }

    pub fn usd_per_minute(&self) -> f64 {
        prices::of(&self.model).map_or(0.0, |price| {
            self.rate() * price.usd(f64::from(self.input), f64::from(self.cached), f64::from(self.output))
        })
    }
}

impl Scenario {
    /// All that ship, the default first.
    pub fn shipped() -> Result<Vec<Self>> {
        SHIPPED.iter().map(|(id, text)| Self::parse(text, id)).collect()
    }

    /// A shipped scenario by id, else the file at that path.
    pub fn load(name: &str) -> Result<Self> {
        if let Some((id, text)) = SHIPPED.iter().find(|(id, _)| *id == name) {
            return Self::parse(text, id);
        }
        let known = SHIPPED.map(|(id, _)| id).join(", ");
        let bad = |why: String| {
            Fault::input(format!("there is no scenario {name}"), why)
                .hint(format!("shipped ones: {known}"))
                .hint("or give the path of a scenario file (.toml)")
        };
        let size = std::fs::metadata(name).map_err(|e| bad(e.to_string()))?.len();
        if size > LONGEST {
            return Err(bad(format!("the file has {size} bytes, at most {LONGEST} are taken")));
        }
        Self::parse(&std::fs::read_to_string(name).map_err(|e| bad(e.to_string()))?, name)
    }

    /// Reads and checks a scenario; `from` names it in errors.
    pub fn parse(text: &str, from: &str) -> Result<Self> {
        let bad = |why: String| Fault::input(format!("the scenario {from} can't be used"), why);
        let scenario: Self = toml::from_str(text).map_err(|e| {
            bad(e.to_string().trim().to_owned()).hint("compare it with a shipped one: `stanch drill --list`")
        })?;
        checks::scenario(&scenario).map_err(bad)?;
        Ok(scenario)
    }

    /// Places that production runs from.
    pub fn services(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.production)
    }
}
