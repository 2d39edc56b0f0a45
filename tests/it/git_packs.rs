//! The exchange of packs: what lies beside them, what others do at the same time, what is left out.

use std::fs;

use stanch::effect::git::{GitReply, Standing};
use stanch::git::{self, Ask};

use crate::gitrepo::{World, walk};

/// Applies `plan` and calls `act` once when it says `words`.
fn meanwhile(world: &World, plan: &str, words: &str, act: &(dyn Fn() + Sync)) -> stanch::base::fault::Result<GitReply> {
    let (backup, acted) = (world.backup(), std::sync::Mutex::new(false));
    let progress = |p: stanch::effect::Progress| {
        if p.words == words && !std::mem::replace(&mut *acted.lock().unwrap(), true) {
            act();
        }
    };
    let keys = [world.key.as_bytes()];
    let ask = Ask { repo: &world.repo, backup_root: &backup, keys: &keys, cancel: &|| false, progress: &progress };
    let reply = git::apply(&ask, plan);
    assert!(acted.into_inner().unwrap(), "it never said {words:?}");
    reply
}

fn several_packs() -> World {
    let world = World::new();
    world.old_leak();
    world.git(&["repack", "-q", "-a", "-d"]);
    world.write("g", format!("two {}\n", world.key));
    world.commit("two");
    world.git(&["repack", "-q", "-d"]);
    world.write("h", "three\n");
    world.commit("three");
    world
}

/// Git compresses them, finds that it does not help, and stores blocks of up to 64 KB as they are.
#[test]
fn loose_files_that_can_not_be_compressed_are_no_damage() {
    let world = World::new();
    world.old_leak();
    let noise = |bytes: usize, mut seed: u64| -> Vec<u8> {
        let next = |_| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed.to_le_bytes()[3]
        };
        (0..bytes).map(next).collect()
    };
    let (small, large) = (noise(20_000, 7), noise(300_000, 9));
    world.write("small.bin", &small);
    world.write("large.bin", &large);
    world.write("dirty.bin", [&large[..], b"\0", world.key.as_bytes(), &small].concat());
    world.commit("pictures");
    world.purge();
    assert!(world.read("small.bin") == small && world.read("large.bin") == large);
}

#[test]
fn many_versions_of_a_file_are_each_what_they_were_without_the_key() {
    let world = World::new();
    // Text, text that is too long to wait for in memory, and what is no text.
    let version = |n: usize, key: &str| match n {
        40 => format!("version {n} {key}\n{}", "long\n".repeat(300_000)),
        _ if n.is_multiple_of(7) => format!("version {n} {key}\0\n"),
        _ => format!("version {n}\n{key} and {key}\n"),
    };
    let commit = |n: usize| {
        let (time, text) = (1_700_000_000 + n, version(n, &world.key));
        let from = if n == 0 { "from refs/heads/main^0\n" } else { "" };
        format!(
            "commit refs/heads/main\ncommitter Ann <ann@example.com> {time} +0000\ndata 0\n{from}\
            M 100644 inline many\ndata {}\n{text}\n",
            text.len()
        )
    };
    let stream = (0..300).map(commit).collect::<Vec<_>>().concat();
    world.pipe(&["fast-import", "--quiet"], stream.as_bytes());
    world.git(&["reset", "-q", "--hard"]);
    let plan = world.plan();
    world.apply(&plan.id);
    world.clean();
    let asked = (0..300).map(|n| format!("main~{}:many\n", 299 - n)).collect::<Vec<_>>().concat();
    let ids = world.pipe(&["cat-file", "--batch-check=%(objectname) %(objectsize)"], asked.as_bytes());
    assert_eq!(ids.lines().count(), 300);
    for (n, line) in ids.lines().enumerate() {
        if n.is_multiple_of(7) {
            assert!(line.ends_with(&format!(" {}", version(n, &world.key).len())), "{n}: {line}");
        } else {
            let wanted = version(n, "REMOVED-BY-STANCH");
            let id = git2::Oid::hash_object(git2::ObjectType::Blob, wanted.as_bytes()).unwrap();
            assert_eq!(line, format!("{id} {}", wanted.len()), "{n}");
        }
    }
}

