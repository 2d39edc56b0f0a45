//! A drill's world: opened new or again, with its server, its files and its truth. What the rest of the program sees.
//!
//! The folder holds `world.json`, the repository, its bare remote, `servers/` and, without an admin key, `COLLEAGUE.md`.
//! A kill at any moment leaves a folder that opens again: half-made worlds are made anew, finished ones continue.
//!
//! `setup` makes the folder, `clock` the time in it; `brief` and `injects` are what the player is told, `colleague` whom
//! the player can ask.
//!
//! Must not know: the product that is drilled in it.

mod brief;
mod clock;
mod colleague;
mod injects;
mod setup;

use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::scenario::Scenario;
use super::server::{Sim, serve};
use super::state::{Key, Origin};
use super::{Truth, places, truth};
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::base::{Clock, Fault, Secret, Stamp};
use crate::config::Hooks;
pub use brief::Brief;
pub use clock::open_clock;
pub use colleague::Colleague;
pub use injects::Inject;
use setup::prepare;

/// A running drill. The server ends when this drops.
#[derive(Debug)]
pub struct World {
    sim: Arc<Sim>,
    root: String,
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
}

impl Drop for World {
    fn drop(&mut self) {
        self.sim.gone.cancel();
    }
}

fn secret(token: &Zeroizing<String>) -> Result<Secret> {
    Secret::new(&Zeroizing::new(token.as_bytes().to_vec()))
}
