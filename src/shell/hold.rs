//! Places to stop or break, in builds with debug assertions only: tests hold a write before or after it is done, kill the
//! process there, and see what a resume makes of it; or break a thread and see what becomes of the screen.
//!
//! Must not know: what is held. `STANCH_HOLD=before:2` holds the second write before it is done, `after:2` after;
//! the file named by `STANCH_HOLD_FILE` appears when it does. `STANCH_PANIC=ui:FILE` panics at the next frame once FILE
//! is there, `worker:FILE` in the next effect, which takes the file away.

use std::sync::atomic::{AtomicU64, Ordering};

use super::journal::Armed;

static WRITES: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// Panics if this thread is to break now.
pub(super) fn break_if_told(who: &str) {
    let Ok(told) = std::env::var("STANCH_PANIC") else { return };
    let file = told.strip_prefix(who).and_then(|rest| rest.strip_prefix(':'));
    let break_now = file.is_some_and(|file| std::fs::remove_file(file).is_ok());
    assert!(!break_now, "the {who} was told to break");
}

pub(super) async fn at(when: &str, armed: &Armed) {
    if armed.id().is_none() {
        return;
    }
    let counter = &WRITES[usize::from(when == "after")];
    let count = counter.fetch_add(1, Ordering::SeqCst) + 1;
    if std::env::var("STANCH_HOLD").is_ok_and(|hold| hold == format!("{when}:{count}")) {
        if let Some(path) = std::env::var_os("STANCH_HOLD_FILE") {
            // A test waits for it; without it there is nothing to wait for.
            let _ = std::fs::write(path, armed.effect().words());
        }
        std::future::pending::<()>().await;
    }
}
