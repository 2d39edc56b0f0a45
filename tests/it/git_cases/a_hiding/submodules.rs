//! Submodules: the key in one, and the commits around it that name its commits.

use std::fs;
use std::path::Path;

use stanch::git;

use crate::git_cases::Expect::{Clean, Refused};
use crate::git_cases::{Case, case, old_leak};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            26,
            "a submodule that holds the key: it is purged first",
            Refused(
                || {
                    let w = World::new();
                    add(&w, &old_leak().repo, "vendor/sub");
                    w.commit("a submodule");
                    w
                },
                "vendor/sub holds the key (1 copy)",
            ),
        )
        .and(|w, plan| {
            assert!(plan.refusals[0].way_forward.contains("--repo"));
            // As told: by itself, and then nothing is left here.
            purge_at(w, &w.repo.join("vendor/sub"));
            assert!(w.find().copies.is_empty());
            assert_eq!(w.plan().gitlinks.len(), 1, "what is left to do is that its commit is named anew");
        }),
        case(26, "after a submodule's purge: all that name its old commits follow", Clean(purged_inside)).and(
            |w, plan| {
                assert!(plan.copies.is_empty() && plan.gitlinks.len() == 2, "{:?}", plan.gitlinks);
                assert!(plan.gitlinks.iter().all(|link| link.path == "vendor/sub"));
                assert_eq!(plan.commits_changed, 4, "what came before the submodule keeps its id");
                named_commits_exist(w, "vendor/sub", &w.repo.join("vendor/sub"));
                named_commits_exist(w, "other", &w.repo.join("other"));
                let links = w.git(&["log", "--format=", "--raw", "--no-abbrev", "--", "other"]);
                assert_eq!(links.lines().count(), 1, "another submodule's commit changed: {links}");
                assert!(
                    w.git(&["submodule", "status"]).lines().all(|line| line.starts_with(' ')),
                    "not at what is named"
                );
                w.git(&["checkout", "-q", "HEAD~2"]);
                w.git(&["-c", "protocol.file.allow=always", "submodule", "update", "-q"]);
                assert!(!fs::read_to_string(w.repo.join("vendor/sub/f")).unwrap().contains(&w.key));
            },
        ),
        case(26, "a submodule purged elsewhere: its commits follow by a map that is given", Clean(purged_elsewhere))
            .and(|w, plan| {
                assert_eq!(plan.gitlinks.len(), 1);
                named_commits_exist(w, "sub", &w.temp().join("lib"));
            }),
        case(
            26,
            "a clone that was added as it lies, with a git directory of its own",
            Refused(
                || {
                    let w = World::new();
                    let from = old_leak();
                    w.git(&["clone", "-q", "--no-local", from.repo.to_str().unwrap(), "inner"]);
                    w.git(&["-c", "advice.addEmbeddedRepo=false", "add", "inner"]);
                    w.commit("a repository in a repository");
                    w
                },
                "the submodule inner/.git holds the key",
            ),
        ),
        case(
            26,
            "a submodule of a linked working tree",
            Refused(
                || {
                    let (w, from) = (World::new(), old_leak());
                    add(&w, &from.repo, "sub");
                    w.commit("a submodule");
                    let tree = w.temp().join("w");
                    w.git(&["worktree", "add", "-q", "-b", "w", tree.to_str().unwrap()]);
                    w.git_in(&tree, &["-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init"]);
                    w
                },
                "the submodule worktrees/w/modules/sub holds the key",
            ),
        ),
        case(
            26,
            "a submodule beside a leak: its gitlink stays",
            Clean(|| {
                let w = World::new();
                let sub = w.temp().join("sub");
                w.git_in(w.temp(), &["clone", "-q", "--no-local", "work", "sub"]);
                add(&w, &sub, "sub");
                w.commit("submodule");
                w.leak();
                w
            }),
        )
        .and(|w, _| assert!(w.git(&["ls-tree", "HEAD", "sub"]).starts_with("160000"))),
    ]
}

fn add(w: &World, from: &Path, at: &str) {
    w.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", from.to_str().unwrap(), at]);
}

/// As a person does it: the repository at `repo` by itself, with the same program.
fn purge_at(w: &World, repo: &Path) {
    let (backup, key) = (w.temp().join("backup-sub"), [w.key.as_bytes()]);
    let ask = git::Ask { repo, backup_root: &backup, keys: &key, cancel: &|| false, progress: &|_| {} };
    git::apply(&ask, &git::plan(&ask).unwrap().id).unwrap();
}

/// Every commit of `at` that the history names is in the repository `sub`.
fn named_commits_exist(w: &World, at: &str, sub: &Path) {
    for commit in w.git(&["rev-list", "--all"]).lines() {
        let entry = w.git(&["ls-tree", commit, "--", at]);
        if let Some(id) = entry.split([' ', '\t']).nth(2) {
            assert!(entry.starts_with("160000 commit"), "{entry}");
            w.git_in(sub, &["cat-file", "-e", &format!("{id}^{{commit}}")]);
        }
    }
}

/// A history that names a submodule's commit with the key, then the one after it, and a second submodule that is clean.
/// The submodule was purged where it lies.
fn purged_inside() -> World {
    let w = World::new();
    w.write("before", "x");
    w.commit("before");
    let from = old_leak();
    add(&w, &from.repo, "vendor/sub");
    let sub = w.repo.join("vendor/sub");
    w.git_in(&sub, &["checkout", "-q", "HEAD~"]);
    w.commit("the submodule with the key");
    add(&w, &World::new().repo, "other");
    w.commit("another submodule");
    w.git_in(&sub, &["checkout", "-q", "main"]);
    w.commit("the submodule moves on");
    w.git(&["tag", "-a", "-m", "t", "t"]);
    w.write("after", "y");
    w.commit("after");
    purge_at(&w, &sub);
    w
}

/// The same where the submodule is not here at all, and nobody on this machine knows of its purge but by a file.
fn purged_elsewhere() -> World {
    let w = World::new();
    let from = old_leak();
    add(&w, &from.repo, "sub");
    w.commit("a submodule");
    w.git(&["submodule", "deinit", "-q", "-f", "sub"]);
    fs::remove_dir_all(w.repo.join(".git/modules")).unwrap();
    let ids = |from: &World| -> Vec<String> {
        from.git(&["rev-list", "--reverse", "main"]).lines().map(str::to_owned).collect()
    };
    let old = ids(&from);
    from.purge();
    w.git_in(w.temp(), &["clone", "-q", "--no-local", from.repo.to_str().unwrap(), "lib"]);
    let mut map = String::from("old                                      new\n");
    map.extend(old.iter().zip(ids(&from)).map(|(old, new)| format!("{old} {new}\n")));
    fs::write(w.temp().join("map"), map).unwrap();
    assert_eq!(git::take_commit_map(&w.backup(), &w.temp().join("map")).unwrap(), 2);
    w
}
