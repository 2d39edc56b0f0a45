//! The shape of the history.

use crate::git_cases::Expect::Clean;
use crate::git_cases::{Case, case, leak};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            37,
            "octopus, criss-cross, two roots, `-s ours`, a side that vanishes",
            Clean(|| {
                let w = World::new();
                for side in ["a", "b", "c"] {
                    w.git(&["checkout", "-q", "-b", side, "main"]);
                    w.write(side, side);
                    w.commit(side);
                }
                w.git(&["checkout", "-q", "a"]);
                w.leak();
                let (a, b) = (w.git(&["rev-parse", "a"]), w.git(&["rev-parse", "b"]));
                w.git(&["merge", "-q", "-m", "cross one", &b]);
                w.git(&["checkout", "-q", "b"]);
                w.git(&["merge", "-q", "-m", "cross two", &a]);
                w.git(&["checkout", "-q", "a"]);
                w.git(&["merge", "-q", "-m", "criss-cross", "b"]);
                w.git(&["merge", "-q", "-m", "octopus", "main", "b", "c"]);
                w.git(&["checkout", "-q", "--orphan", "root"]);
                w.git(&["rm", "-q", "-rf", "."]);
                w.write("r", "root");
                w.commit("second root");
                w.git(&["merge", "-q", "--allow-unrelated-histories", "-m", "two roots", "a"]);
                w.git(&["merge", "-q", "-s", "ours", "-m", "ours", "main"]);
                // A side whose only change is the key's removal.
                w.git(&["checkout", "-q", "-b", "gone", "a~1"]);
                w.write("f", "base\n");
                w.commit("remove");
                w.git(&["checkout", "-q", "root"]);
                w.git(&["merge", "-q", "--no-ff", "-m", "vanishing side", "gone"]);
                w
            }),
        )
        .and(|w, _| {
            let parents = w.git(&["log", "--all", "--format=%P"]);
            for line in parents.lines() {
                let list: Vec<&str> = line.split(' ').collect();
                let set: std::collections::HashSet<&&str> = list.iter().collect();
                assert_eq!(set.len(), list.len(), "a parent twice: {line}");
            }
        }),
        case(
            40,
            "odd dates and zones, before 1970's end and far ahead",
            Clean(|| {
                let w = leak();
                let tree = w.git(&["rev-parse", "HEAD^{tree}"]);
                let mut parent = w.head();
                for date in ["0 +0000", "1 -1200", "4102444800 +1400", "1700000000 +0545"] {
                    let raw =
                        format!("tree {tree}\nparent {parent}\nauthor A <a@b> {date}\ncommitter A <a@b> {date}\n\nd\n");
                    parent = w.pipe(&["hash-object", "-t", "commit", "-w", "--stdin"], raw.as_bytes());
                }
                w.git(&["reset", "-q", "--hard", &parent]);
                w
            }),
        ),
        case(
            41,
            "renames and copies of a file that holds it, a file that becomes a folder",
            Clean(|| {
                let w = leak();
                w.git(&["mv", "f", "g"]);
                w.commit("renamed");
                w.write("deep/er/g", w.read("g"));
                w.commit("copied");
                w.git(&["mv", "g", "h"]);
                w.write("f/was-a-file", format!("x={}", w.key));
                w.commit("a folder now");
                w
            }),
        )
        .and(|w, plan| {
            assert!(plan.files.len() >= 2 && w.git(&["log", "--follow", "--format=%s", "h"]).lines().count() >= 3);
        }),
    ]
}
