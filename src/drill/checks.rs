//! What a scenario must satisfy before it is played: found when it is read, not in the middle of a drill.
//!
//! Must not know: how it is simulated.

use super::scenario::{CommitSpec, FaultKind, Load, OwnerSpec, Scenario, is_below};
use super::{prices, script};

type Check = Result<(), String>;

/// Usage endpoints whose figures traffic can go to.
pub const ENDPOINTS: [&str; 2] = ["completions", "embeddings"];
/// Most keys in one world: enough for paging, few enough to list at a glance.
const MOST_KEYS: u32 = 500;

/// Why the scenario can't be played, if it can't.
pub(super) fn scenario(s: &Scenario) -> Check {
    word("id", &s.id)?;
    if s.propagation.one_in == 0 {
        return Err("propagation.one_in must be at least 1".into());
    }
    org(s)?;
    money(s)?;
    places(s)?;
    repo(s)?;
    for fault in &s.faults {
        faulty(&fault.on, fault.nth, fault.kind, fault.value)?;
    }
    if s.script.is_empty() { Ok(()) } else { script::check(&s.script).map_err(|why| format!("its script: {why}")) }
}

fn word(what: &str, text: &str) -> Check {
    let fine = !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && text.bytes().any(|b| b.is_ascii_alphanumeric());
    if fine { Ok(()) } else { Err(format!("{what} is {text:?}: letters, digits and - _ . only")) }
}

fn org(s: &Scenario) -> Check {
    if !s.projects.iter().any(|p| p.name == s.key.project) {
        return Err(format!("key.project is {}, and no [[projects]] has that name", s.key.project));
    }
    if s.key.owner == OwnerSpec::User && !s.key.siblings.is_empty() {
        return Err("key.siblings: only a service account's keys die together".into());
    }
    let keys: u64 = s.projects.iter().map(|p| u64::from(p.keys) + u64::from(p.hidden_keys)).sum();
    if keys > u64::from(MOST_KEYS) {
        return Err(format!("its projects hold {keys} keys, at most {MOST_KEYS} are taken"));
    }
    Ok(())
}

fn money(s: &Scenario) -> Check {
    for load in s.attacker.models.iter().chain(&s.production.models) {
        one_load(load)?;
    }
    let real: f64 = s.attacker.models.iter().map(Load::usd_per_minute).sum();
    let told = s.attacker.usd_per_minute;
    if told.is_finite() && (real - told).abs() <= told.abs() * 0.1 + 0.01 {
        Ok(())
    } else {
        Err(format!("attacker.usd_per_minute says {told:.2}, its requests come to {real:.2}"))
    }
}

fn one_load(load: &Load) -> Check {
    if prices::of(&load.model).is_none() {
        let known: Vec<_> = prices::models().collect();
        return Err(format!("the model {} has no price; known: {}", load.model, known.join(", ")));
    }
    if !ENDPOINTS.contains(&load.endpoint.as_str()) {
        return Err(format!("endpoint {} is not one of {}", load.endpoint, ENDPOINTS.join(", ")));
    }
    let (minute, hour) = (load.requests_per_minute, load.requests_per_hour);
    let fine = |rate: f64| rate.is_finite() && (0.0..=100_000.0).contains(&rate);
    if !fine(minute) || !fine(hour) || (minute > 0.0) == (hour > 0.0) {
        return Err(format!("{}: give one of requests_per_minute and requests_per_hour", load.model));
    }
    if load.cached > load.input {
        return Err(format!("{}: cached tokens are part of input, there can't be more", load.model));
    }
    Ok(())
}

fn places(s: &Scenario) -> Check {
    for (i, place) in s.places.iter().enumerate() {
        word("a place's service", &place.service)?;
        if !is_below(&place.path) || !place.path.starts_with("servers/") {
            return Err(format!("place {} must stand below servers/", place.path));
        }
        if place.production && !place.hooks {
            return Err(format!("{} is production: it needs hooks, else nobody can tell what it runs", place.path));
        }
        let folder = |path: &str| path.rsplit_once('/').map(|(dir, _)| dir.to_owned());
        let earlier = s.places.iter().take(i);
        if earlier.clone().any(|p| p.service == place.service || folder(&p.path) == folder(&place.path)) {
            return Err(format!("{}: every place has a service and a folder of its own", place.path));
        }
    }
    if s.production_depends && s.services().next().is_none() {
        return Err("production depends on the key, so some place must be production = true".into());
    }
    Ok(())
}

fn repo(s: &Scenario) -> Check {
    word("repo.name", &s.repo.name)?;
    if ["servers", "origin.git"].contains(&s.repo.name.as_str()) {
        return Err(format!("repo.name {} is taken by the world itself", s.repo.name));
    }
    let mut branches: Vec<&str> = Vec::new();
    let mut last = u32::MAX;
    for commit in &s.repo.commits {
        one_commit(commit, &branches)?;
        if commit.minutes_before > last {
            return Err(format!("commit {:?} is older than the one before it", commit.message));
        }
        last = commit.minutes_before;
        if !branches.contains(&commit.branch.as_str()) {
            branches.push(&commit.branch);
        }
    }
    if !branches.contains(&"main") {
        return Err("the repository needs a commit on main".into());
    }
    match s.repo.unpushed.iter().find(|name| !branches.contains(&name.as_str())) {
        Some(name) => Err(format!("repo.unpushed names {name}, which has no commit")),
        None => s.repo.stash.iter().try_for_each(|file| file_path(&file.path)),
    }
}

fn one_commit(commit: &CommitSpec, branches: &[&str]) -> Check {
    let known = |name: &Option<String>| name.as_ref().is_none_or(|n| branches.contains(&n.as_str()));
    for name in [Some(&commit.branch), commit.tag.as_ref().map(|tag| &tag.name)].into_iter().flatten() {
        name.split('/').try_for_each(|part| word("a branch or tag", part))?;
    }
    if !known(&commit.from) || !known(&commit.merge) {
        return Err(format!("commit {:?} names a branch that has no commit yet", commit.message));
    }
    if !branches.is_empty() && !branches.contains(&commit.branch.as_str()) && commit.from.is_none() {
        return Err(format!("branch {} is new: say where it starts (from)", commit.branch));
    }
    commit.files.iter().map(|f| &f.path).chain(&commit.delete).try_for_each(|path| file_path(path))
}

fn file_path(path: &str) -> Check {
    if !is_below(path) || path.split('/').any(|part| part.eq_ignore_ascii_case(".git")) || path.contains(['"', '\n']) {
        return Err(format!("{path:?} is not a path inside the repository"));
    }
    Ok(())
}

fn faulty(on: &str, nth: u32, kind: FaultKind, value: u32) -> Check {
    let Some((_, path)) = on.split_once(' ') else {
        return Err(format!("fault {on:?}: write METHOD, a blank and a path"));
    };
    if !path.starts_with("/v1/") {
        return Err(format!("fault {on:?}: the path starts with /v1/"));
    }
    if nth == 0 {
        return Err(format!("fault {on:?}: nth counts from 1"));
    }
    let status = matches!(kind, FaultKind::ServerError | FaultKind::EchoKey);
    if status && value != 0 && !(400..600).contains(&value) {
        return Err(format!("fault {on:?}: value is a status from 400 to 599"));
    }
    Ok(())
}
