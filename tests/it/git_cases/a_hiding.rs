//! A. Hiding places: where a key can be in a repository.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use stanch::effect::git::{Archives, Binaries, CopyKind, Policy};
use stanch::git;

use super::Expect::{Clean, CleanAs, PrunedOnly, Refused, Reported};
use super::{Case, MARK, case, leak, old_leak};
use crate::gitrepo::{World, walk};

pub(super) fn cases() -> Vec<Case> {
    [objects(), messages(), names(), forms(), places(), repositories()].into_iter().flatten().collect()
}

fn objects() -> Vec<Case> {
    vec![
        case(1, "an old commit, later removed; the removing commit is kept, empty", Clean(old_leak)).and(|w, plan| {
            assert_eq!((plan.commits_changed, plan.commits_total), (2, 3));
            assert_eq!((plan.phrase.as_str(), plan.files.len(), plan.first_changed.len()), ("work", 1, 1));
            assert!(plan.diff.contains(&"-k=[leaked]".to_owned()) && plan.diff.contains(&format!("+k={MARK}")));
            assert!(plan.became_empty.is_empty(), "the removal of the placeholder is a change");
            assert_eq!(w.git(&["log", "--format=%s"]), "fix\nleak\nbase");
            assert!(w.git(&["show", "HEAD~1:f"]).ends_with(&format!("k={MARK}")));
        }),
        case(2, "in HEAD, in two branches, and in the dirty working tree", Refused(|| {
            let w = leak();
            w.git(&["branch", "b"]);
            let mut text = w.read("f");
            text.extend_from_slice(format!("x={}", w.key).as_bytes());
            w.write("f", text);
            w
        }, "the working tree is dirty: 1 tracked file(s) differ from HEAD, in the index or on disk: f (holds the key)"))
        .and(|w, plan| {
            assert!(plan.refusals.iter().any(|r| r.way_forward.contains("git stash")));
            // The way forward works: the stash is cleaned with the rest.
            w.git(&["stash", "-q"]);
            w.purge();
            w.git(&["stash", "pop", "-q"]);
            assert!(String::from_utf8(w.read("f")).unwrap().ends_with(&format!("x={MARK}")));
        }),
        case(2, "in HEAD and two branches, an untracked file beside it", Clean(|| {
            let w = leak();
            w.git(&["branch", "b"]);
            w.write("untracked", "stays");
            w
        }))
        .and(|w, _| {
            assert_eq!(w.git(&["status", "--porcelain"]), "?? untracked");
            assert_eq!(w.git(&["rev-parse", "main"]), w.git(&["rev-parse", "b"]));
        }),
        case(3, "an evil merge, and an octopus after it", Clean(|| {
            let w = World::new();
            for side in ["one", "two", "three"] {
                w.git(&["checkout", "-q", "-b", side, "main"]);
                w.write(side, side);
                w.commit(side);
            }
            w.git(&["checkout", "-q", "main"]);
            w.git(&["merge", "-q", "--no-ff", "--no-commit", "one"]);
            w.write("evil", &w.key);
            w.commit("evil merge");
            w.git(&["rm", "-q", "evil"]);
            w.commit("gone");
            w.git(&["merge", "-q", "-m", "octopus", "two", "three"]);
            w
        }))
        .and(|w, _| assert_eq!(w.git(&["rev-parse", "HEAD^2", "HEAD^3"]), w.git(&["rev-parse", "two", "three"]))),
        case(4, "three kinds of stash: tracked, staged, untracked", Clean(|| {
            let w = World::new();
            let k = w.key.clone();
            w.write("f", format!("base\n1 {k}\n"));
            w.git(&["stash", "push", "-q", "-m", "first"]);
            w.write("f", format!("base\n2 {k}\n"));
            w.git(&["add", "f"]);
            w.git(&["stash", "push", "-q", "-m", &format!("second {k}")]);
            w.write("u", format!("3 {k}\n"));
            w.git(&["stash", "push", "-q", "-u", "-m", "third"]);
            w
        }))
        .and(|w, _| {
            let list = w.git(&["stash", "list", "--format=%gs"]);
            assert_eq!(list, format!("On main: third\nOn main: second {MARK}\nOn main: first"));
            for (n, path, content) in [(0, "u", "3"), (1, "f", "base\n2"), (2, "f", "base\n1")] {
                w.git(&["stash", "apply", "-q", &format!("stash@{{{n}}}")]);
                assert_eq!(String::from_utf8(w.read(path)).unwrap(), format!("{content} {MARK}\n"));
                w.git(&["reset", "-q", "--hard"]);
                w.git(&["clean", "-qfd"]);
            }
        }),
        case(5, "a stash that was dropped", PrunedOnly(|| {
            let w = World::new();
            w.write("f", &w.key);
            w.git(&["stash", "-q"]);
            w.git(&["stash", "drop", "-q"]);
            w
        })),
        case(6, "only a reflog", PrunedOnly(|| {
            let w = leak();
            w.git(&["reset", "-q", "--hard", "HEAD~"]);
            w
        }))
        .and(|w, plan| {
            let reflog = |c: &stanch::effect::git::Copy| !c.reachable && c.remedy.contains("reflog");
            assert!(plan.copies.iter().any(|c| c.what == CopyKind::Blob && reflog(c)));
            // The reset wrote ORIG_HEAD: it led to the lost commit.
            assert!(!w.repo.join(".git/ORIG_HEAD").exists());
            assert!(w.git(&["reflog"]).contains("commit (initial): base"));
        }),
        case(7, "a blob that was never committed", PrunedOnly(|| {
            let w = World::new();
            w.write("x", &w.key);
            w.git(&["add", "x"]);
            w.git(&["rm", "-q", "--cached", "x"]);
            fs::remove_file(w.repo.join("x")).unwrap();
            w
        }))
        .and(|_, plan| assert_eq!(plan.copies[0].remedy, "prune; nothing reaches it, no ref changes, nothing to push")),
        case(8, "staged", Refused(|| {
            let w = World::new();
            w.write("g", &w.key);
            w.git(&["add", "g"]);
            w
        }, "the key is staged in g")),
        case(8, "a staged name", Refused(|| {
            let w = World::new();
            w.write(&format!("{}.txt", w.key), "x");
            w.git(&["add", "-A"]);
            w
        }, "the key is staged in [leaked].txt")),
        case(8, "announced with `git add -N`, in HEAD's history too", Refused(|| {
            let w = old_leak();
            w.write("g", &w.key);
            w.git(&["add", "-N", "g"]);
            w
        }, "on disk: g (holds the key)")),
        case(8, "a conflict's three stages", Refused(|| {
            let w = World::new();
            w.write("c", format!("one {}\n", w.key));
            w.commit("ancestor");
            w.git(&["checkout", "-q", "-b", "side"]);
            w.write("c", format!("two {}\n", w.key));
            w.commit("side");
            w.git(&["checkout", "-q", "main"]);
            w.write("c", format!("three {}\n", w.key));
            w.commit("main");
            w.try_git(&["merge", "side"]);
            w
        }, "the key is staged in c (stage 1, the common ancestor)"))
        .and(|_, plan| {
            for words in ["c (stage 2, ours)", "c (stage 3, theirs)", "a merge is in progress"] {
                assert!(plan.refusals.iter().any(|r| r.why.contains(words)), "{words}: {:?}", plan.refusals);
            }
        }),
        case(8, "a conflict that was solved: the index remembers its stages", Clean(|| {
            let w = World::new();
            w.git(&["checkout", "-q", "-b", "side"]);
            w.write("f", format!("side {}\n", w.key));
            w.commit("side");
            w.git(&["checkout", "-q", "main"]);
            w.write("f", "main\n");
            w.commit("main");
            w.try_git(&["merge", "side"]);
            w.write("f", "solved\n");
            w.git(&["add", "f"]);
            w.git(&["commit", "-q", "-m", "merged"]);
            w.git(&["branch", "-D", "side"]);
            assert!(!w.git(&["ls-files", "--resolve-undo"]).is_empty());
            w
        })),
    ]
}

