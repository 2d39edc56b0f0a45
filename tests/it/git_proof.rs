//! The proof, and a purge, with a git that fails or hangs where it reads: nothing counts as clean that was not read, and
//! nothing outlives the program. The proof runs in a process of its own, which has another `git` on its path.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use stanch::git;

use crate::gitrepo::World;
use crate::program::executable;

/// Names the repository, to the process that does the work.
const REPO: &str = "STANCH_PROOF_REPO";
/// To plan, not to prove.
const PLAN: &str = "STANCH_PROOF_PLAN";

#[test]
fn the_process_that_proves() {
    let Some(repo) = std::env::var_os(REPO) else { return };
    let world = World::at(PathBuf::from(repo), &World::new());
    if std::env::var_os(PLAN).is_some() {
        return println!("plan: {:?}", world.ask(git::plan).map(|plan| plan.remotes));
    }
    for check in world.prove().checks {
        println!("{}: {}: {}", if check.clean { "clean" } else { "BAD" }, check.what, check.saw);
    }
}

/// A path with a `git` that does what `case` says, and else what the real one, `$real`, does.
fn other_git(world: &World, case: &str) -> OsString {
    let path = std::env::var_os("PATH").unwrap();
    let real = std::env::split_paths(&path).map(|dir| dir.join("git")).find(|git| git.is_file()).unwrap();
    let bin = world.temp().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let text = format!("#!/bin/sh\nreal='{}'\ncase \"$*\" in\n{case}\nesac\nexec \"$real\" \"$@\"\n", real.display());
    executable(&bin.join("git"), text);
    std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&path))).unwrap()
}

/// What the process says, line by line.
fn said(world: &World, case: &str, plan: bool) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", "git_proof::the_process_that_proves"]);
    if plan {
        command.env(PLAN, "1");
    }
    let out = command.env(REPO, &world.repo).env("PATH", other_git(world, case)).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success() && !text.contains(&world.key), "{text}");
    text.lines().map(str::to_owned).collect()
}

fn bad(lines: &[String]) -> Vec<&String> {
    lines.iter().filter(|line| line.starts_with("BAD")).collect()
}

const WELL: &str = "nothing) ;;";
/// How the proof calls git to list all objects, and to read them.
const LISTS: &str = "cat-file --batch-all-objects --unordered --buffer";
const READS: &str = "cat-file --batch --buffer";

#[test]
fn a_large_archive_that_can_not_be_read_again_is_not_clean() {
    let world = World::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gzip.write_all(&vec![b'x'; 17 << 20]).unwrap();
    world.write("large.gz", gzip.finish().unwrap());
    world.commit("large");
    let well = said(&world, WELL, false);
    assert!(well.iter().any(|line| line.starts_with("clean: every object")) && bad(&well).is_empty(), "{well:?}");
    let lines = said(&world, "*'cat-file blob'*) exit 128 ;;", false);
    assert!(
        bad(&lines).iter().any(|line| line.contains("every object") && line.contains("; 1 can't be read: blob ")),
        "{lines:?}"
    );
}

#[test]
fn what_only_the_clone_brings_is_not_clean_unless_it_can_be_read() {
    let world = World::new();
    let head = world.head();
    // All but one object are listed and read out at first; `then` is what becomes of it when it is asked for.
    let case = |then: &str| {
        format!(
            "*'{LISTS}'*) \"$real\" \"$@\" | grep -v ^{head}; exit ;;\n*'{READS}'*) read -r first; \
            [ \"$first\" != {head} ] || {{ {then}; }}; {{ echo \"$first\"; cat; }} | \"$real\" \"$@\"; exit ;;"
        )
    };
    let well = said(&world, &case(":"), false);
    assert!(well.iter().any(|line| line.contains("1 of them read now, none")) && bad(&well).is_empty(), "{well:?}");
    for then in ["exit 128", "cat >/dev/null; exit 0", &format!("echo {head} commit 1; echo x; exit 0")] {
        let lines = said(&world, &case(then), false);
        assert!(bad(&lines).iter().any(|line| line.contains("a fresh clone")), "{then}: {lines:?}");
    }
}

#[test]
fn what_git_lists_must_all_be_read() {
    let world = World::new();
    let head = world.head();
    assert!(bad(&said(&world, WELL, false)).is_empty());
    for case in [
        format!("*'{READS}'*) grep -v {head} | \"$real\" \"$@\"; exit ;;"),
        format!("*'{LISTS}'*) \"$real\" \"$@\"; exit 128 ;;"),
    ] {
        let lines = said(&world, &case, false);
        assert!(bad(&lines).iter().any(|line| line.contains("every object, read out")), "{case}: {lines:?}");
    }
}

