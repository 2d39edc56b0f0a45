//! Crashes that took git's own processes along, and people at work at the same time: what they leave is settled by the
//! next call, and nothing of the key stays behind.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use stanch::effect::git::{GitReply, Standing};
use stanch::git::{self, Ask};

use crate::gitrepo::{World, walk};
use crate::program::executable;

// ---- the program, and a git that does harm

/// The program on its own state, with a `git` of ours before the real one.
struct Desk {
    state: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { state: tempfile::tempdir().unwrap() }
    }

    /// From now on `git` is a shell script: `body`, then the real git.
    fn wrap(&self, body: &str) {
        let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|dir| dir.join("git"))
            .find(|git| git.is_file())
            .unwrap();
        let bin = self.state.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        let text = format!("#!/bin/sh\nS='{}'\n{body}\nexec '{}' \"$@\"\n", self.root().display(), real.display());
        executable(&bin.join("git"), text);
    }

    fn unwrap_git(&self) {
        fs::remove_file(self.state.path().join("bin/git")).unwrap();
    }

    fn root(&self) -> PathBuf {
        self.state.path().to_owned()
    }

    fn command(&self, repo: &Path, key: &str, args: &[&str]) -> Command {
        let file = self.state.path().join(format!("key-{}", key.len()));
        fs::write(&file, key).unwrap();
        let path = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths(
            [self.state.path().join("bin")].into_iter().chain(std::env::split_paths(&path)).collect::<Vec<_>>(),
        );
        let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
        command.env("STANCH_STATE_DIR", self.state.path().join("state")).env("STANCH_CONFIG", "/dev/null");
        command.env("PATH", path.unwrap()).env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.arg("purge").args(args).arg("--repo").arg(repo).arg("--key-file").arg(file);
        command.current_dir(repo).process_group(0).stdin(Stdio::null());
        command
    }

    fn run(&self, world: &World, args: &[&str]) -> Output {
        self.command(&world.repo, &world.key, args).output().unwrap()
    }

    #[track_caller]
    fn ok(&self, world: &World, args: &[&str], code: i32) -> String {
        let out = self.run(world, args);
        let text = said(&out);
        assert_eq!(out.status.code(), Some(code), "{args:?}: {text}");
        text
    }

    #[track_caller]
    fn killed(&self, world: &World, args: &[&str]) {
        let out = self.run(world, args);
        assert_eq!(out.status.code(), None, "{args:?} was to be killed: {}", said(&out));
    }

    /// Files of the state folder that hold the key, but for the one it is given in.
    fn copies(&self, key: &str) -> Vec<PathBuf> {
        let holds = |file: &PathBuf| memchr::memmem::find(&fs::read(file).unwrap(), key.as_bytes()).is_some();
        walk(&self.state.path().join("state")).into_iter().filter(holds).collect()
    }

    /// Backups that are still there.
    fn backups(&self) -> usize {
        let label = |file: &PathBuf| file.file_name().is_some_and(|name| name == "STILL-CONTAINS-THE-KEY.txt");
        walk(&self.state.path().join("state")).iter().filter(|file| label(file)).count()
    }
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

