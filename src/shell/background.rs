//! Long reads at the back of the queue: a thread of its own for each, of lower priority, and no more of them than the
//! machine has processors. Whoever presses a key meanwhile must not notice them.
//!
//! Must not know: what is read.

use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

/// Steps of `nice`: about a tenth of the share of somebody who waits.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Room for as many as the machine has processors.
#[derive(Debug, Clone)]
pub struct Background(Arc<Semaphore>);

impl Background {
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from))))
    }

    /// Runs `work` when there is room, or at once when it was cancelled: then it has to see that itself. `None`: it
    /// panicked, or there is no thread for it.
    pub async fn run<T: Send + 'static>(
        &self,
        cancel: &CancellationToken,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _room = tokio::select! {
            room = self.0.acquire() => room.ok(),
            () = cancel.cancelled() => None,
        };
        let (done, over) = oneshot::channel();
        // Not one of the runtime's threads: they go on to other work, and a priority once lowered can't be raised.
        let thread = std::thread::Builder::new().name("background".into()).spawn(move || {
            step_back();
            // A receiver that is gone means the program ends.
            let _ = done.send(work());
        });
        thread.ok()?;
        over.await.ok()
    }
}

impl Default for Background {
    fn default() -> Self {
        Self::new()
    }
}

/// Lowers the priority of this thread. On Linux alone: elsewhere the call means the whole process.
fn step_back() {
    #[cfg(target_os = "linux")]
    {
        // Refused, it is only as it was.
        let _ = rustix::process::setpriority_process(None, NICE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_comes_back_and_a_panic_is_none() {
        let (background, cancel) = (Background::new(), CancellationToken::new());
        assert_eq!(background.run(&cancel, || 7).await, Some(7));
        assert_eq!(background.run(&cancel, || assert_eq!(1, 2)).await, None);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn only_the_thread_of_the_work_steps_back() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let there = Background::new().run(&CancellationToken::new(), nice).await.unwrap();
        assert!(there > before, "{there} {before}");
        assert_eq!(nice(), before);
    }

    #[tokio::test]
    async fn what_waits_for_room_can_be_cancelled() {
        let (background, cancel) = (Background(Arc::new(Semaphore::new(0))), CancellationToken::new());
        cancel.cancel();
        assert_eq!(background.run(&cancel, || 7).await, Some(7));
    }
}
