//! Switch and undo: whole after a power cut at any step.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use stanch::effect::git::{GitReply, Standing};
use stanch::git;

use crate::gitrepo::{World, interrupted};

/// A file that was rewritten a moment ago is not as the index remembers it, and `git read-tree -m` refuses such an
/// entry. Several files, of which the index knows stale times, in folders and out of them.
#[test]
fn files_rewritten_a_moment_ago_do_not_stop_the_switch() {
    let world = World::new();
    for path in ["f", "deploy/secret.yaml", "deploy/more/x"] {
        world.write(path, format!("k={}\n", world.key));
    }
    world.commit("leak");
    for path in ["deploy/secret.yaml", "deploy/more/x"] {
        let file = fs::File::options().append(true).open(world.repo.join(path)).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }
    let plan = world.purge();
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert!(String::from_utf8(world.read("deploy/secret.yaml")).unwrap().contains("REMOVED"));
    world.undo(&plan.id);
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert!(String::from_utf8(world.read("deploy/secret.yaml")).unwrap().contains(&world.key));
}

/// Cancelled at each word that is said: an end that is called cancelled changed nothing, and any other is the whole of it.
#[test]
fn a_cancel_at_any_word_leaves_a_switch_undone_or_done() {
    let world = World::new();
    world.old_leak();
    world.write(".git/left", &world.key);
    let (plan, backup, old) = (world.plan(), world.backup(), world.dump());
    let keys = [world.key.as_bytes()];
    let (mut cancelled, mut done) = (0, 0);
    for at in (0..).step_by(2) {
        let said = std::sync::atomic::AtomicUsize::new(0);
        let progress = |_| {
            said.fetch_add(1, Relaxed);
        };
        let cancel = || said.load(Relaxed) > at;
        let ask =
            git::Ask { repo: &world.repo, backup_root: &backup, keys: &keys, cancel: &cancel, progress: &progress };
        if let Err(fault) = git::apply(&ask, &plan.id) {
            assert_eq!((fault.kind, world.dump() == old), (stanch::base::FaultKind::Cancelled, true), "{at}: {fault}");
            cancelled += 1;
            continue;
        }
        done += 1;
        assert_eq!(world.check(&plan.id), Standing::New, "{at}");
        assert!(world.copies(&world.key).is_empty(), "{at}");
        let last = said.load(Relaxed) <= at;
        // An undo moves refs as well.
        said.store(0, Relaxed);
        let cancel = || said.load(Relaxed) > 1;
        git::undo(&git::Ask { cancel: &cancel, ..ask }, &plan.id).unwrap();
        assert!(world.dump() == old, "{at}");
        if last {
            break;
        }
    }
    assert!(cancelled > 3 && done > 3, "{cancelled} {done}");
}

/// A refusal says that nothing was changed; past the first ref that moved nothing may say so.
#[test]
fn what_stops_a_switch_half_way_is_no_refusal() {
    let world = World::new();
    world.old_leak();
    world.git(&["branch", &format!("b-{}", world.key), "HEAD~1"]);
    let (plan, backup, old) = (world.plan(), world.backup(), world.head());
    let progress = |p: stanch::effect::Progress| {
        if p.words == "putting the logs right" {
            fs::remove_dir_all(backup.join(&plan.id)).unwrap();
        }
    };
    let keys = [world.key.as_bytes()];
    let ask = git::Ask { repo: &world.repo, backup_root: &backup, keys: &keys, cancel: &|| false, progress: &progress };
    let fault = git::apply(&ask, &plan.id).unwrap_err();
    assert_ne!(world.head(), old, "{fault}");
    assert_eq!(fault.kind, stanch::base::FaultKind::Machine, "{fault}");
    assert!(fault.hints.iter().any(|hint| hint.contains("check the repository")), "{fault}");
}

// ---- from a plan to its application

/// Applies, and says whether the objects were searched for it.
fn searched(world: &World, plan: &str) -> (stanch::base::fault::Result<GitReply>, bool) {
    let searched = AtomicBool::new(false);
    let backup = world.backup();
    let progress = |p: stanch::effect::Progress| {
        if p.words == "searching objects" {
            searched.store(true, Relaxed);
        }
    };
    let keys = [world.key.as_bytes()];
    let ask = git::Ask { repo: &world.repo, backup_root: &backup, keys: &keys, cancel: &|| false, progress: &progress };
    let reply = git::apply_kept(&ask, plan, &world.memory);
    (reply, searched.load(Relaxed))
}

