//! Small repositories, built with plain git commands, fixed dates and no configuration of the machine.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use stanch::base::fault::Result;
use stanch::effect::git::{CopyMap, GitReply, Plan, Policy, Proof, PushReport, Standing};
use stanch::git::{self, Ask};

pub(crate) struct World {
    temp: tempfile::TempDir,
    pub(crate) repo: PathBuf,
    tick: AtomicU32,
    pub(crate) key: String,
    /// Further keys that leaked with it.
    pub(crate) more: Vec<String>,
    /// From a plan to its application, as in the program: what is still true is not looked at again.
    pub(crate) memory: git::Memory,
}

/// Global settings for git in tests: no housekeeping in the background.
pub(crate) const GITCONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/gitconfig");

/// A key nobody issued; the same in every run, so that ids are the same as well and a failure comes back.
pub(crate) fn fake_key() -> String {
    let body: String = (0..40).map(|n| char::from(b"aQ7zKf3Xm9Lw"[(n * 7 + n / 5) % 12])).collect();
    format!("{}-{}-{body}", "sk", "proj")
}

impl World {
    /// One commit, no key yet.
    pub(crate) fn new() -> Self {
        let world = Self::empty(&[]);
        world.write("f", "base\n");
        world.commit("base");
        world
    }

    pub(crate) fn empty(options: &[&str]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let repo = temp.path().join("work");
        let world = Self::made(temp, repo, fake_key(), Vec::new());
        let path = world.repo.to_str().unwrap().to_owned();
        world.git_in(world.temp.path(), &[&["init", "-q", "-b", "main"], options, &[&path]].concat());
        world
    }

    /// Another repository with the same key.
    pub(crate) fn at(repo: PathBuf, like: &Self) -> Self {
        Self::made(tempfile::tempdir().unwrap(), repo, like.key.clone(), like.more.clone())
    }

    fn made(temp: tempfile::TempDir, repo: PathBuf, key: String, more: Vec<String>) -> Self {
        Self { temp, repo, tick: AtomicU32::new(0), key, more, memory: git::Memory::default() }
    }

    pub(crate) fn temp(&self) -> &Path {
        self.temp.path()
    }

    pub(crate) fn backup(&self) -> PathBuf {
        self.temp.path().join("backup")
    }

