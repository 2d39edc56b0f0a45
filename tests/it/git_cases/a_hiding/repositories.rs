//! What repositories share, keep, lack or leave lying about.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use stanch::effect::git::CopyKind;

use crate::git_cases::Expect::{Clean, Refused};
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
