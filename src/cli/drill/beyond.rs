//! The world beside the incident: its news, its colleague, its services, and the engine it stands beside.
//!
//! Must not know: who plays, a person or a script.

use std::sync::Arc;

use crate::base::fault::Result;
use crate::base::{Clock, Secret, Stamp};
use crate::cli::Context;
use crate::drill::{Colleague, World};
use crate::incident::{Event, Record};
use crate::shell::engine::{Beside, Deed, Engine};
use crate::shell::session::{self, Wanted, Which};
use crate::shell::vault::Vault;

pub(super) fn engine(which: Which, vault: Vault, clock: Clock, beyond: Beyond, context: &Context) -> Result<Engine> {
    let world = &beyond.world;
    let wanted = Wanted {
        store: &context.settings.store,
        which,
        vault,
        clock,
        base: world.base_url(),
        base_configured: true,
        hooks: world.hooks(),
        prices: context.settings.config.prices.clone(),
        playbook: None,
        label: world.scenario().id.clone(),
    };
    session::open(wanted, Some(Box::new(beyond)))
}

/// The world beside the incident: its news, its colleague, its services.
pub(super) struct Beyond {
    pub(super) world: Arc<World>,
    /// How many of the news have reached the person.
    pub(super) told: usize,
}

impl Beside for Beyond {
    fn recorded(&mut self, record: &Record) -> Option<Deed<()>> {
        // Services are looked at after each record: a switch counts from the first look after it. That a look fails
        // means the world's folder is gone; the next request will say so.
        let _ = self.world.look();
        let Event::ByHand { step, answer } = &record.event else { return None };
        if step.stage != "revoke" {
            return None;
        }
        // The person told the colleague which row to delete, and the colleague does it. When they can't, the probes
        // say so: the key still answers.
        let (world, last4) = (self.world.clone(), answer.clone());
        Some(Box::pin(async move { drop(world.colleague(Colleague::Revoke { last4 }).await) }))
    }

    fn begin(&mut self) -> Result<()> {
        self.world.begin()
    }

    fn made_key(&mut self, name: String) -> Deed<Result<Option<Secret>>> {
        let world = self.world.clone();
        Box::pin(async move { world.colleague(Colleague::Issue { name }).await })
    }

    fn news(&mut self, now: Stamp) -> (Vec<String>, Option<Stamp>) {
        let all = self.world.injects(now).unwrap_or_default();
        let fresh = all.iter().skip(self.told).map(|inject| inject.text.clone()).collect();
        self.told = all.len();
        (fresh, self.world.next_inject(now).unwrap_or_default())
    }
}
