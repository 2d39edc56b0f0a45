//! Where the git directory is, what HEAD is, whose it is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use stanch::git;

use super::program;
use crate::git_cases::Expect::{Clean, Course, Refused, Unopened};
use crate::git_cases::{Case, MARK, SKIPPED, case, leak, old_leak, oracle};
use crate::gitrepo::{World, walk};
use crate::program::executable;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            53,
            "a bare repository",
            Clean(|| {
                let mut w = leak();
                w.git_in(w.temp(), &["clone", "-q", "--bare", "--no-local", "work", "bare.git"]);
                w.repo = w.temp().join("bare.git");
                w
            }),
        )
        .and(|_, plan| assert_eq!(plan.phrase, "bare.git")),
        case(
            53,
            "a mirror",
            Clean(|| {
                let mut w = old_leak();
                w.git(&["update-ref", "refs/pull/1/head", "HEAD~"]);
                w.git_in(w.temp(), &["clone", "-q", "--mirror", "--no-local", "work", "mirror.git"]);
                w.repo = w.temp().join("mirror.git");
                w
            }),
        )
        .and(|w, _| assert_eq!(w.git(&["rev-parse", "refs/pull/1/head"]), w.git(&["rev-parse", "main~"]))),
        case(
            53,
            "a separate git directory",
            Clean(|| {
                let w = World::empty(&["--separate-git-dir", "elsewhere.git"]);
                w.write("f", format!("k={}", w.key));
                w.commit("leak");
                assert!(w.repo.join(".git").is_file());
                w
            }),
        ),
        case(
            53,
            "HEAD is a symbolic link, as old gits made it",
            Clean(|| {
                let w = leak();
                fs::remove_file(w.repo.join(".git/HEAD")).unwrap();
                std::os::unix::fs::symlink("refs/heads/main", w.repo.join(".git/HEAD")).unwrap();
                assert_eq!(w.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
                w
            }),
        )
        .and(|w, _| {
            assert!(w.repo.join(".git/HEAD").is_symlink());
            assert_eq!(w.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
        }),
        case(
            53,
            "a separate git directory, from a folder below",
            Course(|| {
                let mut w = World::empty(&["--separate-git-dir", "elsewhere.git"]);
                w.write("sub/f", format!("k={}", w.key));
                w.commit("leak");
                w.repo = w.repo.join("sub");
                let plan = w.purge();
                assert_eq!(plan.phrase, "work");
                assert_eq!(w.read("f"), format!("k={MARK}").into_bytes());
                "clean: 1 of 1 commits".into()
            }),
        ),
        case(
            53,
            "inside a submodule: its `.git` is a file",
            Clean(|| {
                let mut w = leak();
                let outer = w.temp().join("outer");
                w.git_in(w.temp(), &["init", "-q", "-b", "main", "outer"]);
                w.git_in(&outer, &["-c", "protocol.file.allow=always", "submodule", "add", "-q", "../work", "inner"]);
                w.git_in(&outer, &["commit", "-q", "-m", "outer"]);
                w.repo = outer.join("inner");
                assert!(w.repo.join(".git").is_file());
                w
            }),
        ),
        case(53, "GIT_DIR and GIT_INDEX_FILE in the environment lead elsewhere", Course(environment)),
        case(
            53,
            "HEAD is detached",
            Clean(|| {
                let w = leak();
                w.git(&["checkout", "-q", "--detach"]);
                w
            }),
        )
        .and(|w, plan| {
            assert!(plan.refs.iter().any(|m| m.name == "HEAD"));
            assert_eq!(w.git(&["rev-parse", "HEAD"]), w.git(&["rev-parse", "main"]));
        }),
        case(
            53,
            "HEAD names a branch that is not there",
            Clean(|| {
                let w = leak();
                w.git(&["rm", "-q", "-r", "--cached", "."]);
                fs::remove_file(w.repo.join("f")).unwrap();
                w.git(&["symbolic-ref", "HEAD", "refs/heads/missing"]);
                w
            }),
        )
        .and(|w, _| assert_eq!(w.git(&["symbolic-ref", "HEAD"]), "refs/heads/missing")),
        case(
            53,
            "a sparse checkout, and line ends as the user has them",
            Clean(|| {
                let w = World::new();
                w.write("in/a", "x");
                w.write("out/b", format!("k={}", w.key));
                w.write(".gitattributes", "*.txt text eol=crlf\n");
                w.write("in/c.txt", format!("one\r\nk={}\r\n", w.key));
                w.commit("files");
                w.git(&["sparse-checkout", "set", "in"]);
                w
            }),
        )
        .and(|w, _| {
            assert!(!w.repo.join("out").exists());
            assert_eq!(w.read("in/c.txt"), format!("one\r\nk={MARK}\r\n").into_bytes());
            assert_eq!(w.git(&["show", "HEAD:out/b"]), format!("k={MARK}"));
        }),
        case(
            53,
            "files marked assume-unchanged",
            Refused(
                || {
                    let w = leak();
                    w.git(&["update-index", "--assume-unchanged", "f"]);
                    w
                },
                "marked assume-unchanged",
            ),
        ),
        case(
            53,
            "a split index",
            Refused(
                || {
                    let w = old_leak();
                    w.git(&["update-index", "--split-index"]);
                    w
                },
                "the index is split in two files",
            ),
        ),
        case(
            53,
            "no repository there",
            Unopened(
                || {
                    let mut w = World::new();
                    w.repo = w.temp().join("none");
                    fs::create_dir(&w.repo).unwrap();
                    w
                },
                "no git repository",
            ),
        ),
        case(
            53,
            "another user's",
            Course(|| {
                let w = old_leak();
                if std::os::unix::fs::chown(&w.repo, Some(4321), None).is_err() {
                    return format!("{SKIPPED}only root can give a folder away");
                }
                std::os::unix::fs::chown(w.repo.join(".git"), Some(4321), None).unwrap();
                let print = w.footprint();
                let fault = w.ask(git::find).unwrap_err();
                assert!(fault.why.contains("another user") && fault.hints[0].contains("safe.directory"), "{fault}");
                assert_eq!(w.footprint(), print);
                "refused: it belongs to another user".into()
            }),
        ),
        case(53, "a git directory that can't be written", Course(read_only)),
    ]
}

