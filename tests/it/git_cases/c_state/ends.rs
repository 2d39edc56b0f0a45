//! No space, undo, finish, cancel.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use stanch::base::FaultKind;
use stanch::effect::git::{GitReply, Standing};
use stanch::git;

use super::others::refused_while;
use crate::git_cases::Expect::Course;
use crate::git_cases::{Case, SKIPPED, case, leak, old_leak, oracle};
use crate::gitrepo::{World, interrupted, walk};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(54, "no space: a write that fails half-way leaves the old repository", Course(no_space)),
        case(54, "a disk that is too small: refused before a file is touched", Course(small_disk)),
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
            "a commit between an undo's last look and its switch",
            Course(|| {
                let w = leak();
                w.git(&["branch", "b"]);
                // Lost rubbish that the purge drops, and that somebody happens to write again in the last moment.
                w.pipe(&["hash-object", "-w", "--stdin"], b"rubbish");
                let plan = w.purge();
                let dump = w.git(&["for-each-ref", "refs/heads/b"]);
                let undo = |ask: &git::Ask<'_>| git::undo(ask, &plan.id).unwrap_err();
                let fault = refused_while(&w, "moving the refs back", undo, || {
                    w.write("g", "rubbish");
                    w.commit("meanwhile");
                });
                assert_eq!(fault.kind, FaultKind::Changed, "{fault}");
                assert_eq!(
                    (w.check(&plan.id), w.git(&["log", "-1", "--format=%s"])),
                    (Standing::New, "meanwhile".into())
                );
                assert_eq!(w.git(&["for-each-ref", "refs/heads/b"]), dump, "no other ref went back");
                oracle::clean(&w);
                w.git(&["reset", "-q", "--hard", "HEAD~"]);
                w.undo(&plan.id);
                assert_eq!(w.check(&plan.id), Standing::Old);
                "refused: no ref went back, the new commit is kept".into()
            }),
        ),
        case(
            55,
            "a lock that is taken while an undo moves the refs; killed there, and looked at later",
            Course(|| {
                let w = leak();
                let plan = w.purge();
                let lock = w.repo.join(".git/refs/heads/main.lock");
                let undo = |ask: &git::Ask<'_>| git::undo(ask, &plan.id).unwrap_err();
                let fault = refused_while(&w, "moving the refs back", undo, || fs::write(&lock, "").unwrap());
                assert_eq!(fault.kind, FaultKind::Changed, "{fault}");
                fs::remove_file(&lock).unwrap();
                oracle::clean(&w);
                // Killed when the old objects are there and no ref went back; then somebody commits.
                assert!(interrupted(&w, 3, |ask| drop(git::undo(ask, &plan.id))));
                let there = !w.copies(&w.key).is_empty();
                assert!(w.repo.join(".git/stanch-switch.json").exists() && there, "it was not cut there");
                w.git(&["commit", "-q", "--allow-empty", "-m", "meanwhile"]);
                assert_eq!(w.check(&plan.id), Standing::New);
                oracle::clean(&w);
                w.git(&["reset", "-q", "--hard", "HEAD~"]);
                w.undo(&plan.id);
                assert_eq!(w.check(&plan.id), Standing::Old);
                "refused, taken back: the clean history stands".into()
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

/// A small disk in a namespace of its own, with the repository and the state folder on it.
fn small_disk() -> String {
    if !Command::new("unshare").args(["-rm", "true"]).status().is_ok_and(|status| status.success()) {
        return format!("{SKIPPED}no namespace can be made here; the check itself has a unit test");
    }
    let w = World::new();
    let noise = |n: u64| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20);
    w.write("big", (0..300_000).map(noise).collect::<Vec<_>>().concat());
    w.commit("big");
    w.old_leak();
    let disk = w.temp().join("disk");
    fs::create_dir(&disk).unwrap();
    let key = w.temp().join("key-file");
    fs::write(&key, &w.key).unwrap();
    let script = r#"
        mount -t tmpfs -o size="$1" none "$2" && cp -a "$3" "$2/work" || exit 90
        look() { cd "$2/work" && find . -type f -exec sha256sum {} + | sort; }
        before=$(look "$@")
        "$4" purge --apply --yes=work --repo "$2/work" --key-file "$5"; code=$?
        test "$before" = "$(look "$@")" && echo nothing was touched
        test -e "$2/state/purges" && find "$2/state/purges" -type d -name '????????????' -exec echo a backup is left: {} \;
        git -C "$2/work" fsck --full --strict || exit 91
        exit $code"#;
    let run = |size: &str| {
        let mut command = w.command(w.temp(), &[]);
        let envs: Vec<_> = command.get_envs().map(|(k, v)| (k.to_owned(), v.map(ToOwned::to_owned))).collect();
        command = Command::new("unshare");
        for (name, value) in envs {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.args(["-rm", "sh", "-c", script, "sh", size]).arg(&disk).arg(&w.repo);
        command.arg(env!("CARGO_BIN_EXE_stanch")).arg(&key);
        command.env("STANCH_STATE_DIR", disk.join("state/incidents")).env("STANCH_CONFIG", "/dev/null");
        let out = command.output().unwrap();
        (out.status.code(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
    };
    let (code, said) = run("6m");
    if code == Some(90) {
        return format!("{SKIPPED}no disk can be mounted here; the check itself has a unit test");
    }
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("there is no space for the backup and the new objects"), "{said}");
    assert!(said.contains("nothing was touched") && !said.contains("a backup is left"), "{said}");
    let (code, said) = run("64m");
    assert_eq!(code, Some(0), "with room it goes through: {said}");
    "refused: no space; with room: clean".into()
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
