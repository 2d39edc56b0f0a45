//! Other processes that write.

use std::fs;

use stanch::base::FaultKind;
use stanch::effect::git::Standing;
use stanch::git;

use crate::git_cases::Expect::{Course, Refused};
use crate::git_cases::{Case, case, leak, old_leak};
use crate::gitrepo::World;
use crate::program::executable;

pub(super) fn cases() -> Vec<Case> {
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
                let hooks = w.repo.join(".git/hooks");
                fs::create_dir_all(&hooks).unwrap();
                executable(&hooks.join("reference-transaction"), "#!/bin/sh\necho not now >&2\nexit 1\n");
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
    refused_while(w, words, |ask| git::apply(ask, plan).unwrap_err(), meanwhile)
}

/// Does `work`, and `meanwhile` when the engine says `words`.
pub(super) fn refused_while(
    w: &World,
    words: &str,
    work: impl Fn(&git::Ask<'_>) -> stanch::base::Fault + Sync,
    meanwhile: impl Fn(),
) -> stanch::base::Fault {
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
            work(&ask)
        });
        receiver.recv_timeout(std::time::Duration::from_mins(1)).expect("the engine never said so");
        (here.0)();
        go.send(()).unwrap();
        engine.join().unwrap()
    })
}
