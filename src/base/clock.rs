//! The clock: real, compressed, or standing still until somebody waits.
//!
//! Only the shell and the drill may hold one; the pure layers get instants as data.
//! A drill's product and simulator share one clock, so both agree on what time it is.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Stamp;

/// A cheap handle; clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    /// `pace` virtual seconds pass in one real second, from when it was started.
    Paced { origin: Stamp, begun: OnceLock<Instant>, pace: u32 },
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
        let clock = Self::held(origin, pace);
        clock.start();
        clock
    }

    /// The same, but it stands at `origin` until [`Clock::start`].
    pub fn held(origin: Stamp, pace: u32) -> Self {
        Self(Arc::new(Kind::Paced { origin, begun: OnceLock::new(), pace: pace.max(1) }))
    }

    /// Lets a held clock run. One that runs already, or moves by steps, goes on as it was.
    pub fn start(&self) {
        if let Kind::Paced { begun, .. } = &*self.0 {
            begun.get_or_init(Instant::now);
        }
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
                let gone = begun.get().map_or(0, |begun| begun.elapsed().as_millis()).saturating_mul(u128::from(*pace));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_clock_stands_until_it_is_started() {
        let clock = Clock::held(Stamp::from_secs(7), u32::MAX);
        let twin = clock.clone();
        assert_eq!(clock.now(), Stamp::from_secs(7));
        twin.start();
        let begun = Instant::now();
        while clock.now() == Stamp::from_secs(7) {
            assert!(begun.elapsed() < Duration::from_secs(10), "it does not run");
        }
    }
}
