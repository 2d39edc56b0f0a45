//! What the file executor does to real files in temporary directories, and what it never does.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use stanch::base::{Fault, FaultKind, Fingerprint, Secret, SecretRef};
use stanch::config::Hooks;
use stanch::effect::target::{Found, Holds, NotRead, TargetRef};
use stanch::effect::{LogLine, Outcome, Reply, TargetOp, TargetReply};
use stanch::shell::files::Files;
use stanch::shell::finish::{Finish, Wire};
use stanch::shell::vault::Vault;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

#[path = "env_files_crash.rs"]
mod crash;
#[path = "env_files_hooks.rs"]
mod hooks;

/// A directory with an executor for it. Keys are made here and look like nothing a scanner knows.
struct Bench {
    folder: TempDir,
    files: Files,
    vault: Vault,
    wire: Wire,
    log: UnboundedReceiver<LogLine>,
}

fn leaked() -> String {
    format!("sk-proj-{}{}", "Old0".repeat(8), "9f3a")
}

fn fresh() -> String {
    format!("sk-proj-{}{}", "New1_-".repeat(9), "77zz")
}

fn secret(text: &str) -> Secret {
    Secret::new(&Zeroizing::new(text.as_bytes().to_vec())).unwrap()
}

impl Bench {
    fn new() -> Self {
        Self::with_hooks(|_| Vec::new())
    }

    fn with_hooks(hooks: impl FnOnce(&Path) -> Vec<Hooks>) -> Self {
        let folder = tempfile::Builder::new().prefix("bench").tempdir().unwrap();
        fs::create_dir(folder.path().join("tree")).unwrap();
        let vault = Vault::new("salt");
        vault.put(SecretRef::Leaked, secret(&leaked()));
        vault.put(SecretRef::Replacement, secret(&fresh()));
        let tree = folder.path().canonicalize().unwrap().join("tree");
        let files = Files::new(vault.clone(), hooks(&tree), folder.path().join("backups"));
        let ((progress, _), (log_in, log)) = (unbounded_channel(), unbounded_channel());
        let wire = Wire { cancel: CancellationToken::new(), progress, log: log_in };
        Self { folder, files, vault, wire, log }
    }

    fn tree(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("tree")
    }

    fn backups(&self) -> PathBuf {
        self.folder.path().join("backups")
    }

    /// Writes a file, `OLD` and `NEW` standing for the keys.
    fn file(&self, name: &str, text: &str) -> TargetRef {
        let path = self.tree().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, with_keys(text)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        at(&path)
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8(fs::read(self.tree().join(name)).unwrap()).unwrap()
    }

    fn run(&self, op: &TargetOp) -> Result<TargetReply, Fault> {
        let finish = self.files.run(op, &self.wire);
        let text = format!("{finish:?}");
        assert!(!text.contains(&leaked()) && !text.contains(&fresh()), "a key got out: {text}");
        match finish {
            Finish::Outcome(Outcome::Done { reply: Reply::Target { reply } }) => Ok(reply),
            Finish::Outcome(Outcome::Refused { fault } | Outcome::Failed { fault }) => Err(fault),
            other => panic!("{other:?}"),
        }
    }

    fn inspect(&self, at: &TargetRef) -> Found {
        match self.run(&TargetOp::Inspect { at: at.clone() }) {
            Ok(TargetReply::Inspected { found }) => found,
            other => panic!("{other:?}"),
        }
    }

    fn discover(&self, roots: &[PathBuf]) -> (Vec<Found>, Vec<NotRead>, u64) {
        match self.run(&TargetOp::Discover { roots: roots.to_vec() }) {
            Ok(TargetReply::Discovered { found, skipped, files }) => (found, skipped, files),
            other => panic!("{other:?}"),
        }
    }

    fn put_expecting(&self, at: &TargetRef, expect: &str) -> Result<TargetReply, Fault> {
        self.run(&TargetOp::Put { at: at.clone(), expect: expect.into(), with: SecretRef::Replacement })
    }

