//! What repositories share, keep, lack or leave lying about.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use stanch::effect::git::CopyKind;
use stanch::git;

use crate::git_cases::Expect::{Clean, Refused, Reported};
use crate::git_cases::{Case, MARK, case, old_leak};
use crate::gitrepo::{World, walk};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            28,
            "it borrows objects from another repository",
            Refused(
                || {
                    let mut w = old_leak();
                    w.git_in(w.temp(), &["clone", "-q", "--shared", "work", "shared"]);
                    w.repo = w.temp().join("shared");
                    w
                },
                "borrows objects from another one",
            ),
        ),
        case(
            28,
            "another repository borrows objects from it",
            Refused(
                || {
                    let w = old_leak();
                    w.git_in(w.temp(), &["clone", "-q", "--shared", "work", "shared"]);
                    w
                },
                "/shared borrows objects from this repository",
            ),
        ),
        case(
            28,
            "a borrower one folder deeper, one beside a linked working tree, one that this program was used on",
            Refused(
                || {
                    let w = old_leak();
                    let deep = w.temp().join("a/b/c");
                    for folder in ["forks", "trees", "a/b/c"] {
                        fs::create_dir_all(w.temp().join(folder)).unwrap();
                    }
                    w.git(&["worktree", "add", "-q", "-b", "t", "../trees/t"]);
                    w.git_in(w.temp(), &["clone", "-q", "--bare", "--shared", "work", "forks/one.git"]);
                    w.git_in(w.temp(), &["clone", "-q", "--shared", "work", "trees/two"]);
                    w.git_in(&deep, &["clone", "-q", "--shared", "../../../work", "three"]);
                    let (backup, far, key) = (w.temp().join("backup-far"), deep.join("three"), [w.key.as_bytes()]);
                    let ask =
                        git::Ask { repo: &far, backup_root: &backup, keys: &key, cancel: &|| false, progress: &|_| {} };
                    assert!(!git::plan(&ask).unwrap().refusals.is_empty());
                    w
                },
                "/forks/one.git borrows objects from this repository",
            ),
        )
        .and(|_, plan| {
            for words in ["/trees/two borrows", "/a/b/c/three/.git borrows"] {
                assert!(plan.refusals.iter().any(|r| r.why.contains(words)), "{words}: {:?}", plan.refusals);
            }
        }),
        case(
            28,
            "a clone that shares files on disk: told, and not a bit of it changes",
            Clean(|| {
                let w = old_leak();
                w.git(&["repack", "-q", "-a", "-d"]);
                w.git_in(w.temp(), &["clone", "-q", "work", "twin"]);
                assert!(fs::metadata(pack_in(&w)).unwrap().nlink() > 1, "no file is shared");
                fs::write(w.temp().join("twin-was"), listing(&w.temp().join("twin"))).unwrap();
                w
            }),
        )
        .and(|w, plan| {
            assert!(plan.not_looked_into.iter().any(|line| line.contains("other places on this disk")), "{plan:?}");
            assert_eq!(listing(&w.temp().join("twin")), fs::read_to_string(w.temp().join("twin-was")).unwrap());
            w.git_in(&w.temp().join("twin"), &["fsck", "--full", "--strict"]);
            assert!(w.plan().not_looked_into.is_empty(), "what our own backup shares was told: {:?}", w.plan());
        }),
        case(
            29,
            "packs marked to be kept",
            Refused(
                || {
                    let w = old_leak();
                    fs::write(pack_of(&w).with_extension("keep"), "").unwrap();
                    w
                },
                "marked to be kept",
            ),
        ),
        case(
            29,
            "a promisor pack",
            Refused(
                || {
                    let w = old_leak();
                    fs::write(pack_of(&w).with_extension("promisor"), "").unwrap();
                    w
                },
                "a partial clone",
            ),
        ),
        case(
            29,
            "preciousObjects",
            Refused(
                || {
                    let w = old_leak();
                    w.git(&["config", "extensions.preciousObjects", "true"]);
                    w
                },
                "preciousObjects is set",
            ),
        ),
        case(
            29,
            "cruft packs, packed refs, a commit graph, a multi-pack index",
            Clean(|| {
                let w = old_leak();
                w.git(&["tag", "t"]);
                w.git(&["checkout", "-q", "-b", "gone"]);
                w.leak();
                w.git(&["checkout", "-q", "main"]);
                w.git(&["branch", "-q", "-D", "gone"]);
                w.git(&["reflog", "expire", "--expire=now", "--all"]);
                w.git(&["gc", "-q", "--cruft", "--prune=never"]);
                w.git(&["commit-graph", "write", "--reachable"]);
                w.git(&["multi-pack-index", "write"]);
                w.git(&["pack-refs", "--all"]);
                assert!(
                    walk(&w.repo.join(".git/objects/pack"))
                        .iter()
                        .any(|p| p.extension().is_some_and(|e| e == "mtimes"))
                );
                w
            }),
        )
        .and(|w, _| {
            w.git(&["commit-graph", "verify"]);
            assert!(w.repo.join(".git/objects/info/commit-graph").exists());
        }),
        case(
            29,
            "a chain of commit graphs, a multi-pack index with a bitmap, packs with reverse indexes",
            Clean(|| {
                let w = old_leak();
                w.git(&["config", "pack.writeReverseIndex", "true"]);
                w.git(&["repack", "-q", "-d"]);
                w.git(&["commit-graph", "write", "--reachable", "--split=no-merge"]);
                w.write("g", "more");
                w.commit("more");
                w.git(&["repack", "-q", "-d"]);
                w.git(&["commit-graph", "write", "--reachable", "--split=no-merge"]);
                w.git(&["multi-pack-index", "write", "--bitmap"]);
                let names = walk(&w.repo.join(".git/objects"));
                let there = |word: &str| names.iter().any(|path| path.to_string_lossy().contains(word));
                assert!(there("commit-graph-chain") && there("multi-pack-index-") && there(".bitmap") && there(".rev"));
                w
            }),
        )
        .and(|w, _| {
            w.git(&["commit-graph", "verify"]);
            if w.repo.join(".git/objects/pack/multi-pack-index").exists() {
                w.git(&["multi-pack-index", "verify"]);
            }
            assert_eq!(w.git(&["rev-list", "--count", "--use-bitmap-index", "--all"]), "4");
        }),
        case(30, "a shallow clone", Refused(|| cloned(&["--depth", "2"]), "this is a shallow clone")),
        case(
            31,
            "a partial clone",
            crate::git_cases::Expect::Unopened(|| cloned(&["--filter=blob:none"]), "partial clone"),
        ),
        case(
            32,
            "leftovers: draft, recorded conflict, a remote's URL, a hook, a log",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                w.git(&["remote", "add", "old", &format!("https://u:{k}@example.invalid/r")]);
                w.write(".git/COMMIT_EDITMSG", format!("draft {k}\n"));
                w.write(".git/rr-cache/ab/preimage", format!("<<<\n{k}\n"));
                w.write(".git/hooks/pre-push", format!("#!/bin/sh\ncurl -H {k}\n"));
                w.write(".git/logs/refs/heads/long-gone", format!("{0} {0} A <a> 1 +0000\t{k}\n", "0".repeat(40)));
                fs::set_permissions(w.repo.join(".git/hooks/pre-push"), fs::Permissions::from_mode(0o755)).unwrap();
                w
            }),
        )
        .and(|w, plan| {
            assert_eq!(plan.copies.iter().filter(|c| c.what == CopyKind::Leftover).count(), 5);
            assert_eq!(w.git(&["remote", "get-url", "old"]), format!("https://u:{MARK}@example.invalid/r"));
            assert_eq!(fs::metadata(w.repo.join(".git/hooks/pre-push")).unwrap().permissions().mode() & 0o777, 0o755);
        }),
        case(
            32,
            "drafts of merges, squashes, tags; a description, an exclude list",
            Clean(|| {
                let w = World::new();
                for name in
                    ["MERGE_MSG", "SQUASH_MSG", "TAG_EDITMSG", "description", "info/exclude", "addp-hunk-edit.diff"]
                {
                    w.write(&format!(".git/{name}"), format!("# first\n{} tail\n", w.key));
                }
                w
            }),
        )
        .and(|w, _| assert_eq!(w.read(".git/SQUASH_MSG"), format!("# first\n{MARK} tail\n").into_bytes())),
        case(
            32,
            "bundles in the git directory and beside the repository are told",
            Reported(
                || {
                    let w = old_leak();
                    w.git(&["bundle", "create", "-q", ".git/saved", "--all"]);
                    w.git(&["bundle", "create", "-q", "../work.bundle", "--all"]);
                    w
                },
                ".git/saved: packed history that is not read",
            ),
        )
        .and(|_, plan| assert!(plan.not_looked_into.iter().any(|line| line.contains("/work.bundle:")))),
        case(
            32,
            "leftover names: a log of a ref that is gone, a recorded conflict",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                w.write(
                    &format!(".git/logs/refs/heads/old-{k}"),
                    format!("{0} {0} A <a> 1 +0000\tx\n", "0".repeat(40)),
                );
                w.write(&format!(".git/rr-cache/{k}/preimage"), "x");
                w
            }),
        )
        .and(|w, _| assert!(w.repo.join(format!(".git/rr-cache/{MARK}/preimage")).exists())),
    ]
}

fn pack_in(w: &World) -> std::path::PathBuf {
    let files = walk(&w.repo.join(".git/objects/pack"));
    files.into_iter().find(|p| p.extension().is_some_and(|e| e == "pack")).unwrap()
}

/// Every file with its mode, length and time.
fn listing(dir: &std::path::Path) -> String {
    let line = |path: &std::path::PathBuf| {
        let meta = fs::symlink_metadata(path).unwrap();
        format!("{} {:o} {} {:?}\n", path.display(), meta.mode(), meta.len(), meta.modified().unwrap())
    };
    walk(dir).iter().map(line).collect()
}

fn pack_of(w: &World) -> std::path::PathBuf {
    w.git(&["repack", "-q", "-a", "-d"]);
    let files = walk(&w.repo.join(".git/objects/pack"));
    files.into_iter().find(|p| p.extension().is_some_and(|e| e == "pack")).unwrap()
}

/// A repository that `clone` made of a leaking one, with `options`.
fn cloned(options: &[&str]) -> World {
    let mut w = old_leak();
    w.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", w.repo.display());
    w.git_in(w.temp(), &[&["clone", "-q"][..], options, &[&url, "clone"]].concat());
    w.repo = w.temp().join("clone");
    w
}
