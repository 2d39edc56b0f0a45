//! A git that is read while it writes. It never outlives the reading: what is not read to its end is killed.
//!
//! Must not know: what is read.

use std::io::{BufWriter, Write as _};
use std::process::{Command, Stdio};

use git2::Oid;

use super::super::cli::{self, Git};
use super::pipe::Pipe;
use crate::base::Fault;
use crate::base::fault::Result;

/// Starts `command`, with `input` on its standard input, one a line, and lets `work` read its answer. With what that gave comes
/// whether git ended well; it did not if its answer was not read to its end.
pub(super) fn reading<T>(
    git: &Git<'_>,
    mut command: Command,
    input: Option<&[Oid]>,
    work: impl FnOnce(&mut Pipe<'_>) -> Result<T>,
) -> Result<(T, bool)> {
    command.stderr(Stdio::null());
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = cli::start(&mut command)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    std::thread::scope(|scope| {
        if let (Some(pipe), Some(input)) = (stdin, input) {
            // Git may end before it read everything; its exit code tells why.
            scope.spawn(move || {
                let mut pipe = BufWriter::with_capacity(1 << 16, pipe);
                input.iter().try_for_each(|id| writeln!(pipe, "{id}")).and_then(|()| pipe.flush())
            });
        }
        let mut out = stdout.map(|out| Pipe::new(out, git.ask.cancel));
        let done = match &mut out {
            Some(out) => work(out),
            None => Err(Fault::machine("git's answer can't be read", "no pipe")),
        };
        if done.is_err() || !out.is_some_and(|out| out.ended()) {
            // Before the scope ends: whoever feeds it waits as long as it lives. It may have ended by itself.
            let _ = child.kill();
        }
        let status = cli::wait(&mut child, &mut |child| git.stop_if_cancelled(child))?;
        Ok((done?, status.success()))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::super::super::Ask;
    use super::super::super::needle::Needles;
    use super::*;
    use crate::base::FaultKind;

    #[test]
    fn one_that_was_read_to_its_end_and_stays_is_cancelled() {
        let since = Instant::now();
        let soon = || since.elapsed() > Duration::from_millis(300);
        let (keys, dir) = ([&b"sk-proj-aaaabbbbccccdddd"[..]], Path::new("/"));
        let ask = Ask { repo: dir, backup_root: dir, keys: &keys, cancel: &soon, progress: &|_| {} };
        let needles = Needles::new(&keys).unwrap();
        let git = Git { ask: &ask, search: &needles.search(), dir: dir.into(), work: None, settings: Vec::new() };
        let mut command = Command::new("sh");
        command.args(["-c", "exec >&-; exec sleep 600"]).stdout(Stdio::piped());
        let all = |pipe: &mut Pipe<'_>| Ok(pipe.read_to_end(&mut Vec::new()).unwrap());
        assert_eq!(reading(&git, command, None, all).unwrap_err().kind, FaultKind::Cancelled);
        assert!(since.elapsed() < Duration::from_mins(5));
    }
}
