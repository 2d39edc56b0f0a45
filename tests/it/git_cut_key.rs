//! A key that was cut by a line break: its beginning is found everywhere, and taking that out would leave the rest.

use std::process::{Command, Output};

use super::gitrepo::World;

fn stanch(world: &World, key: &str, args: &[&str]) -> Output {
    let file = world.temp().join("cut-key");
    std::fs::write(&file, key).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    command.env("STANCH_STATE_DIR", world.temp().join("state")).env("STANCH_CONFIG", "/dev/null");
    command.args(args).arg("--repo").arg(&world.repo).arg("--key-file").arg(file).output().unwrap()
}

#[test]
fn the_beginning_of_a_key_is_told_by_find_and_refused_by_the_plan() {
    let world = World::new();
    world.old_leak();
    let beginning = &world.key[..world.key.len() - 12];
    let found = stanch(&world, beginning, &["find"]);
    let told = String::from_utf8(found.stdout).unwrap();
    assert_eq!(found.status.code(), Some(3), "{told}");
    assert!(told.contains("plain, and it goes on"), "{told}");
    assert!(told.contains("the rest of the key: it goes on in 1 copy"), "{told}");
    let plan = stanch(&world, beginning, &["purge", "--plan", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert!(told.to_string().contains("you gave only its beginning"), "{told}");
    let phrase = told["plan"]["phrase"].as_str().unwrap_or("repo").to_owned();
    let apply = stanch(&world, beginning, &["purge", "--apply", &format!("--yes={phrase}")]);
    assert!(!apply.status.success(), "{}", String::from_utf8_lossy(&apply.stdout));

    let whole = stanch(&world, &world.key, &["find"]);
    let told = String::from_utf8(whole.stdout).unwrap();
    assert!(!told.contains("goes on"), "{told}");
}
