//! How long a cancel takes: each operation is cancelled at many instants of its way, and timed until it returns. Once a
//! switch has begun it runs to its end; what comes after that is left out.
//!
//! Must not know: how the engine works.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use stanch::git::{self, Ask};

use crate::purge::fresh;

/// Instants of each operation.
const INSTANTS: u32 = 40;
const OPERATIONS: [&str; 4] = ["find", "plan", "apply", "prove"];

/// How it went.
struct Went {
    whole: Duration,
    /// When refs began to move.
    switched: Option<Duration>,
    words: String,
}

/// One line: the longest wait of each operation, and during which step. `planted` holds the key and is not changed.
pub(crate) fn line(planted: &Path, folder: &Path, key: &[u8]) -> String {
    let (repo, backup) = (folder.join("cancelled.git"), folder.join("cancelled"));
    let mut told = Vec::new();
    for what in OPERATIONS {
        let anew = || {
            let _ = std::fs::remove_dir_all(&backup);
            fresh(planted, &repo);
        };
        anew();
        let whole = run(what, &repo, &backup, key, Duration::MAX).whole;
        anew();
        let mut worst = (Duration::ZERO, String::new());
        for n in 0..INSTANTS {
            let at = whole * n / INSTANTS;
            let went = run(what, &repo, &backup, key, at);
            if went.switched.is_some() {
                anew();
            }
            if went.switched.is_none_or(|switched| switched > at) {
                worst = worst.max((went.whole.saturating_sub(at), went.words));
            }
        }
        told.push(format!("{what} {} ms ({})", worst.0.as_millis(), worst.1));
    }
    let _ = std::fs::remove_dir_all(&repo);
    format!("cancel, longest of {INSTANTS} instants each; goal: at most 200 ms: {}", told.join(", "))
}

fn run(what: &str, repo: &Path, backup: &Path, key: &[u8], at: Duration) -> Went {
    let quiet = Ask { repo, backup_root: backup, keys: &[key], cancel: &|| false, progress: &|_| {} };
    let plan = (what == "apply").then(|| git::plan(&quiet).expect("a plan").id);
    let since = Instant::now();
    let seen = Mutex::new((None, String::new()));
    let progress = |p: stanch::effect::Progress| {
        let mut seen = seen.lock().expect("one at a time");
        if p.words == "switching" {
            seen.0.get_or_insert(since.elapsed());
        }
        if since.elapsed() < at || seen.1.is_empty() {
            seen.1 = p.words;
        }
    };
    let ask = Ask { cancel: &|| since.elapsed() >= at, progress: &progress, ..quiet };
    // A fault is what a cancel is for; the time counts.
    match (what, plan) {
        ("find", _) => drop(git::find(&ask)),
        ("prove", _) => drop(git::prove(&ask)),
        ("apply", Some(plan)) => drop(git::apply(&ask, &plan)),
        _ => drop(git::plan(&ask)),
    }
    let whole = since.elapsed();
    let (switched, words) = seen.into_inner().expect("one at a time");
    Went { whole, switched, words }
}
