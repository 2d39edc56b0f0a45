//! The world outside: what a remote still serves, who brings the old history back, forks, renamed refs, mirrors, and
//! the papers, each run for real.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use stanch::effect::git::{Aftermath, Outside, Papers, PushOutcome, Serves};
use stanch::git;

use crate::gitrepo::{World, walk};
use crate::program::executable;

/// A bare remote with main, side and a tag, all holding the key in their past; the world's clone has fetched it.
fn with_remote() -> (World, PathBuf) {
    let world = World::new();
    world.old_leak();
    world.git(&["branch", "side"]);
    world.git(&["tag", "-a", "-m", "t", "t"]);
    let remote = world.temp().join("remote.git");
    world.git_in(world.temp(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    world.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    world.git(&["push", "-q", "-u", "origin", "main", "side", "t"]);
    world.git(&["fetch", "-q"]);
    (world, remote)
}

fn clone(world: &World, remote: &Path, name: &str) -> PathBuf {
    world.git_in(world.temp(), &["clone", "-q", remote.to_str().unwrap(), name]);
    world.temp().join(name)
}

fn commit_in(world: &World, dir: &Path, file: &str, text: &str) -> String {
    fs::write(dir.join(file), text).unwrap();
    world.git_in(dir, &["add", "-A"]);
    world.git_in(dir, &["commit", "-q", "-m", file]);
    world.git_in(dir, &["rev-parse", "HEAD"])
}

fn after(world: &World, plan: &str) -> Aftermath {
    world.hush(world.ask(|ask| git::after(ask, plan)).unwrap())
}

fn papers(world: &World, plan: &str) -> Papers {
    world.hush(world.ask(|ask| git::papers(ask, plan)).unwrap())
}

fn text<'p>(papers: &'p Papers, name: &str) -> &'p str {
    &papers.papers.iter().find(|p| p.name == name).unwrap().text
}

/// Runs a script as somebody with their own identity would.
fn sh(world: &World, dir: &Path, shell: &str, script: &Path, args: &[&str]) -> Output {
    let git = world.command(dir, &["version"]);
    let mut command = Command::new(shell);
    command.arg(script).args(args).current_dir(dir).stdin(Stdio::null());
    for (name, value) in git.get_envs() {
        command.env(name, value.unwrap());
    }
    command.output().unwrap()
}

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

// ---- after the push

