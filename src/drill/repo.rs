//! The drill's repository: a real one, made by the user's own `git` from the scenario's commits, and a bare remote.
//!
//! Part of the seeding: key bytes go to git through its standard input, never through arguments or environment. Dates
//! come from the drill's start and settings of the user play no part, so the same world has the same commit ids.
//!
//! Must not know: HTTP, traffic.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use zeroize::Zeroizing;

use super::scenario::{CommitSpec, RepoSpec};
use crate::base::fault::Result;
use crate::base::{Fault, Stamp, id};

/// The bare repository that stands for the server, below the world's folder.
pub const REMOTE: &str = "origin.git";

/// Makes `<dir>/<name>` and `<dir>/origin.git`, pushed. The key stands wherever the scenario says.
pub fn plant(spec: &RepoSpec, dir: &Path, start: Stamp, key: &str) -> Result<()> {
    let (repo, remote) = (dir.join(&spec.name), dir.join(REMOTE));
    std::fs::create_dir_all(&repo).map_err(|e| Fault::machine("the drill's repository could not be made", e))?;
    let git = Git { dir: repo, at: start };
    // Without the samples of a template: nobody needs them, and each call and file makes the drill's start slower.
    git.run(&["init", "--quiet", "--template=", "--initial-branch=main"], None)?;
    let settings = "[user]\n\tname = Drill Player\n\temail = player@drill.example\n[gc]\n\tauto = 0\n\
        [core]\n\tautocrlf = false\n";
    let config = git.dir.join(".git/config");
    let file = std::fs::OpenOptions::new().append(true).open(&config);
    file.and_then(|mut file| file.write_all(settings.as_bytes()))
        .map_err(|e| Fault::machine(format!("{} can't be written", config.display()), e))?;
    git.run(&["fast-import", "--quiet", "--done"], Some(&history(spec, start, key)))?;
    git.run(&["reset", "--quiet", "--hard", "main"], None)?;

    let remote_text = remote.display().to_string();
    git.run(&["init", "--quiet", "--bare", "--template=", "--initial-branch=main", &remote_text], None)?;
    collects(&remote)?;
    git.run(&["remote", "add", "origin", &remote_text], None)?;
    let mut pushed: Vec<&str> = vec!["push", "--quiet", "--set-upstream", "origin", "--tags"];
    pushed.extend(branches(spec).into_iter().filter(|name| !spec.unpushed.iter().any(|u| u == name)));
    git.run(&pushed, None)?;
    stash(spec, &git, key)
}

/// The drill's host is a prompt one: after each push it throws away what no ref leads to any more. A real host does so
/// when its support is asked to.
fn collects(remote: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let hook = remote.join("hooks/post-receive");
    let bad = |e| Fault::machine(format!("the drill could not write {}", hook.display()), e);
    std::fs::create_dir_all(remote.join("hooks")).map_err(bad)?;
    std::fs::write(&hook, "#!/bin/sh\ncat >/dev/null\nexec git gc --quiet --prune=now\n").map_err(bad)?;
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).map_err(bad)
}

fn branches(spec: &RepoSpec) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for commit in &spec.commits {
        if !names.contains(&commit.branch.as_str()) {
            names.push(&commit.branch);
        }
    }
    names
}

fn stash(spec: &RepoSpec, git: &Git, key: &str) -> Result<()> {
    if spec.stash.is_empty() {
        return Ok(());
    }
    for file in &spec.stash {
        let path = git.dir.join(&file.path);
        let bad = |e| Fault::machine(format!("the drill could not write {}", path.display()), e);
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(bad)?;
        std::fs::write(&path, fill(&file.text, key).as_bytes()).map_err(bad)?;
    }
    git.run(&["stash", "push", "--quiet", "--include-untracked", "--message", "work in progress"], None)
}

