//! B. Rewriting right: only what must change changes, byte for byte.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use stanch::base::FaultKind;
use stanch::git;

use super::Expect::{Clean, Course, Refused, Unopened, Untouched};
use super::{Case, MARK, case, leak, old_leak};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    [content(), shape(), headers(), citations(), kinds()].into_iter().flatten().collect()
}

fn content() -> Vec<Case> {
    vec![
        case(
            33,
            "one key is the start of another, both at once: no tail left",
            Course(|| {
                let w = World::new();
                let (short, long) = (w.key.clone(), format!("{}AbCdEf", w.key));
                w.write("x", format!("a={short}\nb={long}\n"));
                w.commit("both");
                let (backup, keys) = (w.backup(), [short.as_bytes(), long.as_bytes()]);
                let ask =
                    git::Ask { repo: &w.repo, backup_root: &backup, keys: &keys, cancel: &|| false, progress: &|_| {} };
                git::apply(&ask, &git::plan(&ask).unwrap().id).unwrap();
                assert_eq!(String::from_utf8(w.read("x")).unwrap(), format!("a={MARK}\nb={MARK}\n"));
                w.clean();
                "clean: 1 of 2 commits".into()
            }),
        ),
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
    ]
}

fn shape() -> Vec<Case> {
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

/// A commit out of raw bytes becomes the tip of main.
fn raw_tip(w: &World, bytes: &[u8]) -> String {
    let id = w.pipe(&["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], bytes);
    w.git(&["reset", "-q", "--hard", &id]);
    id
}

fn headers() -> Vec<Case> {
    vec![
        case(38, "messages in ISO-8859-1, invalid UTF-8, without an end; before and after", Clean(|| {
            let w = World::new();
            let odd = |w: &World, words: &str| {
                let (tree, parent) = (w.git(&["rev-parse", "HEAD^{tree}"]), w.head());
                for (header, tail) in [("encoding ISO-8859-1\n", &b"\xe9\n"[..]), ("", b"\xff\xfe"), ("", b"no end")] {
                    let head = format!("tree {tree}\nparent {parent}\nauthor A <a@b> 1700000000 -0730\ncommitter A <a@b> 1700000001 +0545\n{header}\n{words} ");
                    raw_tip(w, &[head.as_bytes(), tail].concat());
                }
            };
            odd(&w, "before");
            w.git(&["branch", "before"]);
            w.leak();
            let k = w.key.clone();
            odd(&w, &k);
            w
        }))
        .and(|w, _| {
            let out = w.command(&w.repo, &["cat-file", "commit", "HEAD"]).output().unwrap().stdout;
            assert!(out.ends_with(format!("\n\n{MARK} no end").as_bytes()));
            let out = w.command(&w.repo, &["cat-file", "commit", "before"]).output().unwrap().stdout;
            assert!(out.ends_with(b"\n\nbefore no end"));
        }),
        case(39, "headers: gpgsig, HG:extra, change-id, encoding; every other byte stays", Course(headers_stay)),
        case(39, "signed before the leak: kept; signed after: lost and listed; mergetag", Clean(|| {
            let w = World::new();
            let signed = |w: &World, more: &str, words: &str| {
                let (tree, parent) = (w.git(&["rev-parse", "HEAD^{tree}"]), w.head());
                raw_tip(w, format!("tree {tree}\nparent {parent}\n{more}author A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000\ngpgsig -----BEGIN SSH SIGNATURE-----\n abc\n -----END SSH SIGNATURE-----\n\n{words}\n").as_bytes())
            };
            signed(&w, "", "signed before");
            w.git(&["tag", "before"]);
            w.git(&["checkout", "-q", "-b", "side"]);
            w.leak();
            w.git(&["tag", "-a", "-m", "side\n-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----", "s"]);
            w.git(&["checkout", "-q", "main"]);
            w.git(&["merge", "-q", "--no-ff", "--no-edit", "s"]);
            assert!(w.git(&["cat-file", "commit", "HEAD"]).contains("mergetag"));
            signed(&w, "", "signed after");
            w
        }))
        .and(|w, plan| {
            // The commit signed after, the merge's mergetag, and the tag itself.
            assert_eq!(plan.signatures_lost.len(), 3);
            assert!(w.git(&["cat-file", "commit", "before"]).contains("gpgsig"));
            assert!(!w.git(&["cat-file", "commit", "HEAD"]).contains("gpgsig"));
        }),
    ]
}

fn headers_stay() -> String {
    let w = World::new();
    let (tree, parent) = (w.git(&["rev-parse", "HEAD^{tree}"]), w.head());
    let raw = format!(
        "tree {tree}\nparent {parent}\nauthor N {k} <a@b> 1700000000 -0730\ncommitter \u{e9} <{k}@x> 1700000001 +0545\n\
         encoding ISO-8859-1\nHG:extra x\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\
         change-id abcdef\n\nno newline at the end",
        k = w.key
    );
    let mut bytes = raw.clone().into_bytes();
    bytes.push(0xe9);
    let id = raw_tip(&w, &bytes);
    let plan = w.plan();
    w.apply(&plan.id);
    assert_eq!(plan.signatures_lost, [id]);
    let (from, to) = (raw.find("gpgsig").unwrap(), raw.find("change-id").unwrap());
    let mut want = [raw[..from].replace(&w.key, MARK), raw[to..].to_owned()].concat().into_bytes();
    want.push(0xe9);
    let out = w.command(&w.repo, &["cat-file", "commit", "HEAD"]).output().unwrap().stdout;
    assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&want));
    assert_eq!(out, want);
    assert!(w.copies(&w.key).is_empty());
    "clean: 1 of 2 commits, 1 signature lost".into()
}

fn citations() -> Vec<Case> {
    vec![
        case(42, "ids in messages: whole, short, upper case, described, another's, tickets", Course(cited)),
        case(
            42,
            "a cited commit on another branch, made before, rewritten too",
            Clean(|| {
                let w = World::new();
                w.git(&["checkout", "-q", "-b", "fixes"]);
                w.leak();
                w.write("g", "the fix");
                let fix = w.commit("the fix");
                w.git(&["checkout", "-q", "main"]);
                w.write("h", &w.key);
                w.commit("another leak");
                w.git(&["cherry-pick", "-x", &fix]);
                w.git(&["checkout", "-q", "-b", "clean", "main~2"]);
                w.write("z", "z");
                w.commit(&format!("clean branch, cites {fix}"));
                w
            }),
        )
        .and(|w, plan| {
            let fix = w.git(&["rev-parse", "fixes"]);
            assert!(
                w.git(&["log", "-1", "--format=%b", "main"]).contains(&format!("(cherry picked from commit {fix})"))
            );
            // It keeps its id, and so its message.
            assert_eq!(plan.citations_left.len(), 1);
            assert!(plan.citations_left[0].starts_with(&w.git(&["rev-parse", "clean"])));
        }),
        case(42, "abbreviations that would become ambiguous get longer", Clean(crowded)).and(|w, plan| {
            assert_eq!(plan.citations_followed, 60);
            let body = w.git(&["log", "-1", "--format=%B", "main"]);
            let cited: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("see ")).collect();
            assert_eq!(cited.len(), 60);
            for (n, word) in cited.iter().enumerate() {
                let subject = w.git(&["log", "-1", "--format=%s", &format!("{word}^{{commit}}")]);
                assert_eq!(subject, format!("work {n}"), "{word} is another's or nobody's");
            }
            assert!(cited.iter().any(|word| word.len() > 4), "none had to grow: {cited:?}");
        }),
        case(
            43,
            "ids in tags' messages, in stash subjects, in logs (`git checkout -`)",
            Clean(|| {
                let w = old_leak();
                let id = w.head();
                w.git(&["tag", "-a", "-m", &format!("release of {id}"), "v1"]);
                w.git(&["checkout", "-q", "--detach", &id]);
                w.git(&["checkout", "-q", "main"]);
                w.write("f", "wip");
                w.git(&["stash", "-q"]);
                w
            }),
        )
        .and(|w, _| {
            let id = w.git(&["rev-parse", "main"]);
            assert_eq!(w.git(&["tag", "-l", "--format=%(contents)", "v1"]), format!("release of {id}"));
            assert!(w.git(&["stash", "list"]).contains(&format!("WIP on main: {} fix", &id[..7])));
            assert!(w.git(&["log", "-1", "--format=%s", "stash"]).contains(&id[..7]));
            w.git(&["checkout", "-q", "-"]);
            assert_eq!(w.head(), id);
        }),
    ]
}

