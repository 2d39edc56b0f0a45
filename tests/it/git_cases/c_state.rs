//! C. State and safety: what the repository is in the middle of, who else writes, what the machine does, and the way back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use stanch::base::FaultKind;
use stanch::effect::git::{GitReply, Standing};
use stanch::git;

use super::Expect::{Clean, Course, Refused, Unopened};
use super::{Case, MARK, case, leak, old_leak, oracle};
use crate::gitrepo::{World, interrupted, walk};

pub(super) fn cases() -> Vec<Case> {
    [operations(), others(), shapes(), ends()].into_iter().flatten().collect()
}

/// Two branches in conflict, on `main`.
fn conflict() -> World {
    let w = old_leak();
    w.git(&["checkout", "-q", "-b", "side", "HEAD~2"]);
    w.write("f", "other\n");
    w.commit("other");
    w.git(&["checkout", "-q", "main"]);
    w.write("f", "mine\n");
    w.commit("mine");
    w
}

fn in_progress(start: &[&str]) -> World {
    let w = conflict();
    w.try_git(start);
    w
}

fn operations() -> Vec<Case> {
    vec![
        case(
            50,
            "a rebase with an autostash that holds the key",
            Refused(
                || {
                    let w = conflict();
                    w.write("other", "x");
                    w.commit("another file");
                    w.write("other", &w.key);
                    w.try_git(&["rebase", "--autostash", "side"]);
                    assert!(w.repo.join(".git/rebase-merge/autostash").exists());
                    w
                },
                "a rebase is in progress",
            ),
        ),
        case(50, "a merge", Refused(|| in_progress(&["merge", "side"]), "a merge is in progress")),
        case(50, "a cherry-pick", Refused(|| in_progress(&["cherry-pick", "side"]), "a cherry-pick is in progress")),
        case(50, "a revert", Refused(|| in_progress(&["revert", "--no-edit", "HEAD~1"]), "a revert is in progress")),
        case(50, "a bisect", Refused(|| in_progress(&["bisect", "start"]), "a bisect is in progress")),
        case(
            50,
            "`git am`",
            Refused(
                || {
                    let w = conflict();
                    let patch = w.git(&["format-patch", "-1", "side", "--stdout"]);
                    w.write("../patch", format!("{patch}\n"));
                    w.try_git(&["am", "../patch"]);
                    w
                },
                "a rebase or `git am` is in progress",
            ),
        ),
        case(
            50,
            "a merge of notes",
            Refused(
                || {
                    let w = old_leak();
                    w.git(&["notes", "--ref=a", "add", "-m", "one"]);
                    w.git(&["notes", "--ref=b", "add", "-m", "two"]);
                    w.try_git(&["notes", "--ref=a", "merge", "b"]);
                    w
                },
                "a merge of notes is in progress",
            ),
        ),
        case(51, "power cut at each step, linked tree and renamed branch: old or new", Course(power_cuts)),
    ]
}

/// A linked working tree, a renamed branch under HEAD, a stash: cut at every step, settled, and undone.
fn power_cuts() -> String {
    let build = || {
        let w = old_leak();
        w.git(&["checkout", "-q", "-b", &format!("k-{}", w.key)]);
        w.write("f", &w.key);
        w.git(&["stash", "-q"]);
        w.git(&["worktree", "add", "-q", "-b", "w", w.temp().join("w").to_str().unwrap(), "main"]);
        w
    };
    let (mut at, mut ends) = (1, Vec::new());
    loop {
        let w = build();
        let (before, dump) = (oracle::Before::take(&w), w.dump());
        let plan = w.plan();
        let cut = interrupted(&w, at, |ask| drop(git::apply(ask, &plan.id)));
        let stands = w.check(&plan.id);
        match stands {
            Standing::Old => assert_eq!(w.dump(), dump, "step {at}"),
            Standing::New => oracle::clean(&w),
            Standing::Mixed => panic!("step {at}: between old and new"),
        }
        ends.push(stands);
        if stands == Standing::New {
            w.undo(&plan.id);
            before.is_back(&w);
        }
        if !cut {
            break;
        }
        // Steps close to each other end alike; every third keeps the table quick.
        at += 3;
    }
    assert!(ends.contains(&Standing::Old) && ends.contains(&Standing::New), "{ends:?}");
    "old or new at every step, undo exact".into()
}

