//! What the simulated provider knows, and how it survives a kill: written whole, in one rename, before any answer.
//!
//! Must not know: HTTP. Tokens are not in here: they are derived from the seed again, and recognised by salted hash.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub use super::key::*;
use super::seed::Seed;
use crate::base::fault::Result;
use crate::base::{Fault, Stamp, id};

/// The file in the world's folder.
pub const FILE: &str = "world.json";
/// Version of that file.
const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    pub v: u32,
    pub scenario: String,
    pub seed: u64,
    /// When the drill began, on its own clock and on the machine's.
    pub start: Stamp,
    pub machine_start: Stamp,
    /// The person has read the story and begun. Until then no time passes.
    #[serde(default = "begun")]
    pub begun: bool,
    /// The drill's time of the last change.
    pub saved: Stamp,
    pub salt: String,
    /// Counts everything that was ever made: ids and tokens come from it.
    pub next: u64,
    pub projects: Vec<Project>,
    pub accounts: Vec<Account>,
    pub keys: Vec<Key>,
    pub audit: Vec<AuditEntry>,
    /// Matching requests seen so far, by fault of the scenario.
    pub fault_hits: Vec<u32>,
    /// Which key each service ran with, and since when; in order of time.
    pub runs: Vec<Run>,
    /// What each service's `.running` file said at the last look.
    pub seen: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    pub id: String,
    pub name: String,
    pub created: Stamp,
    pub archived: Option<Stamp>,
}

/// A service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: String,
    pub name: String,
    pub project: String,
    pub role: String,
    pub created: Stamp,
    pub deleted: Option<Stamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub id: String,
    pub at: Stamp,
    pub what: String,
    pub actor: Actor,
    /// Id of the project it happened in.
    pub project: Option<String>,
    /// Stands under a key equal to `what`.
    pub details: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Actor {
    Session { user: String, email: String, ip: String, country: String },
    ApiKey { key: String, owner: String },
}

/// `service` runs with `key` (an id; empty when it holds no key we know) since `from`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub service: String,
    pub key: String,
    pub from: Stamp,
}

/// Worlds of before this was kept were begun as they were made.
fn begun() -> bool {
    true
}

impl State {
    pub fn empty(seed: &Seed, start: Stamp, machine_start: Stamp, faults: usize) -> Self {
        Self {
            v: VERSION,
            scenario: seed.scenario.clone(),
            seed: seed.number,
            start,
            machine_start,
            begun: false,
            saved: start,
            salt: seed.id("", 0, 16),
            next: 1,
            projects: Vec::new(),
            accounts: Vec::new(),
            keys: Vec::new(),
            audit: Vec::new(),
            fault_hits: vec![0; faults],
            runs: Vec::new(),
            seen: BTreeMap::new(),
        }
    }

    pub fn seed(&self) -> Seed {
        Seed::new(&self.scenario, self.seed)
    }

    /// A new id: `prefix` and `len` characters.
    pub fn id(&mut self, prefix: &str, len: usize) -> String {
        let n = self.count();
        self.seed().id(prefix, n, len)
    }

    fn count(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Makes a key and says where in [`State::keys`] it is. Its value: [`State::token`].
    pub fn mint(&mut self, new: NewKey) -> Key {
        let id = self.id("key_", 16);
        let n = self.count();
        let token = self.seed().token(new.class.prefix(), new.class.half(), n);
        let shown = |range| token.get(range).unwrap_or_default();
        let start = new.class.prefix().len() + 8;
        let redacted = format!("{}...{}", shown(0..start), shown(token.len().saturating_sub(4)..token.len()));
        let key = Key {
            id,
            name: new.name,
            n,
            class: new.class,
            origin: new.origin,
            project: new.project,
            owner: new.owner,
            hidden: new.hidden,
            hash: self.hash(token.as_bytes()),
            redacted,
            created: new.created,
            used: None,
            expires: None,
            gone: None,
        };
        self.keys.push(key.clone());
        key
    }

    /// The value of `key`, made again.
    pub fn token(&self, key: &Key) -> Zeroizing<String> {
        self.seed().token(key.class.prefix(), key.class.half(), key.n)
    }

    fn hash(&self, token: &[u8]) -> String {
        let mut hash = Sha256::new();
        hash.update(self.salt.as_bytes());
        hash.update(token);
        id::hex(&hash.finalize())
    }

    /// The key whose value this is, dead or alive.
    pub fn by_token(&mut self, token: &[u8]) -> Option<&mut Key> {
        let hash = self.hash(token);
        self.keys.iter_mut().find(|key| key.hash == hash)
    }

    pub fn key(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    pub fn leaked(&self) -> Option<&Key> {
        self.keys.iter().find(|key| key.origin == Origin::Leaked)
    }

    pub fn project(&self, id: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == id)
    }

    /// Reads the world in `dir`; `None` when there is none.
    pub fn load(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Fault::machine(format!("{} can't be read", path.display()), e)),
        };
        let other = |why: String| {
            Fault::input(format!("{} is not a drill world of this program", path.display()), why)
                .hint("start the drill again in an empty folder")
        };
        let state: Self = serde_json::from_slice(&text).map_err(|e| other(e.to_string()))?;
        if state.v == VERSION { Ok(Some(state)) } else { Err(other(format!("its version is {}", state.v))) }
    }

    /// Puts it on disk in one rename, readable for its owner only.
    pub fn save(&mut self, dir: &Path, now: Stamp) -> Result<()> {
        self.saved = self.saved.max(now);
        let bad = |e: &dyn std::fmt::Display| Fault::machine("the drill's world could not be saved", e);
        let text = serde_json::to_vec_pretty(self).map_err(|e| bad(&e))?;
        let mut file = tempfile::NamedTempFile::new_in(dir).map_err(|e| bad(&e))?;
        file.write_all(&text).map_err(|e| bad(&e))?;
        file.persist(dir.join(FILE)).map_err(|e| bad(&e.error))?;
        Ok(())
    }
}