    fn put(&self, at: &TargetRef) -> Result<TargetReply, Fault> {
        self.put_expecting(at, &self.inspect(at).content)
    }

    fn undo(&self, at: &TargetRef) -> Result<TargetReply, Fault> {
        self.run(&TargetOp::Undo { at: at.clone() })
    }

    fn holds(&self, at: &TargetRef) -> Holds {
        match self.run(&TargetOp::ReadBack { at: at.clone() }) {
            Ok(TargetReply::ReadBack { holds, .. }) => holds,
            other => panic!("{other:?}"),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let Ok(entries) = folder.read_dir() else { return Vec::new() };
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn at(path: &Path) -> TargetRef {
    TargetRef { kind: "dotenv".into(), place: path.to_str().unwrap().into() }
}

fn with_keys(text: &str) -> String {
    text.replace("OLD", &leaked()).replace("NEW", &fresh())
}

fn is_backup(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "bak")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn replaces_the_key_and_not_one_other_byte() {
    for (before, spots) in [
        ("OPENAI_API_KEY=OLD\n", 1),
        ("OPENAI_API_KEY=OLD", 1),
        ("# head\n\nexport OPENAI_API_KEY='OLD'   # billing\nB=2\n", 1),
        ("A=\"OLD\"\r\nB=\"x OLD y\"\r\n# was OLD\r\n", 3),
        ("\u{feff}A=`OLD`\nA=OLD\n", 2),
        ("URL=https://u:p@h/?key=OLD&x=1\nOLD\n", 2),
        ("PEM=\"one\nOLD\nthree\"\nGARBAGE LINE\nB=' x '", 1),
    ] {
        let bench = Bench::new();
        let place = bench.file(".env", before);
        let Ok(TargetReply::Written { now, spots: written, .. }) = bench.put(&place) else { panic!("{before}") };
        assert_eq!(bench.read(".env"), with_keys(&before.replace("OLD", "NEW")));
        assert_eq!(written, spots, "{before}");
        assert_eq!(bench.holds(&place), Holds::Replacement);
        assert_eq!(bench.inspect(&place).content, now);
        assert_eq!(Bench::names(&bench.tree()), [".env"], "nothing is left beside it");
    }
}

#[test]
fn bytes_that_are_no_text_stay_as_they_are() {
    let bench = Bench::new();
    let place = bench.file(".env", "");
    let around = |key: String| [b"X=\xff\xfe\nKEY=", key.as_bytes(), b"\n\xc3(=\n"].concat();
    fs::write(&place.place, around(leaked())).unwrap();
    bench.put(&place).unwrap();
    assert_eq!(fs::read(&place.place).unwrap(), around(fresh()));
}

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
            "-OPENAI_API_KEY=\"sk-proj-…9f3a\" # main",
            "+OPENAI_API_KEY=\"[new key]\" # main",
            "-#old: sk-proj-…9f3a",
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
fn a_browser_variable_never_gets_a_new_key() {
    let bench = Bench::new();
    let place = bench.file(".env", "NEXT_PUBLIC_OPENAI_KEY=OLD\n");
    assert!(bench.inspect(&place).blocked.unwrap().contains("must not go there"));
    let fault = bench.put(&place).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert_eq!(bench.read(".env"), with_keys("NEXT_PUBLIC_OPENAI_KEY=OLD\n"));
    assert!(!bench.backups().exists());
}

#[test]
fn a_read_only_file_is_left_alone() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    fs::set_permissions(&place.place, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(bench.inspect(&place).blocked.unwrap().contains("chmod u+w"));
    assert!(bench.put(&place).unwrap_err().why.contains("read-only (mode 0400)"));
    assert_eq!(bench.holds(&place), Holds::Leaked);
}

#[test]
fn a_file_that_changed_since_the_look_is_not_written() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    let seen = bench.inspect(&place).content;
    bench.file(".env", "A=OLD\nB=2\n");
    let fault = bench.put_expecting(&place, &seen).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Changed);
    assert!(
        fault.what.contains("changed since it was looked at") && fault.hints[0].contains("look at it again"),
        "{fault}"
    );
    assert_eq!(bench.read(".env"), with_keys("A=OLD\nB=2\n"));
    bench.file(".env", "A=else\n");
    assert_eq!(bench.put_expecting(&place, &seen).unwrap_err().kind, FaultKind::Changed);
}

#[test]
fn writing_twice_is_writing_once() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    let seen = bench.inspect(&place).content;
    let first = bench.put_expecting(&place, &seen).unwrap();
    let inode = fs::metadata(&place.place).unwrap().ino();
    assert_eq!(bench.put_expecting(&place, &seen).unwrap(), first);
    assert_eq!(fs::metadata(&place.place).unwrap().ino(), inode, "the second time touched the file");
}

