//! Kinds of repositories, second runs, and keys that are none.

use std::fs;

use stanch::base::FaultKind;
use stanch::git;

use crate::git_cases::Expect::{Course, Refused, Unopened, Untouched};
use crate::git_cases::{Case, MARK, SKIPPED, case, old_leak, unopened};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(44, "SHA-256 ids", Unopened(|| other_kind("--object-format=sha256"), "SHA-256")),
        case(45, "a reftable, with two stashes", Course(reftable)),
        case(
            45,
            "a reftable by its settings, with whatever git is here",
            Unopened(
                || {
                    let w = old_leak();
                    let config = w.repo.join(".git/config");
                    let marked = fs::read_to_string(&config).unwrap().replace("version = 0", "version = 1");
                    fs::write(config, marked + "[extensions]\n\trefStorage = reftable\n").unwrap();
                    w
                },
                "reftable",
            ),
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
                w.git(&["notes", "add", "-m", "n"]);
                w.write("g", "stashed");
                w.git(&["stash", "-q"]);
                // What a careless tool would drop: lost commits, loose ends, packs in need of a repack.
                w.commit("lost");
                w.git(&["repack", "-q", "-d"]);
                w.git(&["reset", "-q", "--hard", "HEAD~"]);
                w.pipe(&["hash-object", "-w", "--stdin"], b"dangling");
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

fn reftable() -> String {
    let probe = World::empty(&[]);
    if !probe.try_git(&["init", "-q", "--ref-format=reftable", "probe"]).0 {
        return format!("{SKIPPED}this git knows none");
    }
    let w = other_kind("--ref-format=reftable");
    for text in ["one", "two"] {
        w.write("f", text);
        w.git(&["stash", "-q"]);
    }
    let said = unopened(&w, "reftable");
    assert_eq!(w.git(&["stash", "list"]).lines().count(), 2);
    said
}

/// A small repository of another kind, made with `option`.
fn other_kind(option: &str) -> World {
    let w = World::empty(&[option]);
    w.write("f", &w.key);
    w.commit("leak");
    w
}
