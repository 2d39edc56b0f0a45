//! The folder of a world: made with all its files, or found as it was left. None that isn't ours is emptied.
//!
//! Must not know: the server, the clock.

use std::path::{Path, PathBuf};

use super::super::scenario::Scenario;
use super::super::seed::Seed;
use super::super::state::State;
use super::super::{org, places, repo};
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::base::{Fault, Stamp};

/// Marks a folder as ours: only such a one is ever emptied.
const MARK: &str = "THIS-IS-A-DRILL";

/// The folder, made absolute, and the state in it: the one on disk, or a fresh one with all its files.
pub(super) fn prepare(scenario: &Scenario, seed: u64, dir: &Path, start: Stamp) -> Result<(PathBuf, State)> {
    let bad = |e: std::io::Error| Fault::machine(format!("the drill's folder {} can't be used", dir.display()), e);
    make_private(dir).map_err(bad)?;
    let dir = dir.canonicalize().map_err(bad)?;
    if let Some(state) = State::load(&dir)? {
        if state.scenario == scenario.id && state.seed == seed && state.fault_hits.len() == scenario.faults.len() {
            return Ok((dir, state));
        }
        let why = format!("it holds the scenario {} with seed {}", state.scenario, state.seed);
        return Err(Fault::input(format!("{} holds another drill", dir.display()), why).hint("use an empty folder"));
    }
    clear(&dir)?;
    std::fs::write(dir.join(MARK), "Everything in this folder belongs to a drill. No key in it works anywhere.\n")
        .map_err(bad)?;
    let mut state = org::build(scenario, &Seed::new(&scenario.id, seed), start, machine_now());
    let key = state.leaked().map(|key| state.token(key)).unwrap_or_default();
    repo::plant(&scenario.repo, &dir, start, &key)?;
    places::plant(scenario, &dir, &key)?;
    places::look(scenario, &dir, &mut state, start);
    state.save(&dir, start)?;
    Ok((dir, state))
}

fn make_private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Empties a folder in which an earlier setup was interrupted. Refuses one that holds anything and isn't marked as ours.
fn clear(dir: &Path) -> Result<()> {
    let bad = |e: std::io::Error| Fault::machine(format!("the drill's folder {} can't be used", dir.display()), e);
    let inside: Vec<_> = std::fs::read_dir(dir).map_err(bad)?.collect::<std::io::Result<_>>().map_err(bad)?;
    if !inside.is_empty() && !dir.join(MARK).is_file() {
        let why = "it holds files that no drill made";
        return Err(Fault::input(format!("no drill is set up in {}", dir.display()), why).hint("use an empty folder"));
    }
    for entry in inside.iter().filter(|entry| entry.file_name() != MARK) {
        let real_folder = entry.file_type().map_err(bad)?.is_dir();
        let path = entry.path();
        if real_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) }.map_err(bad)?;
    }
    Ok(())
}