/// Case 61, and the way to its end.
#[test]
fn a_server_that_hands_out_old_ids_is_told_until_it_is_done() {
    let (world, remote) = with_remote();
    world.git_in(&remote, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let plan = world.purge();
    let before = after(&world, &plan.id);
    assert_eq!(before.remotes[0].old, ["refs/heads/main", "refs/heads/side", "refs/tags/t"]);
    world.push(&plan.id);
    let seen = after(&world, &plan.id);
    assert!(seen.remotes[0].old.is_empty() && seen.here.is_empty());
    let first = seen.remotes[0].served.iter().find(|s| s.id == plan.first_changed[0]).unwrap();
    assert_eq!(first.answer, Serves::Yes);
    assert_eq!(seen.outside(), Outside::Seen);
    world.clean();
    world.git_in(&remote, &["reflog", "expire", "--expire=now", "--all"]);
    world.git_in(&remote, &["gc", "-q", "--prune=now"]);
    let gone = after(&world, &plan.id);
    assert!(gone.remotes[0].served.iter().all(|s| s.answer == Serves::No), "{gone:?}");
    assert_eq!(gone.outside(), Outside::Gone);
    assert!(walk(&world.backup()).iter().all(|f| !f.to_string_lossy().contains("look-")), "the room is gone");
}

/// An address that is no absolute path is meant from where the repository lies, whoever asks.
#[test]
fn a_remote_with_a_relative_address_is_asked_and_answers() {
    let (world, remote) = with_remote();
    let relative = format!("../{}", remote.file_name().unwrap().to_str().unwrap());
    assert_eq!(world.repo.parent(), remote.parent());
    world.git(&["remote", "set-url", "origin", &relative]);
    let plan = world.purge();
    world.push(&plan.id);
    let seen = after(&world, &plan.id);
    let asked = &seen.remotes[0];
    assert!(asked.silent.is_none() && !asked.served.is_empty(), "{seen:?}");
    assert!(asked.served.iter().all(|s| s.answer != Serves::Unknown), "{seen:?}");
}

/// Case 60: a clone of before merges and pushes.
#[test]
fn a_stale_clone_that_pushes_is_noticed() {
    let (world, remote) = with_remote();
    let mate = clone(&world, &remote, "mate");
    let plan = world.purge();
    world.push(&plan.id);
    assert!(after(&world, &plan.id).remotes[0].again.is_empty());
    commit_in(&world, &mate, "theirs", "work");
    world.git_in(&mate, &["pull", "-q", "--no-rebase", "--no-edit"]);
    world.git_in(&mate, &["push", "-q"]);
    let seen = after(&world, &plan.id);
    assert_eq!(seen.remotes[0].again, ["refs/heads/main"]);
    assert!(seen.here.is_empty() && seen.came_back.is_empty(), "the look brought nothing here");
    // Fetched, it is here as well, and told.
    world.git(&["fetch", "-q"]);
    let seen = after(&world, &plan.id);
    assert!(seen.here.iter().any(|l| l.starts_with("refs/remotes/origin/main leads to")), "{:?}", seen.here);
    assert!(!seen.came_back.is_empty());
}

/// Case 65: something fetches between the switch and the push.
#[test]
fn a_fetch_between_switch_and_push_is_noticed() {
    let (world, _remote) = with_remote();
    let plan = world.purge();
    world.git(&["fetch", "-q"]);
    assert!(!world.prove().clean(), "the old objects are back");
    let report = world.push(&plan.id);
    assert!(report.refs.iter().all(|r| r.ok), "{:?}", report.refs);
    assert!(!report.came_back.is_empty());
    // The way: plan and apply once more; nothing refers to them, so they are only pruned.
    let plan = world.plan();
    assert!(plan.refusals.is_empty() && plan.refs.is_empty(), "{plan:?}");
    world.apply(&plan.id);
    world.clean();
}

/// Case 62.
#[test]
fn forks_that_share_objects_are_listed() {
    let (world, remote) = with_remote();
    world.git_in(world.temp(), &["clone", "-q", "--bare", "--shared", remote.to_str().unwrap(), "fork.git"]);
    world.git_in(world.temp(), &["clone", "-q", "--bare", "--no-local", remote.to_str().unwrap(), "other.git"]);
    let plan = world.purge();
    world.push(&plan.id);
    let forks = &after(&world, &plan.id).remotes[0].forks;
    assert_eq!(forks.len(), 1, "{forks:?}");
    assert!(forks[0].place.ends_with("fork.git") && forks[0].holds == Some(true), "{forks:?}");
}

// ---- pushing

#[test]
fn pull_requests_are_counted_from_what_the_remote_lists() {
    let (world, remote) = with_remote();
    for (id, name) in [("main", "1/head"), ("main", "1/merge"), ("main~2", "2/head"), ("side", "7/head")] {
        let id = world.git(&["rev-parse", id]);
        world.git_in(&remote, &["update-ref", &format!("refs/pull/{name}"), &id]);
    }
    let mate = clone(&world, &remote, "mate");
    let theirs = commit_in(&world, &mate, "theirs", "work");
    world.git_in(&mate, &["push", "-q", "origin", &format!("{theirs}:refs/pull/9/head")]);
    let plan = world.purge();
    let look = &plan.remotes[0];
    assert_eq!((&look.pull_requests[..], &look.open[..], &look.unknown[..]), (&[1, 7, 9][..], &[1][..], &[][..]));
    world.push(&plan.id);
    assert_eq!(after(&world, &plan.id).remotes[0].pull_requests, [1, 7, 9]);
    let papers = papers(&world, &plan.id);
    let request = text(&papers, "support-request.txt");
    assert!(
        request.contains("Affected pull requests: #1, #7, #9") && request.contains(&plan.first_changed[0]),
        "{request}"
    );
    assert!(!request.contains("NOT YET READY"), "{request}");
}

/// Case 64: work that is not here is seen before anything is touched.
#[test]
fn a_clone_behind_its_remote_is_refused_with_the_way() {
    let (world, remote) = with_remote();
    let mate = clone(&world, &remote, "mate");
    commit_in(&world, &mate, "theirs", "work");
    world.git_in(&mate, &["push", "-q"]);
    let plan = world.plan();
    assert!(
        plan.refusals[0].why.contains("main") && plan.refusals[0].way_forward.contains("git fetch origin"),
        "{plan:?}"
    );
    world.git(&["fetch", "-q"]);
    let plan = world.purge();
    assert!(world.push(&plan.id).refs.iter().all(|r| r.ok));
    assert_eq!(world.git_in(&remote, &["log", "-1", "--format=%s", "main"]), "theirs");
}

/// What is not here is fetched aside: searched, and nothing of ours moves.
#[test]
fn a_branch_that_was_never_fetched_is_looked_into_before_anything_is_rewritten() {
    let (world, remote) = with_remote();
    let mate = clone(&world, &remote, "mate");
    let branch = |name: &str, from: &str, text: &str| {
        world.git_in(&mate, &["switch", "-q", "-c", name, from]);
        commit_in(&world, &mate, name, text);
        world.git_in(&mate, &["push", "-q", "origin", name]);
    };
    // before the leak: clean; the key anew; on the old history.
    branch("clean", "main~2", "work");
    let print = world.footprint();
    let plan = world.plan();
    assert_eq!(world.footprint(), print, "the look left something here");
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    assert_eq!((plan.remotes[0].looked_aside, plan.remotes[0].strange.len()), (1, 0), "{:?}", plan.remotes);
    branch("anew", "main~2", &world.key);
    branch("old", "main", "work");
    let plan = world.plan();
    assert_eq!(plan.remotes[0].strange, ["refs/heads/anew", "refs/heads/old"]);
    let way = &plan.refusals[0].way_forward;
    assert!(way.contains("git fetch origin '+refs/heads/anew:refs/remotes/origin/anew'"), "{way}");
    // The way works.
    world.git(&["fetch", "-q"]);
    let plan = world.purge();
    let report = world.push(&plan.id);
    assert!(report.refs.iter().all(|r| r.ok), "{:?}", report.refs);
    assert!(!world.git_in(&remote, &["log", "-p", "--branches", "--tags"]).contains(&world.key));
    // Others' work that came meanwhile is left alone, and the key in it is noticed.
    branch("later", "clean", "more");
    let report = world.push(&plan.id);
    let later = report.refs.iter().find(|r| r.name == "refs/heads/later").unwrap();
    assert!(later.ok && later.said.contains("neither the old history nor the key"), "{later:?}");
    assert!(after(&world, &plan.id).remotes[0].anew.is_empty());
    branch("again", "clean", &world.key);
    assert_eq!(after(&world, &plan.id).remotes[0].anew, ["refs/heads/again"]);
    let report = world.push(&plan.id);
    assert!(report.refs.iter().any(|r| r.name == "refs/heads/again" && !r.ok), "{:?}", report.refs);
}

/// Case 59, from the other side: a mirror's own setting must not make the push a mirror.
#[test]
fn a_mirror_clone_pushes_ref_by_ref() {
    let (mut world, remote) = with_remote();
    world.git_in(world.temp(), &["clone", "-q", "--mirror", remote.to_str().unwrap(), "mirror.git"]);
    let late = world.git_in(&remote, &["rev-parse", "main~2"]);
    world.git_in(&remote, &["update-ref", "refs/heads/late", &late]);
    world.repo = world.temp().join("mirror.git");
    let plan = world.plan();
    assert!(plan.push_needed && plan.copies.iter().all(|c| c.on_remote), "{plan:?}");
    world.apply(&plan.id);
    let report = world.push(&plan.id);
    assert!(report.refs.iter().all(|r| r.ok), "{:?}", report.refs);
    assert_eq!(world.git_in(&remote, &["rev-parse", "late"]), late, "a ref that was never fetched stays");
    assert!(!world.git_in(&remote, &["log", "-p", "--all"]).contains(&world.key));
}

#[test]
fn a_hook_that_refuses_everything_is_told_per_ref_and_the_rest_can_follow() {
    let (world, remote) = with_remote();
    let plan = world.purge();
    let hook = "#!/bin/sh\nwhile read -r a b ref; do case $ref in refs/heads/main) echo 'main is frozen' >&2; exit 1;; esac; done\n";
    executable(&remote.join("hooks/pre-receive"), hook);
    let report = world.push(&plan.id);
    let of = |name: &str| report.refs.iter().find(|r| r.name == name).unwrap();
    assert_eq!(of("refs/heads/main").outcome, PushOutcome::Protected);
    assert!(of("refs/heads/main").said.contains("main is frozen"), "{}", of("refs/heads/main").said);
    assert!(of("refs/heads/side").ok && of("refs/tags/t").ok, "one hook does not stop the others");
    fs::remove_file(remote.join("hooks/pre-receive")).unwrap();
    let again = world.push(&plan.id);
    assert!(again.refs.iter().all(|r| r.ok), "{:?}", again.refs);
}

#[test]
fn two_remotes_have_a_table_each_and_a_silent_one_is_told() {
    let (world, remote) = with_remote();
    world.git_in(world.temp(), &["clone", "-q", "--bare", remote.to_str().unwrap(), "second.git"]);
    let second = world.temp().join("second.git");
    world.git(&["remote", "add", "second", second.to_str().unwrap()]);
    world.git(&["remote", "add", "away", world.temp().join("nowhere.git").to_str().unwrap()]);
    world.git(&["fetch", "-q", "second"]);
    let plan = world.purge();
    assert!(plan.remotes.iter().any(|r| r.name == "away" && r.silent.is_some()));
    let report = world.push(&plan.id);
    let ok: Vec<&str> = report.refs.iter().filter(|r| r.ok).map(|r| r.name.as_str()).collect();
    assert!(ok.contains(&"origin refs/heads/main") && ok.contains(&"second refs/heads/main"), "{ok:?}");
    assert!(report.refs.iter().any(|r| r.name == "away" && !r.ok), "{:?}", report.refs);
}

/// Case 15's other half: the old name goes from the remote, and never stands in an argument.
#[test]
fn a_branch_named_after_the_key_is_renamed_there_too() {
    let (world, remote) = with_remote();
    let name = format!("k-{}", world.key);
    world.git(&["branch", &name, "main~2"]);
    world.git(&["push", "-q", "origin", &name]);
    world.git(&["fetch", "-q"]);
    let plan = world.purge();
    let report = world.push(&plan.id);
    assert!(report.refs.iter().all(|r| r.ok), "{:?}", report.refs);
    assert!(report.refs.iter().any(|r| r.outcome == PushOutcome::Deleted), "{:?}", report.refs);
    let names = world.git_in(&remote, &["for-each-ref", "--format=%(refname)", "refs/heads"]);
    assert!(!names.contains(&world.key) && names.lines().count() == 3, "{names}");
    world.clean();
    assert!(world.push(&plan.id).refs.iter().all(|r| r.ok));
}

// ---- papers

#[test]
fn a_stale_clone_is_rebased_by_the_script_and_proven_clean() {
    for shell in ["dash", "bash"] {
        if Command::new(shell).arg("-c").arg(":").output().is_err() {
            continue;
        }
        let (world, remote) = with_remote();
        let mate = clone(&world, &remote, "mate");
        let theirs = commit_in(&world, &mate, "theirs", "work");
        world.git_in(&mate, &["branch", "-q", "--track", "side", "origin/side"]);
        world.git_in(&mate, &["switch", "-q", "-c", "topic", "origin/side"]);
        commit_in(&world, &mate, "topic", "more");
        world.git_in(&mate, &["switch", "-q", "main"]);
        let plan = world.purge();
        world.push(&plan.id);
        let papers = papers(&world, &plan.id);
        let script = world.temp().join("colleagues.sh");
        executable(&script, text(&papers, "colleagues.sh"));
        let first = sh(&world, &mate, shell, &script, &[]);
        assert_eq!(first.status.code(), Some(3), "{shell}: {}", said(&first));
        assert!(world.git_in(&mate, &["cat-file", "-t", &theirs]).contains("commit"), "nothing is dropped unseen");
        let drop = sh(&world, &mate, shell, &script, &["--drop"]);
        assert_eq!(drop.status.code(), Some(0), "{shell}: {}", said(&drop));
        let all = world.git_in(&mate, &["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]);
        assert!(!all.contains(&plan.first_changed[0]));
        assert!(!world.git_in(&mate, &["log", "-p", "--all", "-m"]).contains(&world.key));
        assert_eq!(world.git_in(&mate, &["log", "-1", "--format=%s", "main"]), "theirs");
        assert_eq!(world.git_in(&mate, &["log", "-1", "--format=%s", "topic"]), "topic");
        let base = world.git_in(&mate, &["rev-parse", "main~1"]);
        assert_eq!(base, world.git_in(&remote, &["rev-parse", "main"]), "on the exact new base");
        assert_eq!(world.git_in(&mate, &["rev-parse", "side"]), world.git_in(&remote, &["rev-parse", "side"]));
        assert_eq!(world.git_in(&mate, &["rev-parse", "t^{}"]), world.git_in(&remote, &["rev-parse", "t^{}"]));
        // And the push goes through.
        world.git_in(&mate, &["push", "-q", "origin", "main"]);
        assert!(after(&world, &plan.id).remotes[0].again.is_empty());
        assert_eq!(sh(&world, &mate, shell, &script, &[]).status.code(), Some(0), "again: nothing to do");
    }
}

#[test]
fn the_script_refuses_before_it_changes_anything() {
    let (world, remote) = with_remote();
    let mate = clone(&world, &remote, "mate");
    commit_in(&world, &mate, "theirs", "work");
    let plan = world.purge();
    world.push(&plan.id);
    let papers = papers(&world, &plan.id);
    let script = world.temp().join("colleagues.sh");
    executable(&script, text(&papers, "colleagues.sh"));
    let run = || sh(&world, &mate, "sh", &script, &[]);
    let refs = || world.git_in(&mate, &["for-each-ref"]);
    let before = refs();

    fs::write(mate.join("f"), "dirty").unwrap();
    let dirty = run();
    assert!(!dirty.status.success() && said(&dirty).contains("not committed"), "{}", said(&dirty));
    world.git_in(&mate, &["stash", "-q"]);
    let stashed = run();
    assert!(!stashed.status.success() && said(&stashed).contains("stash@{0}"), "{}", said(&stashed));
    world.git_in(&mate, &["stash", "drop", "-q"]);
    assert_eq!(refs(), before);

    // Somebody merged already: never rebased blindly, never merged.
    world.git_in(&mate, &["pull", "-q", "--no-rebase", "--no-edit"]);
    let merged = world.git_in(&mate, &["rev-parse", "main"]);
    let mixed = run();
    assert!(!mixed.status.success() && said(&mixed).contains("both the old and the new"), "{}", said(&mixed));
    assert_eq!(world.git_in(&mate, &["rev-parse", "main"]), merged);
}

#[test]
fn the_hook_keeps_the_old_history_and_the_key_out_and_lets_the_rest_in() {
    let (world, remote) = with_remote();
    let mate = clone(&world, &remote, "mate");
    let plan = world.purge();
    world.push(&plan.id);
    let papers = papers(&world, &plan.id);
    let hook = text(&papers, "ban.sh");
    executable(&remote.join("hooks/pre-receive"), hook);
    let push = |dir: &Path, spec: &str| {
        let out = world.command(dir, &["push", "-q", "--force", "origin", spec]).output().unwrap();
        (out.status.success(), said(&out))
    };

    commit_in(&world, &mate, "theirs", "work");
    let (ok, words) = push(&mate, "main:main");
    assert!(!ok && words.contains("before a leaked key was removed"), "{words}");
    let fresh = clone(&world, &remote, "fresh");
    commit_in(&world, &fresh, "good", "no key here");
    let (ok, words) = push(&fresh, "main:main");
    assert!(ok, "{words}");
    commit_in(&world, &fresh, "bad", &format!("x=\"{}\";\n", world.key));
    let (ok, words) = push(&fresh, "main:again");
    assert!(!ok && words.contains("brings the leaked key back"), "{words}");

    // The same script as a client's pre-push hook, and as a check in CI.
    fs::remove_file(remote.join("hooks/pre-receive")).unwrap();
    executable(&fresh.join(".git/hooks/pre-push"), hook);
    let (ok, words) = push(&fresh, "main:again");
    assert!(!ok && words.contains("brings the leaked key back"), "{words}");
    world.git_in(&fresh, &["reset", "-q", "--hard", "HEAD~"]);
    assert!(push(&fresh, "main:again").0);
    let script = world.temp().join("ban.sh");
    executable(&script, hook);
    assert!(sh(&world, &fresh, "sh", &script, &["check"]).status.success());
    let stale = sh(&world, &mate, "sh", &script, &["check", "main"]);
    assert!(!stale.status.success() && said(&stale).contains(&plan.first_changed[0]), "{}", said(&stale));
}

/// By hashes alone: forms that are always written alike.
#[test]
fn the_hook_sees_the_key_in_other_forms() {
    use base64::Engine as _;
    let (world, remote) = with_remote();
    let plan = world.purge();
    world.push(&plan.id);
    let papers = papers(&world, &plan.id);
    let script = world.temp().join("ban.sh");
    let slow = world.temp().join("slow.sh");
    executable(&script, text(&papers, "ban.sh"));
    executable(&slow, text(&papers, "ban.sh").replace("if perl ", "if no-such-perl "));
    let fresh = clone(&world, &remote, "fresh");
    let base64 = |before: &str| base64::engine::general_purpose::STANDARD.encode(format!("{before}{}:x", world.key));
    let utf16: Vec<u8> = format!("k={}\n", world.key).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex = world.key.bytes().map(|b| format!("{b:02X}")).collect::<Vec<_>>().concat();
    let forms = [base64(""), base64("u"), base64("me"), hex].map(String::into_bytes);
    for (n, form) in forms.into_iter().chain([utf16]).enumerate() {
        fs::write(fresh.join("form"), form).unwrap();
        world.git_in(&fresh, &["add", "-A"]);
        world.git_in(&fresh, &["commit", "-q", "-m", "form"]);
        for script in [&script, &slow] {
            let out = sh(&world, &fresh, "sh", script, &["check", "HEAD", "HEAD~"]);
            assert!(!out.status.success() && said(&out).contains("brings the leaked key back"), "{n} {}", said(&out));
        }
        world.git_in(&fresh, &["reset", "-q", "--hard", "HEAD~"]);
    }
    commit_in(&world, &fresh, "good", "sk-proj-but-not-the-key, and c2stcHJvai1ub3QtaXQ=");
    for script in [&script, &slow] {
        assert!(sh(&world, &fresh, "sh", script, &["check", "HEAD", "HEAD~"]).status.success());
    }
}

/// A machine without perl: the slow way finds the key as well.
#[test]
fn the_hook_works_without_perl() {
    let (world, remote) = with_remote();
    let plan = world.purge();
    world.push(&plan.id);
    let papers = papers(&world, &plan.id);
    let script = world.temp().join("ban.sh");
    executable(&script, text(&papers, "ban.sh").replace("if perl ", "if no-such-perl "));
    let fresh = clone(&world, &remote, "fresh");
    commit_in(&world, &fresh, "good", "sk-proj-but-not-the-key");
    assert!(sh(&world, &fresh, "sh", &script, &["check", "HEAD", "HEAD~"]).status.success());
    commit_in(&world, &fresh, "bad", &format!("(k={}!)", world.key));
    let out = sh(&world, &fresh, "sh", &script, &["check", "HEAD", "HEAD~"]);
    assert!(!out.status.success() && said(&out).contains("brings the leaked key back"), "{}", said(&out));
}

#[test]
fn no_paper_holds_the_key_and_a_short_one_is_not_even_told_by_hash() {
    let (mut world, _remote) = with_remote();
    let plan = world.purge();
    let told = papers(&world, &plan.id);
    let windows = |told: &Papers| {
        text(told, "ban.sh")
            .lines()
            .filter(|l| l.len() > 64 && l.split(' ').nth(1).is_some_and(|d| d.len() == 64))
            .count()
    };
    assert!(windows(&told) >= 6, "{}", text(&told, "ban.sh"));
    let dir = world.temp().join("papers");
    let filed = world.ask(|ask| git::file_papers(ask, &plan.id, &dir)).unwrap();
    assert_eq!(filed.files.len(), told.papers.len());
    for paper in &told.papers {
        let mode = fs::metadata(dir.join(&paper.name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if paper.runs { 0o700 } else { 0o600 }, "{}", paper.name);
    }
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    world.key.truncate(17);
    world.write("short", world.key.clone());
    world.commit("a short key");
    let plan = world.plan();
    let told = papers(&world, &plan.id);
    assert_eq!(windows(&told), 0, "a short key can be guessed");
    assert!(text(&told, "support-request.txt").contains("Keep this letter private"));
}

// ---- proof

#[test]
fn the_proof_looks_into_linked_worktrees_lfs_and_strays() {
    let world = World::new();
    world.git(&["worktree", "add", "-q", "../linked", "-b", "w"]);
    let linked = world.temp().join("linked");
    assert!(world.prove().clean(), "{:#?}", world.prove());
    fs::write(linked.join("f"), &world.key).unwrap();
    let bad = |what: &str| {
        let proof = world.hush(world.prove());
        let lines: Vec<_> = proof.checks.iter().filter(|c| !c.clean).map(|c| c.what.clone()).collect();
        assert!(lines.len() == 1 && lines[0].contains(what), "{lines:?}");
    };
    bad("tracked file of the worktree");
    fs::write(linked.join("f"), "base\n").unwrap();
    fs::create_dir_all(world.repo.join(".git/lfs/objects/aa")).unwrap();
    fs::write(world.repo.join(".git/lfs/objects/aa/x"), &world.key).unwrap();
    bad("LFS");
    fs::remove_dir_all(world.repo.join(".git/lfs")).unwrap();
    fs::write(world.repo.join(".git/worktrees/linked/COMMIT_EDITMSG"), &world.key).unwrap();
    bad("git's own files");
}