fn wait_for(path: &Path) {
    let since = Instant::now();
    while !path.exists() {
        assert!(since.elapsed() < Duration::from_mins(1), "{} never came", path.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Branches of which one has the key in its packed name, and a ref that only a linked working tree sees.
fn branches() -> World {
    let world = World::new();
    world.leak();
    for name in ["b1", "b2", &format!("k-{}", world.key)] {
        world.git(&["branch", name]);
    }
    world.git(&["pack-refs", "--all"]);
    world.git(&["worktree", "add", "-q", "../linked", "-b", "w"]);
    world.git_in(&world.temp().join("linked"), &["update-ref", "refs/worktree/keep", "HEAD"]);
    world.git(&["commit-graph", "write", "--reachable"]);
    world
}

fn hook(world: &World, text: Option<&str>) {
    let hook = world.repo.join(".git/hooks/reference-transaction");
    let _ = fs::create_dir_all(hook.parent().unwrap());
    match text {
        Some(text) => executable(&hook, text),
        None => fs::remove_file(&hook).unwrap(),
    }
}

// ---- git dies with us

/// Kills the whole process group where git has every lock of the transaction, `packed-refs.new` included.
fn killed_in_the_transaction(desk: &Desk, world: &World) {
    hook(world, Some("#!/bin/sh\n[ \"$1\" = prepared ] && kill -9 0\nexit 0\n"));
    desk.killed(world, &["--apply", "--yes=work"]);
    hook(world, None);
    assert!(world.repo.join(".git/packed-refs.new").exists(), "the kill came where git leaves it");
    assert!(world.repo.join(".git/refs/heads/b1.lock").exists());
}

#[test]
fn a_kill_of_the_whole_group_in_the_ref_transaction_is_rolled_forward() {
    for moved in [&["b1"][..], &["b1", "b2"]] {
        let (world, desk) = (branches(), Desk::new());
        let before = world.dump();
        killed_in_the_transaction(&desk, &world);
        // What git does next: one rename after another.
        for name in moved {
            let heads = world.repo.join(".git/refs/heads");
            fs::rename(heads.join(format!("{name}.lock")), heads.join(name)).unwrap();
        }
        let text = desk.ok(&world, &["--check"], 0);
        assert!(text.contains("The clean history stands"), "{text}");
        assert!(world.copies(&world.key).is_empty(), "{:?}", world.copies(&world.key));
        world.whole();
        world.git(&["pack-refs", "--all"]);
        desk.ok(&world, &["--undo"], 3);
        world.whole();
        assert!(world.git(&["for-each-ref"]).contains(&world.key));
        assert_eq!(world.dump().lines().count(), before.lines().count());
    }
}

#[test]
fn a_rollback_takes_lines_back_that_git_had_logged() {
    let (world, desk) = (branches(), Desk::new());
    let before = world.dump();
    killed_in_the_transaction(&desk, &world);
    // Git logs every move before the first rename.
    for name in ["b1", "b2"] {
        let new = fs::read_to_string(world.repo.join(format!(".git/refs/heads/{name}.lock"))).unwrap();
        let log = world.repo.join(format!(".git/logs/refs/heads/{name}"));
        let mut text = fs::read_to_string(&log).unwrap();
        let (old, new) = (world.head(), new.trim());
        text += &[&old, " ", new, " A <a@x> 1700000000 +0000\tstanch: switch to the clean history\n"].concat();
        fs::write(&log, text).unwrap();
    }
    let _ = fs::remove_file(world.repo.join(format!(".git/logs/refs/heads/k-{}", world.key)));
    desk.ok(&world, &["--check"], 3);
    world.whole();
    assert_eq!(world.dump(), before);
    assert_eq!(desk.backups(), 0);
    desk.ok(&world, &["--apply", "--yes=work"], 0);
}

#[test]
fn a_kill_while_private_refs_are_held_or_the_graph_is_written_is_settled() {
    let held = "case \"$*\" in *'update-ref --no-deref --stdin') mkdir -p .git/refs/stanch/held; \
        : > .git/refs/stanch/held/0.lock; kill -9 $PPID; exit 1;; esac";
    let graph = "case \"$*\" in *'commit-graph write'*) : > .git/objects/info/commit-graph.lock; \
        mkdir -p .git/objects/info/commit-graphs; : > .git/objects/info/commit-graphs/commit-graph-chain.lock; \
        kill -9 $PPID; exit 1;; esac";
    for body in [held, graph] {
        let (world, desk) = (branches(), Desk::new());
        desk.wrap(body);
        desk.killed(&world, &["--apply", "--yes=work"]);
        desk.unwrap_git();
        let text = desk.ok(&world, &["--check"], 0);
        assert!(text.contains("The clean history stands"), "{text}");
        let left: Vec<_> =
            walk(&world.repo.join(".git")).into_iter().filter(|f| f.extension().is_some_and(|e| e == "lock")).collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(!world.repo.join(".git/refs/stanch").exists());
        assert!(world.repo.join(".git/objects/info/commit-graph").exists(), "it was there before");
        world.git(&["commit-graph", "verify"]);
        world.whole();
        desk.ok(&world, &["--undo"], 3);
        world.whole();
    }
}

// ---- finish

fn cut_in(world: &World, words: &str, work: impl Fn(&Ask<'_>)) -> bool {
    let progress = |p: stanch::effect::Progress| {
        if p.words == words {
            std::panic::resume_unwind(Box::new("power cut"));
        }
    };
    with(world, &progress, |ask| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(ask))).is_err())
}

fn with<T>(world: &World, progress: &(dyn Fn(stanch::effect::Progress) + Sync), work: impl FnOnce(&Ask<'_>) -> T) -> T {
    let backup = world.backup();
    let keys = [world.key.as_bytes()];
    work(&Ask { repo: &world.repo, backup_root: &backup, keys: &keys, cancel: &|| false, progress })
}

#[test]
fn a_finish_that_began_is_not_undone() {
    let world = World::new();
    world.leak();
    let plan = world.purge();
    assert!(cut_in(&world, "destroying the backup", |ask| drop(git::finish(ask, &plan.id))));
    let fault = world.ask(|ask| git::undo(ask, &plan.id)).unwrap_err();
    assert!(fault.to_string().contains("destroyed"), "{fault}");
    world.clean();
    world.finish(&plan.id);
    assert!(!world.backup().join(&plan.id).exists());
}

#[test]
fn an_undo_reads_the_backup_before_it_moves_anything() {
    let world = World::new();
    world.write("other", "a file that is clean\n");
    world.leak();
    world.git(&["repack", "-a", "-d", "-q"]);
    world.leak();
    let plan = world.purge();
    let objects = world.backup().join(&plan.id).join("git/objects");
    let gone = walk(&objects.join("pack")).into_iter().find(|f| f.extension().is_some_and(|e| e == "pack")).unwrap();
    fs::remove_file(gone).unwrap();
    let before = world.dump();
    let fault = world.ask(|ask| git::undo(ask, &plan.id)).unwrap_err();
    assert!(fault.to_string().contains("backup"), "{fault}");
    assert_eq!(world.dump(), before);
    assert_eq!(world.check(&plan.id), Standing::New);
    world.clean();
}

#[test]
fn finish_destroys_the_backups_of_earlier_purges_too() {
    let (world, desk) = (World::new(), Desk::new());
    world.leak();
    desk.ok(&world, &["--apply", "--yes=work"], 0);
    world.leak();
    desk.ok(&world, &["--apply", "--yes=work"], 0);
    assert_eq!(desk.backups(), 2);
    desk.ok(&world, &["--finish", "--yes=work"], 0);
    assert_eq!((desk.backups(), desk.copies(&world.key)), (0, vec![]));
    desk.ok(&world, &["--undo"], 2);
}

#[test]
fn finish_destroys_the_backup_of_another_key_too() {
    let (world, desk) = (World::new(), Desk::new());
    let other = format!("{}-{}", world.key.replace("sk", "zz"), "x".repeat(9));
    world.write("other", format!("{other}\n"));
    world.git(&["branch", &format!("k-{other}")]);
    world.leak();
    desk.ok(&world, &["--apply", "--yes=work"], 0);
    let out = desk.command(&world.repo, &other, &["--apply", "--yes=work", "--any-key"]).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    assert_eq!(desk.backups(), 2);
    let out = desk.command(&world.repo, &other, &["--finish", "--yes=work", "--any-key"]).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    assert_eq!((desk.backups(), desk.copies(&world.key), desk.copies(&other)), (0, vec![], vec![]));
}

#[test]
fn finish_is_allowed_after_an_undo() {
    let (world, desk) = (World::new(), Desk::new());
    world.leak();
    desk.ok(&world, &["--apply", "--yes=work"], 0);
    desk.ok(&world, &["--undo"], 3);
    desk.ok(&world, &["--push", "--yes=work"], 2);
    assert_eq!(desk.backups(), 1);
    let text = desk.ok(&world, &["--finish", "--yes=work"], 0);
    assert!(text.contains("the backup is gone"), "{text}");
    assert_eq!((desk.backups(), desk.copies(&world.key)), (0, vec![]));
    desk.ok(&world, &["--finish", "--yes=work"], 2);
    desk.ok(&world, &["--apply", "--yes=work"], 0);
    desk.ok(&world, &["--undo"], 3);
}

#[test]
fn a_kill_before_the_switch_loses_neither_the_earlier_purge_nor_half_a_backup() {
    let (world, desk) = (World::new(), Desk::new());
    world.leak();
    desk.ok(&world, &["--apply", "--yes=work"], 0);
    world.leak();
    // While the second one prepares: its backup is made, nothing is switched yet.
    desk.wrap("if [ $(find \"$S\" -name whole | wc -l) = 2 ]; then kill -9 $PPID; exit 1; fi");
    desk.killed(&world, &["--apply", "--yes=work"]);
    desk.unwrap_git();
    desk.ok(&world, &["--check"], 3);
    desk.ok(&world, &["--finish", "--yes=work"], 0);
    assert_eq!((desk.backups(), desk.copies(&world.key)), (0, vec![]));
}

#[test]
fn half_a_backup_goes_with_the_next_check() {
    let world = World::new();
    world.leak();
    let plan = world.plan();
    for words in ["backing up", "reading the packs"] {
        assert!(cut_in(&world, words, |ask| drop(git::apply(ask, &plan.id))));
        assert!(world.backup().join(&plan.id).exists());
        assert_eq!(world.check(&plan.id), Standing::Old);
        assert!(!world.backup().join(&plan.id).exists(), "cut at {words}");
    }
    world.purge();
}

#[test]
fn another_key_neither_finishes_nor_writes_papers() {
    let (world, desk) = (World::new(), Desk::new());
    world.leak();
    desk.ok(&world, &["--apply", "--yes=work"], 0);
    let other = format!("{}-other", world.key.to_lowercase());
    let papers = world.temp().join("papers");
    for args in [&["--finish", "--yes=work"][..], &["--papers", papers.to_str().unwrap()]] {
        let out = desk.command(&world.repo, &other, args).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{}", said(&out));
        assert!(said(&out).contains("another key"), "{}", said(&out));
    }
    assert_eq!((desk.backups(), papers.exists()), (1, false));
    desk.ok(&world, &["--finish", "--yes=work"], 0);
}

// ---- two at once

/// The program, held at its first git after it noted that it applies.
fn held(desk: &Desk, world: &World) -> (Child, PathBuf) {
    let (here, go) = (desk.root().join("here"), desk.root().join("go"));
    desk.wrap(
        "if [ ! -e \"$S/here\" ] && [ -n \"$(find \"$S/state\" -name applied.json)\" ]; then : > \"$S/here\"; \
        n=0; while [ ! -e \"$S/go\" ] && [ -e \"$S\" ] && [ $n -lt 3000 ]; do sleep 0.05; n=$((n + 1)); done; fi",
    );
    let mut command = desk.command(&world.repo, &world.key, &["--apply", "--yes=work"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&here);
    (child, go)
}

#[test]
fn a_second_process_keeps_away_from_an_apply_under_way() {
    let (world, desk) = (World::new(), Desk::new());
    world.leak();
    let (child, go) = held(&desk, &world);
    for args in [&["--plan"][..], &["--undo"], &["--check"], &["--finish", "--yes=work"]] {
        let text = desk.ok(&world, args, 1);
        assert!(text.contains("at work"), "{args:?}: {text}");
    }
    fs::write(go, "").unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    desk.ok(&world, &["--undo"], 3);
}

#[test]
fn two_engines_with_folders_of_their_own_keep_away_from_each_other() {
    let world = World::new();
    world.leak();
    let plan = world.plan();
    let other = world.temp().join("other backup");
    let seen = std::sync::Mutex::new(None);
    let progress = |p: stanch::effect::Progress| {
        if p.words == "backing up" && seen.lock().unwrap().is_none() {
            let keys = [world.key.as_bytes()];
            let ask = Ask { repo: &world.repo, backup_root: &other, keys: &keys, cancel: &|| false, progress: &|_| {} };
            *seen.lock().unwrap() = Some(git::plan(&ask).map(drop));
        }
    };
    with(&world, &progress, |ask| git::apply(ask, &plan.id)).unwrap();
    let fault = seen.into_inner().unwrap().unwrap().unwrap_err();
    assert!(fault.to_string().contains("at work"), "{fault}");
    world.clean();
    world.undo(&plan.id);
}

/// A colleague's push, at the moment the switch says `words`: a branch on the old history, and one set to an old commit.
fn pushed_meanwhile(words: &str) {
    let world = World::new();
    world.leak();
    world.write("g", "more\n");
    let old = world.commit("on top");
    world.git(&["repack", "-a", "-d", "-q"]);
    let plan = world.plan();
    let once = std::sync::atomic::AtomicBool::new(false);
    let progress = |p: stanch::effect::Progress| {
        if p.words == words && !once.swap(true, std::sync::atomic::Ordering::SeqCst) {
            let tree = world.git(&["rev-parse", &format!("{old}^{{tree}}")]);
            let theirs = world.git(&["commit-tree", &tree, "-p", &old, "-m", "theirs"]);
            world.git(&["update-ref", "refs/heads/theirs", &theirs]);
            world.git(&["update-ref", "refs/heads/set", &old]);
        }
    };
    let reply = with(&world, &progress, |ask| git::apply(ask, &plan.id)).unwrap();
    let GitReply::Applied { came_back, .. } = &reply else { panic!("{reply:?}") };
    assert_eq!(came_back, &["refs/heads/set", "refs/heads/theirs"], "{words}");
    world.whole();
    assert!(!world.repo.join(".git/stanch-switch.json").exists());
    assert_eq!(world.git(&["rev-list", "--count", "theirs"]), "4");
    assert!(!world.prove().clean());
    assert_eq!(world.check(&plan.id), Standing::New);
    world.whole();
    world.undo(&plan.id);
    world.whole();
    assert_eq!((world.head(), world.git(&["rev-parse", "theirs~1"])), (old.clone(), old));
    // The way on: with the colleague's branch in the plan.
    world.purge();
}

#[test]
fn a_push_before_the_old_objects_go_comes_back_by_name() {
    pushed_meanwhile("dropping the old objects");
}

#[test]
fn a_push_while_the_old_objects_go_breaks_nothing() {
    pushed_meanwhile("unlinking the old objects");
}

#[test]
fn a_neighbour_that_shares_packs_keeps_its_rights() {
    let world = World::new();
    world.leak();
    world.git(&["repack", "-a", "-d", "-q"]);
    world.git(&["clone", "-q", ".", "../c"]);
    let packs = || walk(&world.temp().join("c/.git/objects/pack"));
    let modes = || packs().iter().map(|f| fs::metadata(f).unwrap().permissions().mode()).collect::<Vec<_>>();
    assert!(packs().iter().all(|f| fs::metadata(f).unwrap().nlink() == 2));
    let before = modes();
    let plan = world.purge();
    assert_eq!(modes(), before);
    world.undo(&plan.id);
    assert_eq!(modes(), before);
}

// ---- what a killed process leaves

#[test]
fn a_killed_push_leaves_no_name_with_the_key_behind() {
    let (world, desk) = (World::new(), Desk::new());
    world.leak();
    let branch = format!("k-{}", world.key);
    world.git(&["branch", &branch]);
    world.git_in(world.temp(), &["clone", "-q", "--bare", "work", "server.git"]);
    world.git(&["remote", "add", "origin", "../server.git"]);
    world.git(&["fetch", "-q"]);
    desk.ok(&world, &["--plan"], 3);
    desk.ok(&world, &["--apply", "--yes=work"], 0);
    desk.wrap("case \"$*\" in *stanch-unnamed*) kill -9 $PPID; exit 1;; esac");
    desk.killed(&world, &["--push", "--yes=work"]);
    desk.unwrap_git();
    desk.ok(&world, &["--finish", "--yes=work"], 0);
    assert_eq!(desk.copies(&world.key), Vec::<PathBuf>::new());
    let left = walk(&desk.root().join("state"));
    assert!(!left.iter().any(|f| f.file_name().unwrap().to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn a_sign_that_says_nothing_stops_nobody() {
    for sign in ["", "12", "what is this"] {
        let world = World::new();
        world.leak();
        fs::write(world.repo.join(".git/gc.pid"), sign).unwrap();
        world.purge();
        assert!(!world.repo.join(".git/gc.pid").exists());
    }
    // One that names a process of today is believed.
    let world = World::new();
    world.leak();
    let sign = format!("{} {}", std::process::id(), rustix::system::uname().nodename().to_string_lossy());
    fs::write(world.repo.join(".git/gc.pid"), sign).unwrap();
    let plan = world.plan();
    assert!(world.ask(|ask| git::apply(ask, &plan.id)).unwrap_err().to_string().contains("tidying"));
}

#[test]
fn a_repository_is_itself_from_every_folder_of_it() {
    let (world, desk) = (World::new(), Desk::new());
    world.write("d/x", "x\n");
    world.leak();
    world.git(&["worktree", "add", "-q", "../linked", "-b", "w"]);
    let from = |dir: &Path, args: &[&str]| {
        let out = desk.command(dir, &world.key, args).output().unwrap();
        (out.status.code(), said(&out))
    };
    assert_eq!(from(&world.repo.join("d"), &["--apply", "--yes=work"]).0, Some(0));
    let (code, text) = from(&world.repo, &["--undo"]);
    assert_eq!(code, Some(3), "{text}");
    assert_eq!(from(&world.temp().join("linked"), &["--apply", "--yes=work"]).0, Some(0));
    assert_eq!(from(&world.repo.join(".git"), &["--undo"]).0, Some(3));
}

#[test]
fn strays_beside_the_objects_are_searched() {
    let world = World::new();
    let objects = world.repo.join(".git/objects");
    fs::create_dir_all(objects.join("ab")).unwrap();
    fs::write(objects.join("pack/stray.txt"), format!("a note: {}\n", world.key)).unwrap();
    // Half an object, as a killed git leaves it: one that is whole, but for its end.
    world.write("g", format!("{}{}\n", world.key, "more ".repeat(500)));
    let id = world.git(&["hash-object", "-w", "g"]);
    let loose = objects.join(&id[..2]).join(&id[2..]);
    let bytes = fs::read(&loose).unwrap();
    fs::write(objects.join("ab/tmp_obj_x1"), &bytes[..bytes.len() - 6]).unwrap();
    fs::remove_file(&loose).unwrap();
    fs::remove_file(world.repo.join("g")).unwrap();
    let found: Vec<_> = world.find().copies.into_iter().filter_map(|copy| copy.path).collect();
    assert_eq!(found, ["objects/ab/tmp_obj_x1", "objects/pack/stray.txt"]);
    let plan = world.purge();
    assert!(!objects.join("ab/tmp_obj_x1").exists());
    let note = fs::read_to_string(objects.join("pack/stray.txt")).unwrap();
    assert!(note.starts_with("a note: ") && !note.contains(&world.key));
    world.undo(&plan.id);
    assert!(objects.join("ab/tmp_obj_x1").exists());
    assert!(fs::read_to_string(objects.join("pack/stray.txt")).unwrap().contains(&world.key));
}