#[test]
fn keeps_mode_owner_and_attributes() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    let path = Path::new(&place.place);
    fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        std::os::unix::fs::chown(path, Some(12), Some(34)).unwrap();
    }
    let marked = rustix::fs::setxattr(path, "user.note", b"kept", rustix::fs::XattrFlags::empty()).is_ok();
    bench.put(&place).unwrap();
    assert_eq!(mode(path), 0o640);
    if root {
        let meta = fs::metadata(path).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (12, 34));
    }
    if marked {
        let mut value = [0; 8];
        assert_eq!(rustix::fs::getxattr(path, "user.note", &mut value[..]).unwrap(), 4);
    }
    bench.undo(&place).unwrap();
    assert_eq!(mode(path), 0o640);
}

#[test]
fn a_link_stays_a_link() {
    let bench = Bench::new();
    fs::create_dir(bench.folder.path().join("elsewhere")).unwrap();
    let real = bench.folder.path().canonicalize().unwrap().join("elsewhere/shared");
    fs::write(&real, with_keys("A=OLD\n")).unwrap();
    let link = bench.tree().join(".env");
    symlink(&real, &link).unwrap();
    let (found, _, files) = bench.discover(&[bench.tree()]);
    assert_eq!((found.len(), files), (1, 1));
    assert!(found[0].warnings.iter().any(|w| w.contains("it is a link")), "{found:?}");
    bench.put(&at(&link)).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), with_keys("A=NEW\n"));
    bench.undo(&at(&link)).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), with_keys("A=OLD\n"));
}

#[test]
fn all_names_of_a_file_get_the_key() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\nLAST=1\n");
    let other = bench.tree().join("other.env");
    fs::hard_link(&place.place, &other).unwrap();
    assert!(bench.inspect(&place).warnings.iter().any(|w| w.contains("2 names")));
    bench.put(&place).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), with_keys("A=NEW\nLAST=1\n"));
    // The old content is shorter: nothing of the new may stay behind it.
    bench.undo(&at(&other)).unwrap_err();
    bench.undo(&place).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), with_keys("A=OLD\nLAST=1\n"));
}

#[test]
fn undo_puts_every_byte_back_unless_somebody_wrote_since() {
    let bench = Bench::new();
    let text = "\u{feff}A='OLD'\r\n# OLD";
    let place = bench.file(".env", text);
    bench.put(&place).unwrap();
    assert_eq!(bench.undo(&place), Ok(TargetReply::Undone { at: place.clone() }));
    assert_eq!(bench.read(".env"), with_keys(text));
    assert!(bench.undo(&place).unwrap_err().why.contains("no backup"), "once is enough");

    bench.put(&place).unwrap();
    bench.file(".env", "A=NEW\nB=added by a colleague\n");
    let fault = bench.undo(&place).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Changed);
    assert!(fault.hints.iter().any(|h| h.contains(".bak")), "{fault}");
    assert_eq!(bench.read(".env"), with_keys("A=NEW\nB=added by a colleague\n"));
}