fn messages() -> Vec<Case> {
    vec![
        case(
            9,
            "messages of an empty, a merge, a delete-only commit; a trailer",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                w.git(&["commit", "-q", "--allow-empty", "-m", &format!("empty {k}\n\nCo-authored-by: A {k} <a@b>")]);
                w.git(&["checkout", "-q", "-b", "side"]);
                w.write("s", "s");
                w.commit(&format!("side {k}"));
                w.git(&["checkout", "-q", "main"]);
                w.git(&["merge", "-q", "--no-ff", "-m", &format!("merge {k}"), "side"]);
                w.git(&["rm", "-q", "s"]);
                w.git(&["commit", "-q", "-m", &format!("delete {k}")]);
                w
            }),
        )
        .and(|w, plan| {
            assert!(plan.files.is_empty());
            assert_eq!(w.git(&["log", "--format=%B"]).matches(MARK).count(), 5);
        }),
        case(
            10,
            "names and mail addresses of author, committer and tagger",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                for (name, value) in [("user.name", format!("n {k}")), ("user.email", format!("{k}@x"))] {
                    w.git(&["config", name, &value]);
                }
                let ident = |args: &[&str]| {
                    let mut command = w.command(&w.repo, args);
                    for of in ["AUTHOR", "COMMITTER"] {
                        command
                            .env(format!("GIT_{of}_NAME"), format!("n {k}"))
                            .env(format!("GIT_{of}_EMAIL"), format!("{k}@x"));
                    }
                    assert!(command.status().unwrap().success());
                };
                ident(&["commit", "-q", "--allow-empty", "-m", "by whom"]);
                ident(&["tag", "-a", "-m", "t", "t"]);
                for name in ["user.name", "user.email"] {
                    w.git(&["config", "--unset", name]);
                }
                w
            }),
        )
        .and(|w, _| {
            assert_eq!(
                w.git(&["log", "-1", "--format=%an <%ae> %cn <%ce>"]),
                format!("n {MARK} <{MARK}@x> n {MARK} <{MARK}@x>")
            );
            assert!(
                w.git(&["for-each-ref", "--format=%(tagger)", "refs/tags"])
                    .starts_with(&format!("n {MARK} <{MARK}@x>"))
            );
        }),
        case(
            11,
            "annotated tags, a tag of a tag, a signed tag, an old one",
            Clean(|| {
                let w = World::new();
                w.git(&["tag", "-a", "-m", "untouched", "v0"]);
                w.leak();
                let signed =
                    format!("v1 {}\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n", w.key);
                w.git(&["tag", "-a", "-m", &signed, "v1"]);
                w.git(&["tag", "-a", "-m", "tag of a tag", "v2", "v1"]);
                w.git(&["tag", "light"]);
                w
            }),
        )
        .and(|w, plan| {
            assert_eq!(plan.signatures_lost.len(), 1);
            let head = w.head();
            for tag in ["v1^{commit}", "v2^{commit}", "light"] {
                assert_eq!(w.git(&["rev-parse", tag]), head, "{tag}");
            }
            assert_eq!(
                (w.git(&["cat-file", "-t", "v2"]), w.git(&["cat-file", "-t", "v2^{tag}"])),
                ("tag".into(), "tag".into())
            );
            assert_eq!(w.git(&["tag", "-l", "--format=%(contents)", "v1"]), format!("v1 {MARK}"));
        }),
        case(
            12,
            "tags of a blob and of a tree",
            Clean(|| {
                let w = leak();
                w.git(&["tag", "-a", "-m", "of a blob", "blob", "HEAD:f"]);
                w.git(&["tag", "-a", "-m", "of a tree", "tree", "HEAD^{tree}"]);
                w.git(&["tag", "bare-blob", "HEAD:f"]);
                w
            }),
        )
        .and(|w, _| {
            assert_eq!(w.git(&["rev-parse", "tree^{tree}"]), w.git(&["rev-parse", "HEAD^{tree}"]));
            assert_eq!(w.git(&["rev-parse", "blob^{blob}", "bare-blob"]), w.git(&["rev-parse", "HEAD:f", "HEAD:f"]));
        }),
        case(
            13,
            "notes, on two refs, about old and new commits",
            Clean(|| {
                let w = World::new();
                w.git(&["notes", "add", "-m", "on the first"]);
                w.leak();
                w.git(&["notes", "add", "-m", &format!("n {}", w.key)]);
                w.git(&["notes", "--ref=ci", "add", "-m", "green"]);
                w
            }),
        )
        .and(|w, _| {
            assert_eq!(w.git(&["notes", "show", "HEAD"]), format!("n {MARK}"));
            assert_eq!(w.git(&["notes", "show", "HEAD~1"]), "on the first");
            assert_eq!(w.git(&["notes", "--ref=ci", "show", "HEAD"]), "green");
            assert_eq!(w.git(&["notes", "list"]).lines().count(), 2);
        }),
        case(13, "300 notes in fan-out folders", Clean(many_notes)).and(|w, plan| {
            assert_eq!(plan.commits_changed, 302);
            assert_eq!(w.git(&["log", "-300", "--format=%N"]).matches("a note").count(), 300);
        }),
    ]
}

