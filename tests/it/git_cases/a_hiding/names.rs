//! Names of files, branches, tags, and where links lead.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::git_cases::Expect::Clean;
use crate::git_cases::{Case, MARK, case, leak, old_leak};
use crate::gitrepo::{World, walk};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            14,
            "names of files and folders; one name is taken",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                w.write(&format!("d-{k}/{k}.txt"), "x");
                w.write(&format!("d-{MARK}/taken"), "y");
                w.write("d", "file");
                w.commit("names");
                w
            }),
        )
        .and(|w, _| {
            assert_eq!(w.git(&["ls-files"]), format!("d\nd-{MARK}-2/{MARK}.txt\nd-{MARK}/taken\nf"));
            assert_eq!(w.git(&["status", "--porcelain"]), "");
            assert!(!w.repo.join(format!("d-{}", w.key)).exists());
        }),
        case(
            14,
            "files that only some may read: what comes in their place, and an undo, opens them to nobody else",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                let closed = |name: &str, text: &str, mode| {
                    w.write(name, text);
                    fs::set_permissions(w.repo.join(name), fs::Permissions::from_mode(mode)).unwrap();
                };
                closed(&format!("{k}.env"), "other secrets", 0o600);
                closed(&format!("{k}.sh"), "x", 0o750);
                closed("f", &format!("k={k}\n"), 0o640);
                w.commit("names");
                w
            }),
        )
        .and(|w, _| {
            let mode = |name: &str| fs::metadata(w.repo.join(name)).unwrap().permissions().mode() & 0o7777;
            let modes = [mode(&format!("{MARK}.env")), mode(&format!("{MARK}.sh")), mode("f")];
            assert_eq!(modes, [0o600, 0o750, 0o640]);
        }),
        case(
            15,
            "a branch's name: HEAD, upstreams, config, log, packed refs follow",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                w.git(&["checkout", "-q", "-b", &format!("k-{k}")]);
                w.write("g", "work");
                w.commit("on it");
                w.git(&["branch", "child", "--track"]);
                w.git(&["config", &format!("branch.k-{k}.description"), "work on the key"]);
                w.git(&["pack-refs", "--all"]);
                w
            }),
        )
        .and(|w, plan| {
            let new = format!("k-{MARK}");
            assert_eq!(plan.commits_changed, 0);
            assert_eq!(w.git(&["symbolic-ref", "HEAD"]), format!("refs/heads/{new}"));
            assert_eq!(w.git(&["rev-parse", "--abbrev-ref", "child@{upstream}"]), new);
            assert_eq!(w.git(&["config", &format!("branch.{new}.description")]), "work on the key");
            let log = fs::read_to_string(w.repo.join(format!(".git/logs/refs/heads/{new}"))).unwrap();
            assert_eq!(log.lines().count(), 2, "{log}");
            assert!(w.git(&["reflog", "HEAD"]).contains(&format!("moving from main to {new}")));
        }),
        case(
            15,
            "branch and tag names, one taken, nested, with the key in commits too",
            Clean(|| {
                let w = old_leak();
                let k = w.key.clone();
                w.git(&["branch", &format!("x/{k}/y")]);
                w.git(&["branch", &format!("u-{k}")]);
                w.git(&["branch", "--track", "child", &format!("u-{k}")]);
                w.git(&["branch", &format!("u-{MARK}")]);
                w.git(&["tag", "-a", "-m", "t", &k]);
                w.git(&["tag", &format!("light-{k}")]);
                w.git(&["update-ref", &format!("refs/remotes/origin/{k}"), "main"]);
                w
            }),
        )
        .and(|w, plan| {
            assert!(plan.push_needed);
            assert_eq!(w.git(&["rev-parse", "--abbrev-ref", "child@{upstream}"]), format!("u-{MARK}-2"));
            for name in
                [format!("x/{MARK}/y"), format!("tags/{MARK}^{{}}"), format!("tags/light-{MARK}"), format!("u-{MARK}")]
            {
                assert_eq!(w.git(&["rev-parse", &name]), w.head(), "{name}");
            }
            assert!(walk(&w.repo.join(".git/logs")).iter().any(|log| log.ends_with(format!("x/{MARK}/y"))));
        }),
        case(
            15,
            "HEAD on a branch that does not exist yet",
            Clean(|| {
                let w = leak();
                w.git(&["symbolic-ref", "HEAD", &format!("refs/heads/new-{}", w.key)]);
                w.git(&["rm", "-q", "-r", "--cached", "."]);
                w
            }),
        )
        .and(|w, _| assert_eq!(w.git(&["symbolic-ref", "HEAD"]), format!("refs/heads/new-{MARK}"))),
        case(
            16,
            "a symbolic link's target",
            Clean(|| {
                let w = World::new();
                std::os::unix::fs::symlink(format!("/x/{}", w.key), w.repo.join("link")).unwrap();
                w.commit("link");
                w
            }),
        )
        .and(|w, _| {
            assert_eq!(fs::read_link(w.repo.join("link")).unwrap().to_str().unwrap(), format!("/x/{MARK}"));
            assert!(w.git(&["ls-tree", "HEAD", "link"]).starts_with("120000"));
        }),
    ]
}
