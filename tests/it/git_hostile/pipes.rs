//! Pipes and devices where git has files: no run hangs.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use crate::gitrepo::World;

use super::run::{err, fifo, json, out, stanch};

#[test]
fn a_pipe_where_git_has_a_file_hangs_nothing() {
    for name in [
        "info/grafts",
        "objects/info/alternates",
        "packed-refs",
        "logs/HEAD",
        "shallow",
        "refs/heads/x",
        "COMMIT_EDITMSG",
    ] {
        let world = World::new();
        world.old_leak();
        let path = world.repo.join(".git").join(name);
        let _ = std::fs::remove_file(&path);
        fifo(&path);
        for args in [&["find"][..], &["purge", "--plan"]] {
            let said = stanch(&world, args);
            assert_eq!(said.status.code(), Some(1), "{name} {args:?}: {}{}", out(&said), err(&said));
            assert!(err(&said).contains("no file"), "{name}: {}", err(&said));
        }
    }
}

#[test]
fn a_pipe_or_device_behind_a_link_hangs_nothing() {
    for target in ["pipe", "/dev/zero"] {
        let world = World::new();
        world.old_leak();
        fifo(&world.temp().join("pipe"));
        std::fs::create_dir_all(world.repo.join(".git/info")).unwrap();
        symlink(world.temp().join(target), world.repo.join(".git/info/grafts")).unwrap();
        assert_eq!(stanch(&world, &["find"]).status.code(), Some(1));
    }
    // What people do to have none.
    let world = World::new();
    world.old_leak();
    std::fs::remove_dir_all(world.repo.join(".git/hooks")).unwrap();
    symlink("/dev/null", world.repo.join(".git/hooks")).unwrap();
    world.purge();
}

/// Anywhere on the disk, on any condition, and by a file that is named in between.
#[test]
fn a_pipe_that_the_configuration_includes_hangs_nothing() {
    for (section, between) in [("include", false), ("includeIf \"gitdir:/**\"", false), ("INCLUDE", true)] {
        let world = World::new();
        world.old_leak();
        let (pipe, more) = (world.temp().join("pipe"), world.temp().join("more"));
        fifo(&pipe);
        std::fs::write(&more, "[include]\npath = pipe\n").unwrap();
        let mut config = world.read(".git/config");
        let named = if between { &more } else { &pipe };
        config.extend_from_slice(format!("[{section}] path = \"{}\"\n", named.display()).as_bytes());
        world.write(".git/config", config);
        for args in [&["find"][..], &["purge", "--plan"]] {
            let said = stanch(&world, args);
            assert_eq!(said.status.code(), Some(1), "{section} {args:?}: {}{}", out(&said), err(&said));
            assert!(err(&said).contains("pipe is no file") && err(&said).contains("take the `include`"));
        }
    }
    // A file that is included is read, and one that is not there is nothing.
    let world = World::new();
    world.old_leak();
    let mut config = world.read(".git/config");
    config.extend_from_slice(b"[include]\npath = ../../more\npath = ~/none\npath = /dev/null\n");
    world.write(".git/config", config);
    std::fs::write(world.temp().join("more"), "[user]\nname = x\n").unwrap();
    world.purge();
}

/// Git reads it as soon as it is asked something about that working tree.
#[test]
fn a_pipe_that_the_configuration_of_a_linked_working_tree_includes_hangs_nothing() {
    let world = World::new();
    world.old_leak();
    let (pipe, tree) = (world.temp().join("pipe"), world.temp().join("tree"));
    fifo(&pipe);
    world.git(&["config", "extensions.worktreeConfig", "true"]);
    world.git(&["worktree", "add", "-q", tree.to_str().unwrap(), "-b", "side"]);
    world.write(".git/worktrees/tree/config.worktree", format!("[include]\npath = \"{}\"\n", pipe.display()));
    for args in [&["find"][..], &["purge", "--plan"]] {
        let said = stanch(&world, args);
        assert_eq!(said.status.code(), Some(1), "{args:?}: {}{}", out(&said), err(&said));
        assert!(err(&said).contains("pipe is no file"), "{}", err(&said));
    }
}

#[test]
fn a_pipe_that_a_setting_names_hangs_nothing() {
    for name in ["core.excludesFile", "core.attributesFile"] {
        let world = World::new();
        world.old_leak();
        fifo(&world.temp().join("pipe"));
        world.git(&["config", name, "../pipe"]);
        let plan = stanch(&world, &["purge", "--plan"]);
        assert_eq!(plan.status.code(), Some(1), "{name}: {}{}", out(&plan), err(&plan));
        assert!(err(&plan).contains("pipe is no file"), "{name}: {}", err(&plan));
    }
    let world = World::new();
    world.old_leak();
    world.write(".ignored", "more\n");
    world.git(&["config", "core.excludesFile", ".ignored"]);
    world.git(&["config", "core.attributesFile", "/dev/null"]);
    world.purge();
}

#[test]
fn a_configuration_that_includes_itself_ends() {
    let world = World::new();
    world.old_leak();
    let mut config = world.read(".git/config");
    config.extend_from_slice("[include]\npath = config\n".repeat(4).as_bytes());
    world.write(".git/config", config);
    // Git refuses it.
    assert_eq!(stanch(&world, &["find"]).status.code(), Some(1));
}

#[test]
fn a_neighbours_pipe_hangs_nothing() {
    let world = World::new();
    world.old_leak();
    fifo(&world.temp().join("other/.git/objects/info/alternates"));
    let plan = json(&stanch(&world, &["purge", "--plan", "--json"]));
    assert_eq!(plan["refusals"].as_array().unwrap().len(), 0, "{plan}");
    world.purge();
}

/// A file that claims to be there and has no end: no read takes more than it may.
#[test]
fn a_borrowed_store_with_a_pipe_hangs_nothing() {
    let world = World::new();
    world.old_leak();
    let other = world.temp().join("other/objects");
    fifo(&other.join("info/alternates"));
    world.write(".git/objects/info/alternates", [other.as_os_str().as_bytes(), b"\n"].concat());
    let said = stanch(&world, &["find"]);
    assert_eq!(said.status.code(), Some(1), "{}{}", out(&said), err(&said));
}
