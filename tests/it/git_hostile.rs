//! Repositories made to do harm: programs in their configuration, names that draw on terminals or end a line of a script,
//! pipes and links where git has files. Each is held against the program as a person runs it, and no run may hang.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::gitrepo::World;
use crate::program::executable;

/// Longer than any of these takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

fn command(world: &World, args: &[&str]) -> Command {
    let state = world.temp().join("state");
    std::fs::create_dir_all(&state).unwrap();
    let file = state.join("key");
    std::fs::write(&file, &world.key).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    command
        .env("STANCH_STATE_DIR", &state)
        .env("STANCH_CONFIG", "/dev/null")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(args)
        .arg("--repo")
        .arg(&world.repo)
        .arg("--key-file")
        .arg(file);
    command
}

/// Runs it to its end; one that hangs fails the test.
fn ended(mut command: Command) -> Output {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Small answers: no pipe is filled before its reader comes.
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if since.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it hangs: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

fn stanch(world: &World, args: &[&str]) -> Output {
    ended(command(world, args))
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", out(output), err(output)))
}

/// A program that leaves a trace when it runs.
fn evil(world: &World) -> (PathBuf, PathBuf) {
    let (program, trace) = (world.temp().join("evil"), world.temp().join("pwned"));
    executable(&program, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat\n", trace.display()));
    (program, trace)
}

fn fifo(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// No byte that a terminal obeys but line feeds, and nothing that turns text around.
fn tame(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let bad: Vec<char> = text
        .chars()
        .filter(|c| c.is_control() && !"\n\t".contains(*c) || ('\u{202a}'..='\u{202e}').contains(c))
        .collect();
    assert!(bad.is_empty(), "{bad:?} in {text:?}");
}

// ---- names of refs

#[test]
fn a_folder_of_branches_with_the_key_gets_a_free_name() {
    let world = World::new();
    world.leak();
    for name in ["x", "y"] {
        world.git(&["branch", &format!("{}/{name}", world.key)]);
    }
    world.git(&["branch", "REMOVED-BY-STANCH"]);
    let plan = json(&stanch(&world, &["purge", "--plan", "--json"]));
    assert_eq!(plan["refusals"].as_array().unwrap().len(), 0, "{plan}");
    world.purge();
    let names = world.git(&["for-each-ref", "--format=%(refname:short)"]);
    assert_eq!(names, "REMOVED-BY-STANCH\nREMOVED-BY-STANCH-2/x\nREMOVED-BY-STANCH-2/y\nmain");
}

// ---- links

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

// ---- programs

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

// ---- words that leave the program

#[test]
fn papers_hold_no_line_of_somebody_elses() {
    let mut world = World::new();
    let evil = world.temp().join("e\ntouch pwn3\n#\u{202e}");
    std::fs::rename(&world.repo, &evil).unwrap();
    world.repo = evil;
    world.old_leak();
    let planned = json(&stanch(&world, &["purge", "--plan", "--json"]));
    let phrase = planned["phrase"].as_str().unwrap().to_owned();
    assert_eq!(phrase, "etouch pwn3#");
    for url in
        [None, Some("https://127.0.0.1:9/a\ntouch pwn4\n#/b;touch pwn5"), Some("ssh://x'$(touch pwn6)/y\u{1b}[2J")]
    {
        if let Some(url) = url {
            let config = world.repo.join(".git/config");
            let text = std::fs::read_to_string(&config).unwrap();
            let text = text.split("[remote").next().unwrap();
            let url = url.replace('\n', "\\n");
            std::fs::write(&config, format!("{text}[remote \"o\"]\n\turl = \"{url}\"\n")).unwrap();
        }
        stanch(&world, &["purge", "--plan"]);
        let dir = world.temp().join("papers");
        let written = stanch(&world, &["purge", "--papers", dir.to_str().unwrap()]);
        assert_eq!(written.status.code(), Some(0), "{}", err(&written));
        tame(&written.stdout);
        for entry in std::fs::read_dir(&dir).unwrap().map(Result::unwrap) {
            let text = std::fs::read(entry.path()).unwrap();
            tame(&text);
            let text = String::from_utf8(text).unwrap();
            assert!(!text.lines().any(|l| l.trim_start().starts_with("touch")), "{:?}: {text}", entry.path());
            if text.contains("--paginate") {
                assert!(!text.contains("repos/a;"), "{text}");
            }
        }
        for script in ["ban.sh", "colleagues.sh"] {
            let scratch = world.temp().join("scratch");
            std::fs::create_dir_all(&scratch).unwrap();
            Command::new("sh").arg(dir.join(script)).current_dir(&scratch).stdin(Stdio::null()).output().unwrap();
            assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "{script} ran something");
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn no_name_draws_on_the_terminal() {
    let mut world = World::new();
    let odd = "a\u{1b}[2J\u{1b}]0;PWN\u{7}\u{202e}\u{9b}31m\nNo copy of the key in 9 objects.";
    world.write(odd, format!("k={}\n", world.key));
    world.git(&["branch", "b\u{202e}\u{9b}x"]);
    world.commit("leak \u{1b}[2J");
    let evil = world.temp().join("r\u{1b}[2J;rm -rf x");
    std::fs::rename(&world.repo, &evil).unwrap();
    world.repo = evil;
    let quiet = |args: &[&str]| {
        let output = stanch(&world, args);
        tame(&output.stdout);
        tame(&output.stderr);
        let faked = |text: &str| text.lines().any(|l| l.starts_with("No copy"));
        assert!(!faked(&out(&output)) && !faked(&err(&output)), "{args:?}: {}{}", out(&output), err(&output));
        output
    };
    quiet(&["find"]);
    quiet(&["find", "--json"]);
    let plan = quiet(&["purge", "--plan"]);
    assert!(out(&plan).contains("--yes='r[2J;rm -rf x'"), "{}", out(&plan));
    quiet(&["purge", "--plan", "--json"]);
    let wrong = quiet(&["purge", "--apply", "--yes=no"]);
    assert!(err(&wrong).contains("--yes='r[2J;rm -rf x'"), "{}", err(&wrong));
    // Dirty: the file's name is in a fault.
    world.write(odd, format!("k={} changed\n", world.key));
    let dirty = quiet(&["purge", "--apply", "--yes=r[2J;rm -rf x"]);
    assert_eq!(dirty.status.code(), Some(1), "{}", err(&dirty));
    assert!(err(&dirty).contains("dirty"), "{}", err(&dirty));
    // A path that is none.
    let mut bad = Command::new(env!("CARGO_BIN_EXE_stanch"));
    bad.args(["find", "--repo", "/nowhere\u{1b}[2J", "--key-file", "/nowhere\u{1b}]0;x"]);
    tame(&ended(bad).stderr);
}

// ---- pipes and devices

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

// ---- bombs

/// What a power cut leaves: the library we open repositories with has no end where one is cut.
#[test]
fn loose_objects_that_were_cut_hang_nothing() {
    let world = World::new();
    for n in 0..8 {
        world.write(&format!("name-{n}-{n}/f"), format!("{n}\n"));
    }
    world.old_leak();
    for name in ["HEAD", "HEAD^{tree}"] {
        let id = world.git(&["rev-parse", name]);
        let file = world.repo.join(".git/objects").join(&id[..2]).join(&id[2..]);
        let whole = std::fs::read(&file).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        for len in [0, 2, 9, 20, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&file, &whole[..len]).unwrap();
            for args in [&["find"][..], &["purge", "--plan"]] {
                let said = stanch(&world, args);
                assert!(matches!(said.status.code(), Some(1 | 3)), "{name} {len}: {}{}", out(&said), err(&said));
            }
            // How often a short key is there is counted before it is refused.
            let mut short = World::at(world.repo.clone(), &world);
            short.key = "k=sk-proj".into();
            let fault = short.ask(stanch::git::find).unwrap_err();
            assert!(fault.why.contains("it stands in "), "{name} {len}: {fault}");
        }
        std::fs::write(&file, whole).unwrap();
    }
}

fn little_memory(world: &World, kib: u64, args: &[&str]) -> Output {
    let mut limited = Command::new("sh");
    let inner = command(world, args);
    limited
        .args(["-c", &format!("ulimit -v {kib}; exec \"$@\""), "sh"])
        .arg(inner.get_program())
        .args(inner.get_args());
    limited.envs(inner.get_envs().filter_map(|(k, v)| Some((k, v?))));
    ended(limited)
}

/// A hole takes no room on disk; read as a whole it would take more memory than there is.
#[test]
fn a_large_dirty_file_is_not_held() {
    use std::io::{Seek as _, Write as _};
    let world = World::new();
    world.old_leak();
    let mut file = std::fs::File::options().write(true).open(world.repo.join("f")).unwrap();
    file.seek(std::io::SeekFrom::Start(2 << 30)).unwrap();
    file.write_all(world.key.as_bytes()).unwrap();
    let plan = little_memory(&world, 1_500_000, &["purge", "--plan", "--json"]);
    let why = json(&plan)["refusals"][0]["why"].to_string();
    assert!(why.contains("f (holds the key)"), "{why}");
}

/// Its id, kind as packs number it, base and bytes.
type Packed = ([u8; 20], u8, Option<[u8; 20]>, Vec<u8>);

/// Seven bits a byte, low ones first.
fn sevens(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n > 0x7f {
        bytes.push(n.to_le_bytes()[0] | 0x80);
        n >>= 7;
    }
    bytes.push(n.to_le_bytes()[0]);
    bytes
}

/// Puts a pack into the store. Nobody reads the sums.
fn pack(world: &World, mut objects: Vec<Packed>) {
    objects.sort_by_key(|(id, ..)| *id);
    let count = u32::try_from(objects.len()).unwrap().to_be_bytes();
    let (mut pack, mut starts) = ([&b"PACK\0\0\0\x02"[..], &count].concat(), Vec::new());
    for (_, kind, base, bytes) in &objects {
        starts.extend(u32::try_from(pack.len()).unwrap().to_be_bytes());
        pack.push(kind << 4 | 0x80 | (bytes.len() & 15).to_le_bytes()[0]);
        pack.extend(sevens(bytes.len() >> 4));
        pack.extend(base.iter().flatten());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut zlib, bytes).unwrap();
        pack.extend(zlib.finish().unwrap());
    }
    pack.extend([7; 20]);
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255 {
        let upto = objects.iter().filter(|(id, ..)| id[0] <= first).count();
        index.extend(u32::try_from(upto).unwrap().to_be_bytes());
    }
    index.extend(objects.iter().flat_map(|(id, ..)| id));
    index.extend(vec![0; 4 * objects.len()]);
    index.extend(starts);
    index.extend([7; 40]);
    world.write(".git/objects/pack/pack-0707070707070707070707070707070707070707.pack", pack);
    world.write(".git/objects/pack/pack-0707070707070707070707070707070707070707.idx", index);
}

/// A few thousand bytes that claim to be gigabytes, and are.
#[test]
fn small_deltas_that_make_gigabytes_are_told_and_not_built() {
    let entries = [&b"100644 a\0"[..], &[1; 20]].concat().repeat(1 << 18);
    // What an archive begins with, over and over.
    let signs = b"PK\x03\x04".repeat(1 << 19);
    for (kind, base) in [(1, &entries), (2, &entries), (3, &signs), (4, &entries)] {
        let world = World::new();
        world.old_leak();
        let copy = [&[0xf0][..], &base.len().to_le_bytes()[..3]].concat();
        let delta = [sevens(base.len()), sevens(base.len() * 5_000), copy.repeat(5_000)].concat();
        pack(&world, vec![([0x11; 20], kind, None, base.clone()), ([0x77; 20], 7, Some([0x11; 20]), delta)]);
        let said = little_memory(&world, 4_000_000, &["find"]);
        assert_eq!(said.status.code(), Some(3), "{kind}: {}{}", out(&said), err(&said));
        assert!(out(&said).contains("1 object(s) that can't be read"), "{kind}: {}", out(&said));
    }
}

#[test]
fn a_size_that_is_a_lie_takes_no_memory() {
    let world = World::new();
    world.old_leak();
    // A loose blob that claims 2^60 bytes.
    let id = "1234567890123456789012345678901234567890";
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, format!("blob {}\0abc", 1_u64 << 60).as_bytes()).unwrap();
    world.write(&format!(".git/objects/{}/{}", &id[..2], &id[2..]), zlib.finish().unwrap());
    let said = little_memory(&world, 4_000_000, &["find"]);
    assert_eq!(said.status.code(), Some(3), "{}{}", out(&said), err(&said));
    assert!(out(&said).contains("can't be read"), "{}", out(&said));
}

#[test]
fn trees_that_name_the_way_out_are_only_names() {
    let world = World::new();
    let blob = world.pipe(&["hash-object", "-w", "--stdin"], format!("k={}\n", world.key).as_bytes());
    let mut tree = Vec::new();
    let id: Vec<u8> = (0..20).map(|n| u8::from_str_radix(&blob[2 * n..2 * n + 2], 16).unwrap()).collect();
    for name in ["../../escape", "..", ".git"] {
        tree.extend_from_slice(format!("100644 {name}\0").as_bytes());
        tree.extend_from_slice(&id);
    }
    let tree = world.pipe(&["hash-object", "-w", "-t", "tree", "--stdin", "--literally"], &tree);
    let commit = world.pipe(&["commit-tree", "-p", "HEAD", &tree], b"out");
    world.git(&["update-ref", "refs/heads/odd", &commit]);
    let applied = stanch(&world, &["purge", "--apply", "--yes=work"]);
    assert_eq!(applied.status.code(), Some(0), "{}", err(&applied));
    assert!(!world.temp().join("escape").exists());
    assert!(world.copies(&world.key).is_empty());
}

#[test]
fn a_tag_that_names_itself_hangs_nothing() {
    let world = World::new();
    world.old_leak();
    // No such id can be made: it is written down.
    let id = "ab".repeat(20);
    let body = format!("object {id}\ntype tag\ntag x\ntagger a <a@b> 1 +0000\n\nx\n");
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut zlib, format!("tag {}\0{body}", body.len()).as_bytes()).unwrap();
    world.write(&format!(".git/objects/{}/{}", &id[..2], &id[2..]), zlib.finish().unwrap());
    world.write(".git/refs/tags/x", format!("{id}\n"));
    let found = stanch(&world, &["find"]);
    assert_eq!(found.status.code(), Some(3), "{}{}", out(&found), err(&found));
    stanch(&world, &["purge", "--plan"]);
}

#[test]
fn folders_deeper_than_any_stack_are_refused() {
    let world = World::new();
    let blob = world.pipe(&["hash-object", "-w", "--stdin"], format!("k={}\n", world.key).as_bytes());
    let mut tree = (0..20).map(|n| u8::from_str_radix(&blob[2 * n..2 * n + 2], 16).unwrap()).collect::<Vec<_>>();
    let mut name = "100644 f\0";
    // Written as git writes them: a process for each would take minutes.
    for _ in 0..4_000 {
        let body = [name.as_bytes(), &tree].concat();
        name = "40000 a\0";
        let id = git2::Oid::hash_object(git2::ObjectType::Tree, &body).unwrap();
        tree = id.as_bytes().to_vec();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut zlib, format!("tree {}\0", body.len()).as_bytes()).unwrap();
        std::io::Write::write_all(&mut zlib, &body).unwrap();
        let id = id.to_string();
        world.write(&format!(".git/objects/{}/{}", &id[..2], &id[2..]), zlib.finish().unwrap());
    }
    let tree = git2::Oid::from_bytes(&tree).unwrap().to_string();
    let commit = world.pipe(&["commit-tree", "-p", "HEAD", &tree], b"deep");
    world.git(&["update-ref", "refs/heads/deep", &commit]);
    let plan = stanch(&world, &["purge", "--plan"]);
    assert_eq!(plan.status.code(), Some(1), "{}", err(&plan));
    assert!(err(&plan).contains("folders or tags deep"), "{}", err(&plan));
}
