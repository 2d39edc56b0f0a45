//! The whole of a purge against its peers: from the first look to dropped old objects. The independent proof is timed
//! apart and also counted in.
//!
//! Must not know: how the engine works.

use std::path::{Path, PathBuf};
use std::process::Command;

use stanch::git::{self, Ask};

use crate::cancel;
use crate::cost::{RUNS, median, said, timed};
use crate::plant::{self, How};

/// One table for each repository.
pub(crate) fn run(repos: &[PathBuf]) {
    println!("\npurge, whole run with dropping the old objects: seconds (MB of the largest process), median of {RUNS}");
    println!(
        "{:24} {:>16} {:>16} {:>16} {:>16} {:>9} {:>9} {:>8}",
        "", "stanch", "its proof", "filter-repo", "BFG with gc", "x", "x proven", "size"
    );
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
    std::fs::write(temp.path().join("words"), format!("{key}==>REMOVED\n")).expect("a file");
    let me = std::env::current_exe().expect("this program").to_string_lossy().into_owned();
    let at = |name: &str| temp.path().join(name).to_string_lossy().into_owned();
    let (work, backup, words) = (at("work.git"), at("backup"), at("words"));
    let mut ours = Vec::new();
    let mut proofs = Vec::new();
    let mut size = 0.0;
    for _ in 0..RUNS {
        fresh(&planted, Path::new(&work));
        let _ = std::fs::remove_dir_all(&backup);
        ours.extend(timed(temp.path(), &[&me, "--child", "apply", &work, &backup, &at("key")], 0));
        proofs.extend(timed(temp.path(), &[&me, "--child", "prove", &work, &backup, &at("key")], 0));
        let mine = packed(Path::new(&work));
        plant::git(Path::new(&work), &["gc", "-q", "--prune=now"]);
        size = mine / packed(Path::new(&work));
    }
    let mut peer = Vec::new();
    let mut bfg = Vec::new();
    for _ in 0..RUNS {
        fresh(&planted, Path::new(&work));
        let args = ["--force", "--quiet", "--replace-text", &words, "--replace-message", &words];
        peer.extend(timed(Path::new(&work), &[&["git", "filter-repo"][..], &args].concat(), 0));
        if let Ok(jar) = std::env::var("BFG_JAR") {
            fresh(&planted, Path::new(&work));
            let script = "java -jar \"$1\" --no-blob-protection --replace-text \"$2\" . && \
                git reflog expire --expire=now --all && git gc -q --prune=now";
            bfg.extend(timed(Path::new(&work), &["sh", "-c", script, "sh", &jar, &words], 0));
        }
    }
    let (ours, proof, peer, bfg) = (median(ours), median(proofs), median(peer), median(bfg));
    let ratio = |with: f64| match (ours, peer) {
        (Some(ours), Some(peer)) => format!("{:.1}", peer.seconds / (ours.seconds + with)),
        _ => "-".into(),
    };
    // The repository's name only, never where it lies.
    let name = repo.canonicalize().unwrap_or_default();
    let name = name.components().rev().filter_map(|c| c.as_os_str().to_str()).find(|c| !matches!(*c, "repo" | ".git"));
    println!(
        "{:24} {:>16} {:>16} {:>16} {:>16} {:>9} {:>9} {:>8}",
        format!("{} {}", name.unwrap_or("?"), how.word()),
        said(ours),
        said(proof),
        said(peer),
        said(bfg),
        ratio(0.0),
        ratio(proof.map_or(0.0, |proof| proof.seconds)),
        format!("{:+.1} %", (size - 1.0) * 100.0),
    );
    if how == How::Many {
        println!("{}", cancel::line(&planted, temp.path(), key.as_bytes()));
    }
}

pub(crate) fn fresh(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").args([from, to]).status().expect("cp runs").success());
}

fn packed(repo: &Path) -> f64 {
    let said = plant::git(repo, &["count-objects", "-v"]);
    let size = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    size("size-pack:").unwrap_or_default() + size("size:").unwrap_or_default()
}

/// The program that is timed.
pub(crate) fn child(what: &str, repo: &str, backup: &str, key: &str) {
    let key = std::fs::read(key).expect("the key");
    // With `STANCH_BENCH_STEPS` set, when each step began.
    let since = std::time::Instant::now();
    let last = std::sync::Mutex::new(String::new());
    let steps = |p: stanch::effect::Progress| {
        let mut last = last.lock().expect("one at a time");
        if *last != p.words {
            last.clone_from(&p.words);
            eprintln!("{:7.3} {}", since.elapsed().as_secs_f64(), p.words);
        }
    };
    let silent = |_| {};
    let told = std::env::var_os("STANCH_BENCH_STEPS").is_some();
    let ask = Ask {
        repo: Path::new(repo),
        backup_root: Path::new(backup),
        keys: &[&key],
        cancel: &|| false,
        progress: if told { &steps } else { &silent },
    };
    if what == "prove" {
        assert!(git::prove(&ask).expect("a proof").clean());
        return;
    }
    // As `purge --apply` and the cockpit do it: from the plan to its application in one process.
    let memory = git::Memory::default();
    let plan = git::plan_kept(&ask, stanch::effect::git::Policy::default(), &memory).expect("a plan");
    assert!(!plan.nothing_to_do && plan.refusals.is_empty(), "{:?}", plan.refusals);
    if told {
        eprintln!("{:7.3} planned", since.elapsed().as_secs_f64());
    }
    git::apply_kept(&ask, &plan.id, &memory).expect("applied");
    if told {
        eprintln!("{:7.3} applied", since.elapsed().as_secs_f64());
    }
}
