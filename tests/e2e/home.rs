//! A state folder of its own for a drill, and what the program leaves in it: journal, score, the world's own records.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::pty::Pty;

/// Everything a test's drills leave behind goes with it.
pub(crate) struct Home {
    dir: TempDir,
}

impl Home {
    /// Always below `/tmp` and of one length: paths stand on screens that are compared.
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("stanch-").rand_bytes(6).tempdir_in("/tmp").unwrap();
        Self { dir }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// `stanch` with this state folder.
    pub(crate) fn start(&self, args: &[&str], env: &[(&str, &str)], size: (u16, u16)) -> Pty {
        let state = self.path().display().to_string();
        let mut all = vec![("STANCH_STATE_DIR", state.as_str()), ("HOME", state.as_str())];
        all.extend(env);
        Pty::stanch(args, &all, size)
    }

    /// The folder names of its incidents, oldest first.
    pub(crate) fn incidents(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path().join("incidents")) else { return Vec::new() };
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The only incident.
    pub(crate) fn incident(&self) -> String {
        let names = self.incidents();
        assert_eq!(names.len(), 1, "one incident: {names:?}");
        names[0].clone()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join("incidents").join(self.incident()).join(name)
    }

    /// The journal's records.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.file("journal.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The score of the last run.
    pub(crate) fn score(&self) -> Value {
        json(&self.file("score.json"))
    }

    /// What the simulator knows.
    pub(crate) fn world(&self) -> Value {
        json(&self.folder().join("world.json"))
    }

    /// The drill's files: repository, remote, servers.
    pub(crate) fn folder(&self) -> PathBuf {
        self.path().join("drills").join(self.incident())
    }
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}