fn others() -> Vec<Case> {
    vec![
        case(
            52,
            "a lock on a branch",
            Refused(
                || {
                    let w = old_leak();
                    w.write(".git/refs/heads/main.lock", "");
                    w
                },
                "another git process holds refs/heads/main.lock",
            ),
        ),
        case(
            52,
            "a lock on the index of a linked working tree",
            Refused(
                || {
                    let w = old_leak();
                    w.git(&["worktree", "add", "-q", "-b", "w", w.temp().join("w").to_str().unwrap()]);
                    w.write(".git/worktrees/w/index.lock", "");
                    w
                },
                "another git process holds worktrees/w/index.lock",
            ),
        ),
        case(
            52,
            "a lock that is taken while the refs move",
            Course(|| {
                let w = leak();
                let plan = w.plan();
                let dump = w.dump();
                let lock = w.repo.join(".git/refs/heads/main.lock");
                let fault = apply_while(&w, &plan.id, "switching", || fs::write(&lock, "").unwrap());
                assert_eq!(fault.kind, FaultKind::Changed, "{fault}");
                fs::remove_file(&lock).unwrap();
                assert_eq!(w.dump(), dump);
                assert_eq!(w.check(&plan.id), Standing::Old);
                w.purge();
                "refused: all refs old, nothing changed".into()
            }),
        ),
        case(
            52,
            "a commit between plan and switch",
            Course(|| {
                let w = leak();
                let plan = w.plan();
                w.write("g", "new");
                let head = w.commit("meanwhile");
                let fault = w.ask(|ask| git::apply(ask, &plan.id)).unwrap_err();
                assert_eq!(fault.kind, FaultKind::Changed);
                assert_eq!(w.head(), head);
                assert!(!w.repo.join(".git/stanch-switch.json").exists());
                w.purge();
                "refused: changed since the plan".into()
            }),
        ),
        case(
            52,
            "a commit between the last look and the switch",
            Course(|| {
                let w = leak();
                w.git(&["branch", "b"]);
                let plan = w.plan();
                let fault = apply_while(&w, &plan.id, "switching", || {
                    w.git(&["commit", "-q", "--allow-empty", "-m", "meanwhile"]);
                });
                assert_eq!(fault.kind, FaultKind::Changed, "{fault}");
                assert_eq!(w.git(&["log", "-1", "--format=%s"]), "meanwhile");
                assert_eq!(w.git(&["rev-parse", "b"]), w.git(&["rev-parse", "main~1"]), "no other ref moved");
                "refused: all refs old, the new commit is kept".into()
            }),
        ),
        case(
            52,
            "a reference-transaction hook that says no",
            Course(|| {
                let w = leak();
                w.write(".git/hooks/reference-transaction", "#!/bin/sh\necho not now >&2\nexit 1\n");
                fs::set_permissions(w.repo.join(".git/hooks/reference-transaction"), fs::Permissions::from_mode(0o755))
                    .unwrap();
                let dump = w.dump();
                let plan = w.plan();
                let fault = w.ask(|ask| git::apply(ask, &plan.id)).unwrap_err();
                assert!(fault.to_string().contains("hook") && fault.to_string().contains("not now"), "{fault}");
                assert_eq!(w.dump(), dump);
                assert_eq!(w.check(&plan.id), Standing::Old);
                "refused: the hook said no, nothing changed".into()
            }),
        ),
    ]
}

/// Applies, and does `meanwhile` when the engine says `words`.
fn apply_while(w: &World, plan: &str, words: &str, meanwhile: impl Fn()) -> stanch::base::Fault {
    // The callback must be `Sync` and the world is not; it runs on this thread.
    struct Here<F>(F);
    let backup = w.backup();
    let said = std::sync::Mutex::new(false);
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let (go, went) = std::sync::mpsc::channel::<()>();
    let sender = std::sync::Mutex::new((sender, went));
    let here = Here(meanwhile);
    let (repo, key) = (w.repo.clone(), w.key.clone());
    std::thread::scope(|scope| {
        let engine = scope.spawn(|| {
            let progress = |p: stanch::effect::Progress| {
                if p.words == words && !std::mem::replace(&mut *said.lock().unwrap(), true) {
                    let pair = sender.lock().unwrap();
                    pair.0.send(()).unwrap();
                    pair.1.recv().unwrap();
                }
            };
            let ask = git::Ask {
                repo: &repo,
                backup_root: &backup,
                keys: &[key.as_bytes()],
                cancel: &|| false,
                progress: &progress,
            };
            git::apply(&ask, plan).unwrap_err()
        });
        receiver.recv_timeout(std::time::Duration::from_mins(1)).expect("the engine never said so");
        (here.0)();
        go.send(()).unwrap();
        engine.join().unwrap()
    })
}

