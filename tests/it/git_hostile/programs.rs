//! Programs that a repository names: filters, helpers, hooks of a remote. None of them runs, and none is given the key.

use std::os::unix::fs::symlink;
use std::process::{Command, Output};
use std::time::Duration;

use crate::gitrepo::World;
use crate::program::executable;

use super::run::{command, ended, err, evil, out, stanch};

#[test]
fn no_content_filter_runs_whatever_its_name() {
    let world = World::new();
    let (program, trace) = evil(&world);
    let program = program.to_str().unwrap();
    world.write(".gitattributes", "a* filter=a=b\nb* filter=tree\nc* filter=odd\n");
    for name in ["a", "b", "c"] {
        world.write(name, "text\n");
    }
    world.commit("files");
    world.old_leak();
    let tree = world.temp().join("tree");
    world.git(&["worktree", "add", "-q", tree.to_str().unwrap(), "-b", "side"]);
    world.git(&["config", "filter.a=b.clean", program]);
    world.git(&["config", "filter.a=b.smudge", program]);
    world.git(&["config", "extensions.worktreeConfig", "true"]);
    world.git_in(&tree, &["config", "--worktree", "filter.tree.clean", program]);
    world.git_in(&tree, &["config", "--worktree", "filter.tree.process", program]);
    // A name that is no UTF-8.
    let mut config = std::fs::read(world.repo.join(".git/config")).unwrap();
    config.extend_from_slice(b"[filter \"odd\"]\n\tclean = cat\n[filter \"\xff\"]\n\tclean = ");
    config.extend_from_slice(program.as_bytes());
    config.extend_from_slice(b"\n");
    std::fs::write(world.repo.join(".git/config"), config).unwrap();
    std::fs::write(world.repo.join(".git/info/attributes"), b"c* filter=\xff\n").unwrap();
    // Files that look changed are filtered when git compares them.
    let later = std::time::SystemTime::now() + Duration::from_secs(100);
    for dir in [&world.repo, &tree] {
        for name in ["a", "b", "c", "f"] {
            let file = std::fs::File::options().append(true).open(dir.join(name)).unwrap();
            file.set_modified(later).unwrap();
        }
    }
    let told = |output: Output| {
        assert!(!trace.exists(), "{}", std::fs::read_to_string(&trace).unwrap());
        output
    };
    told(stanch(&world, &["find"]));
    told(stanch(&world, &["purge", "--plan"]));
    let applied = told(stanch(&world, &["purge", "--apply", "--yes=work"]));
    assert_eq!(applied.status.code(), Some(0), "{}", err(&applied));
    told(stanch(&world, &["purge", "--check"]));
    told(stanch(&world, &["purge", "--undo"]));
}

#[test]
fn a_remote_is_asked_without_the_programs_of_the_repository() {
    let world = World::new();
    world.old_leak();
    let (program, trace) = evil(&world);
    let program = program.to_str().unwrap();
    world.git_in(world.temp(), &["clone", "-q", "--bare", "work", "server.git"]);
    world.git(&["remote", "add", "origin", "../server.git"]);
    world.git(&["config", "remote.origin.uploadpack", program]);
    world.git(&["remote", "add", "ext", &format!("ext::{program} x")]);
    world.git(&["remote", "add", "vcs", "whatever"]);
    world.git(&["config", "remote.vcs.vcs", "ext"]);
    world.git(&["config", "protocol.ext.allow", "always"]);
    world.git(&["remote", "add", "plain", "git://127.0.0.1:9/x"]);
    world.git(&["config", "core.gitProxy", program]);
    world.git(&["config", "core.alternateRefsCommand", program]);
    let plan = stanch(&world, &["purge", "--plan"]);
    assert!(!trace.exists(), "{}", std::fs::read_to_string(&trace).unwrap());
    assert!(out(&plan).contains("Asked, as `git fetch` would: origin"), "{}", out(&plan));
    let applied = stanch(&world, &["purge", "--apply", "--yes=work"]);
    assert_eq!(applied.status.code(), Some(0), "{}", err(&applied));
    stanch(&world, &["purge", "--check"]);
    assert!(!trace.exists(), "{}", std::fs::read_to_string(&trace).unwrap());
}

