//! The built program, run as a user runs it, in a home of its own: nothing of the machine's settings, state or
//! temporary files is seen or touched.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A home folder with a place for state and one for temporary files.
pub(crate) struct Home {
    dir: tempfile::TempDir,
    vars: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["state", "tmp", "home"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        Self { dir, vars: Vec::new() }
    }

    /// Sets a variable for every run from now on.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.into(), value.into()));
        self
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// A file in the home, as a path in words.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
        command.args(args).current_dir(self.path("home")).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, below) in [("HOME", "home"), ("TMPDIR", "tmp"), ("STANCH_STATE_DIR", "state")] {
            command.env(name, self.path(below));
        }
        command.envs(self.vars.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.feed(args, b"")
    }

    /// Runs with `input` on standard input, which then ends.
    pub(crate) fn feed(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let input = input.to_vec();
        // Whoever ends early leaves the rest unread; that is no failure of the test.
        let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
        let out = child.wait_with_output().unwrap();
        writer.join().unwrap();
        out.into()
    }

    /// The ids of the incidents.
    pub(crate) fn incidents(&self) -> Vec<String> {
        let listed = std::fs::read_dir(self.path("state/incidents")).into_iter().flatten();
        let mut ids: Vec<String> = listed.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        ids.sort();
        ids
    }

    pub(crate) fn journal(&self, id: &str) -> PathBuf {
        self.path("state/incidents").join(id).join("journal.jsonl")
    }
}

impl From<Output> for Ran {
    fn from(out: Output) -> Self {
        Self {
            code: out.status.code(),
            out: String::from_utf8(out.stdout).unwrap(),
            err: String::from_utf8(out.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// The one JSON document on standard output.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }

    /// It ended with `code`, and standard error says what happened, why, and what to do (`words`, all of them).
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(self.err.contains("try: "), "no way forward: {self:#?}");
        for word in words {
            assert!(self.err.contains(word), "{word}: {self:#?}");
        }
        assert!(!self.err.contains("panicked") && !self.err.contains("This is a bug"), "{self:#?}");
    }

    /// `secret` is nowhere in what it printed.
    #[track_caller]
    pub(crate) fn hides(&self, secret: &str) {
        assert!(!self.out.contains(secret) && !self.err.contains(secret), "the key was printed");
    }
}

/// A key nobody issued, made anew; `n` tells several apart.
pub(crate) fn key(n: usize) -> String {
    let body: String = (0..48).map(|at| char::from(b"bR8yLg4Yn1Mx"[(at * 7 + at / 5 + n) % 12])).collect();
    format!("{}-{}-{body}", "sk", "proj")
}

/// A program at `path`. Another process writes it: a file that this one has open for writing may be inherited by a child
/// that another test starts at that instant, and can't be run until that child has become what it is to be.
pub(crate) fn executable(path: &Path, text: impl AsRef<[u8]>) {
    let mut child = Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_ref()).unwrap();
    assert!(child.wait().unwrap().success(), "{} can't be written", path.display());
}

/// A git repository with one commit, by plain git.
pub(crate) fn repository(at: &Path) -> String {
    std::fs::create_dir_all(at).unwrap();
    std::fs::write(at.join("f"), "base\n").unwrap();
    for args in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-q", "-m", "base"]] {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]).args(args).current_dir(at);
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        assert!(git.status().unwrap().success());
    }
    at.to_str().unwrap().to_owned()
}
