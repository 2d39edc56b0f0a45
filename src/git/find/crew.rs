//! Threads that share one queue, stop when somebody cancels, and say how far they are.
//!
//! Must not know: what the work is.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::base::fault::Result;
use crate::git::{Ask, cancelled, say};

/// Bytes between two looks at cancel; a few milliseconds of work.
const BREATH: usize = 1 << 20;
/// What an object costs beside its bytes.
const COST: usize = 2048;

/// All threads of one pass.
pub(super) struct Crew<'a> {
    ask: &'a Ask<'a>,
    words: &'static str,
    total: u64,
    done: AtomicU64,
    stop: AtomicBool,
}

impl std::fmt::Debug for Crew<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crew({} objects)", self.total)
    }
}

/// One thread's part in it.
pub(super) struct Pulse<'c> {
    crew: &'c Crew<'c>,
    /// The thread that called: it alone speaks.
    first: bool,
    bytes: usize,
    objects: u64,
}

impl std::fmt::Debug for Pulse<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pulse({} objects)", self.objects)
    }
}

impl<'a> Crew<'a> {
    pub(super) fn new(ask: &'a Ask<'a>, words: &'static str, total: u64) -> Self {
        Self { ask, words, total, done: AtomicU64::new(0), stop: AtomicBool::new(false) }
    }

    /// Does `0..count` on all threads, `step` at a time. Each thread has a state of its own, made by `make`; the states
    /// come back. `work` ends early with false when its pulse says so.
    pub(super) fn run<S: Send>(
        &self,
        count: usize,
        step: usize,
        make: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, &mut Pulse<'_>, usize) -> bool + Sync,
    ) -> Result<Vec<S>> {
        let next = AtomicUsize::new(0);
        let one = |first: bool| {
            // Should this thread die, the others stop as well.
            let mut guard = Halt { stop: &self.stop, armed: true };
            let mut state = make();
            let mut pulse = Pulse { crew: self, first, bytes: 0, objects: 0 };
            'all: loop {
                let from = next.fetch_add(step, Relaxed);
                if from >= count {
                    break;
                }
                for n in from..count.min(from + step) {
                    if !work(&mut state, &mut pulse, n) {
                        break 'all;
                    }
                }
            }
            pulse.tell();
            guard.armed = false;
            state
        };
        let threads = hands().min(count.div_ceil(step)).max(1);
        let states = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| one(false))).collect();
            let mut states = vec![one(true)];
            for other in others {
                match other.join() {
                    Ok(state) => states.push(state),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            states
        });
        if self.stop.load(Relaxed) { Err(cancelled()) } else { Ok(states) }
    }
}

impl Pulse<'_> {
    /// One object of so many bytes is done. False: stop.
    #[inline]
    pub(super) fn beat(&mut self, bytes: usize) -> bool {
        self.objects += 1;
        self.go_on(bytes)
    }

    /// The same for work that is no object.
    #[inline]
    pub(super) fn go_on(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes).saturating_add(COST);
        self.bytes < BREATH || self.breathe()
    }

    fn breathe(&mut self) -> bool {
        self.bytes = 0;
        let done = self.tell();
        if (self.crew.ask.cancel)() {
            self.crew.stop.store(true, Relaxed);
        }
        if self.first {
            say(self.crew.ask, self.crew.words, done.min(self.crew.total), self.crew.total);
        }
        // Somebody may be typing on this machine.
        std::thread::yield_now();
        !self.crew.stop.load(Relaxed)
    }

    fn tell(&mut self) -> u64 {
        let objects = std::mem::take(&mut self.objects);
        self.crew.done.fetch_add(objects, Relaxed) + objects
    }
}

struct Halt<'s> {
    stop: &'s AtomicBool,
    armed: bool,
}

impl Drop for Halt<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.stop.store(true, Relaxed);
        }
    }
}

/// How many threads: one processor is left to the person where there are more than two.
pub(in crate::git) fn hands() -> usize {
    // To ask the system takes a dozen files.
    static ALL: OnceLock<usize> = OnceLock::new();
    let all = *ALL.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from));
    if all > 2 { all - 1 } else { all }
}
