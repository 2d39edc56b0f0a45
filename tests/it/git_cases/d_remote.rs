//! D. Remote: a bare repository on this disk stands for the forge.

use std::fs;
use std::path::PathBuf;

use stanch::base::FaultKind;
use stanch::effect::git::{PushReport, Serves};
use stanch::git;

use super::Expect::Course;
use super::{Case, MARK, case, oracle};
use crate::gitrepo::World;
use crate::program::executable;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            56,
            "hidden refs of pull requests: told, not an error, not atomic over them",
            Course(|| {
                let (w, remote) = with_remote();
                let plan = w.purge();
                let before = w.git_in(&remote, &["for-each-ref", "--format=%(refname)"]);
                let report = w.push(&plan.id);
                assert!(pushed(&w, &report), "{:?}", report.refs);
                assert_eq!(report.needs_support, ["refs/pull/1/head"]);
                assert_eq!(w.git_in(&remote, &["for-each-ref", "--format=%(refname)"]), before);
                let fresh = w.temp().join("fresh");
                w.git_in(w.temp(), &["clone", "-q", remote.to_str().unwrap(), "fresh"]);
                assert!(!w.git_in(&fresh, &["log", "-p", "--all"]).contains(&w.key));
                w.clean();
                "pushed: 3 refs, 1 for support".into()
            }),
        ),
        case(57, "a colleague pushed after the scan: not overwritten, not lost", Course(stale_lease)),
        case(
            58,
            "a protected branch: told apart, can be pushed later",
            Course(|| {
                let (w, remote) = with_remote();
                let plan = w.purge();
                w.git_in(&remote, &["config", "receive.denyNonFastForwards", "true"]);
                let report = w.push(&plan.id);
                let main = |r: &PushReport| r.refs.iter().find(|r| r.name == "refs/heads/main").cloned().unwrap();
                assert!(!main(&report).ok && main(&report).said.contains("protection"), "{:?}", report.refs);
                w.git_in(&remote, &["config", "receive.denyNonFastForwards", "false"]);
                assert!(pushed(&w, &w.push(&plan.id)));
                "partial, then pushed: the rest".into()
            }),
        ),
        case(
            58,
            "a pre-receive hook that rejects one branch",
            Course(|| {
                let (w, remote) = with_remote();
                let plan = w.purge();
                let hook = remote.join("hooks/pre-receive");
                fs::create_dir_all(remote.join("hooks")).unwrap();
                executable(
                    &hook,
                    "#!/bin/sh\nwhile read old new ref; do case $ref in */side) echo side is frozen >&2; exit 1;; esac; done\n",
                );
                let report = w.push(&plan.id);
                let of = |name: &str| report.refs.iter().find(|r| r.name == name).unwrap().clone();
                assert!(
                    !of("refs/heads/side").ok && of("refs/heads/main").ok && of("refs/tags/t").ok,
                    "{:?}",
                    report.refs
                );
                fs::remove_file(&hook).unwrap();
                assert!(pushed(&w, &w.push(&plan.id)));
                "partial, then pushed: the rest".into()
            }),
        ),
        case(
            59,
            "no ref the remote does not have, no refs/remotes, none deleted",
            Course(|| {
                let (w, remote) = with_remote();
                w.git(&["push", "-q", "origin", "main~2:refs/heads/theirs"]);
                w.git(&["update-ref", "-d", "refs/remotes/origin/theirs"]);
                w.write("local", "not pushed yet");
                w.commit("local work");
                w.git(&["branch", "private"]);
                let plan = w.purge();
                assert!(plan.push_needed && plan.copies.iter().any(|c| c.on_remote));
                let before = w.git_in(&remote, &["for-each-ref", "--format=%(refname)"]);
                assert!(pushed(&w, &w.push(&plan.id)));
                assert_eq!(w.git_in(&remote, &["for-each-ref", "--format=%(refname)"]), before);
                assert_eq!(
                    w.git_in(&remote, &["rev-parse", "main"]),
                    w.git(&["rev-parse", "main~1"]),
                    "local work stays here"
                );
                assert_eq!(w.git(&["rev-parse", "origin/main"]), w.git(&["rev-parse", "main~1"]));
                let again = w.push(&plan.id);
                assert!(again.refs.iter().all(|r| r.ok && r.said == "clean already"), "{:?}", again.refs);
                "pushed: what the remote has, nothing else".into()
            }),
        ),
        case(
            15,
            "a branch whose name holds the key, pushed: there under its new name, the old name deleted",
            Course(|| {
                let (w, remote) = with_remote();
                w.git(&["branch", &format!("k-{}", w.key), "main~2"]);
                w.git(&["push", "-q", "origin", &format!("k-{}", w.key)]);
                let plan = w.purge();
                assert!(pushed(&w, &w.push(&plan.id)));
                let listed = w.git_in(&remote, &["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
                assert_eq!(listed, format!("k-{MARK}\nmain\nside"));
                "pushed under the new name; the old one is gone".into()
            }),
        ),
        case(
            63,
            "before the switch, to nowhere, to a remote that is away",
            Course(|| {
                let (w, remote) = with_remote();
                let plan = w.plan();
                assert_eq!(w.ask(|ask| git::push(ask, &plan.id)).unwrap_err().kind, FaultKind::Refused);
                assert_eq!(w.ask(|ask| git::push(ask, "../../etc")).unwrap_err().kind, FaultKind::Input);
                w.apply(&plan.id);
                fs::rename(&remote, w.temp().join("away")).unwrap();
                let fault = w.ask(|ask| git::push(ask, &plan.id)).unwrap_err();
                assert_eq!(fault.kind, FaultKind::Unreachable);
                assert!(!fault.hints.is_empty());
                "refused: nothing to push, unreachable".into()
            }),
        ),
        case(
            64,
            "the remote has commits that are not here: fetch first",
            Course(|| {
                let (w, remote) = with_remote();
                let theirs = push_theirs(&w, &remote);
                let plan = w.plan();
                let refusal = plan.refusals.first().unwrap();
                assert!(refusal.way_forward.contains("git fetch origin"), "{refusal:?}");
                assert_eq!(w.git_in(&remote, &["rev-parse", "main"]), theirs);
                w.git(&["fetch", "-q"]);
                let plan = w.purge();
                assert!(pushed(&w, &w.push(&plan.id)));
                assert_eq!(w.git_in(&remote, &["log", "-1", "--format=%s", "main"]), "theirs");
                "refused: `git fetch` first; then pushed with their work".into()
            }),
        ),
        case(60, "a clone of before merges and pushes: noticed there, nothing fetched here", Course(stale_clone)),
        case(61, "the server hands out old commits by id: told until it is done", Course(still_served)),
        case(
            62,
            "a fork that shares the remote's objects is listed as a copy of its own",
            Course(|| {
                let (w, remote) = with_remote();
                w.git_in(w.temp(), &["clone", "-q", "--bare", "--shared", remote.to_str().unwrap(), "fork.git"]);
                let plan = w.purge();
                assert!(pushed(&w, &w.push(&plan.id)));
                let forks = after(&w, &plan.id).remotes[0].forks.clone();
                assert!(forks.len() == 1 && forks[0].place.ends_with("fork.git"), "{forks:?}");
                assert_eq!(forks[0].holds, Some(true));
                "listed: 1 fork that holds it".into()
            }),
        ),
        case(
            65,
            "a fetch between switch and push brings the old objects back",
            Course(|| {
                let (w, _remote) = with_remote();
                let plan = w.purge();
                w.git(&["fetch", "-q"]);
                let report = w.push(&plan.id);
                assert!(pushed(&w, &report) && !report.came_back.is_empty(), "{report:?}");
                let plan = w.purge();
                assert!(plan.refs.is_empty(), "only a prune is left: {:?}", plan.refs);
                "told after the push; purged again without a ref: clean".into()
            }),
        ),
    ]
}