    pub(crate) fn command(&self, dir: &Path, args: &[&str]) -> Command {
        let tick = self.tick.fetch_add(1, Ordering::Relaxed) + 1;
        let date = format!("{} +0000", 1_700_000_000 + tick * 60);
        let mut command = Command::new("git");
        command.args(args).current_dir(dir);
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", GITCONFIG),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "Ann"),
            ("GIT_AUTHOR_EMAIL", "ann@example.com"),
            ("GIT_COMMITTER_NAME", "Ann"),
            ("GIT_COMMITTER_EMAIL", "ann@example.com"),
            ("GIT_AUTHOR_DATE", &date),
            ("GIT_COMMITTER_DATE", &date),
            ("GIT_EDITOR", "true"),
            ("LC_ALL", "C"),
            // `git status` must not touch the index: footprints are compared.
            ("GIT_OPTIONAL_LOCKS", "0"),
        ] {
            command.env(name, value);
        }
        command
    }

    /// Runs git in `dir`; its failure fails the test.
    pub(crate) fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        let out = self.command(dir, args).output().unwrap();
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).trim_end().to_owned()
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.repo, args)
    }

    /// Runs git and takes whatever comes.
    pub(crate) fn try_git(&self, args: &[&str]) -> (bool, String) {
        let out = self.command(&self.repo, args).output().unwrap();
        (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned())
    }

    /// The same with `input` on standard input.
    pub(crate) fn pipe(&self, args: &[&str], input: &[u8]) -> String {
        use std::io::Write as _;
        use std::process::Stdio;
        let mut command = self.command(&self.repo, args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "git {args:?}");
        String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.repo.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.repo.join(path)).unwrap()
    }

    /// Everything in the working tree, in one commit; gives its id.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.head()
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// A line with the key at the end of `f`.
    pub(crate) fn leak(&self) -> String {
        let mut text = self.read("f");
        text.extend_from_slice(format!("k={}\n", self.key).as_bytes());
        self.write("f", text);
        self.commit("leak")
    }

    /// Commits the key and takes it out again: an old commit has it, HEAD does not.
    pub(crate) fn old_leak(&self) -> String {
        let before = self.read("f");
        let leak = self.leak();
        self.write("f", before);
        self.commit("fix");
        leak
    }

    pub(crate) fn ask<T>(&self, work: impl FnOnce(&Ask<'_>) -> Result<T>) -> Result<T> {
        let backup = self.backup();
        let keys: Vec<&[u8]> = self.more.iter().chain([&self.key]).map(String::as_bytes).collect();
        work(&Ask { repo: &self.repo, backup_root: &backup, keys: &keys, cancel: &|| false, progress: &|_| {} })
    }

    pub(crate) fn find(&self) -> CopyMap {
        self.hush(self.ask(git::find).unwrap())
    }

    pub(crate) fn plan(&self) -> Plan {
        self.hush(self.ask(|ask| git::plan_kept(ask, Policy::default(), &self.memory)).unwrap())
    }

    pub(crate) fn apply(&self, plan: &str) -> GitReply {
        self.hush(self.ask(|ask| git::apply_kept(ask, plan, &self.memory)).unwrap())
    }

    pub(crate) fn prove(&self) -> Proof {
        self.hush(self.ask(git::prove).unwrap())
    }

    pub(crate) fn push(&self, plan: &str) -> PushReport {
        self.hush(self.ask(|ask| git::push(ask, plan)).unwrap())
    }

    pub(crate) fn check(&self, plan: &str) -> Standing {
        match self.ask(|ask| git::check(ask, plan)).unwrap() {
            GitReply::Stands { at, .. } => at,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn undo(&self, plan: &str) -> GitReply {
        self.ask(|ask| git::undo(ask, plan)).unwrap()
    }

    pub(crate) fn finish(&self, plan: &str) -> GitReply {
        self.ask(|ask| git::finish(ask, plan)).unwrap()
    }

    /// Nothing that comes back holds the key.
    pub(crate) fn hush<T: serde::Serialize>(&self, reply: T) -> T {
        let text = serde_json::to_string(&reply).unwrap();
        assert!(!text.contains(&self.key), "the key is in a reply: {text}");
        reply
    }

    /// Plans and applies, then holds the repository against git's own word.
    pub(crate) fn purge(&self) -> Plan {
        let plan = self.plan();
        assert!(!plan.nothing_to_do, "nothing found");
        assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
        self.apply(&plan.id);
        self.clean();
        plan
    }

    /// The oracle: git reads every object, `grep` every file, fsck is strict, the index is as HEAD.
    pub(crate) fn clean(&self) {
        let found = self.copies(&self.key);
        assert!(found.is_empty(), "still there: {found:?}");
        self.whole();
        let proof = self.prove();
        assert!(proof.clean(), "{:#?}", proof.checks);
        assert!(self.find().copies.is_empty());
    }

    pub(crate) fn whole(&self) {
        let out = self.command(&self.repo, &["fsck", "--full", "--strict"]).output().unwrap();
        let said = [out.stdout, out.stderr].concat();
        assert!(out.status.success(), "fsck: {}", String::from_utf8_lossy(&said));
    }

    /// Where `needle` is, by git and by reading every file of the git directory but for objects.
    pub(crate) fn copies(&self, needle: &str) -> Vec<String> {
        let mut found = Vec::new();
        let all = self.git(&["cat-file", "--batch-all-objects", "--batch-check", "--unordered"]);
        for line in all.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let out = self.command(&self.repo, &["cat-file", words[1], words[0]]).output().unwrap().stdout;
            if memchr::memmem::find(&out, needle.as_bytes()).is_some() {
                found.push(line.to_owned());
            }
        }
        let dir = PathBuf::from(self.git(&["rev-parse", "--absolute-git-dir"]));
        for file in walk(&dir) {
            if memchr::memmem::find(&std::fs::read(&file).unwrap(), needle.as_bytes()).is_some() {
                found.push(file.display().to_string());
            }
        }
        found
    }

    /// All that an undo must bring back: refs, logs, config, HEADs, and of every working tree index and files.
    pub(crate) fn dump(&self) -> String {
        let mut text = String::new();
        for args in [&["for-each-ref"][..], &["reflog", "--all"], &["config", "--local", "--list"]] {
            text.push_str(&self.git(args));
            text.push('\n');
        }
        // There is none in a bare repository.
        text.push_str(&self.try_git(&["stash", "list"]).1);
        let dir = self.repo.join(self.git(&["rev-parse", "--git-common-dir"]));
        for file in walk(&dir) {
            let name = file.strip_prefix(&dir).unwrap();
            let counts = name.iter().any(|part| part == "logs") || name.ends_with("HEAD") || name.ends_with("config");
            if counts && !name.starts_with("objects") {
                let content = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
                writeln!(text, "{}\n{content}", name.display()).unwrap();
            }
        }
        let listed = self.git(&["worktree", "list", "--porcelain"]);
        let linked = listed.lines().filter_map(|line| line.strip_prefix("worktree ")).skip(1).map(PathBuf::from);
        let main = (self.git(&["rev-parse", "--is-bare-repository"]) == "false").then(|| self.repo.clone());
        for tree in main.into_iter().chain(linked).filter(|tree| tree.exists()) {
            for args in [&["ls-files", "-s"][..], &["status", "--porcelain"]] {
                text.push_str(&self.git_in(&tree, args));
                text.push('\n');
            }
            text.push_str(&self.git_in(&tree, &["for-each-ref", "refs/worktree", "refs/bisect"]));
            for path in self.git_in(&tree, &["ls-files"]).lines() {
                writeln!(text, "{path}: {:?}", std::fs::read(tree.join(path)).ok()).unwrap();
            }
        }
        text
    }

    /// Every file below the repository with its content's hash and its time: for "nothing was touched".
    pub(crate) fn footprint(&self) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
        walk(&self.repo)
            .into_iter()
            // Git itself renews the date of a split index's shared part whenever it reads it.
            .filter(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("sharedindex.")))
            .map(|path| {
                let meta = std::fs::symlink_metadata(&path).unwrap();
                (path, meta.len(), meta.modified().unwrap())
            })
            .collect()
    }
}

/// Every file below `dir`, sorted.
pub(crate) fn walk(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// Runs `work` with a progress callback that panics at its `at`-th call: the nearest thing to a power cut in one process.
pub(crate) fn interrupted(world: &World, at: usize, work: impl Fn(&Ask<'_>)) -> bool {
    let calls = Mutex::new(0);
    let backup = world.backup();
    let ask = Ask {
        repo: &world.repo,
        backup_root: &backup,
        keys: &[world.key.as_bytes()],
        cancel: &|| false,
        progress: &|_| {
            let now = {
                let mut calls = calls.lock().unwrap();
                *calls += 1;
                *calls
            };
            if now == at {
                std::panic::resume_unwind(Box::new("power cut"));
            }
        },
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&ask))).is_err()
}
