//! Looking: at one place, for all places, and what is said about what was not read.

use super::*;

#[test]
fn a_look_tells_what_would_change_and_no_secret() {
    let bench = Bench::new();
    let place = bench.file("docker.env", "OTHER=hidden\nOPENAI_API_KEY=\"OLD\" # main\n#old: OLD\nOPENAI_API_KEY=x\n");
    let found = bench.inspect(&place);
    let spots: Vec<(&str, u32)> = found.spots.iter().map(|s| (s.name.as_str(), s.line)).collect();
    assert_eq!(spots, [("OPENAI_API_KEY", 2), ("comment", 3)]);
    assert_eq!(found.holds, Holds::Leaked);
    assert_eq!(found.blocked, None);
    assert_eq!(
        found.diff,
        [
            "-OPENAI_API_KEY=\"sk-proj-...9f3a\" # main",
            "+OPENAI_API_KEY=\"[new key]\" # main",
            "-#old: sk-proj-...9f3a",
            "+#old: [new key]",
        ]
    );
    assert!(found.warnings.iter().any(|w| w.contains("2 times (lines 2, 4)")), "{found:?}");
    assert!(found.warnings.iter().any(|w| w.contains("keeps the quotes")), "{found:?}");
    assert!(!found.can_reload && !found.can_prove);
    fs::set_permissions(&place.place, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(
        bench.inspect(&place).warnings.iter().any(|w| w.contains("everybody on this machine can read it (mode 0644)"))
    );
}

#[test]
fn finds_every_place_and_says_what_it_did_not_read() {
    let bench = Bench::new();
    for name in ["a/.env", "node_modules/x/.env.local", ".hidden/prod.env", "ignored/.env"] {
        bench.file(name, "A=OLD\n");
    }
    bench.file(".gitignore", "ignored\n");
    bench.file("clean/.env", "A=1\n");
    bench.file(".git/.env", "A=OLD\n");
    bench.file("main.py", "key = 'OLD'\n");
    bench.file("binary/.env", "A=\0OLD\n");
    bench.file("big/.env", &"x".repeat(1_100_000));
    symlink("nowhere", bench.tree().join(".env.broken")).unwrap();
    symlink(bench.tree().join("a/.env"), bench.tree().join("a/link.env")).unwrap();
    let named = bench.file("settings.txt", "A=OLD\n");
    let roots = [bench.tree(), bench.tree().join("a"), PathBuf::from(&named.place), bench.tree().join("missing")];
    let (found, skipped, _) = bench.discover(&roots);
    let tree = bench.tree();
    let places: Vec<String> =
        found.iter().map(|f| Path::new(&f.at.place).strip_prefix(&tree).unwrap().to_str().unwrap().into()).collect();
    assert_eq!(places, [".hidden/prod.env", "a/.env", "ignored/.env", "node_modules/x/.env.local", "settings.txt"]);
    let why = |end: &str| skipped.iter().find(|s| s.place.ends_with(end)).map_or("", |s| s.why.as_str());
    assert!(why("binary/.env").contains("NUL") && why("binary/.env").contains("KEY STANDS IN IT"), "{skipped:?}");
    assert!(why("big/.env").contains("more than"), "{skipped:?}");
    assert!(why(".env.broken").contains("link to a file that does not exist"), "{skipped:?}");
    assert!(why("missing").contains("not there"), "{skipped:?}");
    assert_eq!(skipped.len(), 4, "{skipped:?}");
}

#[test]
fn links_out_of_the_roots_and_leftovers_are_told() {
    let bench = Bench::new();
    let outside = bench.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join(".env"), with_keys("A=OLD\n")).unwrap();
    symlink(&outside, bench.tree().join("link")).unwrap();
    bench.file(".stanch-1-x.tmp", "A=NEW\n");
    let (found, skipped, _) = bench.discover(&[bench.tree()]);
    assert_eq!(found, []);
    let whys: Vec<&str> = skipped.iter().map(|s| s.why.as_str()).collect();
    assert!(whys[0].contains("left over by a write") && whys[1].contains("outside of the roots"), "{whys:?}");
}

#[test]
fn what_is_no_file_is_named_as_what_it_is() {
    let bench = Bench::new();
    fs::create_dir(bench.tree().join(".env")).unwrap();
    let socket = bench.tree().join("s.env");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let why = |path: &Path| bench.run(&TargetOp::ReadBack { at: at(path) }).unwrap_err().why;
    assert!(why(&bench.tree().join(".env")).contains("directory where a file is meant"));
    assert!(why(&socket).contains("no ordinary file"));
    assert!(why(&bench.tree().join("gone")).contains("not there"));
    assert!(why(Path::new("relative")).contains("different files"));
}

#[test]
fn a_missing_key_is_asked_for() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    let empty = Files::new(Vault::new("salt"), Vec::new(), bench.backups());
    let Finish::Outcome(Outcome::Refused { fault }) = empty.run(&TargetOp::Inspect { at: place }, &bench.wire) else {
        panic!("not refused")
    };
    assert!(fault.hints[0].contains("give the leaked key again"), "{fault}");
}

#[test]
fn git_is_asked_whether_the_file_would_travel() {
    let bench = Bench::new();
    let git = |args: &[&str]| {
        let ran = std::process::Command::new("git").args(args).current_dir(bench.tree()).output();
        ran.is_ok_and(|out| out.status.success())
    };
    if !git(&["init", "-q"]) {
        return;
    }
    let place = bench.file(".env", "A=OLD\n");
    let warned = |part: &str| bench.inspect(&place).warnings.iter().any(|w| w.contains(part));
    assert!(warned("does not ignore"));
    fs::write(bench.tree().join(".gitignore"), ".env\n").unwrap();
    assert!(!warned("git"));
    assert!(git(&["add", "-f", ".env"]));
    assert!(warned("git tracks this file"));
}

#[test]
fn every_run_leaves_a_line_without_a_key() {
    let mut bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    bench.put(&place).unwrap();
    let lines: Vec<String> = std::iter::from_fn(|| bench.log.try_recv().ok()).map(|l| format!("{l:?}")).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].contains("write the new key to tree/.env") && lines[1].contains("done"), "{lines:?}");
}
