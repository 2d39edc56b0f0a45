//! Kinds of repositories, their size, and keys that are none.

use std::fmt::Write as _;

use stanch::base::FaultKind;
use stanch::git;

use crate::git_cases::Expect::{Clean, Course, Refused, Unopened, Untouched};
use crate::git_cases::{Case, MARK, case, old_leak};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(44, "SHA-256 ids", Unopened(|| other_kind("--object-format=sha256"), "SHA-256")),
        case(45, "a reftable", Unopened(|| other_kind("--ref-format=reftable"), "reftable")),
        case(
            46,
            "600 commits on three branches with merges, 1,000 tags",
            Clean(|| {
                let w = many_commits();
                let commits = w.git(&["rev-list", "main"]);
                let tags = commits.lines().cycle().take(1000).enumerate();
                let tags = tags.map(|(n, id)| format!("create refs/tags/t{n} {id}\n")).collect::<Vec<_>>().concat();
                w.pipe(&["update-ref", "--stdin"], tags.as_bytes());
                w
            }),
        )
        .and(|w, plan| {
            assert_eq!(plan.commits_total, 600);
            assert!(plan.refs.len() > 900 && w.git(&["tag"]).lines().count() == 1000);
        }),
        case(
            46,
            "a 2 MB text with the key across a 64 KiB boundary",
            Clean(|| {
                let w = World::new();
                let line = "0123456789abcde\n".repeat(4096);
                let mut text = line.repeat(32);
                text.insert_str(65_536 - 20, &w.key);
                w.write("big", text);
                w.commit("big");
                w
            }),
        ),
        case(
            47,
            "twice: the second run touches no file; applied twice is applied once",
            Course(|| {
                let w = old_leak();
                let plan = w.plan();
                assert_eq!(w.plan(), plan, "the same plan twice");
                w.apply(&plan.id);
                let print = w.footprint();
                w.apply(&plan.id);
                let again = w.plan();
                assert!(again.nothing_to_do);
                w.apply(&again.id);
                assert_eq!(w.footprint(), print);
                "nothing to do, nothing touched".into()
            }),
        ),
        case(
            47,
            "the placeholder itself, or a part of it",
            Course(|| {
                let mut w = World::new();
                for key in [MARK.to_owned(), MARK[1..].to_owned()] {
                    w.key = key;
                    let fault = w.ask(git::plan).unwrap_err();
                    assert!(fault.kind == FaultKind::Input && fault.what.contains("can't be purged"), "{fault}");
                }
                "refused: this value can't be purged".into()
            }),
        ),
        case(
            48,
            "no match",
            Untouched(|| {
                let w = World::new();
                w.write("g", "nothing to see");
                w.commit("two");
                w.git(&["stash", "list"]);
                w.git(&["notes", "add", "-m", "n"]);
                w
            }),
        ),
        case(48, "no commits at all", Untouched(|| World::empty(&[]))),
        case(
            49,
            "too short, with its count",
            Course(|| {
                let mut w = World::new();
                w.write("t", "a test of tests");
                w.commit("test");
                w.key = "test".into();
                let fault = w.ask(git::plan).unwrap_err();
                assert_eq!(fault.kind, FaultKind::Input);
                assert!(fault.why.contains("it stands in 2 of 6 objects"), "{fault}");
                "refused: it stands in 2 of 6 objects".into()
            }),
        ),
        case(
            49,
            "too few different characters",
            Refused(
                || {
                    let mut w = World::new();
                    w.key = "ab".repeat(10);
                    w.leak();
                    w
                },
                "too common for a key: 20 characters, only 2 different ones; it stands in 1 place",
            ),
        ),
        case(
            49,
            "words",
            Refused(
                || {
                    let mut w = World::new();
                    w.key = "put_your_api_key_here".into();
                    w.leak();
                    w
                },
                "it is made of words",
            ),
        ),
    ]
}

/// A small repository of another kind, made with `option`.
fn other_kind(option: &str) -> World {
    let w = World::empty(&[option]);
    w.write("f", &w.key);
    w.commit("leak");
    w
}

fn many_commits() -> World {
    let w = World::empty(&[]);
    let mut stream = String::new();
    for n in 1..=600u32 {
        let clock = 1_700_000_000 + n * 60;
        let branch = ["main", "dev", "fix"][(n % 3) as usize];
        let from = if n == 2 || n == 3 { "from refs/heads/dev\n" } else { "" };
        let merge = if n % 50 == 0 && n > 10 {
            format!("merge refs/heads/{}\n", ["dev", "fix", "main"][(n % 3) as usize])
        } else {
            String::new()
        };
        let key = if n % 97 == 5 { w.key.as_str() } else { "clean" };
        let body = format!("n={n} k={key}\n");
        let message = format!("commit {n}\n");
        write!(
            stream,
            "commit refs/heads/{branch}\ncommitter A <a@b> {clock} +0000\ndata {}\n{message}{from}{merge}M 100644 inline dir/{}/file\ndata {}\n{body}\n",
            message.len(),
            n % 20,
            body.len()
        )
        .unwrap();
    }
    w.pipe(&["fast-import", "--quiet", "--force"], stream.as_bytes());
    w.git(&["reset", "-q", "--hard", "main"]);
    w
}