#[test]
fn what_lies_beside_packs_stays_valid_and_comes_back() {
    let world = several_packs();
    world.git(&["repack", "-q", "-d"]);
    world.git(&["multi-pack-index", "write", "--bitmap"]);
    world.git(&["commit-graph", "write", "--reachable", "--split"]);
    world.git(&["update-server-info"]);
    world.pipe(&["hash-object", "-w", "--stdin"], b"nobody needs this");
    let lies = || walk(&world.repo.join(".git/objects"));
    let before = (lies(), world.dump());
    let plan = world.plan();
    let GitReply::Applied { dropped, .. } = world.apply(&plan.id) else { panic!() };
    assert_eq!(dropped, 1);
    world.clean();
    let packs = lies().into_iter().filter(|f| f.extension().is_some_and(|e| e == "pack")).count();
    assert_eq!(packs, 1);
    assert!(!lies().iter().any(|f| f.to_string_lossy().contains("multi-pack-index")));
    let listed = fs::read_to_string(world.repo.join(".git/objects/info/packs")).unwrap();
    let pack = lies().into_iter().find(|f| f.extension().is_some_and(|e| e == "pack")).unwrap();
    assert!(listed.contains(pack.file_name().unwrap().to_str().unwrap()), "{listed}");
    world.git(&["commit-graph", "verify"]);
    world.undo(&plan.id);
    assert_eq!((lies(), world.dump()), before);
    world.git(&["multi-pack-index", "verify"]);
    world.git(&["commit-graph", "verify"]);
    world.whole();
}

#[test]
fn others_that_pack_at_the_same_time_break_nothing() {
    for words in ["writing the new pack", "switching", "switched refs", "dropping the old objects"] {
        let world = several_packs();
        let plan = world.plan();
        meanwhile(&world, &plan.id, words, &|| {
            world.git(&["repack", "-q", "-a", "-d"]);
            world.git(&["prune", "--expire=now"]);
        })
        .unwrap_or_else(|fault| panic!("{words}: {fault}"));
        world.clean();
        assert_eq!(world.git(&["log", "--format=%s"]), "three\ntwo\nfix\nleak\nbase");
        world.undo(&plan.id);
        world.whole();
        assert_eq!(world.check(&plan.id), Standing::Old);
    }
}

#[test]
fn files_that_go_while_they_are_backed_up_stop_it_in_time() {
    let world = several_packs();
    let plan = world.plan();
    let before = world.dump();
    let fault =
        meanwhile(&world, &plan.id, "backing up", &|| drop(world.git(&["repack", "-q", "-a", "-d"]))).unwrap_err();
    assert_eq!(fault.kind, stanch::base::FaultKind::Changed, "{fault}");
    assert_eq!(world.dump(), before);
    assert!(!world.backup().join(&plan.id).exists());
    world.apply(&plan.id);
    world.clean();
}

#[test]
fn a_branch_begun_on_the_old_history_meanwhile_loses_nothing() {
    let world = several_packs();
    let plan = world.plan();
    let old = world.head();
    meanwhile(&world, &plan.id, "switched refs", &|| drop(world.git(&["update-ref", "refs/heads/late", &old])))
        .unwrap();
    assert_eq!(world.git(&["log", "--format=%s", "late"]).lines().count(), 5);
    world.whole();
    assert!(!world.prove().clean(), "it is told");
    assert_eq!(world.check(&plan.id), Standing::New);
    world.purge();
}

#[test]
fn a_git_that_tidies_up_is_waited_for() {
    let world = several_packs();
    let plan = world.plan();
    let sign = world.repo.join(".git/gc.pid");
    fs::write(&sign, format!("{} elsewhere", std::process::id())).unwrap();
    let before = world.footprint();
    let fault = world.ask(|ask| git::apply(ask, &plan.id)).unwrap_err();
    assert!(fault.to_string().contains("tidying"), "{fault}");
    assert_eq!(world.footprint(), before);
    fs::remove_file(&sign).unwrap();
    // While it switches, git's own tidying stays away.
    meanwhile(&world, &plan.id, "switching", &|| assert!(!world.try_git(&["gc", "-q"]).0)).unwrap();
    assert!(!sign.exists());
    world.clean();
}

#[test]
fn a_key_in_files_of_git_only_leaves_the_packs_alone() {
    let world = several_packs();
    let plan = world.purge();
    world.finish(&plan.id);
    fs::write(world.repo.join(".git/COMMIT_EDITMSG"), format!("draft {}\n", world.key)).unwrap();
    let lies = || {
        world
            .footprint()
            .into_iter()
            .filter(|(path, ..)| path.to_string_lossy().contains("/objects/"))
            .collect::<Vec<_>>()
    };
    let before = lies();
    let plan = world.purge();
    assert!(plan.refs.is_empty());
    assert_eq!(lies(), before);
}

#[test]
fn a_damaged_pack_is_told_of_before_anything_changes() {
    let world = several_packs();
    world.git(&["repack", "-q", "-a", "-d", "-f"]);
    let plan = world.plan();
    let pack = walk(&world.repo.join(".git/objects"))
        .into_iter()
        .find(|f| f.extension().is_some_and(|e| e == "pack"))
        .unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, bytes).unwrap();
    let before = world.footprint();
    assert!(world.ask(|ask| git::apply(ask, &plan.id)).is_err());
    assert_eq!(world.footprint(), before);
    assert!(!world.backup().join(&plan.id).exists());
}