fn many_notes() -> World {
    use std::fmt::Write as _;
    let w = leak();
    let mut stream = String::new();
    for n in 0..300 {
        let from = if n == 0 { "from refs/heads/main^0\n" } else { "" };
        let mark = n + 1;
        write!(
            stream,
            "commit refs/heads/main\nmark :{mark}\ncommitter A <a@b> {} +0000\ndata 2\nc\n{from}",
            1_700_100_000 + n
        )
        .unwrap();
    }
    let note = "blob\nmark :1000\ndata 7\na note\n";
    stream = format!("{note}{stream}commit refs/notes/commits\ncommitter A <a@b> 1 +0000\ndata 0\n");
    for mark in 1..=300 {
        writeln!(stream, "N :1000 :{mark}").unwrap();
    }
    w.pipe(&["fast-import", "--quiet"], stream.as_bytes());
    w.git(&["reset", "-q", "--hard", "main"]);
    assert!(w.git(&["ls-tree", "refs/notes/commits"]).contains(" tree "), "no fan-out");
    w
}

fn names() -> Vec<Case> {
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

fn forms() -> Vec<Case> {
    vec![
        case(
            17,
            "UTF-16, both byte orders, with and without a mark",
            Clean(|| {
                let w = World::new();
                for (name, mark) in [("with", "\u{feff}"), ("without", "")] {
                    let text = format!("{mark}k={}\n", w.key);
                    w.write(&format!("le-{name}"), text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
                    w.write(&format!("be-{name}"), text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
                }
                w.commit("wide");
                w
            }),
        )
        .and(|w, _| {
            let units = |bytes: &[u8], of: fn([u8; 2]) -> u16| {
                String::from_utf16(&bytes.chunks(2).map(|c| of([c[0], c[1]])).collect::<Vec<u16>>()).unwrap()
            };
            assert!(units(&w.read("le-with"), u16::from_le_bytes).starts_with(&format!("\u{feff}k={MARK}")));
            assert!(units(&w.read("be-without"), u16::from_be_bytes).starts_with(&format!("k={MARK}")));
        }),
        case(18, "a binary file with NULs: same length, shown", Clean(binary)).and(|w, plan| {
            assert_eq!(w.read("bin").len(), w.key.len() + 5, "the length is kept");
            assert!(plan.choices[0].way.contains("every length stays"));
        }),
        case(18, "a binary file that is dropped, as chosen", CleanAs(binary, policy(Archives::Ask, Binaries::Drop)))
            .and(|w, _| assert_eq!(w.git(&["ls-tree", "-r", "--name-only", "HEAD"]), "f")),
        case(
            19,
            "gzip, zip, tar in gzip, tar in tar: nothing is done until it is chosen",
            Refused(archives, "the key is inside of an archive, which can't be edited in place"),
        )
        .and(|_, plan| {
            for form in [
                "gzip: plain",
                "zip > app/.env: plain",
                "gzip > tar > app/.env: plain",
                "tar > layer.tar > tar > app/.env: plain",
            ] {
                assert!(plan.copies.iter().any(|c| c.form == form), "{form}: {:?}", plan.copies);
            }
        }),
        case(19, "the same, packed anew", CleanAs(archives, policy(Archives::Repack, Binaries::SameLength))).and(
            |w, _| {
                let run = |program: &str, args: &[&str]| {
                    Command::new(program).args(args).current_dir(&w.repo).output().unwrap()
                };
                assert_eq!(run("gzip", &["-dc", "log.gz"]).stdout, format!("k={MARK}\n").as_bytes());
                assert_eq!(run("tar", &["-xzOf", "image.tar.gz", "app/.env"]).stdout, format!("K={MARK}\n").as_bytes());
                let inner = "tar -xOf docker.tar layer.tar | tar -xOf - app/.env";
                assert_eq!(run("sh", &["-c", inner]).stdout, format!("K={MARK}\n").as_bytes());
            },
        ),
        case(19, "the same, dropped", CleanAs(archives, policy(Archives::Drop, Binaries::SameLength)))
            .and(|w, _| assert_eq!(w.git(&["ls-tree", "-r", "--name-only", "HEAD"]), "f\nstays")),
        case(
            19,
            "a compressed kind that is not unpacked is told with its place",
            Reported(
                || {
                    let w = World::new();
                    w.write("a.xz", b"\xfd7zXZ\0 and so on");
                    w.write("k", &w.key);
                    w.commit("xz");
                    w
                },
                "xz is not unpacked",
            ),
        ),
        case(
            20,
            "base64 at three alignments, of user:key, for URLs, wrapped",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                w.write("b64-0", STANDARD.encode(&k));
                w.write("b64-1", STANDARD.encode(format!("u{k}:")));
                w.write("b64-2", STANDARD.encode(format!("us{k}:tail")));
                w.write("url", URL_SAFE.encode(format!("user:{k}")));
                for width in [30, 76] {
                    let text = STANDARD.encode(format!("user:{k}:{}", "more ".repeat(30)));
                    let lines: Vec<&str> =
                        text.as_bytes().chunks(width).map(|c| std::str::from_utf8(c).unwrap()).collect();
                    w.write(&format!("wrapped-{width}"), lines.join("\n"));
                }
                w.commit("base64");
                w
            }),
        )
        .and(|w, _| {
            let text = STANDARD.decode(w.read("b64-2")).unwrap();
            assert!(text.starts_with(b"us") && text.ends_with(b":tail"));
            let wrapped: Vec<u8> = w.read("wrapped-76").into_iter().filter(|b| *b != b'\n').collect();
            assert!(STANDARD.decode(wrapped).unwrap().starts_with(b"user:REMOVED"));
        }),
        case(
            20,
            "hexadecimal, percent-encoded, \\u escapes, JSON",
            Clean(|| {
                let w = World::new();
                let hex = stanch::base::id::hex(w.key.as_bytes());
                let percent = w.key.bytes().map(|b| format!("%{b:02X}")).collect::<Vec<_>>().concat();
                let escaped = w.key.bytes().map(|b| format!("\\u{b:04x}")).collect::<Vec<_>>().concat();
                for (name, text) in
                    [("hex", hex.clone()), ("HEX", hex.to_uppercase()), ("pct", percent), ("u", escaped)]
                {
                    w.write(&format!("{name}.txt"), text);
                }
                w.write("j.json", format!("{{\"k\": \"{}\"}}", w.key));
                w.commit("encoded");
                w
            }),
        ),
        case(
            21,
            "twice in a line, glued, at the very start and end of a file",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                w.write("x", format!("{k}{k} {k}\n{}{k}", "long ".repeat(20_000)));
                w.commit("glued");
                w
            }),
        )
        .and(|w, _| assert_eq!(String::from_utf8(w.read("x")).unwrap().matches(MARK).count(), 4)),
        case(
            22,
            "attributes: -diff, binary, export-subst; a filter that must not run",
            Clean(|| {
                let w = World::new();
                w.write(".gitattributes", "*.env -diff\n*.bin binary\n*.sub export-subst\n*.sec filter=spy\n");
                let k = w.key.clone();
                for name in ["a.env", "b.bin", "c.sub"] {
                    w.write(name, format!("k={k}\n"));
                }
                // The filter says that it ran; what is stored is in upper case around the key.
                w.write("d.sec", format!("k={k}\n"));
                w.commit("attributes");
                let spy = w.temp().join("spy");
                for verb in ["clean", "smudge"] {
                    w.git(&[
                        "config",
                        &format!("filter.spy.{verb}"),
                        &format!("echo {verb} >> {} ; cat", spy.display()),
                    ]);
                }
                w.git(&["config", "filter.spy.required", "true"]);
                w
            }),
        )
        .and(|w, _| {
            for name in ["a.env", "b.bin", "c.sub", "d.sec"] {
                assert_eq!(w.read(name), format!("k={MARK}\n").into_bytes(), "{name}");
            }
        }),
        case(22, "a file that differs on disk from what is stored, through a filter", super::Expect::Course(filtered)),
    ]
}