/// What is done to a repository between plan and application, and whether the plan still holds.
type Change = (&'static str, fn(&World), bool);

const CHANGES: [Change; 12] = [
    ("a loose object", |w| drop(w.pipe(&["hash-object", "-w", "--stdin"], b"new\n")), true),
    ("a pack", |w| drop(w.git(&["repack", "-q", "-a", "-d"])), true),
    ("a setting", |w| drop(w.git(&["config", "core.abbrev", "12"])), true),
    ("a leftover file", |w| w.write(".git/description", "nothing to see\n"), true),
    (
        "a leftover file of the same length and time",
        |w| {
            let path = w.repo.join(".git/COMMIT_EDITMSG");
            let (bytes, time) = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
            fs::write(&path, bytes.iter().rev().copied().collect::<Vec<u8>>()).unwrap();
            fs::File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        },
        true,
    ),
    ("a clean branch", |w| drop(w.git(&["branch", "clean", "HEAD~4"])), true),
    ("an index", |w| drop(w.git(&["update-index", "--index-version", "4"])), true),
    ("an empty log", |w| w.write(".git/logs/refs/heads/none", ""), true),
    (
        "a stash",
        |w| {
            w.write("f", "more");
            w.git(&["stash", "-q"]);
        },
        false,
    ),
    ("a commit", |w| drop(w.commit("more")), false),
    ("a branch on what is rewritten", |w| drop(w.git(&["branch", "other"])), false),
    ("a tracked file", |w| w.write("f", "dirty"), false),
];

#[test]
fn a_plan_is_applied_without_a_second_look() {
    let world = busy();
    let plan = world.plan();
    let (reply, again) = searched(&world, &plan.id);
    assert!(matches!(reply.unwrap(), GitReply::Applied { .. }) && !again);
    world.clean();
    world.undo(&plan.id);
    // It was used up; nothing else stands in for a look.
    let (reply, again) = searched(&world, &plan.id);
    assert!(reply.is_ok() && again);
    world.clean();
}

#[test]
fn what_changed_since_the_plan_is_looked_at() {
    for (what, change, holds) in CHANGES {
        let world = busy();
        let plan = world.plan();
        change(&world);
        let before = world.dump();
        let (reply, again) = searched(&world, &plan.id);
        assert_eq!(reply.is_ok(), holds, "{what}: {reply:?}");
        if holds {
            assert!(again, "{what}");
            world.clean();
        } else {
            assert_eq!(world.dump(), before, "{what}");
        }
    }
}

/// What was planned with one key is not applied with another, nor with another choice.
#[test]
fn a_kept_plan_is_for_its_keys() {
    let world = busy();
    let plan = world.plan();
    let other = format!("{}x", world.key);
    let backup = world.backup();
    let keys = [other.as_bytes()];
    let ask = git::Ask { repo: &world.repo, backup_root: &backup, keys: &keys, cancel: &|| false, progress: &|_| {} };
    let before = world.dump();
    assert!(git::apply_kept(&ask, &plan.id, &world.memory).is_err());
    assert_eq!(world.dump(), before);
}

// ---- power cuts

fn busy() -> World {
    let world = World::new();
    world.old_leak();
    world.leak();
    world.write("sub/x", format!("x={}", world.key));
    world.commit("second file");
    world.git(&["branch", "side", "HEAD~1"]);
    world.git(&["tag", "-a", "-m", "t", "t"]);
    world.write("f", "stashed");
    world.git(&["stash", "-q"]);
    world.write("f", format!("again {}", world.key));
    world.git(&["stash", "-q"]);
    world
}

#[test]
fn a_power_cut_at_any_step_of_a_switch_or_undo_ends_old_or_new() {
    let mut at = 1;
    let mut ends = Vec::new();
    loop {
        let world = busy();
        let before = world.dump();
        let plan = world.plan();
        let cut = interrupted(&world, at, |ask| drop(git::apply(ask, &plan.id)));
        let stands = world.check(&plan.id);
        match stands {
            Standing::Old => assert_eq!(world.dump(), before, "step {at}"),
            Standing::New => world.clean(),
            Standing::Mixed => panic!("step {at}: between old and new"),
        }
        assert!(!world.repo.join(".git/stanch-switch.json").exists());
        ends.push(stands);
        world.apply(&plan.id);
        assert_eq!(world.git(&["stash", "list"]).lines().count(), 2);
        assert_eq!(world.git(&["status", "--porcelain"]), "");
        if cut {
            let cut = interrupted(&world, at, |ask| drop(git::undo(ask, &plan.id)));
            if world.check(&plan.id) == Standing::New {
                assert!(cut);
                world.clean();
                world.undo(&plan.id);
            }
            assert_eq!(world.dump(), before, "undo, step {at}");
        } else {
            break;
        }
        at += 1;
    }
    assert!(ends.contains(&Standing::Old) && ends.contains(&Standing::New) && ends.len() > 8, "{ends:?}");
}

#[test]
fn a_killed_process_is_settled_by_the_next_one() {
    // The child is this very test with the world in its environment.
    if let Ok(path) = std::env::var("STANCH_TEST_REPO") {
        let words = std::env::var("STANCH_TEST_WORDS").unwrap();
        let plan = std::env::var("STANCH_TEST_PLAN").unwrap();
        let repo = std::path::PathBuf::from(path);
        let backup = repo.parent().unwrap().join("backup");
        let key = crate::gitrepo::fake_key();
        let die = |p: stanch::effect::Progress| {
            if p.words == words {
                std::process::abort();
            }
        };
        let ask =
            git::Ask { repo: &repo, backup_root: &backup, keys: &[key.as_bytes()], cancel: &|| false, progress: &die };
        git::apply(&ask, &plan).unwrap();
        return;
    }
    for (words, end) in
        [("backing up", Standing::Old), ("switched refs", Standing::New), ("cleaning leftover files", Standing::New)]
    {
        let world = busy();
        let plan = world.plan();
        let out = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "git_switch::a_killed_process_is_settled_by_the_next_one"])
            .env("STANCH_TEST_REPO", &world.repo)
            .env("STANCH_TEST_WORDS", words)
            .env("STANCH_TEST_PLAN", &plan.id)
            .output()
            .unwrap();
        assert!(!out.status.success(), "{words}: it was to be killed");
        // Locks and half a file, as a killed git leaves them.
        if end == Standing::New {
            fs::write(world.repo.join(".git/index.lock"), "half").unwrap();
            fs::write(world.repo.join(".git/HEAD.lock"), "").unwrap();
            let fault = world.ask(|ask| git::apply(ask, &plan.id)).unwrap_err();
            assert!(fault.to_string().contains("interrupted"), "{fault}");
        }
        assert_eq!(world.check(&plan.id), end, "{words}");
        world.apply(&plan.id);
        world.clean();
        assert_eq!(world.git(&["status", "--porcelain"]), "");
    }
}

