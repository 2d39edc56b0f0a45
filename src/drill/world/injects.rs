//! Lines that reach the player as time goes on.
//!
//! Must not know: what the player does.

use serde::{Deserialize, Serialize};

use super::super::scenario::InjectSpec;
use super::World;
use crate::base::Stamp;
use crate::base::fault::Result;

/// A line that reached the player.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inject {
    pub at: Stamp,
    pub text: String,
}

impl World {
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
        let line = |spec: &InjectSpec| Inject { at: start.plus_secs(i64::from(spec.at_s)), text: spec.text.clone() };
        let mut all: Vec<Inject> = self.sim.scenario.injects.iter().map(line).collect();
        all.sort_by_key(|inject| inject.at);
        Ok(all)
    }
}