fn after(w: &World, plan: &str) -> stanch::effect::git::Aftermath {
    w.hush(w.ask(|ask| git::after(ask, plan)).unwrap())
}

fn stale_clone() -> String {
    let (w, remote) = with_remote();
    let mate = w.temp().join("mate");
    w.git_in(w.temp(), &["clone", "-q", remote.to_str().unwrap(), "mate"]);
    fs::write(mate.join("theirs"), "work").unwrap();
    w.git_in(&mate, &["add", "-A"]);
    w.git_in(&mate, &["commit", "-q", "-m", "theirs"]);
    let plan = w.purge();
    assert!(pushed(&w, &w.push(&plan.id)));
    assert!(after(&w, &plan.id).remotes[0].again.is_empty());
    w.git_in(&mate, &["pull", "-q", "--no-rebase", "--no-edit"]);
    w.git_in(&mate, &["push", "-q"]);
    let seen = after(&w, &plan.id);
    assert_eq!(seen.remotes[0].again, ["refs/heads/main"]);
    w.clean();
    // Put right, and with the hook of our papers it can't happen again.
    w.git_in(&remote, &["fetch", "-q", w.repo.to_str().unwrap(), "+main:main"]);
    let papers = w.ask(|ask| git::papers(ask, &plan.id)).unwrap().papers;
    let hook = remote.join("hooks/pre-receive");
    fs::create_dir_all(remote.join("hooks")).unwrap();
    executable(&hook, &papers.iter().find(|paper| paper.name == "ban.sh").unwrap().text);
    assert!(!w.command(&mate, &["push", "-q"]).status().unwrap().success());
    assert!(after(&w, &plan.id).remotes[0].again.is_empty());
    oracle::clean_there(&w, &remote);
    "noticed; with the hook put up, rejected".into()
}