/// The stored file has the key, the file on disk has it in other words around it.
fn filtered() -> String {
    let w = World::new();
    let spy = w.temp().join("spy");
    let with = |program: &str| format!("echo ran >> {}; {program}", spy.display());
    w.git(&["config", "filter.case.smudge", &with("tr a-z A-Z < /dev/stdin | sed s/KEY=.*/key=$(cat ../key)/")]);
    w.git(&["config", "filter.case.clean", &with("sed s/WORDS/words/")]);
    fs::write(w.temp().join("key"), &w.key).unwrap();
    w.write(".gitattributes", "*.sec filter=case\n");
    w.write("a.sec", format!("words\nkey={}\n", w.key));
    w.commit("through a filter");
    fs::remove_file(w.repo.join("a.sec")).unwrap();
    w.git(&["checkout", "-q", "--", "a.sec"]);
    let smudged = format!("WORDS\nkey={}\n", w.key).into_bytes();
    assert_eq!(w.read("a.sec"), smudged);
    // Old enough for git to trust the index without asking the filter again.
    let file = fs::File::options().append(true).open(w.repo.join("a.sec")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)).unwrap();
    w.git(&["update-index", "--refresh"]);
    fs::remove_file(&spy).unwrap();
    let plan = w.plan();
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    w.apply(&plan.id);
    assert!(!spy.exists(), "a filter ran");
    assert_eq!(w.read("a.sec"), format!("WORDS\nkey={MARK}\n").into_bytes());
    assert!(w.copies(&w.key).is_empty());
    w.undo(&plan.id);
    assert!(!spy.exists(), "a filter ran");
    assert_eq!(w.read("a.sec"), smudged, "the file on disk is back as it was");
    "clean: no filter ran, undo exact".into()
}

