//! A drill's world: opened new or again, with its server, its files and its truth. What the rest of the program sees.
//!
//! The folder holds `world.json`, the repository, its bare remote, `servers/` and, without an admin key, `COLLEAGUE.md`.
//! A kill at any moment leaves a folder that opens again: half-made worlds are made anew, finished ones continue.
//!
//! Must not know: the product that is drilled in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::scenario::{Level, Scenario};
use super::seed::Seed;
use super::server::{Desk, Sim, serve};
use super::state::{Key, Origin, State};
use super::{Truth, org, places, repo, truth};
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::base::{Clock, Fault, Secret, Stamp};
use crate::config::Hooks;

/// Marks a folder as ours: only such a one is ever emptied.
const MARK: &str = "THIS-IS-A-DRILL";
/// How to play the colleague, written where there is no admin key.
const COLLEAGUE: &str = "COLLEAGUE.md";

/// A running drill. The server ends when this drops.
#[derive(Debug)]
pub struct World {
    sim: Arc<Sim>,
    root: String,
}

/// What the player is told at the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts, as the scenario has them")]
pub struct Brief {
    pub id: String,
    pub title: String,
    pub level: Level,
    pub story: Vec<String>,
    pub found_by: String,
    pub exposed_since: Stamp,
    pub public: bool,
    pub burning: bool,
    pub production_depends: bool,
    pub has_admin: bool,
    pub repos: Vec<PathBuf>,
    /// Folders to look through for env files.
    pub roots: Vec<PathBuf>,
    /// The page where a person with access does things by hand.
    pub dashboard: String,
    pub hints: Vec<String>,
}

/// What the colleague with access to the dashboard is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Colleague {
    /// Delete the key that ends in these four characters.
    Revoke { last4: String },
    /// Make a key of this name, in the leaked key's project.
    Issue { name: String },
}

/// A line that reached the player.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inject {
    pub at: Stamp,
    pub text: String,
}

/// The clock for the world in `dir`, new or continued. A new world begins when the scenario says, so that the story and
/// the clock tell the same time. `pace` 0 is a stepped clock: an old one goes on at its last change or at `last` (the journal's last record), whichever is later. Any other
/// pace gives a held clock, to be started by [`World::begin`]: a world that nobody has begun stands still; an old one
/// has gone on while nobody looked, as a real leak would.
pub fn open_clock(scenario: &Scenario, dir: &Path, pace: u32, last: Option<Stamp>) -> Result<Clock> {
    let old = State::load(dir)?;
    Ok(match (old, pace) {
        (None, 0) => Clock::stepped(scenario.starts),
        (None, pace) => Clock::held(scenario.starts, pace),
        (Some(state), 0) => Clock::stepped(state.saved.max(last.unwrap_or_default())),
        (Some(state), pace) if !state.begun => Clock::held(state.saved.max(last.unwrap_or_default()), pace),
        (Some(state), pace) => {
            let gone = machine_now().0.saturating_sub(state.machine_start.0).max(0);
            let now = state.start.plus_millis(gone.saturating_mul(i64::from(pace)));
            Clock::held(now.max(state.saved).max(last.unwrap_or_default()), pace)
        }
    })
}

impl World {
    /// Makes the world of `scenario` in `dir` (made, 0700, if missing), or goes on with the one that is there.
    ///
    /// Refused when `dir` holds another drill, or something that is none.
    pub async fn open(scenario: Scenario, seed: u64, dir: &Path, clock: Clock) -> Result<Self> {
        let (folder, start) = (dir.to_owned(), clock.now());
        let work = tokio::task::spawn_blocking(move || {
            let (dir, state) = prepare(&scenario, seed, &folder, start)?;
            Ok((scenario, dir, state))
        });
        let done: Result<_> = work.await.unwrap_or_else(|e| Err(Fault::machine("the drill was not set up", e)));
        let (scenario, dir, state) = done?;
        let sim = Arc::new(Sim::new(scenario, clock, dir, state));
        let root = serve(sim.clone()).await?;
        let world = Self { sim, root };
        world.sim.with(|_, _| ())?;
        world.write_colleague()?;
        Ok(world)
    }

