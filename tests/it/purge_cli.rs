//! `find` and `purge` on their own: exit codes, the JSON contract, and that a plan changes nothing.

use crate::gitrepo::World;
use std::process::{Command, Output};

fn stanch(world: &World, state: &std::path::Path, key: &str, args: &[&str]) -> Output {
    let file = state.join("key");
    std::fs::write(&file, key).unwrap();
    Command::new(env!("CARGO_BIN_EXE_stanch"))
        .env("STANCH_STATE_DIR", state)
        .env("STANCH_CONFIG", "/dev/null")
        .args(args)
        .arg("--repo")
        .arg(&world.repo)
        .arg("--key-file")
        .arg(file)
        .output()
        .unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text} {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn find_plan_apply_undo_apply_finish() {
    let state = tempfile::tempdir().unwrap();
    let world = World::new();
    let key = &world.key;
    world.old_leak();
    let head = || world.git(&["rev-parse", "HEAD"]);
    let before = head();
    let run = |args: &[&str]| stanch(&world, state.path(), key, args);

    let found = run(&["find", "--json"]);
    assert_eq!(found.status.code(), Some(3));
    assert_eq!(json(&found)[0]["found"]["copies"].as_array().unwrap().len(), 1);

    let plan = run(&["purge", "--plan", "--json"]);
    assert_eq!(plan.status.code(), Some(3));
    let plan = json(&plan);
    for field in [
        "phrase",
        "nothing_to_do",
        "commits_changed",
        "first_changed",
        "refs",
        "copies",
        "signatures_lost",
        "not_looked_into",
    ] {
        assert!(!plan[field].is_null(), "{field} is missing in {plan}");
    }
    assert_eq!(head(), before, "a plan moves nothing");
    let phrase = format!("--yes={}", plan["phrase"].as_str().unwrap());

    assert_eq!(run(&["purge", "--apply", "--yes=y"]).status.code(), Some(2), "never a bare yes");
    assert_eq!(head(), before);
    assert_eq!(run(&["purge", "--apply", &phrase, "--json"]).status.code(), Some(0));
    assert_ne!(head(), before);
    assert_eq!(run(&["purge", "--undo"]).status.code(), Some(3), "the key is there again");
    assert_eq!(head(), before);
    assert_eq!(run(&["purge", "--apply", &phrase]).status.code(), Some(0));
    assert_eq!(run(&["purge", "--finish", &phrase]).status.code(), Some(0));
    assert_eq!(run(&["purge", "--undo"]).status.code(), Some(2), "nothing to undo any more");
    assert_eq!(run(&["find"]).status.code(), Some(0));
    let again = run(&["purge", "--plan", "--json"]);
    assert_eq!((again.status.code(), &json(&again)["nothing_to_do"]), (Some(0), &true.into()));
}

#[test]
fn archives_wait_for_a_choice_and_apply_does_what_was_planned() {
    let state = tempfile::tempdir().unwrap();
    let world = World::new();
    let key = &world.key;
    // A tar, as simple as can be: git writes it.
    world.old_leak();
    let tar = world.repo.join("old.tar");
    world.git(&["archive", &format!("--output={}", tar.display()), "HEAD~1"]);
    world.commit("a tar");
    let run = |args: &[&str]| stanch(&world, state.path(), key, args);
    let asked = json(&run(&["purge", "--plan", "--json"]));
    assert!(asked["refusals"][0]["way_forward"].as_str().unwrap().contains("--archives=drop"), "{asked}");
    assert_eq!(asked["choices"][0]["holds"][0], "tar > f: plain");
    assert_ne!(run(&["purge", "--apply", "--yes=work"]).status.code(), Some(0));
    let planned = json(&run(&["purge", "--plan", "--archives=repack", "--json"]));
    assert_eq!(planned["policy"]["archives"], "repack");
    assert_eq!(run(&["purge", "--apply", "--yes=work", "--archives=repack"]).status.code(), Some(0));
    assert_eq!(run(&["find"]).status.code(), Some(0));
}
