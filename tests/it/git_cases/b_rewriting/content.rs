//! Contents: overlaps, line ends, modes, what becomes empty.

use std::collections::BTreeMap;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use stanch::effect::git::{Archives, Binaries, Emptied, Policy};

use crate::git_cases::Expect::{Clean, CleanAs};
use crate::git_cases::{Case, MARK, case};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            33,
            "one key is the start of another, both at once: no tail left",
            Clean(|| {
                let mut w = World::new();
                let long = format!("{}AbCdEf", w.key);
                w.write("x", format!("a={}\nb={long}\n", w.key));
                w.commit("both");
                w.more.push(long);
                w
            }),
        )
        .and(|w, _| assert_eq!(w.read("x"), format!("a={MARK}\nb={MARK}\n").into_bytes())),
        case(
            34,
            "a PEM block over 30 lines, with LF and with CRLF",
            Clean(|| {
                let mut w = World::new();
                let rule = "-".repeat(5);
                let mut pem = format!("{rule}BEGIN PRIVATE KEY{rule}\n");
                for n in 0..30 {
                    let line: String =
                        (0..64).map(|i| char::from(b"MIIEvQIBADANBgkq/hkiG9w0BAQE+"[(n * 11 + i * 7) % 29])).collect();
                    writeln!(pem, "{line}").unwrap();
                }
                write!(pem, "{rule}END PRIVATE KEY{rule}").unwrap();
                w.write("lf.pem", format!("{pem}\n"));
                w.write("crlf.pem", format!("{}\r\n", pem.replace('\n', "\r\n")));
                w.commit("pem");
                w.key = pem;
                w
            }),
        )
        .and(|w, _| {
            assert_eq!(w.read("lf.pem"), format!("{MARK}\n").into_bytes());
            assert_eq!(w.read("crlf.pem"), format!("{MARK}\r\n").into_bytes());
        }),
        case(
            35,
            "CRLF, no final newline, 0755: only the key's bytes change",
            Clean(|| {
                let w = World::new();
                w.write("x", format!("a\r\nk={}\r\nz", w.key));
                fs::set_permissions(w.repo.join("x"), fs::Permissions::from_mode(0o755)).unwrap();
                w.commit("leak");
                w
            }),
        )
        .and(|w, _| {
            assert_eq!(w.read("x"), format!("a\r\nk={MARK}\r\nz").into_bytes());
            assert_eq!(fs::metadata(w.repo.join("x")).unwrap().permissions().mode() & 0o777, 0o755);
            assert!(w.git(&["ls-tree", "HEAD", "x"]).starts_with("100755"));
        }),
        case(
            36,
            "became empty, and was empty: both stay, the first is told",
            Clean(|| {
                let w = World::new();
                w.write("f", format!("k={}\n", w.key));
                w.commit("leak");
                w.write("f", format!("k={MARK}\n"));
                w.commit("became empty");
                w.git(&["commit", "-q", "--allow-empty", "-m", "was empty"]);
                w
            }),
        )
        .and(|w, plan| {
            assert_eq!(plan.became_empty.len(), 1);
            assert_eq!(w.git(&["log", "--format=%s"]), "was empty\nbecame empty\nleak\nbase");
            assert_eq!(
                w.git(&["rev-parse", "HEAD^{tree}", "HEAD~2^{tree}"])
                    .lines()
                    .collect::<std::collections::HashSet<_>>()
                    .len(),
                1
            );
        }),
        case(36, "the same, dropped as chosen; with a merge, a note, a stash, a cited id", CleanAs(emptied, DROP)).and(
            |w, plan| {
                assert_eq!(plan.became_empty.len(), 3);
                let subjects = w.git(&["log", "--format=%s", "--topo-order"]);
                assert_eq!(subjects, "cites\nwas empty\nleak\nbase", "the merge of what vanished goes as well");
                assert_eq!(w.git(&["rev-parse", "only-key"]), w.git(&["rev-parse", "main~2"]));
                // Nobody answers to the dropped commit's id: the citation stays, and is told.
                assert_eq!(plan.citations_left.len(), 1);
                let body = w.git(&["log", "-1", "--format=%b"]);
                assert!(plan.became_empty.iter().any(|id| body.contains(&id[..10])), "{body}");
                assert!(body.contains(&w.git(&["rev-parse", "main~2"])[..10]), "{body}");
                let note = w.git(&["notes", "show", "main~2"]);
                assert!(note.contains("on the leak") && note.contains("on what became empty"), "{note}");
                assert_eq!(w.git(&["rev-parse", "stash^1", "stash^2"]).lines().count(), 2);
                w.git(&["stash", "apply", "-q"]);
                assert_eq!(w.read("f"), format!("k={MARK}\nwork\n").into_bytes());
            },
        ),
        case(
            36,
            "a file dropped: the commit that only brought it goes with it",
            CleanAs(
                || {
                    let w = World::new();
                    w.write("bin", [b"a\0k=", w.key.as_bytes(), b"\0"].concat());
                    w.commit("only the file");
                    w.write("g", "work");
                    w.commit("work");
                    w
                },
                Policy {
                    archives: Archives::Ask,
                    binaries: Binaries::Drop,
                    emptied: Emptied::Drop,
                    files: BTreeMap::new(),
                },
            ),
        )
        .and(|w, _| assert_eq!(w.git(&["log", "--format=%s"]), "work\nbase")),
    ]
}

const DROP: Policy =
    Policy { archives: Archives::Ask, binaries: Binaries::SameLength, emptied: Emptied::Drop, files: BTreeMap::new() };

/// Commits whose whole change was to the key: on main, on a side that is merged, under a stash's index.
fn emptied() -> World {
    let w = World::new();
    w.write("f", format!("k={}\n", w.key));
    let leak = w.commit("leak");
    w.git(&["notes", "add", "-m", "on the leak"]);
    w.git(&["checkout", "-q", "-b", "only-key"]);
    w.write("f", format!("k={MARK}\n"));
    let empty = w.commit("became empty on a side");
    w.git(&["notes", "add", "-m", "on what became empty"]);
    w.git(&["checkout", "-q", "main"]);
    w.git(&["merge", "-q", "--no-ff", "-m", "merge of nothing", "only-key"]);
    w.write("f", format!("k={}\n", w.key));
    w.commit("the key again: became empty");
    w.git(&["commit", "-q", "--allow-empty", "-m", "was empty"]);
    w.git(&["commit", "-q", "--allow-empty", "-m", &format!("cites\n\nas {} did after {}", &empty[..10], &leak[..10])]);
    w.write("f", format!("k={MARK}\n"));
    w.git(&["add", "f"]);
    w.write("f", format!("k={}\nwork\n", w.key));
    w.git(&["stash", "-q"]);
    w
}
