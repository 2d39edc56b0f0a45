//! Runs the user's own `git` for what libgit2 can't do. The key is never in its arguments or environment, and in its input
//! only where it is a part of a ref's name.
//!
//! Must not know: what the commands are for.

use std::ffi::{OsStr, OsString};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::Ask;
use super::needle::Search;
use super::tamed::Setting;
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};

/// How often a waiting caller looks whether it was cancelled.
const PULSE: Duration = Duration::from_millis(50);

/// Most end as soon as they have said all.
const FIRST_NAP: Duration = Duration::from_micros(50);

/// A way to call git in one repository.
#[derive(Clone)]
pub(super) struct Git<'a> {
    pub(super) ask: &'a Ask<'a>,
    pub(super) search: &'a Search<'a>,
    pub(super) dir: PathBuf,
    pub(super) work: Option<PathBuf>,
    /// Settings for each call: what of the repository's own configuration must not run.
    pub(super) settings: Vec<Setting>,
}

impl std::fmt::Debug for Git<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Git").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// What a finished git said.
pub(super) struct Said {
    pub(super) ok: bool,
    pub(super) code: Option<i32>,
    pub(super) out: Zeroizing<Vec<u8>>,
    /// Redacted.
    pub(super) err: String,
}

/// Git's variables that are a person's settings. All others speak of another repository, of the call that started us,
/// or trace what is done.
const OWN: [&str; 14] = [
    "GIT_ALLOW_PROTOCOL",
    "GIT_ASKPASS",
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
    "GIT_HTTP_",
    "GIT_LFS_",
    "GIT_PROTOCOL_FROM_USER",
    "GIT_PROXY_",
    "GIT_SSH",
    "GIT_SSL_",
];

/// Settings that the environment makes, `GIT_CONFIG_KEY_0` and so on, without those that hold the key.
fn inherited(search: &Search<'_>) -> Vec<Setting> {
    let var = |name: &str, n: usize| std::env::var_os(format!("GIT_CONFIG_{name}_{n}"));
    let count = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|n| n.parse::<usize>().ok()).unwrap_or_default();
    let all = (0..count.min(MOST)).filter_map(|n| Some((var("KEY", n)?, var("VALUE", n)?)));
    all.filter(|(name, value)| {
        search.form_in(name.as_encoded_bytes()).is_none() && search.form_in(value.as_encoded_bytes()).is_none()
    })
    .collect()
}

/// Settings the environment may make.
const MOST: usize = 1000;

/// One more setting for this call. Not by `-c`, which takes a name to end at the first `=`.
pub(super) fn set(command: &mut Command, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
    let count = command.get_envs().find(|(name, _)| *name == "GIT_CONFIG_COUNT").and_then(|(_, value)| value);
    let n = count.and_then(|n| n.to_str()?.parse::<usize>().ok()).unwrap_or_default();
    command
        .env(format!("GIT_CONFIG_KEY_{n}"), name)
        .env(format!("GIT_CONFIG_VALUE_{n}"), value)
        .env("GIT_CONFIG_COUNT", (n + 1).to_string());
}

