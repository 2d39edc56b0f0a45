//! Finding a planted key: against inflating everything and doing nothing with it, which nobody can beat, against git's
//! own search, and against git reading every object.
//!
//! Must not know: how the engine works.

use std::path::{Path, PathBuf};

use crate::cost::{Cost, RUNS, median, ratio, said, timed};
use crate::plant::{self, How};

/// One line for each repository and way to plant.
pub(crate) fn run(repos: &[PathBuf]) {
    println!("\nfind: seconds (MB of the largest process), median of {RUNS} runs taken in turn");
    println!(
        "{:18} {:>14} {:>14} {:>14} {:>14} | {:>12} {:>12} {:>9}",
        "", "stanch find", "inflate only", "git log -S", "git cat-file", "to inflate", "log -S", "cat-file"
    );
    println!("{:18} {:>59} | {:>12} {:>12}", "goal", "", "<= 1.3", ">= 6");
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
    let runs: [(&[&str], i32); 4] = [
        // It ends with 3: copies are left.
        (&[env!("CARGO_BIN_EXE_stanch"), "find", "--repo", &dir, "--key-file", &key_file, "--json"], 3),
        (&[&me, "--inflate", &objects], 0),
        (&log, 0),
        (&cat, 0),
    ];
    let mut costs: [Vec<Cost>; 4] = Default::default();
    for _ in 0..RUNS {
        for (costs, (args, fine)) in costs.iter_mut().zip(runs) {
            costs.extend(timed(temp.path(), args, fine));
        }
    }
    let [find, inflate, log, cat] = costs.map(median);
    println!(
        "{:18} {:>14} {:>14} {:>14} {:>14} | {:>12} {:>12} {:>9}",
        format!("{} {}", name(repo), how.word()),
        said(find),
        said(inflate),
        said(log),
        said(cat),
        ratio(find, inflate),
        ratio(log, find),
        ratio(cat, find),
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