fn places() -> Vec<Case> {
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
        case(
            26,
            "a submodule that holds the key: it is purged first",
            Refused(
                || {
                    let w = World::new();
                    let other = old_leak();
                    let from = other.repo.to_str().unwrap().to_owned();
                    w.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &from, "vendor/sub"]);
                    w.commit("a submodule");
                    w
                },
                "vendor/sub holds the key (1 copy)",
            ),
        )
        .and(|w, plan| {
            assert!(plan.refusals[0].way_forward.contains("--repo"));
            // As told: by itself, and then nothing is left here.
            let (backup, sub, key) = (w.temp().join("backup-sub"), w.repo.join("vendor/sub"), [w.key.as_bytes()]);
            let ask = git::Ask { repo: &sub, backup_root: &backup, keys: &key, cancel: &|| false, progress: &|_| {} };
            git::apply(&ask, &git::plan(&ask).unwrap().id).unwrap();
            assert!(w.find().copies.is_empty());
        }),
        case(
            26,
            "a submodule beside a leak: its gitlink stays",
            Clean(|| {
                let w = World::new();
                let sub = w.temp().join("sub");
                w.git_in(w.temp(), &["clone", "-q", "--no-local", "work", "sub"]);
                w.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", sub.to_str().unwrap(), "sub"]);
                w.commit("submodule");
                w.leak();
                w
            }),
        )
        .and(|w, _| assert!(w.git(&["ls-tree", "HEAD", "sub"]).starts_with("160000"))),
        case(27, "an LFS object: set aside here, listed for the server; the pointer stays", PrunedOnly(lfs)).and(
            |w, plan| {
                assert_eq!(plan.lfs[0].paths, ["media/big.dat"]);
                assert_eq!(plan.lfs[0].commits, [w.head()]);
                assert!(w.repo.join(".git/lfs/objects/aa/bb/aabb").exists());
            },
        ),
    ]
}

