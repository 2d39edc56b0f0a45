//! Messages, people, tags, notes.

use crate::git_cases::Expect::Clean;
use crate::git_cases::{Case, MARK, case, leak};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
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