#[test]
fn a_branch_of_a_remote_that_can_not_be_read_is_no_branch_without_the_key() {
    let world = World::new();
    world.old_leak();
    world.git_in(world.temp(), &["clone", "-q", "--bare", "work", "server.git"]);
    world.git(&["remote", "add", "origin", "../server.git"]);
    world.git(&["fetch", "-q", "origin"]);
    world.git(&["switch", "-q", "-c", "theirs", "main~2"]);
    world.write("g", "new\n");
    world.commit("theirs");
    world.git(&["push", "-q", "origin", "theirs:theirs"]);
    world.git(&["switch", "-q", "main"]);
    world.git(&["branch", "-qD", "theirs"]);
    world.git(&["update-ref", "-d", "refs/remotes/origin/theirs"]);
    world.git(&["reflog", "expire", "--expire=now", "--all"]);
    let plan = |case: &str| said(&world, case, true).into_iter().find(|line| line.starts_with("plan: ")).unwrap();
    let well = plan(WELL);
    assert!(well.starts_with("plan: Ok") && well.contains("looked_aside: 1"), "{well}");
    let ill = plan("*'--batch --buffer') exit 128 ;;");
    assert!(ill.starts_with("plan: Err") && ill.contains("objects can't be read"), "{ill}");
}

/// Waits for a short while.
fn soon<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(since.elapsed() < Duration::from_mins(1), "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn pid_in(file: &Path) -> Option<Pid> {
    Pid::from_raw(fs::read_to_string(file).ok()?.strip_suffix('\n')?.parse().ok()?)
}

/// A switch runs to its end, and then the command ends, too: what it was asked is not forgotten at the next step.
#[test]
fn a_request_to_end_that_comes_while_refs_move_ends_the_command_after_the_switch() {
    let world = World::new();
    world.old_leak();
    let state = tempfile::tempdir().unwrap();
    let key = state.path().join("key");
    fs::write(&key, &world.key).unwrap();
    let proved = world.temp().join("proved");
    let cases = format!("*update-ref*) kill -TERM $PPID ;; *--filter=blob:none*) : > '{}' ;;", proved.display());
    let path = other_git(&world, &cases);
    let program = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
        command.env("STANCH_STATE_DIR", state.path()).env("STANCH_CONFIG", "/dev/null").arg("purge").args(args);
        command.arg("--repo").arg(&world.repo).arg("--key-file").arg(&key).stdin(Stdio::null());
        command
    };
    let plan = program(&["--plan", "--json"]).output().unwrap();
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    let old = world.git(&["rev-parse", "HEAD"]);
    let yes = format!("--yes={}", plan["phrase"].as_str().unwrap());
    let out = program(&["--apply", &yes]).env("PATH", &path).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(130), "{said}");
    assert!(said.contains("the clean history stands") && said.contains("purge --undo"), "{said}");
    assert!(out.stdout.is_empty() && !proved.exists(), "no proof began");
    assert_ne!(world.git(&["rev-parse", "HEAD"]), old);
    // The state is whole and noted: from here it goes on, or back.
    assert_eq!(program(&["--plan"]).output().unwrap().status.code(), Some(0));
    assert_eq!(program(&["--undo"]).output().unwrap().status.code(), Some(3));
    assert_eq!(world.git(&["rev-parse", "HEAD"]), old);
}

#[test]
fn whatever_asks_the_program_to_end_ends_the_gits_of_its_proof() {
    let world = World::new();
    world.old_leak();
    let state = tempfile::tempdir().unwrap();
    let (key, hangs) = (state.path().join("key"), world.temp().join("hangs"));
    fs::write(&key, &world.key).unwrap();
    let path = other_git(&world, &format!("*--filter=blob:none*) echo $$ > '{}'; exec sleep 120 ;;", hangs.display()));
    let program = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
        command.env("STANCH_STATE_DIR", state.path()).env("STANCH_CONFIG", "/dev/null").arg("purge").args(args);
        command.arg("--repo").arg(&world.repo).arg("--key-file").arg(&key);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let planned = program(&["--plan", "--json"]).output().unwrap();
    let plan: serde_json::Value = serde_json::from_slice(&planned.stdout).unwrap();
    let yes = format!("--yes={}", plan["phrase"].as_str().unwrap());
    let mut codes = Vec::new();
    // Where the tests themselves were started to ignore a hang-up (`nohup`), the program ignores it, too.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map_or("0", str::trim);
    let nohup = u64::from_str_radix(mask, 16).unwrap() & 1 == 1;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP].into_iter().filter(|s| *s != Signal::HUP || !nohup) {
        let child = program(&["--apply", &yes]).env("PATH", &path).spawn().unwrap();
        let git = soon(|| pid_in(&hangs));
        fs::remove_file(&hangs).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let out = child.wait_with_output().unwrap();
        let gone = soon(|| Some(test_kill_process(git).is_err()).filter(|gone| *gone));
        assert!(gone && out.status.code().is_some(), "{signal:?}: {out:?}");
        codes.push(out.status.code());
        assert!(program(&["--undo"]).output().unwrap().status.code() == Some(3));
    }
    assert!(codes.iter().all(|code| *code == Some(130)), "{codes:?}");
}
