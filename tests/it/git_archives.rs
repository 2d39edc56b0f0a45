//! Keys inside of gzip, zip, tar and their nestings, and in binaries: found, shown, and removed as a person chooses.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use stanch::effect::git::{Archives, Binaries, GitReply, Plan, Policy};
use stanch::git;

use crate::gitrepo::World;

const MARK: &str = "REMOVED-BY-STANCH";

fn through(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    assert!(child.wait().unwrap().success(), "{program} {args:?}");
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    through("gzip", &["-nc"], bytes)
}

/// Another repository's tree as git itself packs it: `format` is tar, zip or tar.gz. `.env` holds the key.
fn packed(world: &World, format: &str) -> Vec<u8> {
    let other = World::new();
    other.write("app/.env", format!("A=1\nK={}\n", world.key));
    other.write("app/readme", "nothing\n".repeat(50));
    other.commit("files");
    let file = other.temp().join("out");
    other.git(&["archive", &format!("--format={format}"), &format!("--output={}", file.display()), "HEAD"]);
    std::fs::read(file).unwrap()
}

fn plan(world: &World, archives: Archives, binaries: Binaries) -> Plan {
    world.hush(world.ask(|ask| git::plan_as(ask, Policy { archives, binaries, ..Policy::default() })).unwrap())
}

fn purge(world: &World, archives: Archives) -> Plan {
    let plan = plan(world, archives, Binaries::SameLength);
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    let GitReply::Applied { .. } = world.apply(&plan.id) else { panic!("not applied") };
    plan
}

/// A world with the key in archives alone.
fn world() -> World {
    let world = World::new();
    world.write("only/image.tar.gz", packed(&world, "tar.gz"));
    world.write("lib/app.jar", packed(&world, "zip"));
    world.write("lib/notes", "stays\n");
    world.write("log.gz", gzip(format!("k={}\n", world.key).as_bytes()));
    world.commit("archives");
    world.write("lib/notes", "stays, later\n");
    world.commit("later");
    world
}

