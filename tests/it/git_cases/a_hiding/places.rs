//! Replacements, linked working trees, submodules, large files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::git_cases::Expect::{Clean, PrunedOnly, Refused};
use crate::git_cases::{Case, MARK, case, leak, old_leak};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            23,
            "behind a replaced commit",
            Clean(|| {
                let w = leak();
                let clean = w.git(&["commit-tree", "-p", "HEAD~", "-m", "c", "HEAD~^{tree}"]);
                w.git(&["replace", "HEAD", &clean]);
                w
            }),
        )
        .and(|w, _| {
            let new = w.git(&["rev-parse", "refs/heads/main"]);
            assert_eq!(w.git(&["for-each-ref", "--format=%(refname)", "refs/replace"]), format!("refs/replace/{new}"));
        }),
        case(
            23,
            "behind a replaced blob, and in a replacement",
            Clean(|| {
                let w = leak();
                let clean = w.pipe(&["hash-object", "-w", "--stdin"], b"clean\n");
                w.git(&["replace", "HEAD:f", &clean]);
                let dirty = w.pipe(&["hash-object", "-w", "--stdin"], w.key.as_bytes());
                w.git(&["replace", "HEAD~:f", &dirty]);
                w
            }),
        ),
        case(
            23,
            "info/grafts",
            Refused(
                || {
                    let w = old_leak();
                    w.write(".git/info/grafts", format!("{}\n", w.head()));
                    w
                },
                "the history is bent by info/grafts",
            ),
        ),
        case(
            24,
            "ORIG_HEAD and FETCH_HEAD lead to it",
            Clean(|| {
                let w = old_leak();
                w.git(&["reset", "-q", "--hard", "HEAD~"]);
                w.git(&["reset", "-q", "--hard", "HEAD@{1}"]);
                w.git(&["fetch", "-q", ".", "main"]);
                w
            }),
        )
        .and(|w, _| {
            assert!(fs::read_to_string(w.repo.join(".git/FETCH_HEAD")).unwrap().starts_with(&w.head()));
            assert_eq!(
                fs::read_to_string(w.repo.join(".git/ORIG_HEAD")).unwrap().trim_end(),
                w.git(&["rev-parse", "HEAD~"])
            );
        }),
        case(25, "linked working trees: HEADs, indexes, files, private refs, logs", Clean(worktrees)).and(|w, _| {
            let (a, b) = (w.temp().join("w"), w.temp().join("w2"));
            assert_eq!(fs::read_to_string(a.join("g")).unwrap(), format!("k={MARK}\n"));
            assert_eq!(w.git_in(&a, &["rev-parse", "HEAD"]), w.git(&["rev-parse", "w"]));
            assert_eq!(w.git_in(&a, &["log", "-1", "--format=%s", "refs/worktree/keep"]), "kept by one tree only");
            assert_eq!(w.git_in(&b, &["log", "-1", "--format=%s", "HEAD"]), "leak");
            assert_eq!(w.git_in(&b, &["log", "-1", "--format=%s", "refs/bisect/bad"]), "leak");
            assert!(w.git(&["for-each-ref", "refs/stanch"]).is_empty() && !w.repo.join(".git/refs/stanch").exists());
        }),
        case(
            25,
            "from inside a linked working tree, a bare repository in the middle",
            Clean(|| {
                let mut w = leak();
                let (bare, tree) = (w.temp().join("bare.git"), w.temp().join("tree"));
                w.git_in(w.temp(), &["clone", "-q", "--bare", "--no-local", "work", "bare.git"]);
                w.git_in(&bare, &["worktree", "add", "-q", "-b", "t", tree.to_str().unwrap(), "main"]);
                w.repo = tree;
                w
            }),
        )
        .and(|w, plan| {
            assert_eq!(plan.phrase, "bare.git");
            assert!(String::from_utf8(w.read("f")).unwrap().contains(MARK));
        }),
        case(
            25,
            "a dirty linked working tree",
            Refused(
                || {
                    let w = worktrees();
                    fs::write(w.temp().join("w/g"), "more work").unwrap();
                    w
                },
                "/w is dirty: 1 tracked file(s) differ from HEAD, in the index or on disk: g",
            ),
        ),
        case(
            25,
            "staged in a linked working tree",
            Refused(
                || {
                    let w = worktrees();
                    fs::write(w.temp().join("w/new"), &w.key).unwrap();
                    w.git_in(&w.temp().join("w"), &["add", "new"]);
                    w
                },
                "the key is staged in new in the linked working tree",
            ),
        ),
        case(
            25,
            "an operation in progress in a linked working tree",
            Refused(
                || {
                    let w = worktrees();
                    w.git_in(&w.temp().join("w"), &["bisect", "start"]);
                    w
                },
                "a bisect is in progress in the linked working tree",
            ),
        ),
        case(
            25,
            "a linked working tree whose folder is gone",
            Refused(
                || {
                    let w = worktrees();
                    fs::remove_dir_all(w.temp().join("w2")).unwrap();
                    w
                },
                "the folder of the linked working tree w2 is gone",
            ),
        ),
        case(27, "an LFS object: set aside here, listed for the server; the pointer stays", PrunedOnly(lfs)).and(
            |w, plan| {
                assert_eq!(plan.lfs[0].paths, ["media/big.dat"]);
                assert_eq!(plan.lfs[0].commits, [w.head()]);
                assert!(w.repo.join(".git/lfs/objects/aa/bb/aabb").exists());
            },
        ),
    ]
}

fn lfs() -> World {
    use sha2::{Digest as _, Sha256};
    let w = World::new();
    let content = format!("{}k={}\n", "data\n".repeat(1000), w.key);
    let oid = stanch::base::id::hex(&Sha256::digest(content.as_bytes()));
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n", content.len());
    w.write("media/big.dat", &pointer);
    w.commit("a large file");
    let object = format!(".git/lfs/objects/{}/{}/{oid}", &oid[..2], &oid[2..4]);
    w.write(&object, &content);
    // It is named after its content: nobody writes to it again.
    fs::set_permissions(w.repo.join(&object), fs::Permissions::from_mode(0o444)).unwrap();
    w.write(".git/lfs/objects/aa/bb/aabb", "harmless");
    w
}

/// Linked trees on a branch and detached, with a private ref that holds a commit nothing else does, a bisect mark, a
/// message draft and a log.
fn worktrees() -> World {
    let w = World::new();
    let (a, b) = (w.temp().join("w"), w.temp().join("w2"));
    w.git(&["worktree", "add", "-q", a.to_str().unwrap(), "-b", "w"]);
    fs::write(a.join("g"), format!("k={}\n", w.key)).unwrap();
    w.git_in(&a, &["add", "-A"]);
    w.git_in(&a, &["commit", "-q", "-m", "leak"]);
    w.git(&["worktree", "add", "-q", "--detach", b.to_str().unwrap(), "w"]);
    let kept = w.git(&["commit-tree", "-p", "w", "-m", "kept by one tree only", "w^{tree}"]);
    w.git_in(&a, &["update-ref", "refs/worktree/keep", &kept]);
    w.git_in(&b, &["update-ref", "refs/bisect/bad", "HEAD"]);
    w.git_in(&a, &["commit", "-q", "--allow-empty", "-m", &format!("amended {}", w.key)]);
    w.git_in(&a, &["reset", "-q", "--hard", "HEAD~"]);
    w
}