impl Git<'_> {
    /// A command in this repository. Hooks, background maintenance and the file watcher are off.
    pub(super) fn command(&self) -> Command {
        let mut command = self.with_hooks();
        command.args(["-c", "core.hooksPath=/dev/null"]);
        command
    }

    /// The same with the user's hooks on: for what a person could have typed, such as a push.
    pub(super) fn with_hooks(&self) -> Command {
        let mut command = self.bare();
        command.arg("--git-dir").arg(&self.dir);
        if let Some(work) = &self.work {
            command.arg("--work-tree").arg(work);
        }
        command.arg("-C").arg(self.stands());
        command
    }

    /// The folder that git itself works in here: an address of a remote may be relative to it.
    pub(super) fn stands(&self) -> &Path {
        self.work.as_deref().unwrap_or(&self.dir)
    }

    /// A command that sees the objects in the folder `also` as well.
    pub(super) fn seeing(&self, also: &Path) -> Command {
        let mut list = vec![b'"'];
        for byte in also.as_os_str().as_bytes() {
            if matches!(byte, b'"' | b'\\') {
                list.push(b'\\');
            }
            list.push(*byte);
        }
        list.push(b'"');
        let mut command = self.command();
        command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", OsString::from_vec(list));
        command
    }

    /// A command in no repository.
    pub(super) fn bare(&self) -> Command {
        let mut command = Command::new("git");
        for (name, value) in std::env::vars_os() {
            let bytes = name.as_encoded_bytes();
            let foreign = bytes.starts_with(b"GIT_") && !OWN.iter().any(|own| bytes.starts_with(own.as_bytes()));
            if foreign || self.search.form_in(value.as_encoded_bytes()).is_some() {
                command.env_remove(name);
            }
        }
        for (name, value) in inherited(self.search).iter().chain(&self.settings) {
            set(&mut command, name, value);
        }
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .args([
                "--literal-pathspecs",
                "-c",
                "core.fsmonitor=false",
                "-c",
                "gc.auto=0",
                "-c",
                "maintenance.auto=false",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs git in this repository; its failure is a fault.
    pub(super) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Zeroizing<Vec<u8>>> {
        self.feed(args, None)
    }

    /// The same with `input` on its standard input.
    pub(super) fn feed<S: AsRef<OsStr>>(&self, args: &[S], input: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>> {
        let said = self.ask_git(args, input)?;
        if said.ok { Ok(said.out) } else { Err(failed(args, &said)) }
    }

    /// Runs git in this repository and gives what it said, good or bad.
    pub(super) fn ask_git<S: AsRef<OsStr>>(&self, args: &[S], input: Option<&[u8]>) -> Result<Said> {
        let mut command = self.command();
        command.args(args);
        self.finish(command, input)
    }

    /// Runs `command` to its end, or kills it when cancelled.
    pub(super) fn finish(&self, command: Command, input: Option<&[u8]>) -> Result<Said> {
        self.finish_by(command, input, None)
    }

    /// The same for what may hang, such as a network: killed after `limit`.
    pub(super) fn finish_by(
        &self,
        mut command: Command,
        input: Option<&[u8]>,
        limit: Option<Duration>,
    ) -> Result<Said> {
        let since = Instant::now();
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = start(&mut command)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        std::thread::scope(|scope| {
            let (done, ended) = mpsc::channel();
            let out_done = done.clone();
            let out = scope.spawn(move || {
                let mut bytes = Zeroizing::new(Vec::new());
                let read = stdout.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut bytes));
                let _ = out_done.send(());
                read.map(|_| bytes)
            });
            let err = scope.spawn(move || {
                let mut bytes = Zeroizing::new(Vec::new());
                let read = stderr.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut bytes));
                let _ = done.send(());
                read.map(|_| bytes)
            });
            if let (Some(mut pipe), Some(input)) = (stdin, input) {
                // Git may end before it read everything; its exit code tells why.
                scope.spawn(move || pipe.write_all(input));
            }
            let mut open = 2;
            while open > 0 {
                match ended.recv_timeout(PULSE) {
                    Ok(()) => open -= 1,
                    Err(RecvTimeoutError::Timeout) => {
                        self.stop_if_cancelled(&mut child)?;
                        stop_if_late(&mut child, since, limit)?;
                    }
                    Err(RecvTimeoutError::Disconnected) => open = 0,
                }
            }
            let status = wait(&mut child, &mut |child| {
                self.stop_if_cancelled(child)?;
                stop_if_late(child, since, limit)
            })?;
            let lost = |_| Fault::new(FaultKind::Internal, "git's answer was lost", "a reader stopped");
            let broken = |e: std::io::Error| Fault::machine("git's answer can't be read", e);
            let out = out.join().map_err(lost)?.map_err(broken)?;
            let err = err.join().map_err(lost)?.map_err(broken)?;
            let err = self.search.text(err.trim_ascii());
            Ok(Said { ok: status.success(), code: status.code(), out, err })
        })
    }

    /// Ends `child` when the work was cancelled.
    pub(super) fn stop_if_cancelled(&self, child: &mut Child) -> Result<()> {
        if (self.ask.cancel)() {
            end(child);
            return Err(super::cancelled());
        }
        Ok(())
    }
}

