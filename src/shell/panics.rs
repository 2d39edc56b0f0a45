//! What a panic may do to the screen: one on the thread that draws gives the terminal back and says what happened; one
//! on any other thread is kept for the log and the screen stays.
//!
//! Must not know: what secrets are. The text goes through the scrubber it was given before anybody sees it.

use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

/// Kept messages beyond this are dropped: a worker that panics in a loop must not fill memory.
const KEPT: usize = 32;

/// A handle on the hook; clones are the same.
#[derive(Clone)]
pub struct Panics(Arc<Inner>);

struct Inner {
    scrub: Mutex<Scrub>,
    screen: Mutex<Option<Drawing>>,
    kept: Mutex<Vec<String>>,
}

type Scrub = Box<dyn Fn(&str) -> String + Send + Sync>;

/// Who draws, and how to give the terminal back.
struct Drawing {
    thread: ThreadId,
    restore: Box<dyn FnOnce() + Send>,
}

impl std::fmt::Debug for Panics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Panics")
    }
}

impl Panics {
    /// Replaces the process's panic hook, once, first thing in `main`: without a screen too, a panic's text is
    /// scrubbed before it is printed. The interface must be driven on the thread that enters the screen (the future of
    /// `block_on`, on a runtime with worker threads), or its own panics look like a worker's.
    pub fn install(scrub: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let inner = Inner { scrub: Mutex::new(Box::new(scrub)), screen: Mutex::default(), kept: Mutex::default() };
        let panics = Self(Arc::new(inner));
        let hook = panics.clone();
        std::panic::set_hook(Box::new(move |info| hook.on_panic(info)));
        panics
    }

    /// From now on texts go through `scrub`: an incident's vault knows what must not be seen.
    pub fn scrub_with(&self, scrub: impl Fn(&str) -> String + Send + Sync + 'static) {
        *lock(&self.0.scrub) = Box::new(scrub);
    }

    /// What other threads panicked about since the last call, scrubbed, oldest first.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0.kept))
    }

    /// From now on the calling thread draws; `restore` gives the terminal back if it panics.
    pub(super) fn watch(&self, restore: impl FnOnce() + Send + 'static) {
        let drawing = Drawing { thread: std::thread::current().id(), restore: Box::new(restore) };
        *lock(&self.0.screen) = Some(drawing);
    }

    /// Nobody draws any more.
    pub(super) fn unwatch(&self) {
        *lock(&self.0.screen) = None;
    }

    fn on_panic(&self, info: &PanicHookInfo<'_>) {
        let words = lock(&self.0.scrub)(&words(info));
        let mut screen = lock(&self.0.screen);
        match screen.take_if(|drawing| drawing.thread == std::thread::current().id()) {
            Some(drawing) => (drawing.restore)(),
            None if screen.is_some() => {
                let mut kept = lock(&self.0.kept);
                if kept.len() < KEPT {
                    kept.push(words);
                }
                return;
            }
            None => {}
        }
        drop(screen);
        // stderr may be closed by now: there is nobody left to tell
        let _ = writeln!(
            std::io::stderr(),
            "{words}\nThis is a bug. What was journaled is safe: `stanch resume` goes on from there."
        );
    }
}

fn words(info: &PanicHookInfo<'_>) -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("unnamed");
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    format!("stanch broke at {place} (thread {name}): {}", info.payload_as_str().unwrap_or("no words"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
