//! The env files of the drill's services, their reload and check scripts, and the look at which key a service runs.
//!
//! Part of the seeding: one of the few places that put key bytes into a file. Must not know: HTTP, traffic.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::repo::fill;
use super::scenario::{Place, Scenario};
use super::state::{Run, State};
use crate::base::fault::Result;
use crate::base::{Fault, Stamp};
use crate::config::Hooks;

/// Largest env file looked at, bytes.
const LARGEST: u64 = 1 << 20;

/// Writes every env file (0600) and its scripts below `dir`, and starts each service once.
pub fn plant(scenario: &Scenario, dir: &Path, key: &str) -> Result<()> {
    for place in &scenario.places {
        let path = dir.join(&place.path);
        let folder = folder(&path);
        std::fs::create_dir_all(folder).map_err(|e| bad(folder, &e))?;
        write(&path, 0o600, fill(&place.text, key).as_bytes())?;
        if place.hooks {
            let (service, file) = (&place.service, file_name(&path));
            write(&folder.join("reload.sh"), 0o700, reload(service, &file).as_bytes())?;
            write(&folder.join("check.sh"), 0o700, check(service, &file).as_bytes())?;
            start(folder)?;
        }
    }
    Ok(())
}

/// What reloads and checks each service, as a user would declare it in the config.
pub fn hooks(scenario: &Scenario, dir: &Path) -> Vec<Hooks> {
    let hooked = scenario.places.iter().filter(|place| place.hooks);
    hooked
        .map(|place| {
            let path = dir.join(&place.path);
            let script = |name: &str| vec!["sh".to_owned(), folder(&path).join(name).display().to_string()];
            Hooks {
                name: Some(place.service.clone()),
                reload: script("reload.sh"),
                check: script("check.sh"),
                timeout_s: 10,
                place: path,
            }
        })
        .collect()
}

/// Notes which key each service runs with, if it was reloaded since the last look. True when something changed.
pub fn look(scenario: &Scenario, dir: &Path, state: &mut State, now: Stamp) -> bool {
    let mut changed = false;
    for place in scenario.places.iter().filter(|place| place.hooks) {
        let path = dir.join(&place.path);
        // A service without a readable mark was never reloaded since: nothing new to note.
        let Ok(mark) = std::fs::read_to_string(folder(&path).join(".running")) else { continue };
        if state.seen.get(&place.service) == Some(&mark) {
            continue;
        }
        let key = holds(&path, state).unwrap_or_default();
        let from = if state.seen.contains_key(&place.service) { now } else { state.start };
        state.seen.insert(place.service.clone(), mark);
        state.runs.push(Run { service: place.service.clone(), key, from });
        changed = true;
    }
    changed
}

/// Id of the key that stands in the file at `path`: the newest, when several do.
pub fn holds(path: &Path, state: &State) -> Option<String> {
    if std::fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    let content = Zeroizing::new(std::fs::read(path).ok()?);
    let newest_first = state.keys.iter().rev();
    newest_first
        .filter(|key| memchr::memmem::find(&content, state.token(key).as_bytes()).is_some())
        .map(|key| key.id.clone())
        .next()
}

fn start(folder: &Path) -> Result<()> {
    let mut reload = Command::new("sh");
    reload.arg("./reload.sh").current_dir(folder).stdin(Stdio::null());
    // What else is in the user's environment is no business of a drill.
    let ran = reload.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).output();
    let why = match ran {
        Ok(out) if out.status.success() => return Ok(()),
        Ok(out) => String::from_utf8_lossy(&out.stderr).trim().to_owned(),
        Err(e) => e.to_string(),
    };
    Err(Fault::machine("a service of the drill did not start", why).hint("the drill needs a POSIX sh and cksum"))
}

/// Notes what it started with; the process of this drill has nothing else to do.
fn reload(service: &str, file: &str) -> String {
    format!(
        "#!/bin/sh\n# DRILL: restarts {service} with the env file as it is now.\n\
         cd \"$(dirname \"$0\")\" || exit 1\nset -e\n\
         cksum < {file} > .running.new\nmv .running.new .running\necho \"{service} restarted\"\n"
    )
}

fn check(service: &str, file: &str) -> String {
    format!(
        "#!/bin/sh\n# DRILL: does {service} run with the env file as it is now?\n\
         cd \"$(dirname \"$0\")\" || exit 1\n\
         if [ \"$(cksum < {file})\" = \"$(cat .running 2>/dev/null)\" ]; then\n\
         \x20 echo \"{service} runs the current {file}\"\nelse\n\
         \x20 echo \"{service} still runs an older {file}\"\n  exit 1\nfi\n"
    )
}

pub(super) fn write(path: &Path, mode: u32, content: &[u8]) -> Result<()> {
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    opened.and_then(|mut file| file.write_all(content)).map_err(|e| bad(path, &e))
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new("."))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn bad(path: &Path, e: &dyn std::fmt::Display) -> Fault {
    Fault::machine(format!("the drill could not write {}", path.display()), e)
}

/// Where each place of the scenario is.
pub fn paths(scenario: &Scenario, dir: &Path) -> Vec<(Place, PathBuf)> {
    scenario.places.iter().map(|place| (place.clone(), dir.join(&place.path))).collect()
}
