//! The time in a world, when it is new and when it goes on.
//!
//! Must not know: what happens in it.

use std::path::Path;

use super::super::scenario::Scenario;
use super::super::state::State;
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::base::{Clock, Stamp};

/// The clock for the world in `dir`, new or continued. A new world begins when the scenario says, so that the story and
/// the clock tell the same time. `pace` 0 is a stepped clock: an old one goes on at its last change or at `last` (the
/// journal's last record), whichever is later. Any other pace gives a held clock, to be started by
/// [`World::begin`](super::World::begin): a world that nobody has begun stands still; an old one has gone on while
/// nobody looked, as a real leak would.
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
