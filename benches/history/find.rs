//! Finding a planted key: against inflating everything and doing nothing with it, which nobody can beat, against git's
//! own search, against git reading every object, and against kingfisher, when there is one on the PATH
//! (`pip install kingfisher-bin`). It gets one rule that fits the planted key, none of its own, and neither asks whether
//! the key is valid nor whether there is a newer kingfisher.
//!
//! Must not know: how the engine works.

use std::path::{Path, PathBuf};

use crate::cost::{Cost, RUNS, median, ratio, said, timed};
use crate::plant::{self, How};

/// What kingfisher looks for: keys as `plant` makes them.
const RULE: &str = "rules:
  - name: planted
    id: bench.planted.1
    pattern: '(sk-proj-[A-Za-z0-9]{156})'
    confidence: high
    min_entropy: 0
";

/// One line for each repository and way to plant.
pub(crate) fn run(repos: &[PathBuf]) {
    println!("\nfind: seconds (MB of the largest process), median of {RUNS} runs taken in turn");
    println!(
        "{:18} {:>14} {:>14} {:>14} {:>14} {:>14} | {:>12} {:>12} {:>9} {:>12}",
        "",
        "stanch find",
        "inflate only",
        "git log -S",
        "git cat-file",
        "kingfisher",
        "to inflate",
        "log -S",
        "cat-file",
        "kingfisher"
    );
    println!("{:18} {:>74} | {:>12} {:>12} {:>9} {:>12}", "goal", "", "<= 1.3", ">= 6", "", ">= 3");
    for repo in repos {
        for how in [How::Few, How::Many] {
            row(repo, how);
        }
    }
}

fn row(repo: &Path, how: How) {
    let temp = tempfile::tempdir().expect("a folder");
    let key = plant::key();
    let planted = temp.path().join("planted.git");
    plant::plant(repo, &planted, &key, how);
    std::fs::write(temp.path().join("key"), &key).expect("a file");
    let at = |path: &Path| path.to_string_lossy().into_owned();
    let (dir, key_file, objects) = (at(&planted), at(&temp.path().join("key")), at(&planted.join("objects")));
    let me = at(&std::env::current_exe().expect("this program"));
    let log = ["git", "-C", &dir, "log", "--all", "--oneline", "-S", &key];
    let cat = ["git", "-C", &dir, "cat-file", "--batch-all-objects", "--batch", "--unordered"];
    let rule = at(&temp.path().join("rule.yml"));
    std::fs::write(&rule, RULE).expect("a file");
    let cache = at(&temp.path().join("rules"));
    let mut kingfisher = vec!["kingfisher", "scan", "--rules-path", &rule, "--load-builtins", "false"];
    kingfisher.extend(["--rule", "bench", "--no-validate", "--no-update-check", "--rule-cache-dir", &cache]);
    kingfisher.extend(["--format", "json", &dir]);
    let runs: [(&[&str], i32); 5] = [
        // It ends with 3: copies are left.
        (&[env!("CARGO_BIN_EXE_stanch"), "find", "--repo", &dir, "--key-file", &key_file, "--json"], 3),
        (&[&me, "--inflate", &objects], 0),
        (&log, 0),
        (&cat, 0),
        // It ends with 200: it found something. With 0 it found nothing, and its time says nothing.
        (&kingfisher, 200),
    ];
    let mut costs: [Vec<Cost>; 5] = Default::default();
    for _ in 0..RUNS {
        for (costs, (args, fine)) in costs.iter_mut().zip(runs) {
            costs.extend(timed(temp.path(), args, fine));
        }
    }
    let [find, inflate, log, cat, kingfisher] = costs.map(median);
    println!(
        "{:18} {:>14} {:>14} {:>14} {:>14} {:>14} | {:>12} {:>12} {:>9} {:>12}",
        format!("{} {}", name(repo), how.word()),
        said(find),
        said(inflate),
        said(log),
        said(cat),
        said(kingfisher),
        ratio(find, inflate),
        ratio(log, find),
        ratio(cat, find),
        ratio(kingfisher, find),
    );
}

/// The repository's name only, never where it lies.
fn name(repo: &Path) -> String {
    let names = repo.components().rev().filter_map(|c| c.as_os_str().to_str());
    names.map(|n| n.trim_end_matches(".git")).find(|n| !n.is_empty() && *n != "repo").unwrap_or("?").to_owned()
}

/// The limit, as a process of its own.
pub(crate) fn inflate(objects: &str) {
    stanch::git::inflate_all(Path::new(objects)).expect("all packs can be read");
}
