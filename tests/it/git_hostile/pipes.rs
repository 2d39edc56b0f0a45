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

/// Git opens these by their names: in the folders of its files, in folders that only old commits know (when it packs), and
/// behind a link that stands for such a folder.
#[test]
fn a_pipe_that_git_opens_in_the_working_tree_hangs_nothing() {
    for name in [".gitattributes", "d/.gitattributes", "old/.gitattributes", "d/.gitignore", ".gitmodules", "link"] {
        let world = World::new();
        world.write("old/f", "x\n");
        world.commit("old");
        world.git(&["rm", "-q", "old/f"]);
        world.write("d/f", "x\n");
        world.old_leak();
        if name == "link" {
            fifo(&world.temp().join("aside/deep/.gitattributes"));
            symlink(world.temp().join("aside"), world.repo.join("old")).unwrap();
            // A circle.
            symlink(world.temp(), world.temp().join("aside/up")).unwrap();
        } else {
            fifo(&world.repo.join(name));
        }
        let before = world.git(&["rev-parse", "HEAD"]);
        for args in [&["purge", "--plan"][..], &["purge", "--apply", "--yes=x"]] {
            let said = stanch(&world, args);
            assert_eq!(said.status.code(), Some(1), "{name} {args:?}: {}{}", out(&said), err(&said));
            assert!(err(&said).contains("no file but a pipe") && err(&said).contains("remove it"), "{}", err(&said));
        }
        assert_eq!(world.git(&["rev-parse", "HEAD"]), before);
        // The search asks git for nothing that opens it.
        assert_eq!(stanch(&world, &["find"]).status.code(), Some(3), "{name}");
    }
    let world = World::new();
    world.old_leak();
    symlink("/dev/null", world.repo.join(".gitattributes")).unwrap();
    symlink("..", world.repo.join("up")).unwrap();
    world.purge();
}

/// Git reads the configuration of each submodule when it looks at the tree around it, wherever its directory is.
#[test]
fn a_pipe_that_a_submodules_configuration_includes_hangs_nothing() {
    for place in ["modules", "own", "elsewhere"] {
        let world = World::new();
        let pipe = world.temp().join("pipe");
        fifo(&pipe);
        world.git(&["init", "-q", "sub"]);
        world.git(&["-C", "sub", "commit", "-q", "--allow-empty", "-m", "s"]);
        world.git(&["add", "sub"]);
        world.old_leak();
        let (own, mut dir) = (world.repo.join("sub/.git"), world.repo.join("sub/.git"));
        if place != "own" {
            dir = if place == "modules" { world.repo.join(".git/modules/sub") } else { world.temp().join("elsewhere") };
            std::fs::create_dir_all(dir.parent().unwrap()).unwrap();
            std::fs::rename(&own, &dir).unwrap();
            std::fs::write(&own, format!("gitdir: {}\n", dir.display())).unwrap();
        }
        let config = std::fs::read_to_string(dir.join("config")).unwrap();
        std::fs::write(dir.join("config"), format!("{config}[include]\npath = {}\n", pipe.display())).unwrap();
        let said = stanch(&world, &["purge", "--plan"]);
        assert_eq!(said.status.code(), Some(1), "{place}: {}{}", out(&said), err(&said));
        assert!(err(&said).contains("pipe is no file") && err(&said).contains("take the `include`"), "{}", err(&said));
    }
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