fn cited() -> String {
    let w = World::new();
    let clean = w.head();
    let leak = w.leak();
    w.git(&["remote", "add", "origin", "git@example.com:acme/pay.git"]);
    let upper = leak[..10].to_uppercase();
    let stays = format!(
        "{six} x{seven} {clean} 1234567 20240101 deadbeef https://example.com/other/repo/commit/{leak} other/repo@{seven} {leak}0",
        six = &leak[..6],
        seven = &leak[..7],
    );
    let goes = |id: &str| {
        format!(
            "This reverts commit {id}.\n{} ({}) {} v1-2-g{} {}..{} https://example.com/acme/pay/commit/{id}",
            &id[..7],
            &id[..12],
            id[..10].to_uppercase(),
            &id[..8],
            &id[..7],
            &clean[..7],
        )
    };
    assert!(upper.bytes().any(|b| b.is_ascii_uppercase()) && leak[..7].bytes().any(|b| b.is_ascii_alphabetic()));
    w.git(&["commit", "-q", "--allow-empty", "-m", &format!("{}\n\n{stays}", goes(&leak))]);
    let plan = w.purge();
    let new = w.git(&["rev-parse", "HEAD~"]);
    assert_ne!(new, leak);
    assert_eq!(w.git(&["log", "-1", "--format=%B"]), format!("{}\n\n{stays}", goes(&new)));
    assert_eq!((plan.citations_followed, plan.citations_left.len()), (7, 0));
    // With `core.abbrev` at 6, six digits are an id as well.
    let w = World::new();
    let leak = w.leak();
    w.git(&["config", "core.abbrev", "6"]);
    w.git(&["commit", "-q", "--allow-empty", "-m", &format!("see {}", &leak[..6])]);
    let plan = w.purge();
    let number = leak[..6].bytes().all(|b| b.is_ascii_digit());
    assert_eq!(plan.citations_followed, u64::from(!number));
    "clean: 7 ids follow, 9 words stay".into()
}

