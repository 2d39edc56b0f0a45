//! The colleague with access to the dashboard: played by the drill, or by a person with `COLLEAGUE.md`.
//!
//! Must not know: why something is asked for.

use super::super::server::Desk;
use super::{World, secret};
use crate::base::fault::Result;
use crate::base::{Fault, Secret};

/// How to play the colleague, written where there is no admin key.
const COLLEAGUE: &str = "COLLEAGUE.md";

/// What the colleague with access to the dashboard is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Colleague {
    /// Delete the key that ends in these four characters.
    Revoke { last4: String },
    /// Make a key of this name, in the leaked key's project.
    Issue { name: String },
}

impl World {
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

    pub(super) fn write_colleague(&self) -> Result<()> {
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
