//! Takes a git to its end, whatever it does: fed, heard out, and killed when the work is cancelled or it is late.
//!
//! Must not know: what it was called for.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{Git, Said};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::git::cancelled;

/// How often a waiting caller looks whether it was cancelled.
const PULSE: Duration = Duration::from_millis(50);

/// Most end as soon as they have said all.
const FIRST_NAP: Duration = Duration::from_micros(50);

impl Git<'_> {
    /// Runs `command` to its end, or kills it when cancelled.
    pub(in crate::git) fn finish(&self, command: Command, input: Option<&[u8]>) -> Result<Said> {
        self.finish_by(command, input, None)
    }

    /// The same for what may hang, such as a network: killed after `limit`.
    pub(in crate::git) fn finish_by(
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
    pub(in crate::git) fn stop_if_cancelled(&self, child: &mut Child) -> Result<()> {
        if (self.ask.cancel)() {
            end(child);
            return Err(cancelled());
        }
        Ok(())
    }
}

/// Waits for a `child` that said all it had to say, which does not mean that it ends: `look` is asked meanwhile.
pub(in crate::git) fn wait(child: &mut Child, look: &mut dyn FnMut(&mut Child) -> Result<()>) -> Result<ExitStatus> {
    let since = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => look(child)?,
            Err(e) => return Err(Fault::machine("git did not end as it should", e)),
        }
        // A purge starts git dozens of times: none is noticed more than an eighth later than it ended.
        std::thread::sleep((since.elapsed() / 8).clamp(FIRST_NAP, PULSE));
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
pub(in crate::git) fn start(command: &mut Command) -> Result<Child> {
    command
        .spawn()
        .map_err(|e| Fault::machine("git can't be started", e).hint("install git 2.38 or newer and put it on the PATH"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::git::Ask;
    use crate::git::needle::Needles;

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