/// Killed while the journal was written: nothing says that a switch was under way.
#[test]
fn half_a_journal_goes_with_the_next_check_and_with_the_next_switch() {
    let world = World::new();
    world.old_leak();
    let plan = world.plan();
    let before = world.footprint();
    let half = world.repo.join(".git/.stanch-tmp-Ab12Cd");
    std::fs::write(&half, "{\"plan\":").unwrap();
    assert_eq!(world.check(&plan.id), Standing::Old);
    assert_eq!(world.footprint(), before);
    std::fs::write(&half, "{\"plan\":").unwrap();
    world.apply(&plan.id);
    assert!(!half.exists());
    world.clean();
}

#[test]
fn half_of_the_refs_moved_is_rolled_forward() {
    let world = busy();
    let plan = world.plan();
    assert!(cut_at(&world, &plan.id, "switched refs"));
    // As if the transaction had been cut in its middle.
    let main = plan.refs.iter().find(|m| m.name == "refs/heads/side").unwrap();
    world.git(&["update-ref", "refs/heads/side", &main.old]);
    assert_eq!(world.check(&plan.id), Standing::New);
    world.clean();
}

fn cut_at(world: &World, plan: &str, words: &str) -> bool {
    let backup = world.backup();
    let ask = git::Ask {
        repo: &world.repo,
        backup_root: &backup,
        keys: &[world.key.as_bytes()],
        cancel: &|| false,
        progress: &|p| {
            if p.words == words {
                std::panic::resume_unwind(Box::new("power cut"));
            }
        },
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(git::apply(&ask, plan)))).is_err()
}