    /// The API's root: `http://127.0.0.1:<port>/v1`.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.root)
    }

    /// The page of the simulated dashboard, for a person's browser.
    pub fn dashboard_url(&self) -> String {
        format!("{}/_drill/dashboard", self.root)
    }

    pub fn scenario(&self) -> &Scenario {
        &self.sim.scenario
    }

    /// The person begins, or goes on: from now on time passes.
    pub fn begin(&self) -> Result<()> {
        let clock = &self.sim.clock;
        clock.start();
        self.sim.with(|state, now| {
            let gone = now.0.saturating_sub(state.start.0) / i64::from(clock.pace().max(1));
            state.begun = true;
            state.machine_start = machine_now().plus_millis(-gone);
        })
    }

    /// Somebody has begun it.
    pub fn begun(&self) -> Result<bool> {
        self.sim.with(|state, _| state.begun)
    }

    /// When the drill began.
    pub fn start(&self) -> Result<Stamp> {
        self.sim.with(|state, _| state.start)
    }

    /// The leaked key.
    pub fn leaked(&self) -> Result<Secret> {
        let token = self.token(|key| key.origin == Origin::Leaked)?;
        token.unwrap_or_else(|| Err(Fault::new(crate::base::FaultKind::Internal, "no key leaked", "the world lost it")))
    }

    /// The admin key, when the scenario has one at hand.
    pub fn admin(&self) -> Result<Option<Secret>> {
        if !self.sim.scenario.admin {
            return Ok(None);
        }
        self.token(|key| key.origin == Origin::Admin)?.transpose()
    }

    fn token(&self, which: impl Fn(&Key) -> bool) -> Result<Option<Result<Secret>>> {
        self.sim.with(|state, _| state.keys.iter().find(|key| which(key)).map(|key| secret(&state.token(key))))
    }

    pub fn brief(&self) -> Result<Brief> {
        let (scenario, dir) = (&self.sim.scenario, &self.sim.dir);
        Ok(Brief {
            id: scenario.id.clone(),
            title: scenario.title.clone(),
            level: scenario.level,
            story: scenario.story.clone(),
            found_by: scenario.found_by.clone(),
            exposed_since: self.start()?.plus_secs(-60 * i64::from(scenario.exposed_minutes)),
            public: scenario.public,
            burning: scenario.burning,
            production_depends: scenario.production_depends,
            has_admin: scenario.admin,
            repos: vec![dir.join(&scenario.repo.name)],
            roots: vec![dir.join("servers")],
            dashboard: self.dashboard_url(),
            hints: scenario.hints.clone(),
        })
    }

    /// What reloads and checks the drill's services.
    pub fn hooks(&self) -> Vec<Hooks> {
        places::hooks(&self.sim.scenario, &self.sim.dir)
    }

    /// What really happened up to `now`.
    pub fn truth(&self, now: Stamp) -> Result<Truth> {
        self.sim.with(|state, _| truth::tell(state, &self.sim.scenario, now))
    }

    /// Looks at which key each service runs with. A switch is noted at the first look after it, so look after every
    /// reload; every request, [`World::truth`] and [`World::injects`] look too.
    pub fn look(&self) -> Result<()> {
        self.sim.with(|_, _| ())
    }

    /// The lines that have reached the player by `now`, oldest first.
    pub fn injects(&self, now: Stamp) -> Result<Vec<Inject>> {
        Ok(self.schedule()?.into_iter().filter(|inject| inject.at <= now).collect())
    }

    /// When the next line comes after `now`: nothing needs to wake up earlier.
    pub fn next_inject(&self, now: Stamp) -> Result<Option<Stamp>> {
        Ok(self.schedule()?.into_iter().map(|inject| inject.at).find(|at| *at > now))
    }

    fn schedule(&self) -> Result<Vec<Inject>> {
        let start = self.start()?;
        let line = |spec: &super::scenario::InjectSpec| Inject {
            at: start.plus_secs(i64::from(spec.at_s)),
            text: spec.text.clone(),
        };
        let mut all: Vec<Inject> = self.sim.scenario.injects.iter().map(line).collect();
        all.sort_by_key(|inject| inject.at);
        Ok(all)
    }

    /// Asks the colleague who may sign in to the dashboard; takes the scenario's time for it. A made key's value comes
    /// back, to be put into the vault.
    pub async fn colleague(&self, ask: Colleague) -> Result<Option<Secret>> {
        self.sim.clock.sleep(i64::from(self.sim.scenario.colleague_s) * 1000).await;
        let no = |why: String| Fault::refused("the colleague could not do it", why);
        match ask {
            Colleague::Revoke { last4 } => {
                self.sim.with(|state, now| Desk::revoke(&self.sim, state, now, &last4))?.map_err(no)?;
                Ok(None)
            }
            Colleague::Issue { name } => {
                let made = self.sim.with(|state, now| Desk::issue(state, now, &name).map(|key| state.token(&key)))?;
                secret(&made.map_err(no)?).map(Some)
            }
        }
    }

    fn write_colleague(&self) -> Result<()> {
        if self.sim.scenario.admin {
            return Ok(());
        }
        let (page, path) = (self.dashboard_url(), self.sim.dir.join(COLLEAGUE));
        let text = format!(
            "# DRILL: you are the colleague with the dashboard\n\n\
             Open {page} in a browser, or, in a second terminal:\n\n\
             \x20   curl -d last4=XXXX {page}/revoke\n\
             \x20   curl -d name=NAME {page}/issue\n\n\
             The first deletes the key that ends in XXXX. The second makes a key and shows its value once.\n\
             The address is good while the drill runs; a resumed drill writes a new one here.\n"
        );
        std::fs::write(&path, text).map_err(|e| Fault::machine(format!("{} can't be written", path.display()), e))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.sim.gone.cancel();
    }
}