fn shapes() -> Vec<Case> {
    vec![
        case(
            53,
            "a bare repository",
            Clean(|| {
                let mut w = leak();
                w.git_in(w.temp(), &["clone", "-q", "--bare", "--no-local", "work", "bare.git"]);
                w.repo = w.temp().join("bare.git");
                w
            }),
        )
        .and(|_, plan| assert_eq!(plan.phrase, "bare.git")),
        case(
            53,
            "a mirror",
            Clean(|| {
                let mut w = old_leak();
                w.git(&["update-ref", "refs/pull/1/head", "HEAD~"]);
                w.git_in(w.temp(), &["clone", "-q", "--mirror", "--no-local", "work", "mirror.git"]);
                w.repo = w.temp().join("mirror.git");
                w
            }),
        )
        .and(|w, _| assert_eq!(w.git(&["rev-parse", "refs/pull/1/head"]), w.git(&["rev-parse", "main~"]))),
        case(
            53,
            "a separate git directory, from a folder below",
            Course(|| {
                let mut w = World::empty(&["--separate-git-dir", "elsewhere.git"]);
                w.write("sub/f", format!("k={}", w.key));
                w.commit("leak");
                w.repo = w.repo.join("sub");
                let plan = w.purge();
                assert_eq!(plan.phrase, "work");
                assert_eq!(w.read("f"), format!("k={MARK}").into_bytes());
                "clean: 1 of 1 commits".into()
            }),
        ),
        case(
            53,
            "inside a submodule: its `.git` is a file",
            Clean(|| {
                let mut w = leak();
                let outer = w.temp().join("outer");
                w.git_in(w.temp(), &["init", "-q", "-b", "main", "outer"]);
                w.git_in(&outer, &["-c", "protocol.file.allow=always", "submodule", "add", "-q", "../work", "inner"]);
                w.git_in(&outer, &["commit", "-q", "-m", "outer"]);
                w.repo = outer.join("inner");
                assert!(w.repo.join(".git").is_file());
                w
            }),
        ),
        case(53, "GIT_DIR and GIT_INDEX_FILE in the environment lead elsewhere", Course(environment)),
        case(
            53,
            "HEAD is detached",
            Clean(|| {
                let w = leak();
                w.git(&["checkout", "-q", "--detach"]);
                w
            }),
        )
        .and(|w, plan| {
            assert!(plan.refs.iter().any(|m| m.name == "HEAD"));
            assert_eq!(w.git(&["rev-parse", "HEAD"]), w.git(&["rev-parse", "main"]));
        }),
        case(
            53,
            "HEAD names a branch that is not there",
            Clean(|| {
                let w = leak();
                w.git(&["rm", "-q", "-r", "--cached", "."]);
                fs::remove_file(w.repo.join("f")).unwrap();
                w.git(&["symbolic-ref", "HEAD", "refs/heads/missing"]);
                w
            }),
        )
        .and(|w, _| assert_eq!(w.git(&["symbolic-ref", "HEAD"]), "refs/heads/missing")),
        case(
            53,
            "a sparse checkout, and line ends as the user has them",
            Clean(|| {
                let w = World::new();
                w.write("in/a", "x");
                w.write("out/b", format!("k={}", w.key));
                w.write(".gitattributes", "*.txt text eol=crlf\n");
                w.write("in/c.txt", format!("one\r\nk={}\r\n", w.key));
                w.commit("files");
                w.git(&["sparse-checkout", "set", "in"]);
                w
            }),
        )
        .and(|w, _| {
            assert!(!w.repo.join("out").exists());
            assert_eq!(w.read("in/c.txt"), format!("one\r\nk={MARK}\r\n").into_bytes());
            assert_eq!(w.git(&["show", "HEAD:out/b"]), format!("k={MARK}"));
        }),
        case(
            53,
            "files marked assume-unchanged",
            Refused(
                || {
                    let w = leak();
                    w.git(&["update-index", "--assume-unchanged", "f"]);
                    w
                },
                "marked assume-unchanged",
            ),
        ),
        case(
            53,
            "a split index",
            Refused(
                || {
                    let w = old_leak();
                    w.git(&["update-index", "--split-index"]);
                    w
                },
                "the index is split in two files",
            ),
        ),
        case(
            53,
            "no repository there",
            Unopened(
                || {
                    let mut w = World::new();
                    w.repo = w.temp().join("none");
                    fs::create_dir(&w.repo).unwrap();
                    w
                },
                "no git repository",
            ),
        ),
        case(
            53,
            "another user's",
            Course(|| {
                let w = old_leak();
                // Only root can give a folder away; elsewhere there is nothing to test.
                if std::os::unix::fs::chown(&w.repo, Some(4321), None).is_ok() {
                    std::os::unix::fs::chown(w.repo.join(".git"), Some(4321), None).unwrap();
                    let fault = w.ask(git::find).unwrap_err();
                    assert!(fault.why.contains("another user") && fault.hints[0].contains("safe.directory"), "{fault}");
                }
                "refused: it belongs to another user".into()
            }),
        ),
        case(53, "a git directory that can't be written", Course(read_only)),
    ]
}