fn still_served() -> String {
    let (w, remote) = with_remote();
    w.git_in(&remote, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let plan = w.purge();
    assert!(pushed(&w, &w.push(&plan.id)));
    let served = |yes| after(&w, &plan.id).remotes[0].served.iter().any(|s| (s.answer == Serves::Yes) == yes);
    assert!(served(true));
    w.git_in(&remote, &["update-ref", "-d", "refs/pull/1/head"]);
    w.git_in(&remote, &["gc", "-q", "--prune=now"]);
    assert!(served(false) && !served(true));
    w.clean();
    "served; after the host's gc: gone".into()
}

/// Every ref arrived, the remote is whole, and what its branches and tags lead to is clean, by git's own word.
fn pushed(w: &World, report: &PushReport) -> bool {
    let all = !report.refs.is_empty() && report.refs.iter().all(|r| r.ok);
    if all {
        oracle::clean_there(w, &w.temp().join("remote.git"));
    }
    all
}

/// A world with a bare remote that has main, side, a tag and a pull request's hidden ref.
fn with_remote() -> (World, PathBuf) {
    let w = World::new();
    w.old_leak();
    w.git(&["branch", "side"]);
    w.git(&["tag", "-a", "-m", "t", "t"]);
    let remote = w.temp().join("remote.git");
    w.git_in(w.temp(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    w.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    w.git(&["push", "-q", "origin", "main", "side", "t"]);
    w.git(&["push", "-q", "origin", "main:refs/pull/1/head"]);
    w.git_in(&remote, &["config", "receive.hideRefs", "refs/pull"]);
    w.git(&["fetch", "-q"]);
    (w, remote)
}

/// A colleague's commit on the remote's main.
fn push_theirs(w: &World, remote: &std::path::Path) -> String {
    let mate = w.temp().join("mate");
    w.git_in(w.temp(), &["clone", "-q", remote.to_str().unwrap(), "mate"]);
    fs::write(mate.join("theirs"), "work").unwrap();
    w.git_in(&mate, &["add", "-A"]);
    w.git_in(&mate, &["commit", "-q", "-m", "theirs"]);
    w.git_in(&mate, &["push", "-q"]);
    w.git_in(remote, &["rev-parse", "main"])
}

fn stale_lease() -> String {
    let (w, remote) = with_remote();
    let plan = w.purge();
    let theirs = push_theirs(&w, &remote);
    let report = w.push(&plan.id);
    let main = report.refs.iter().find(|r| r.name == "refs/heads/main").unwrap();
    assert!(!main.ok && main.said.contains("git fetch"), "{}", main.said);
    assert!(report.refs.iter().any(|r| r.name == "refs/heads/side" && r.ok));
    assert_eq!(w.git_in(&remote, &["rev-parse", "main"]), theirs);
    // The way forward works: fetch, plan, apply, push.
    w.git(&["fetch", "-q"]);
    let plan = w.purge();
    assert!(pushed(&w, &w.push(&plan.id)));
    assert_eq!(w.git_in(&remote, &["log", "-1", "--format=%s", "main"]), "theirs");
    assert!(!w.git_in(&remote, &["log", "-p", "--branches", "--tags"]).contains(&w.key));
    "refused for that ref; fetched and purged again: pushed".into()
}
