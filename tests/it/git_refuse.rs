//! What the history engine refuses, and that a refusal changes nothing.

use std::fs;

use stanch::base::FaultKind;
use stanch::effect::git::Standing;
use stanch::git;

use crate::gitrepo::World;

// ---- refusals

fn refused(world: &World, words: &str) {
    let before = world.dump();
    let plan = world.plan();
    assert!(
        plan.refusals.iter().any(|r| r.why.contains(words) && !r.way_forward.is_empty()),
        "{words}: {:?}",
        plan.refusals
    );
    let fault = world.ask(|ask| git::apply(ask, &plan.id)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(!fault.hints.is_empty() && !fault.to_string().contains(&world.key));
    assert_eq!(world.dump(), before);
}

#[test]
fn a_dirty_tree_and_a_staged_key_are_refused() {
    let world = World::new();
    world.old_leak();
    world.write("f", "changed");
    refused(&world, "dirty");
    world.git(&["add", "f"]);
    refused(&world, "dirty");
    let world = World::new();
    world.write("g", &world.key);
    world.git(&["add", "g"]);
    refused(&world, "staged in g");
    let world = World::new();
    world.leak();
    world.git(&["update-index", "--assume-unchanged", "f"]);
    refused(&world, "assume-unchanged");
}

#[test]
fn an_operation_in_progress_is_refused() {
    let world = World::new();
    world.old_leak();
    world.git(&["checkout", "-q", "-b", "side", "HEAD~2"]);
    world.write("f", "other\n");
    world.commit("other");
    let side = world.head();
    world.git(&["checkout", "-q", "main"]);
    world.write("f", "mine\n");
    world.commit("mine");
    for (start, stop, words) in [
        (&["merge", "side"][..], &["merge", "--abort"][..], "a merge"),
        (&["rebase", "side"], &["rebase", "--abort"], "a rebase"),
        (&["cherry-pick", &side], &["cherry-pick", "--abort"], "a cherry-pick"),
        (&["bisect", "start"], &["bisect", "reset"], "a bisect"),
    ] {
        world.try_git(start);
        refused(&world, &format!("{words} is in progress"));
        world.git(stop);
    }
}

#[test]
fn shapes_that_can_not_be_rewritten_are_refused() {
    let world = World::new();
    world.old_leak();
    world.write(".git/refs/heads/main.lock", "");
    refused(&world, "refs/heads/main.lock");
    fs::remove_file(world.repo.join(".git/refs/heads/main.lock")).unwrap();
    let linked = world.temp().join("linked");
    world.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "w"]);
    refused(&world, "other worktrees");
    world.git(&["worktree", "remove", linked.to_str().unwrap()]);
    world.git(&["branch", &format!("k-{}", world.key)]);
    refused(&world, "in the name of refs/heads/k-[leaked]");
    world.git(&["branch", "-D", &format!("k-{}", world.key)]);
    world.git(&["repack", "-q", "-a", "-d"]);
    let pack = crate::gitrepo::walk(&world.repo.join(".git/objects/pack"))
        .into_iter()
        .find(|p| p.extension().is_some_and(|e| e == "pack"))
        .unwrap();
    fs::write(pack.with_extension("keep"), "").unwrap();
    refused(&world, ".keep");
    fs::remove_file(pack.with_extension("keep")).unwrap();
    world.git(&["config", "extensions.preciousObjects", "true"]);
    refused(&world, "preciousObjects");
    world.git(&["config", "--unset", "extensions.preciousObjects"]);
    world.purge();
}

#[test]
fn clones_that_lack_objects_are_refused() {
    let mut world = World::new();
    world.old_leak();
    let origin = world.repo.clone();
    let url = format!("file://{}", origin.display());
    world.git(&["config", "uploadpack.allowFilter", "true"]);
    let temp = world.temp().to_owned();
    world.git_in(&temp, &["clone", "-q", "--depth", "2", &url, "shallow"]);
    world.git_in(&temp, &["clone", "-q", "--shared", "work", "shared"]);
    world.git_in(&temp, &["clone", "-q", "--filter=blob:none", &url, "partial"]);
    world.git_in(&temp, &["init", "-q", "--ref-format=reftable", "reftable"]);
    world.git_in(&temp, &["init", "-q", "--object-format=sha256", "sha256"]);
    world.repo = temp.join("shallow");
    refused(&world, "shallow");
    world.repo = temp.join("shared");
    refused(&world, "borrows objects");
    for (name, words) in
        [("partial", "partial clone"), ("reftable", "reftable"), ("sha256", "SHA-256"), ("none", "no git repository")]
    {
        world.repo = temp.join(name);
        for fault in [world.ask(git::find).unwrap_err(), world.ask(git::plan).unwrap_err()] {
            assert!(fault.why.contains(words) && !fault.hints.is_empty(), "{name}: {fault}");
        }
    }
}

#[test]
fn a_ref_that_moved_since_the_plan_is_seen() {
    let world = World::new();
    world.leak();
    let plan = world.plan();
    world.write("g", "new");
    let head = world.commit("meanwhile");
    let fault = world.ask(|ask| git::apply(ask, &plan.id)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Changed);
    assert_eq!(world.head(), head);
    assert!(!world.repo.join(".git/stanch-switch.json").exists());
}

#[test]
fn a_ref_that_is_locked_while_switching_leaves_everything_old() {
    let world = World::new();
    world.leak();
    let plan = world.plan();
    let before = world.dump();
    let backup = world.backup();
    let lock = world.repo.join(".git/refs/heads/main.lock");
    let ask = git::Ask {
        repo: &world.repo,
        backup_root: &backup,
        keys: &[world.key.as_bytes()],
        cancel: &|| false,
        // Somebody else takes the lock between our last look and the transaction.
        progress: &|p| drop((p.words == "switching").then(|| fs::write(&lock, ""))),
    };
    let fault = git::apply(&ask, &plan.id).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Changed, "{fault}");
    fs::remove_file(&lock).unwrap();
    assert_eq!(world.dump(), before);
    assert_eq!(world.check(&plan.id), Standing::Old);
    world.purge();
}

#[test]
fn a_repository_of_another_user_is_refused() {
    let world = World::new();
    world.old_leak();
    // Only root can give a folder away; elsewhere there is nothing to test.
    if std::os::unix::fs::chown(&world.repo, Some(4321), None).is_err() {
        return;
    }
    std::os::unix::fs::chown(world.repo.join(".git"), Some(4321), None).unwrap();
    let fault = world.ask(git::find).unwrap_err();
    assert!(fault.why.contains("another user") && fault.hints[0].contains("safe.directory"), "{fault}");
}
