//! C. State and safety: what the repository is in the middle of, who else writes, what the machine does, and the way back.

mod ends;
mod operations;
mod others;
mod shapes;

use std::fs;
use std::process::Command;

use super::Case;
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    [operations::cases(), others::cases(), shapes::cases(), ends::cases()].into_iter().flatten().collect()
}

/// The program itself, `args` for the repository `at`, `set` in its environment.
fn program(w: &World, args: &[&str], set: &[(&str, &str)]) -> (Option<i32>, String) {
    let key = w.temp().join("key-file");
    fs::write(&key, &w.key).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    command.args(args).arg("--repo").arg(&w.repo).arg("--key-file").arg(&key);
    command.env("STANCH_STATE_DIR", w.temp().join("state/incidents")).env("STANCH_CONFIG", "/dev/null");
    command.envs(set.iter().copied());
    let out = command.output().unwrap();
    (out.status.code(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
}
