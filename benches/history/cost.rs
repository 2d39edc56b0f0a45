//! What a run costs: wall time, and the memory of the largest process.
//!
//! Must not know: what runs.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs of each, of which the median counts.
pub(crate) const RUNS: usize = 3;

/// Seconds of wall time, and MB.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    pub(crate) mb: f64,
}

/// Runs `args` in `dir`. `None` when the program is not there, or ends with other than 0 or `fine`.
pub(crate) fn timed(dir: &Path, args: &[&str], fine: i32) -> Option<Cost> {
    let since = Instant::now();
    let out = Command::new("/usr/bin/time")
        .args(["-q", "-f", "%M"])
        .args(args)
        .current_dir(dir)
        .env("XDG_STATE_HOME", dir.join("state"))
        .stdout(Stdio::null())
        .output()
        .expect("GNU time is at /usr/bin/time");
    // GNU time counts hundredths, too few for a small repository; it adds a millisecond to each.
    let seconds = since.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    if !matches!(out.status.code(), Some(code) if code == 0 || code == fine) {
        eprintln!("{}: {}", args.first()?, text.lines().next().unwrap_or_default());
        return None;
    }
    let kb: f64 = text.lines().last()?.parse().ok()?;
    Some(Cost { seconds, mb: kb / 1024.0 })
}

/// The middle one of several runs.
pub(crate) fn median(mut costs: Vec<Cost>) -> Option<Cost> {
    costs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    costs.get(costs.len() / 2).copied()
}

pub(crate) fn said(cost: Option<Cost>) -> String {
    cost.map_or("-".into(), |cost| format!("{:.3} ({:.0})", cost.seconds, cost.mb))
}

/// `a` over `b`.
pub(crate) fn ratio(a: Option<Cost>, b: Option<Cost>) -> String {
    match (a, b) {
        (Some(a), Some(b)) if b.seconds > 0.0 => format!("{:.2}", a.seconds / b.seconds),
        _ => "-".into(),
    }
}
