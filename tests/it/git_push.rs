//! Pushing the clean history to a remote on this disk: leases, hidden refs, protected branches, colleagues.

use std::fs;

use stanch::base::FaultKind;
use stanch::git;

use crate::gitrepo::World;

// ---- pushing

/// A world with a bare remote that has main, side, a tag and a pull request's hidden ref.
fn with_remote() -> (World, std::path::PathBuf) {
    let world = World::new();
    world.old_leak();
    world.git(&["branch", "side"]);
    world.git(&["tag", "-a", "-m", "t", "t"]);
    let remote = world.temp().join("remote.git");
    world.git_in(world.temp(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    world.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    world.git(&["push", "-q", "origin", "main", "side", "t"]);
    world.git(&["push", "-q", "origin", "main:refs/pull/1/head"]);
    world.git_in(&remote, &["config", "receive.hideRefs", "refs/pull"]);
    world.git(&["fetch", "-q"]);
    (world, remote)
}

#[test]
fn a_push_moves_what_the_remote_has_and_nothing_else() {
    let (world, remote) = with_remote();
    world.write("local", "not pushed yet");
    world.commit("local work");
    world.git(&["branch", "private"]);
    let plan = world.purge();
    assert!(plan.push_needed);
    assert!(plan.copies.iter().any(|c| c.on_remote));
    let before = world.git_in(&remote, &["for-each-ref", "--format=%(refname)"]);
    let report = world.push(&plan.id);
    assert!(report.refs.iter().all(|r| r.ok), "{:?}", report.refs);
    let names: Vec<&str> = report.refs.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["refs/heads/main", "refs/heads/side", "refs/tags/t"]);
    assert_eq!(report.needs_support, ["refs/pull/1/head"]);
    assert_eq!(world.git_in(&remote, &["for-each-ref", "--format=%(refname)"]), before);
    assert_eq!(
        world.git_in(&remote, &["rev-parse", "main"]),
        world.git(&["rev-parse", "main~1"]),
        "local work stays here"
    );
    assert_eq!(world.git(&["rev-parse", "origin/main"]), world.git(&["rev-parse", "main~1"]));
    world.clean();
    let again = world.push(&plan.id);
    assert!(again.refs.iter().all(|r| r.ok && r.said == "clean already"), "{:?}", again.refs);
    let fresh = world.temp().join("fresh");
    world.git_in(world.temp(), &["clone", "-q", remote.to_str().unwrap(), "fresh"]);
    assert!(!world.git_in(&fresh, &["log", "-p", "--all"]).contains(&world.key));
}

#[test]
fn a_colleagues_push_is_not_overwritten() {
    let (world, remote) = with_remote();
    let mate = world.temp().join("mate");
    world.git_in(world.temp(), &["clone", "-q", remote.to_str().unwrap(), "mate"]);
    let plan = world.purge();
    fs::write(mate.join("theirs"), "work").unwrap();
    world.git_in(&mate, &["add", "-A"]);
    world.git_in(&mate, &["commit", "-q", "-m", "theirs"]);
    world.git_in(&mate, &["push", "-q"]);
    let theirs = world.git_in(&remote, &["rev-parse", "main"]);
    let report = world.push(&plan.id);
    let main = report.refs.iter().find(|r| r.name == "refs/heads/main").unwrap();
    assert!(!main.ok && main.said.contains("git fetch"), "{}", main.said);
    assert!(report.refs.iter().any(|r| r.name == "refs/heads/side" && r.ok));
    assert_eq!(world.git_in(&remote, &["rev-parse", "main"]), theirs);
    // The way forward works: fetch, plan, apply, push.
    world.git(&["fetch", "-q"]);
    let plan = world.purge();
    assert!(world.push(&plan.id).refs.iter().all(|r| r.ok));
    assert_eq!(world.git_in(&remote, &["log", "-1", "--format=%s", "main"]), "theirs");
    assert!(!world.git_in(&remote, &["log", "-p", "--branches", "--tags"]).contains(&world.key));
}

#[test]
fn a_protected_branch_is_told_apart_and_can_be_pushed_later() {
    let (world, remote) = with_remote();
    let plan = world.purge();
    world.git_in(&remote, &["config", "receive.denyNonFastForwards", "true"]);
    let report = world.push(&plan.id);
    assert!(report.refs.iter().any(|r| r.name == "refs/heads/main" && !r.ok), "{:?}", report.refs);
    assert!(
        report.refs.iter().any(|r| r.name == "refs/heads/main" && r.said.contains("protection")),
        "{:?}",
        report.refs
    );
    world.git_in(&remote, &["config", "receive.denyNonFastForwards", "false"]);
    assert!(world.push(&plan.id).refs.iter().all(|r| r.ok));
}

#[test]
fn a_push_before_the_switch_or_to_nowhere_is_refused() {
    let (world, remote) = with_remote();
    let plan = world.plan();
    assert_eq!(world.ask(|ask| git::push(ask, &plan.id)).unwrap_err().kind, FaultKind::Refused);
    assert_eq!(world.ask(|ask| git::push(ask, "../../etc")).unwrap_err().kind, FaultKind::Input);
    world.apply(&plan.id);
    fs::rename(&remote, world.temp().join("away")).unwrap();
    let fault = world.ask(|ask| git::push(ask, &plan.id)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unreachable);
    assert!(!fault.hints.is_empty());
}