fn secret(token: &Zeroizing<String>) -> Result<Secret> {
    Secret::new(&Zeroizing::new(token.as_bytes().to_vec()))
}

/// The folder, made absolute, and the state in it: the one on disk, or a fresh one with all its files.
fn prepare(scenario: &Scenario, seed: u64, dir: &Path, start: Stamp) -> Result<(PathBuf, State)> {
    let bad = |e: std::io::Error| Fault::machine(format!("the drill's folder {} can't be used", dir.display()), e);
    make_private(dir).map_err(bad)?;
    let dir = dir.canonicalize().map_err(bad)?;
    if let Some(state) = State::load(&dir)? {
        if state.scenario == scenario.id && state.seed == seed && state.fault_hits.len() == scenario.faults.len() {
            return Ok((dir, state));
        }
        let why = format!("it holds the scenario {} with seed {}", state.scenario, state.seed);
        return Err(Fault::input(format!("{} holds another drill", dir.display()), why).hint("use an empty folder"));
    }
    clear(&dir)?;
    std::fs::write(dir.join(MARK), "Everything in this folder belongs to a drill. No key in it works anywhere.\n")
        .map_err(bad)?;
    let mut state = org::build(scenario, &Seed::new(&scenario.id, seed), start, machine_now());
    let key = state.leaked().map(|key| state.token(key)).unwrap_or_default();
    repo::plant(&scenario.repo, &dir, start, &key)?;
    places::plant(scenario, &dir, &key)?;
    places::look(scenario, &dir, &mut state, start);
    state.save(&dir, start)?;
    Ok((dir, state))
}

fn make_private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Empties a folder in which an earlier setup was interrupted. Refuses one that holds anything and isn't marked as ours.
fn clear(dir: &Path) -> Result<()> {
    let bad = |e: std::io::Error| Fault::machine(format!("the drill's folder {} can't be used", dir.display()), e);
    let inside: Vec<_> = std::fs::read_dir(dir).map_err(bad)?.collect::<std::io::Result<_>>().map_err(bad)?;
    if !inside.is_empty() && !dir.join(MARK).is_file() {
        let why = "it holds files that no drill made";
        return Err(Fault::input(format!("no drill is set up in {}", dir.display()), why).hint("use an empty folder"));
    }
    for entry in inside.iter().filter(|entry| entry.file_name() != MARK) {
        let real_folder = entry.file_type().map_err(bad)?.is_dir();
        let path = entry.path();
        if real_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) }.map_err(bad)?;
    }
    Ok(())
}