#[test]
fn each_is_found_with_its_place_and_nothing_is_done_until_it_is_chosen() {
    let world = world();
    let map = world.find();
    let mut seen: Vec<(String, String)> =
        map.copies.iter().map(|c| (c.path.clone().unwrap_or_default(), c.form.clone())).collect();
    seen.sort();
    let want = [
        ("lib/app.jar", "zip > app/.env: plain"),
        ("log.gz", "gzip: plain"),
        ("only/image.tar.gz", "gzip > tar > app/.env: plain"),
    ];
    assert_eq!(seen, want.map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert!(map.not_looked_into.iter().all(|line| !line.contains("packed file")), "{:?}", map.not_looked_into);
    let plan = world.plan();
    assert_eq!(plan.choices.len(), 3);
    assert_eq!(plan.refusals.len(), 1);
    assert!(plan.refusals[0].why.contains("and 2 more") && plan.refusals[0].way_forward.contains("--archives=repack"));
    let head = world.head();
    world.ask(|ask| git::apply(ask, &plan.id)).unwrap_err();
    assert_eq!(world.head(), head);
}

#[test]
fn repacked_archives_open_as_before_without_the_key() {
    let world = world();
    let before = world.dump();
    let plan = purge(&world, Archives::Repack);
    assert!(plan.choices.iter().all(|c| c.what == "archive" && c.way.contains("packed anew")), "{:?}", plan.choices);
    assert!(plan.diff.iter().any(|line| line.contains("gzip > tar > app/.env")), "{:?}", plan.diff);
    world.clean();
    assert_eq!(through("gzip", &["-dc"], &world.read("log.gz")), format!("k={MARK}\n").as_bytes());
    let tar = through("gzip", &["-dc"], &world.read("only/image.tar.gz"));
    let env = through("tar", &["-xOf", "-", "app/.env"], &tar);
    assert_eq!(env, format!("A=1\nK={MARK}\n").as_bytes());
    let names = String::from_utf8(through("tar", &["-tf", "-"], &tar)).unwrap();
    assert!(names.contains("app/readme") && names.contains('f'));
    assert_eq!(world.read("lib/notes"), b"stays, later\n");
    assert!(world.plan().nothing_to_do);
    world.undo(&plan.id);
    assert_eq!(world.dump(), before);
}

#[test]
fn dropped_archives_are_gone_from_every_commit_and_empty_folders_with_them() {
    let world = world();
    let base = world.git(&["rev-parse", "HEAD~2"]);
    let before = world.dump();
    let plan = purge(&world, Archives::Drop);
    assert!(plan.choices.iter().all(|c| c.way.contains("left out")));
    assert_eq!(world.git(&["rev-parse", "HEAD~2"]), base);
    assert_eq!(world.git(&["log", "--format=%s"]), "later\narchives\nbase");
    for commit in ["HEAD", "HEAD~1"] {
        assert_eq!(world.git(&["ls-tree", "-r", "--name-only", commit]), "f\nlib/notes");
    }
    assert!(!world.repo.join("only").exists() && !world.repo.join("log.gz").exists());
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    world.clean();
    world.undo(&plan.id);
    assert_eq!(world.dump(), before);
}

#[test]
fn what_is_left_is_said_and_the_rest_is_cleaned() {
    let world = world();
    let jar = world.read("lib/app.jar");
    world.leak();
    let plan = purge(&world, Archives::Leave);
    assert_eq!(plan.choices.iter().filter(|c| c.way.contains("still holds the key")).count(), 3);
    assert_eq!(plan.files, ["f"]);
    assert!(world.copies(&world.key).is_empty(), "the plain copies are gone");
    assert_eq!(world.read("lib/app.jar"), jar);
    assert_eq!(world.find().copies.len(), 3, "and what was left is found");
}

#[test]
fn binaries_are_overwritten_in_place_dropped_or_left_and_always_shown() {
    let world = World::new();
    let bin = [b"a\0k=", world.key.as_bytes(), b"\0z"].concat();
    world.write("bin/data.db", &bin);
    world.commit("binary");
    for (binaries, way) in [
        (Binaries::SameLength, "every length stays"),
        (Binaries::Drop, "left out"),
        (Binaries::Leave, "still holds the key"),
    ] {
        let plan = plan(&world, Archives::Ask, binaries);
        assert!(plan.choices.len() == 1 && plan.choices[0].way.contains(way), "{:?}", plan.choices);
        assert_eq!(plan.choices[0].what, "binary");
        assert!(plan.refusals.is_empty());
    }
    let plan = plan(&world, Archives::Ask, Binaries::Drop);
    world.apply(&plan.id);
    assert_eq!(world.git(&["ls-tree", "-r", "--name-only", "HEAD"]), "f");
    assert!(!world.repo.join("bin").exists());
    world.clean();
    world.undo(&plan.id);
    assert_eq!(world.read("bin/data.db"), bin);
}

#[test]
fn what_this_program_does_not_unpack_is_counted_with_its_place() {
    let world = World::new();
    world.write("a.xz", b"\xfd7zXZ\0 stands for a real one");
    world.write("b.7z", b"7z\xbc\xaf\x27\x1c and so does this");
    world.write("c.gz", &gzip(b"whole")[..12]);
    world.leak();
    let lines = world.find().not_looked_into;
    for part in ["xz is not unpacked", "7z is not unpacked", "damaged"] {
        assert!(lines.iter().any(|line| line.starts_with("1 packed file (") && line.contains(part)), "{lines:?}");
    }
}

#[test]
fn an_archive_that_nothing_reaches_is_pruned_without_a_choice_when_repacking_is_chosen() {
    let world = World::new();
    world.write("x.gz", gzip(world.key.as_bytes()));
    world.git(&["add", "x.gz"]);
    world.git(&["rm", "-q", "--cached", "x.gz"]);
    std::fs::remove_file(world.repo.join("x.gz")).unwrap();
    let plan = world.plan();
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    assert_eq!(plan.prune_only, 1);
    world.apply(&plan.id);
    assert!(world.find().copies.is_empty());
}

#[test]
fn an_archive_that_cannot_be_repacked_is_refused_with_the_ways_that_are_left() {
    let world = World::new();
    let two = [gzip(b"one\n"), gzip(world.key.as_bytes())].concat();
    world.write("two.gz", two);
    world.commit("two members");
    let plan = plan(&world, Archives::Repack, Binaries::SameLength);
    assert!(plan.choices[0].is_stuck(), "{:?}", plan.choices);
    assert!(plan.refusals[0].why.contains("members") && plan.refusals[0].way_forward.contains("--file PATH=drop"));
    purge(&world, Archives::Drop);
    world.clean();
}

#[test]
fn the_proof_looks_into_archives_too() {
    let world = world();
    let proof = world.prove();
    assert!(!proof.clean(), "{proof:#?}");
}