#[test]
fn two_writes_are_undone_one_by_one() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    bench.put(&place).unwrap();
    bench.file(".env", "A=NEW\nB=OLD\n");
    bench.put(&place).unwrap();
    bench.undo(&place).unwrap();
    assert_eq!(bench.read(".env"), with_keys("A=NEW\nB=OLD\n"));
    assert_eq!(bench.undo(&place).unwrap_err().kind, FaultKind::Changed);
    bench.file(".env", "A=NEW\n");
    bench.undo(&place).unwrap();
    assert_eq!(bench.read(".env"), with_keys("A=OLD\n"));
}

#[test]
fn backups_are_private_hold_no_key_in_notes_and_are_destroyed() {
    let bench = Bench::new();
    let places = [bench.file("a/.env", "A=OLD\n"), bench.file("b/.env", "A=OLD\n")];
    for place in &places {
        bench.put(place).unwrap();
    }
    assert_eq!(mode(&bench.backups()), 0o700);
    let names = Bench::names(&bench.backups());
    assert_eq!(names.len(), 4, "{names:?}");
    for name in &names {
        let path = bench.backups().join(name);
        assert_eq!(mode(&path), 0o600, "{name}");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.contains(&leaked()), is_backup(name), "{name}");
        assert!(!text.contains(&fresh()));
    }
    fs::write(bench.backups().join("not-ours.txt"), "stays").unwrap();
    assert_eq!(bench.run(&TargetOp::DropBackups), Ok(TargetReply::BackupsDropped { files: 2 }));
    assert_eq!(Bench::names(&bench.backups()), ["not-ours.txt"]);
    assert_eq!(bench.run(&TargetOp::DropBackups), Ok(TargetReply::BackupsDropped { files: 0 }));
    assert!(bench.undo(&places[0]).is_err());
}

#[test]
fn no_write_without_a_backup() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    fs::write(bench.backups(), "a file where the directory should be").unwrap();
    let fault = bench.put(&place).unwrap_err();
    assert!(fault.hints.iter().any(|h| h.contains("no write without a backup")), "{fault}");
    assert_eq!(bench.read(".env"), with_keys("A=OLD\n"));
}

#[test]
fn a_damaged_backup_is_not_put_back() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    bench.put(&place).unwrap();
    let backup = Bench::names(&bench.backups()).into_iter().find(|name| is_backup(name)).unwrap();
    fs::write(bench.backups().join(backup), "rotten").unwrap();
    assert!(bench.undo(&place).unwrap_err().what.contains("damaged"));
    assert_eq!(bench.holds(&place), Holds::Replacement);
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
    assert!(why("binary/.env").contains("NUL"), "{skipped:?}");
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
fn cancel_stops_a_search_and_a_write() {
    let bench = Bench::new();
    let place = bench.file(".env", "A=OLD\n");
    let expect = bench.inspect(&place).content;
    bench.wire.cancel.cancel();
    let search = TargetOp::Discover { roots: vec![bench.tree()] };
    assert_eq!(bench.run(&search).unwrap_err().kind, FaultKind::Cancelled);
    assert_eq!(bench.put_expecting(&place, &expect).unwrap_err().kind, FaultKind::Cancelled);
    assert_eq!(bench.read(".env"), with_keys("A=OLD\n"));
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
fn the_new_key_is_taken_back_only_by_its_print() {
    let bench = Bench::new();
    let print: Fingerprint = bench.vault.print(SecretRef::Replacement).unwrap();
    for (text, there) in [
        ("A=\"NEW\"\n", true),
        ("U=https://x/?k=NEW&y\n", true),
        ("# NEW\n", true),
        ("A=OLD\n", false),
        ("A=NEWx\n", true),
        ("sk-proj-", false),
    ] {
        let place = bench.file(".env", text);
        let vault = Vault::new("salt");
        let files = Files::new(vault.clone(), Vec::new(), bench.backups());
        let finish = files.run(&TargetOp::Recover { at: place, print: print.clone() }, &bench.wire);
        assert_eq!(matches!(finish, Finish::Outcome(Outcome::Done { .. })), there, "{text}: {finish:?}");
        assert_eq!(vault.print(SecretRef::Replacement), there.then(|| print.clone()), "{text}");
    }
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