/// The scenario's commits in the language of `git fast-import`.
fn history(spec: &RepoSpec, start: Stamp, key: &str) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(64 * 1024));
    let mut tips: BTreeMap<&str, usize> = BTreeMap::new();
    for (mark, commit) in (1_usize..).zip(&spec.commits) {
        one_commit(&mut out, commit, mark, &tips, start, key);
        tips.insert(&commit.branch, mark);
        if let Some(tag) = &commit.tag {
            match &tag.message {
                Some(message) => {
                    line(&mut out, &format!("tag {}\nfrom :{mark}\ntagger {}", tag.name, who(commit, start)));
                    data(&mut out, &fill(message, key));
                }
                None => line(&mut out, &format!("reset refs/tags/{}\nfrom :{mark}\n", tag.name)),
            }
        }
    }
    line(&mut out, "done");
    out
}

fn one_commit(
    out: &mut Zeroizing<Vec<u8>>,
    commit: &CommitSpec,
    mark: usize,
    tips: &BTreeMap<&str, usize>,
    start: Stamp,
    key: &str,
) {
    let who = who(commit, start);
    line(out, &format!("commit refs/heads/{}\nmark :{mark}\nauthor {who}\ncommitter {who}", commit.branch));
    data(out, &fill(&commit.message, key));
    let parent = tips.get(commit.branch.as_str()).or_else(|| tips.get(commit.from.as_deref()?));
    if let Some(parent) = parent {
        line(out, &format!("from :{parent}"));
    }
    if let Some(merged) = commit.merge.as_deref().and_then(|name| tips.get(name)) {
        line(out, &format!("merge :{merged}"));
    }
    for file in &commit.files {
        line(out, &format!("M 100644 inline {}", file.path));
        data(out, &fill(&file.text, key));
    }
    for path in &commit.delete {
        line(out, &format!("D {path}"));
    }
    line(out, "");
}

fn who(commit: &CommitSpec, start: Stamp) -> String {
    let at = start.plus_secs(-60 * i64::from(commit.minutes_before)).secs();
    let name: String = commit.author.chars().filter(|c| !c.is_control() && !"<>".contains(*c)).collect();
    let mail: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    format!("{name} <{mail}@drill.example> {at} +0000")
}

fn line(out: &mut Zeroizing<Vec<u8>>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(b'\n');
}

fn data(out: &mut Zeroizing<Vec<u8>>, text: &str) {
    line(out, &format!("data {}", text.len()));
    line(out, text);
}

/// `text` with the key in the places it names.
pub(super) fn fill(text: &str, key: &str) -> Zeroizing<String> {
    let base64 = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(key));
    let hex = Zeroizing::new(id::hex(key.as_bytes()));
    let forms = [("{key}", key), ("{key:base64}", base64.as_str()), ("{key:hex}", hex.as_str())];
    let mut filled = Zeroizing::new(text.to_owned());
    for (slot, form) in forms {
        filled = Zeroizing::new(filled.replace(slot, form));
    }
    filled
}

/// The user's git in one repository, deaf to the user's settings.
struct Git {
    dir: PathBuf,
    at: Stamp,
}

impl Git {
    fn run(&self, args: &[&str], input: Option<&[u8]>) -> Result<()> {
        let bad = |why: String| {
            Fault::machine(format!("`git {}` failed while the drill was set up", args.first().unwrap_or(&"")), why)
                .hint("the drill needs git 2.38 or newer on the PATH")
        };
        let date = format!("{} +0000", self.at.secs());
        let mut command = Command::new("git");
        command
            // No housekeeping in the background: the folder of a drill that ends at once is removed.
            .args(["-c", "maintenance.auto=false", "-c", "gc.auto=0"])
            .args(args)
            .current_dir(&self.dir)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.dir)
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CEILING_DIRECTORIES", self.dir.parent().unwrap_or(&self.dir))
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| bad(e.to_string()))?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            // When git ends early it says why on its standard error, which is what gets reported.
            let _ = stdin.write_all(input);
        }
        let out = child.wait_with_output().map_err(|e| bad(e.to_string()))?;
        if out.status.success() {
            return Ok(());
        }
        // fast-import may echo input: only what precedes the first copy of it is safe, so none is shown.
        let said = String::from_utf8_lossy(&out.stderr).trim().to_owned();
        Err(bad(if input.is_some() { format!("it ended with {}", out.status) } else { said }))
    }
}