/// The program itself, `args` for the repository `at`, `set` in its environment.
fn program(w: &World, args: &[&str], set: &[(&str, &str)]) -> (Option<i32>, String) {
    let key = w.temp().join("key-file");
    fs::write(&key, &w.key).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    command.args(args).arg("--repo").arg(&w.repo).arg("--key-file").arg(&key);
    command.env("STANCH_STATE_DIR", w.temp().join("state/incidents")).env("STANCH_CONFIG", "/dev/null");
    command.envs(set.iter().copied());
    let out = command.output().unwrap();
    (out.status.code(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
}

fn environment() -> String {
    let w = old_leak();
    let other = w.temp().join("other");
    w.git_in(w.temp(), &["clone", "-q", "--no-local", "work", "other"]);
    let print = walk(&other).iter().map(|p| fs::metadata(p).unwrap().modified().unwrap()).collect::<Vec<_>>();
    let dir = other.join(".git");
    let index = dir.join("index");
    let set = [("GIT_DIR", dir.to_str().unwrap()), ("GIT_INDEX_FILE", index.to_str().unwrap()), ("GIT_WORK_TREE", "/")];
    let (code, said) = program(&w, &["purge", "--apply", "--yes=work"], &set);
    assert_eq!(code, Some(0), "{said}");
    oracle::clean(&w);
    assert_eq!(walk(&other).iter().map(|p| fs::metadata(p).unwrap().modified().unwrap()).collect::<Vec<_>>(), print);
    "clean: the named repository, no other".into()
}

/// Root may write everywhere, so it becomes somebody else for this; without root, the mode is enough.
fn read_only() -> String {
    let w = old_leak();
    let dir = w.repo.join(".git");
    let root = std::os::unix::fs::chown(&dir, Some(65_534), Some(65_534)).is_ok();
    let set_mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if root {
        for path in walk(w.temp()).iter().flat_map(|file| file.ancestors()).filter(|p| p.starts_with(w.temp())) {
            std::os::unix::fs::lchown(path, Some(65_534), Some(65_534)).unwrap();
        }
        // The test's own program may lie where nobody else may look.
        if !Command::new("setpriv").arg("--version").output().is_ok_and(|out| out.status.success()) {
            return "refused: the git directory can't be written".into();
        }
        fs::copy(env!("CARGO_BIN_EXE_stanch"), w.temp().join("stanch")).unwrap();
        set_mode(w.temp(), 0o755);
    }
    fs::write(w.temp().join("key-file"), &w.key).unwrap();
    set_mode(&w.temp().join("key-file"), 0o644);
    set_mode(&dir, 0o555);
    let mut command = if root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(w.temp().join("stanch"));
        command
    } else {
        Command::new(env!("CARGO_BIN_EXE_stanch"))
    };
    let home = w.temp().join("home");
    fs::create_dir(&home).unwrap();
    if root {
        std::os::unix::fs::chown(&home, Some(65_534), Some(65_534)).unwrap();
    }
    command
        .args(["purge", "--apply", "--yes=work", "--repo"])
        .arg(&w.repo)
        .arg("--key-file")
        .arg(w.temp().join("key-file"));
    command.env("HOME", &home).env("STANCH_STATE_DIR", home.join("incidents")).env("STANCH_CONFIG", "/dev/null");
    let out = command.output().unwrap();
    set_mode(&dir, 0o755);
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert!(!out.status.success() && said.contains("can't be written"), "{said}");
    "refused: the git directory can't be written".into()
}

fn ends() -> Vec<Case> {
    vec![
        case(54, "no space: a write that fails half-way leaves the old repository", Course(no_space)),
        case(55, "undo with branches, tags, notes, stashes; then finish destroys the backup", Course(undo_and_finish)),
        case(
            55,
            "undo does not lose later work",
            Course(|| {
                let w = leak();
                let plan = w.purge();
                w.write("g", "later");
                let later = w.commit("later");
                let fault = w.ask(|ask| git::undo(ask, &plan.id)).unwrap_err();
                assert_eq!(fault.kind, FaultKind::Changed);
                assert_eq!(w.head(), later);
                assert_eq!(w.check(&plan.id), Standing::New);
                "refused: undoing would lose that work".into()
            }),
        ),
        case(
            55,
            "cancelled while planning, backing up or writing: nothing changed",
            Course(|| {
                let w = old_leak();
                let plan = w.plan();
                let dump = w.dump();
                for let_pass in 0..6 {
                    let left = std::sync::atomic::AtomicI32::new(let_pass);
                    let cancel = || left.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) <= 0;
                    let backup = w.backup();
                    let ask = git::Ask {
                        repo: &w.repo,
                        backup_root: &backup,
                        keys: &[w.key.as_bytes()],
                        cancel: &cancel,
                        progress: &|_| {},
                    };
                    assert_eq!(git::apply(&ask, &plan.id).unwrap_err().kind, FaultKind::Cancelled, "{let_pass}");
                    assert_eq!(w.dump(), dump);
                }
                w.purge();
                "cancelled: nothing changed".into()
            }),
        ),
        case(
            55,
            "a backup folder inside the repository or a linked working tree",
            Course(|| {
                let w = old_leak();
                w.git(&["worktree", "add", "-q", "-b", "w", w.temp().join("w").to_str().unwrap()]);
                for root in [w.repo.join("backup"), w.temp().join("w/backup")] {
                    let ask = git::Ask {
                        repo: &w.repo,
                        backup_root: &root,
                        keys: &[w.key.as_bytes()],
                        cancel: &|| false,
                        progress: &|_| {},
                    };
                    let fault = git::plan(&ask).unwrap_err();
                    assert!(fault.why.contains("inside the repository"), "{fault}");
                }
                "refused: it lies inside the repository".into()
            }),
        ),
    ]
}