/// Waits for a `child` that said all it had to say, which does not mean that it ends: `look` is asked meanwhile.
pub(super) fn wait(child: &mut Child, look: &mut dyn FnMut(&mut Child) -> Result<()>) -> Result<ExitStatus> {
    let mut nap = FIRST_NAP;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => look(child)?,
            Err(e) => return Err(Fault::machine("git did not end as it should", e)),
        }
        std::thread::sleep(nap);
        nap = (nap * 2).min(PULSE);
    }
}

fn stop_if_late(child: &mut Child, since: Instant, limit: Option<Duration>) -> Result<()> {
    match limit {
        Some(limit) if since.elapsed() > limit => {
            end(child);
            let why = format!("no answer within {} seconds", limit.as_secs());
            Err(Fault::new(FaultKind::Unreachable, "git was stopped", why).hint("check the network, then try again"))
        }
        _ => Ok(()),
    }
}

/// Ends `child`, and what it started where it leads a process group: an ssh would keep its pipes open.
fn end(child: &mut Child) {
    // It may have ended by itself; either way it is gone after the wait.
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Starts `command`; says so when there is no git.
pub(super) fn start(command: &mut Command) -> Result<Child> {
    command
        .spawn()
        .map_err(|e| Fault::machine("git can't be started", e).hint("install git 2.38 or newer and put it on the PATH"))
}

/// A fault out of a git that failed.
pub(super) fn failed<S: AsRef<OsStr>>(args: &[S], said: &Said) -> Fault {
    let verb = args.iter().map(|a| a.as_ref().to_string_lossy()).find(|a| !a.starts_with('-')).unwrap_or_default();
    let code = said.code.map_or_else(|| "it was killed".to_owned(), |code| format!("exit code {code}"));
    let why = if said.err.is_empty() { code } else { format!("{} ({code})", said.err) };
    Fault::new(FaultKind::Machine, format!("git {verb} failed"), why)
}

/// `path` as an argument that git can't take for an option.
pub(super) fn plain(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

#[cfg(test)]
mod tests {
    use super::super::needle::Needles;
    use super::*;

    /// What a git gives that says nothing more and does not end, when it is stopped after a while.
    fn stopped(limit: Option<Duration>, cancel: &(dyn Fn() -> bool + Sync)) -> Fault {
        let (keys, dir) = ([&b"sk-proj-aaaabbbbccccdddd"[..]], Path::new("/"));
        let ask = Ask { repo: dir, backup_root: dir, keys: &keys, cancel, progress: &|_| {} };
        let needles = Needles::new(&keys).unwrap();
        let git = Git { ask: &ask, search: &needles.search(), dir: dir.into(), work: None, settings: Vec::new() };
        let mut command = Command::new("sh");
        command.args(["-c", "exec >&- 2>&-; exec sleep 600"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        git.finish_by(command, None, limit).err().unwrap()
    }

    #[test]
    fn one_that_closed_its_ends_and_stays_is_cancelled_and_late_as_any_other() {
        let since = Instant::now();
        let soon = || since.elapsed() > Duration::from_millis(300);
        assert_eq!(stopped(None, &soon).kind, FaultKind::Cancelled);
        assert_eq!(stopped(Some(Duration::from_millis(300)), &|| false).kind, FaultKind::Unreachable);
        assert!(since.elapsed() < Duration::from_mins(5));
    }
}
