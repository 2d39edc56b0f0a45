//! What git is in the middle of, and what we are.

use stanch::effect::git::Standing;
use stanch::git;

use crate::git_cases::Expect::{Course, Refused};
use crate::git_cases::{Case, case, old_leak, oracle};
use crate::gitrepo::{World, interrupted};

pub(super) fn cases() -> Vec<Case> {
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
        case(
            50,
            "a cherry-pick of several commits, and nothing left in conflict",
            Refused(
                || {
                    let w = conflict();
                    w.git(&["checkout", "-q", "side"]);
                    w.write("f", "other again\n");
                    w.commit("other again");
                    w.git(&["checkout", "-q", "main"]);
                    w.try_git(&["cherry-pick", "side~1", "side"]);
                    w.git(&["checkout", "-q", "-f", "HEAD"]);
                    w.try_git(&["commit", "-q", "--allow-empty", "-m", "nothing of it"]);
                    assert!(w.repo.join(".git/sequencer").exists());
                    w
                },
                "a cherry-pick or revert of several commits is in progress",
            ),
        ),
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
