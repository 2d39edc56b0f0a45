//! Contents: overlaps, line ends, modes, what becomes empty.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use stanch::git;

use crate::git_cases::Expect::{Clean, Course};
use crate::git_cases::{Case, MARK, case};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
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
