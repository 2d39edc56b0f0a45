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

mod crash;
mod hooks;
mod look;
mod put;
mod undo;

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