/// Files may not grow in the child: what fails when a disk is full, without a disk.
fn no_space() -> String {
    let w = World::new();
    let noise = |n: u64| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20);
    let noise = (0..60_000).map(noise).collect::<Vec<_>>().concat();
    w.write("big", noise);
    w.commit("big");
    w.leak();
    let dump = w.dump();
    let key = w.temp().join("key-file");
    fs::write(&key, &w.key).unwrap();
    // In blocks of 512 or 1,024 bytes, by the shell; either is less than the backup's largest file.
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(env!("CARGO_BIN_EXE_stanch")).args([
        "purge",
        "--apply",
        "--yes=work",
        "--repo",
    ]);
    command.arg(&w.repo).arg("--key-file").arg(&key);
    command.env("STANCH_STATE_DIR", w.temp().join("state/incidents")).env("STANCH_CONFIG", "/dev/null");
    let out = command.output().unwrap();
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert!(!out.status.success(), "{said}");
    assert_eq!(w.dump(), dump, "{said}");
    for path in walk(&w.temp().join("state")) {
        let bytes = fs::read(&path).unwrap();
        assert!(memchr::memmem::find(&bytes, w.key.as_bytes()).is_none(), "half a backup is left: {}", path.display());
    }
    w.purge();
    "failed: the old repository, no half backup".into()
}

fn undo_and_finish() -> String {
    let w = World::new();
    w.old_leak();
    w.leak();
    w.git(&["branch", "side", "HEAD~1"]);
    w.git(&["tag", "-a", "-m", "t", "t"]);
    w.git(&["notes", "add", "-m", "note"]);
    w.write("f", "stashed");
    w.git(&["stash", "-q"]);
    w.write("f", format!("again {}", w.key));
    w.git(&["stash", "-q"]);
    let before = oracle::Before::take(&w);
    let plan = w.purge();
    assert_eq!(w.check(&plan.id), Standing::New);
    let backup = w.backup().join(&plan.id);
    for path in walk(&backup) {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o700);
    w.undo(&plan.id);
    before.is_back(&w);
    assert_eq!(w.check(&plan.id), Standing::Old);
    let again = w.plan();
    assert_eq!(again.id, plan.id);
    assert!(matches!(w.apply(&again.id), GitReply::Applied { .. }));
    oracle::clean(&w);
    assert!(w.prove().not_checked.iter().any(|line| line.contains("backup")));
    w.finish(&plan.id);
    assert!(!backup.exists());
    assert!(w.ask(|ask| git::undo(ask, &plan.id)).is_err());
    assert_eq!(w.check(&plan.id), Standing::New);
    for path in walk(&w.backup()) {
        assert!(memchr::memmem::find(&fs::read(path).unwrap(), w.key.as_bytes()).is_none());
    }
    "undo exact; finished: the backup is gone".into()
}
