//! The program as a person runs it on such a repository, with a limit on its time, and the traps that are laid.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::gitrepo::World;
use crate::program::executable;

/// Longer than any of these takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) fn command(world: &World, args: &[&str]) -> Command {
    let state = world.temp().join("state");
    std::fs::create_dir_all(&state).unwrap();
    let file = state.join("key");
    std::fs::write(&file, &world.key).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    command
        .env("STANCH_STATE_DIR", &state)
        .env("STANCH_CONFIG", "/dev/null")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(args)
        .arg("--repo")
        .arg(&world.repo)
        .arg("--key-file")
        .arg(file);
    command
}

/// Runs it to its end; one that hangs fails the test.
pub(super) fn ended(mut command: Command) -> Output {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Small answers: no pipe is filled before its reader comes.
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if since.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it hangs: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

pub(super) fn stanch(world: &World, args: &[&str]) -> Output {
    ended(command(world, args))
}

pub(super) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(super) fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(super) fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", out(output), err(output)))
}

/// A program that leaves a trace when it runs.
pub(super) fn evil(world: &World) -> (PathBuf, PathBuf) {
    let (program, trace) = (world.temp().join("evil"), world.temp().join("pwned"));
    executable(&program, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat\n", trace.display()));
    (program, trace)
}

pub(super) fn fifo(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// No byte that a terminal obeys but line feeds, and nothing that turns text around.
pub(super) fn tame(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let bad: Vec<char> = text
        .chars()
        .filter(|c| c.is_control() && !"\n\t".contains(*c) || ('\u{202a}'..='\u{202e}').contains(c))
        .collect();
    assert!(bad.is_empty(), "{bad:?} in {text:?}");
}
