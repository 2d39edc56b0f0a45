//! Files and objects: commits, merges, stashes, logs, loose ends, the index.

use std::fs;

use stanch::effect::git::CopyKind;

use crate::git_cases::Expect::{Clean, PrunedOnly, Refused};
use crate::git_cases::{Case, MARK, case, leak, old_leak};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(1, "an old commit, later removed; the removing commit is kept, empty", Clean(old_leak)).and(|w, plan| {
            assert_eq!((plan.commits_changed, plan.commits_total), (2, 3));
            assert_eq!((plan.phrase.as_str(), plan.files.len(), plan.first_changed.len()), ("work", 1, 1));
            assert!(plan.diff.contains(&"-k=[leaked]".to_owned()) && plan.diff.contains(&format!("+k={MARK}")));
            assert!(plan.became_empty.is_empty(), "the removal of the placeholder is a change");
            assert_eq!(w.git(&["log", "--format=%s"]), "fix\nleak\nbase");
            assert!(w.git(&["show", "HEAD~1:f"]).ends_with(&format!("k={MARK}")));
        }),
        case(2, "in HEAD, in two branches, and in the dirty working tree", Refused(|| {
            let w = leak();
            w.git(&["branch", "b"]);
            let mut text = w.read("f");
            text.extend_from_slice(format!("x={}", w.key).as_bytes());
            w.write("f", text);
            w
        }, "the working tree is dirty: 1 tracked file(s) differ from HEAD, in the index or on disk: f (holds the key)"))
        .and(|w, plan| {
            assert!(plan.refusals.iter().any(|r| r.way_forward.contains("git stash")));
            // The way forward works: the stash is cleaned with the rest.
            w.git(&["stash", "-q"]);
            w.purge();
            w.git(&["stash", "pop", "-q"]);
            assert!(String::from_utf8(w.read("f")).unwrap().ends_with(&format!("x={MARK}")));
        }),
        case(2, "in HEAD and two branches, an untracked file beside it", Clean(|| {
            let w = leak();
            w.git(&["branch", "b"]);
            w.write("untracked", "stays");
            w
        }))
        .and(|w, _| {
            assert_eq!(w.git(&["status", "--porcelain"]), "?? untracked");
            assert_eq!(w.git(&["rev-parse", "main"]), w.git(&["rev-parse", "b"]));
        }),
        case(3, "an evil merge, and an octopus after it", Clean(|| {
            let w = World::new();
            for side in ["one", "two", "three"] {
                w.git(&["checkout", "-q", "-b", side, "main"]);
                w.write(side, side);
                w.commit(side);
            }
            w.git(&["checkout", "-q", "main"]);
            w.git(&["merge", "-q", "--no-ff", "--no-commit", "one"]);
            w.write("evil", &w.key);
            w.commit("evil merge");
            w.git(&["rm", "-q", "evil"]);
            w.commit("gone");
            w.git(&["merge", "-q", "-m", "octopus", "two", "three"]);
            w
        }))
        .and(|w, _| assert_eq!(w.git(&["rev-parse", "HEAD^2", "HEAD^3"]), w.git(&["rev-parse", "two", "three"]))),
        case(4, "three kinds of stash: tracked, staged, untracked", Clean(|| {
            let w = World::new();
            let k = w.key.clone();
            w.write("f", format!("base\n1 {k}\n"));
            w.git(&["stash", "push", "-q", "-m", "first"]);
            w.write("f", format!("base\n2 {k}\n"));
            w.git(&["add", "f"]);
            w.git(&["stash", "push", "-q", "-m", &format!("second {k}")]);
            w.write("u", format!("3 {k}\n"));
            w.git(&["stash", "push", "-q", "-u", "-m", "third"]);
            w
        }))
        .and(|w, _| {
            let list = w.git(&["stash", "list", "--format=%gs"]);
            assert_eq!(list, format!("On main: third\nOn main: second {MARK}\nOn main: first"));
            for (n, path, content) in [(0, "u", "3"), (1, "f", "base\n2"), (2, "f", "base\n1")] {
                w.git(&["stash", "apply", "-q", &format!("stash@{{{n}}}")]);
                assert_eq!(String::from_utf8(w.read(path)).unwrap(), format!("{content} {MARK}\n"));
                w.git(&["reset", "-q", "--hard"]);
                w.git(&["clean", "-qfd"]);
            }
        }),
        case(5, "a stash that was dropped", PrunedOnly(|| {
            let w = World::new();
            w.write("f", &w.key);
            w.git(&["stash", "-q"]);
            w.git(&["stash", "drop", "-q"]);
            w
        })),
        case(6, "only a reflog", PrunedOnly(|| {
            let w = leak();
            w.git(&["reset", "-q", "--hard", "HEAD~"]);
            w
        }))
        .and(|w, plan| {
            let reflog = |c: &stanch::effect::git::Copy| !c.reachable && c.remedy.contains("reflog");
            assert!(plan.copies.iter().any(|c| c.what == CopyKind::Blob && reflog(c)));
            // The reset wrote ORIG_HEAD: it led to the lost commit.
            assert!(!w.repo.join(".git/ORIG_HEAD").exists());
            assert!(w.git(&["reflog"]).contains("commit (initial): base"));
        }),
        case(7, "a blob that was never committed", PrunedOnly(|| {
            let w = World::new();
            w.write("x", &w.key);
            w.git(&["add", "x"]);
            w.git(&["rm", "-q", "--cached", "x"]);
            fs::remove_file(w.repo.join("x")).unwrap();
            w
        }))
        .and(|_, plan| assert_eq!(plan.copies[0].remedy, "prune; nothing reaches it, no ref changes, nothing to push")),
        case(8, "staged", Refused(|| {
            let w = World::new();
            w.write("g", &w.key);
            w.git(&["add", "g"]);
            w
        }, "the key is staged in g")),
        case(8, "a staged name", Refused(|| {
            let w = World::new();
            w.write(&format!("{}.txt", w.key), "x");
            w.git(&["add", "-A"]);
            w
        }, "the key is staged in [leaked].txt")),
        case(8, "announced with `git add -N`, in HEAD's history too", Refused(|| {
            let w = old_leak();
            w.write("g", &w.key);
            w.git(&["add", "-N", "g"]);
            w
        }, "on disk: g (holds the key)")),
        case(8, "a conflict's three stages", Refused(|| {
            let w = World::new();
            w.write("c", format!("one {}\n", w.key));
            w.commit("ancestor");
            w.git(&["checkout", "-q", "-b", "side"]);
            w.write("c", format!("two {}\n", w.key));
            w.commit("side");
            w.git(&["checkout", "-q", "main"]);
            w.write("c", format!("three {}\n", w.key));
            w.commit("main");
            w.try_git(&["merge", "side"]);
            w
        }, "the key is staged in c (stage 1, the common ancestor)"))
        .and(|_, plan| {
            for words in ["c (stage 2, ours)", "c (stage 3, theirs)", "a merge is in progress"] {
                assert!(plan.refusals.iter().any(|r| r.why.contains(words)), "{words}: {:?}", plan.refusals);
            }
        }),
        case(8, "a conflict that was solved: the index remembers its stages", Clean(|| {
            let w = World::new();
            w.git(&["checkout", "-q", "-b", "side"]);
            w.write("f", format!("side {}\n", w.key));
            w.commit("side");
            w.git(&["checkout", "-q", "main"]);
            w.write("f", "main\n");
            w.commit("main");
            w.try_git(&["merge", "side"]);
            w.write("f", "solved\n");
            w.git(&["add", "f"]);
            w.git(&["commit", "-q", "-m", "merged"]);
            w.git(&["branch", "-D", "side"]);
            assert!(!w.git(&["ls-files", "--resolve-undo"]).is_empty());
            w
        })),
    ]
}
