//! Links where git has files and folders: followed only to read, never written through, never called clean.

use std::os::unix::fs::symlink;

use crate::gitrepo::World;

use super::run::{err, json, out, stanch};

#[test]
fn a_config_behind_a_link_is_read_and_not_called_clean() {
    let world = World::new();
    let outside = world.temp().join("ext");
    world.git(&["remote", "add", "origin", &format!("https://u:{}@127.0.0.1:9/x", world.key)]);
    std::fs::rename(world.repo.join(".git/config"), &outside).unwrap();
    symlink("../../ext", world.repo.join(".git/config")).unwrap();
    let found = stanch(&world, &["find"]);
    assert_eq!(found.status.code(), Some(3), "{}", out(&found));
    assert!(out(&found).contains("config (a link to "), "{}", out(&found));
    let plan = json(&stanch(&world, &["purge", "--plan", "--json"]));
    assert!(plan["refusals"].to_string().contains("symbolic link"), "{plan}");
    let proof = world.prove();
    assert!(!proof.clean(), "{:#?}", proof.checks);
    assert!(std::fs::read_to_string(&outside).unwrap().contains(&world.key), "nothing was touched");
}

#[test]
fn hooks_behind_a_link_are_said_not_to_be_looked_into() {
    let world = World::new();
    let hooks = world.temp().join("hooks");
    std::fs::create_dir(&hooks).unwrap();
    std::fs::write(hooks.join("post-commit"), format!("curl -H 'k: {}'", world.key)).unwrap();
    let own = world.repo.join(".git/hooks");
    std::fs::remove_dir_all(&own).unwrap();
    symlink(&hooks, &own).unwrap();
    let found = out(&stanch(&world, &["find"]));
    assert!(found.contains("hooks") && found.contains("Not looked into"), "{found}");
    assert!(world.prove().not_checked.iter().any(|line| line.contains("hooks")));
    // A single hook is read.
    std::fs::remove_file(&own).unwrap();
    std::fs::create_dir(&own).unwrap();
    symlink(hooks.join("post-commit"), own.join("post-commit")).unwrap();
    assert_eq!(stanch(&world, &["find"]).status.code(), Some(3));
}

#[test]
fn links_where_a_switch_would_write_are_refused_before_it_begins() {
    for what in ["objects", "refs", "logs", "packed-refs", "index"] {
        let world = World::new();
        world.old_leak();
        world.git(&["pack-refs", "--all"]);
        let (inside, outside) = (world.repo.join(".git").join(what), world.temp().join("moved"));
        std::fs::rename(&inside, &outside).unwrap();
        symlink(&outside, &inside).unwrap();
        assert_eq!(stanch(&world, &["find"]).status.code(), Some(3), "{what}: find reads on");
        let before = world.git(&["for-each-ref"]);
        let plan = json(&stanch(&world, &["purge", "--plan", "--json"]));
        assert!(plan["refusals"].to_string().contains("symbolic link"), "{what}: {plan}");
        let applied = stanch(&world, &["purge", "--apply", "--yes=work"]);
        assert_eq!(applied.status.code(), Some(1), "{what}: {}", err(&applied));
        assert_eq!(world.git(&["for-each-ref"]), before);
        world.whole();
    }
}

#[test]
fn a_linked_pack_is_refused() {
    let world = World::new();
    world.old_leak();
    world.git(&["gc", "-q"]);
    let packs = std::fs::read_dir(world.repo.join(".git/objects/pack")).unwrap();
    let pack = packs.map(|e| e.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == "pack")).unwrap();
    let outside = world.temp().join("moved.pack");
    std::fs::rename(&pack, &outside).unwrap();
    symlink(&outside, &pack).unwrap();
    let plan = json(&stanch(&world, &["purge", "--plan", "--json"]));
    assert!(plan["refusals"].to_string().contains("symbolic link"), "{plan}");
}
