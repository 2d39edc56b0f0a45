//! What the player is told at the start.
//!
//! Must not know: what the player doesn't: the seed, the truth.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::scenario::Level;
use super::World;
use crate::base::Stamp;
use crate::base::fault::Result;

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

impl World {
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
}