const fn policy(archives: Archives, binaries: Binaries) -> Policy {
    Policy { archives, binaries, files: std::collections::BTreeMap::new() }
}

fn binary() -> World {
    let w = World::new();
    w.write("bin", [b"a\0k=", w.key.as_bytes(), b"\0"].concat());
    w.commit("binary");
    w
}

/// The key inside of archives alone, as the usual programs write them.
fn archives() -> World {
    let w = World::new();
    let other = World::new();
    other.write("app/.env", format!("K={}\n", w.key));
    other.commit("files");
    let out = |format: &str, name: &str| {
        let to = format!("--output={}", w.repo.join(name).display());
        other.git(&["archive", &format!("--format={format}"), &to, "HEAD"]);
    };
    out("tar.gz", "image.tar.gz");
    out("zip", "app.jar");
    out("tar", "layer.tar");
    w.write("log", format!("k={}\n", w.key));
    w.write("stays", "x");
    for line in ["gzip -n log", "tar --mtime=@0 -cf docker.tar layer.tar", "rm layer.tar"] {
        assert!(Command::new("sh").args(["-c", line]).current_dir(&w.repo).status().unwrap().success(), "{line}");
    }
    w.commit("archives");
    w
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

fn repositories() -> Vec<Case> {
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
        case(31, "a partial clone", super::Expect::Unopened(|| cloned(&["--filter=blob:none"]), "partial clone")),
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