/// 60 commits that change, cited by four digits; 3,000 clean ones whose ids the new abbreviations may meet.
fn crowded() -> World {
    let w = World::new();
    w.git(&["config", "core.abbrev", "4"]);
    let mut stream = String::new();
    let mut commit = |branch: &str, from: &str, n: u32, words: &str, body: &str| {
        let clock = 1_700_100_000 + n;
        write!(
            stream,
            "commit refs/heads/{branch}\ncommitter A <a@b> {clock} +0000\ndata {}\n{words}\n{from}M 100644 inline x\ndata {}\n{body}\n",
            words.len() + 1,
            body.len()
        )
        .unwrap();
    };
    for n in 0..3000 {
        commit("crowd", if n == 0 { "from refs/heads/main\n" } else { "" }, n, &format!("crowd {n}"), "x");
    }
    for n in 0..60 {
        commit(
            "main",
            if n == 0 { "from refs/heads/main^0\n" } else { "" },
            n,
            &format!("work {n}"),
            &format!("{n} {}", w.key),
        );
    }
    w.pipe(&["fast-import", "--quiet"], stream.as_bytes());
    w.git(&["reset", "-q", "--hard", "main"]);
    let mut message = String::from("all of it\n\n");
    for id in w.git(&["rev-list", "--reverse", "-60", "main"]).lines() {
        // The shortest name it has now, with a letter in it.
        let short = w.git(&["rev-parse", "--short=4", id]);
        let more = id.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(39) + 1;
        writeln!(message, "see {}", &id[..short.len().max(more)]).unwrap();
    }
    w.git(&["commit", "-q", "--allow-empty", "-m", &message]);
    w
}

/// A small repository of another kind, made with `option`.
fn other_kind(option: &str) -> World {
    let w = World::empty(&[option]);
    w.write("f", &w.key);
    w.commit("leak");
    w
}

fn kinds() -> Vec<Case> {
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
