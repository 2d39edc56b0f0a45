//! The clock: real, compressed, or standing still until somebody waits.
//!
//! Only the shell and the drill may hold one; the pure layers get instants as data.
//! A drill's product and simulator share one clock, so both agree on what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Stamp;

/// A cheap handle; clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    /// `pace` virtual seconds pass in one real second.
    Paced { origin: Stamp, begun: Instant, pace: u32 },
    /// Moves only when somebody waits: the same run takes the same time on any machine.
    Stepped { now: AtomicI64 },
}

impl Clock {
    /// The machine's own time.
    pub fn real() -> Self {
        Self::paced(machine_now(), 1)
    }

    /// Starts at `origin` and runs `pace` times as fast as the machine (at least once).
    pub fn paced(origin: Stamp, pace: u32) -> Self {
        Self(Arc::new(Kind::Paced { origin, begun: Instant::now(), pace: pace.max(1) }))
    }

    /// Starts at `origin` and stands still between waits.
    pub fn stepped(origin: Stamp) -> Self {
        Self(Arc::new(Kind::Stepped { now: AtomicI64::new(origin.0) }))
    }

    /// Its seconds per second of the machine; 0 for a stepped clock.
    pub fn pace(&self) -> u32 {
        match *self.0 {
            Kind::Paced { pace, .. } => pace,
            Kind::Stepped { .. } => 0,
        }
    }

    pub fn is_stepped(&self) -> bool {
        matches!(*self.0, Kind::Stepped { .. })
    }

    pub fn now(&self) -> Stamp {
        match &*self.0 {
            Kind::Paced { origin, begun, pace } => {
                let gone = begun.elapsed().as_millis().saturating_mul(u128::from(*pace));
                origin.plus_millis(i64::try_from(gone).unwrap_or(i64::MAX))
            }
            Kind::Stepped { now } => Stamp(now.load(Ordering::SeqCst)),
        }
    }

    /// Waits `millis` of this clock's time. A stepped clock jumps and returns at once.
    pub async fn sleep(&self, millis: i64) {
        let millis = millis.max(0);
        match &*self.0 {
            Kind::Paced { pace, .. } => {
                let real = u64::try_from(millis).unwrap_or(0) / u64::from(*pace);
                tokio::time::sleep(Duration::from_millis(real)).await;
            }
            Kind::Stepped { now } => {
                now.fetch_add(millis, Ordering::SeqCst);
            }
        }
    }

    /// Moves a stepped clock on to `at`. A paced one moves by itself.
    pub fn skip_to(&self, at: Stamp) {
        if let Kind::Stepped { now } = &*self.0 {
            now.fetch_max(at.0, Ordering::SeqCst);
        }
    }

    /// How many real milliseconds `millis` of this clock take. `None`: a stepped one, which does not move by itself.
    pub fn real_millis(&self, millis: u64) -> Option<u64> {
        match &*self.0 {
            Kind::Paced { pace, .. } => Some(millis / u64::from(*pace)),
            Kind::Stepped { .. } => None,
        }
    }

    /// Waits until `at`; returns at once when it has passed.
    pub async fn until(&self, at: Stamp) {
        self.sleep(at.0.saturating_sub(self.now().0)).await;
    }
}

/// What the machine says the time is.
pub fn machine_now() -> Stamp {
    let gone = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp(i64::try_from(gone.as_millis()).unwrap_or(i64::MAX))
}