fn environment() -> String {
    let w = old_leak();
    let other = w.temp().join("other");
    w.git_in(w.temp(), &["clone", "-q", "--no-local", "work", "other"]);
    let print = walk(&other).iter().map(|p| fs::metadata(p).unwrap().modified().unwrap()).collect::<Vec<_>>();
    let dir = other.join(".git");
    let index = dir.join("index");
    let set = [("GIT_DIR", dir.to_str().unwrap()), ("GIT_INDEX_FILE", index.to_str().unwrap()), ("GIT_WORK_TREE", "/")];
    let (code, said) = program(&w, &["purge", "--apply", "--yes=work"], &set);
    assert_eq!(code, Some(0), "{said}");
    oracle::clean(&w);
    assert_eq!(walk(&other).iter().map(|p| fs::metadata(p).unwrap().modified().unwrap()).collect::<Vec<_>>(), print);
    "clean: the named repository, no other".into()
}

/// Root may write everywhere, so it becomes somebody else for this; without root, the mode is enough.
fn read_only() -> String {
    let w = old_leak();
    let dir = w.repo.join(".git");
    let root = rustix::process::geteuid().is_root();
    let set_mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if root {
        assert!(Command::new("chown").args(["-R", "65534:65534"]).arg(w.temp()).status().unwrap().success());
        // The test's own program may lie where nobody else may look.
        if !Command::new("setpriv").arg("--version").output().is_ok_and(|out| out.status.success()) {
            return format!("{SKIPPED}there is no setpriv, and root may write everywhere");
        }
        executable(&w.temp().join("stanch"), fs::read(env!("CARGO_BIN_EXE_stanch")).unwrap());
        set_mode(w.temp(), 0o755);
    }
    fs::write(w.temp().join("key-file"), &w.key).unwrap();
    set_mode(&w.temp().join("key-file"), 0o644);
    set_mode(&dir, 0o555);
    let mut command = if root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(w.temp().join("stanch"));
        command
    } else {
        Command::new(env!("CARGO_BIN_EXE_stanch"))
    };
    let home = w.temp().join("home");
    fs::create_dir(&home).unwrap();
    if root {
        std::os::unix::fs::chown(&home, Some(65_534), Some(65_534)).unwrap();
    }
    command
        .args(["purge", "--apply", "--yes=work", "--repo"])
        .arg(&w.repo)
        .arg("--key-file")
        .arg(w.temp().join("key-file"));
    command.env("HOME", &home).env("STANCH_STATE_DIR", home.join("incidents")).env("STANCH_CONFIG", "/dev/null");
    let out = command.output().unwrap();
    set_mode(&dir, 0o755);
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert!(!out.status.success() && said.contains("can't be written"), "{said}");
    "refused: the git directory can't be written".into()
}