#[test]
fn offline_asks_no_remote() {
    let world = World::new();
    world.old_leak();
    let trace = world.temp().join("pwned");
    world.git(&["remote", "add", "origin", "ssh://127.0.0.1/x"]);
    world.git(&["config", "core.sshCommand", &format!("touch '{}'; false", trace.display())]);
    let plan = stanch(&world, &["purge", "--plan", "--offline"]);
    assert!(out(&plan).contains("what the remotes hold now"), "{}{}", out(&plan), err(&plan));
    let applied = stanch(&world, &["purge", "--apply", "--offline", "--yes=work"]);
    assert_eq!(applied.status.code(), Some(0), "{}", err(&applied));
    assert!(!trace.exists(), "{}", std::fs::read_to_string(&trace).unwrap());
    // A person's own ssh is used when the remotes are asked.
    stanch(&world, &["purge", "--check"]);
    assert!(trace.exists());
}

/// Any child with the key in its arguments or environment writes a trace: a git of ours is first on the PATH.
#[test]
fn a_remote_with_the_key_in_its_address_is_not_asked() {
    let world = World::new();
    world.old_leak();
    let bin = world.temp().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let trace = world.temp().join("argv");
    let real = String::from_utf8(Command::new("git").arg("--exec-path").output().unwrap().stdout).unwrap();
    let real = real.trim();
    // `git` finds its helpers by its exec path first: each of them is replaced by one that tells its arguments.
    for entry in std::fs::read_dir(real).unwrap().map(Result::unwrap) {
        symlink(entry.path(), bin.join(entry.file_name())).unwrap();
    }
    for helper in ["git-remote-https", "git-remote-http", "ssh"] {
        let path = bin.join(helper);
        let _ = std::fs::remove_file(&path);
        executable(&path, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\nexit 1\n", trace.display()));
    }
    world.git(&["remote", "add", "url", &format!("https://u:{}@127.0.0.1:9/x", world.key)]);
    world.git(&["remote", "add", "percent", &format!("https://u:{}@127.0.0.1:9/x", world.key.replace('-', "%2D"))]);
    world.git(&["remote", "add", "push", "https://127.0.0.1:9/x"]);
    world.git(&["config", "remote.push.pushurl", &format!("https://u:{}@127.0.0.1:9/x", world.key)]);
    world.git(&["remote", "add", "short", "gh:x"]);
    world.git(&["config", &format!("url.https://u:{}@127.0.0.1:9/.insteadOf", world.key), "gh:"]);
    let mut planned = command(&world, &["purge", "--plan"]);
    planned.env("GIT_EXEC_PATH", &bin);
    let planned = ended(planned);
    let said = std::fs::read_to_string(&trace).unwrap_or_default();
    assert!(!said.contains(&world.key) && !said.contains("%2D"), "{said}");
    assert!(out(&planned).contains("git remote set-url"), "{}{}", out(&planned), err(&planned));
    for name in ["url", "percent", "push", "short"] {
        assert!(out(&planned).contains(&format!("what {name} holds now")), "{name}: {}", out(&planned));
    }
}

#[test]
fn settings_in_the_environment_neither_break_nor_leak() {
    let world = World::new();
    world.old_leak();
    let mut run = command(&world, &["purge", "--plan"]);
    let (program, trace) = evil(&world);
    run.env("GIT_CONFIG_COUNT", "2")
        .env("GIT_CONFIG_KEY_0", "http.extraHeader")
        .env("GIT_CONFIG_VALUE_0", format!("k: {}", world.key))
        .env("GIT_CONFIG_KEY_1", "core.abbrev")
        .env("GIT_CONFIG_VALUE_1", "12")
        .env("GIT_CONFIG", "/dev/null")
        .env("GIT_GLOB_PATHSPECS", "1")
        .env("GIT_DEFAULT_HASH", "sha256")
        .env("GIT_EXTERNAL_DIFF", &program)
        .env("GIT_TRACE2_EVENT", world.temp().join("trace2"))
        .env("GIT_DIR", "/nowhere");
    let plan = ended(run);
    assert_eq!(plan.status.code(), Some(3), "{}{}", out(&plan), err(&plan));
    assert!(!trace.exists() && !world.temp().join("trace2").exists());
}

#[test]
fn a_remote_with_an_equals_sign_in_its_name_is_pushed() {
    let world = World::new();
    world.old_leak();
    world.git_in(world.temp(), &["clone", "-q", "--bare", "work", "server.git"]);
    world.git(&["config", "remote.a=b.url", "../server.git"]);
    world.git(&["config", "remote.a=b.fetch", "+refs/heads/*:refs/remotes/a=b/*"]);
    let plan = world.purge();
    let report = world.push(&plan.id);
    assert!(report.refs.iter().any(|r| r.ok && r.name.ends_with("refs/heads/main")), "{report:?}");
    let server = world.git_in(&world.temp().join("server.git"), &["rev-parse", "main"]);
    assert_eq!(server, world.head());
}
