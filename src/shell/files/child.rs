//! A child process without secrets in its environment, with a deadline, whose last words are kept.
//!
//! Must not know: what is run, or why.

use std::io::{self, PipeReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::base::secret::LONGEST;
use crate::shell::vault::Vault;

/// Between two looks at the child.
const LOOK: Duration = Duration::from_millis(15);
/// From the polite signal to the other one.
const GRACE: Duration = Duration::from_secs(1);
/// Kept of the output, bytes.
const KEPT: usize = 128 * 1024;
/// The longest form a key travels in (percent-encoded): three bytes for one.
const LONGEST_FORM: usize = LONGEST * 3;

#[derive(Debug)]
pub(super) enum Ended {
    Exit(ExitStatus),
    TimedOut,
    Cancelled,
    /// It was started and could not be watched.
    Unseen(io::Error),
}

pub(super) struct Ran {
    pub ended: Ended,
    output: Tail,
}

/// The end of an output.
#[derive(Default)]
struct Tail {
    bytes: Zeroizing<Vec<u8>>,
    cut: bool,
}

/// Removes every variable named after the vendor (`OPENAI…`) or whose value holds a secret of the vault.
pub(super) fn without_secrets(command: &mut Command, vault: &Vault) {
    for (name, value) in std::env::vars_os() {
        let openai = name.to_string_lossy().to_ascii_uppercase().starts_with("OPENAI");
        let value = Zeroizing::new(value.to_string_lossy().into_owned());
        if openai || Zeroizing::new(vault.clean(&value)) != value {
            command.env_remove(name);
        }
    }
}

/// Runs `command` in a process group of its own, without input; the group is killed at the deadline or on cancel. A process it
/// leaves behind on purpose (a daemon) is left alone. An error: it never ran.
pub(super) fn run(mut command: Command, limit: Duration, cancel: &CancellationToken) -> io::Result<Ran> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
    let output = Arc::new(Mutex::new(Tail::default()));
    let closed = listen(reader, Arc::clone(&output))?;
    // From here on it runs: no error may say that it did not.
    let mut child = command.spawn()?;
    // It holds the writing ends; the output would never end.
    drop(command);
    let ended = wait(&mut child, limit, cancel).unwrap_or_else(Ended::Unseen);
    // A daemon may hold the pipe open: what came until now is enough.
    let _ = closed.recv_timeout(LOOK * 10);
    let output = std::mem::take(&mut *output.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Ran { ended, output })
}

impl Ran {
    /// The last `most` characters it said, on one terminal's terms: scrubbed, without control characters.
    pub(super) fn said(&self, most: usize, vault: &Vault) -> String {
        let text = Zeroizing::new(String::from_utf8_lossy(&self.output.bytes).into_owned());
        let plain: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
        let clean = vault.clean(&Zeroizing::new(plain));
        // The cut may have gone through a key: its rest is at the very start, and no scrubber knows it.
        let from = if self.output.cut { LONGEST_FORM } else { 0 };
        let clean: Vec<char> = clean.chars().skip(from).collect();
        let last: String = clean.iter().skip(clean.len().saturating_sub(most)).collect();
        last.trim().to_owned()
    }
}

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        if self.bytes.capacity() == 0 {
            self.bytes = Zeroizing::new(Vec::with_capacity(KEPT));
        }
        let over = (self.bytes.len() + bytes.len()).saturating_sub(KEPT).min(self.bytes.len());
        self.cut |= over > 0;
        self.bytes.drain(..over);
        self.bytes.extend_from_slice(bytes);
    }
}

/// Reads to the end on a thread, however long that takes: nobody who writes there shall block or die of it.
fn listen(mut reader: PipeReader, output: Arc<Mutex<Tail>>) -> io::Result<Receiver<()>> {
    let (ends, closed): (Sender<()>, _) = channel();
    std::thread::Builder::new().name("child output".into()).spawn(move || {
        let _ends = ends;
        let mut buffer = Zeroizing::new([0_u8; 8192]);
        while let Ok(n @ 1..) = reader.read(&mut *buffer) {
            output.lock().unwrap_or_else(PoisonError::into_inner).push(buffer.get(..n).unwrap_or_default());
        }
    })?;
    Ok(closed)
}

fn wait(child: &mut Child, limit: Duration, cancel: &CancellationToken) -> io::Result<Ended> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Ended::Exit(status));
        }
        let why = match (cancel.is_cancelled(), began.elapsed() >= limit) {
            (true, _) => Ended::Cancelled,
            (_, true) => Ended::TimedOut,
            _ => {
                std::thread::sleep(LOOK);
                continue;
            }
        };
        stop(child)?;
        return Ok(why);
    }
}

/// Asks the group to end, then makes it.
fn stop(child: &mut Child) -> io::Result<()> {
    let group = Pid::from_child(child);
    let asked = Instant::now();
    // A group that is gone needs no signal.
    let _ = kill_process_group(group, Signal::TERM);
    while asked.elapsed() < GRACE {
        if child.try_wait()?.is_some() {
            break;
        }
        std::thread::sleep(LOOK);
    }
    let _ = kill_process_group(group, Signal::KILL);
    child.wait()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Secret, SecretRef};

    #[test]
    fn a_key_cut_by_the_end_of_what_is_kept_is_not_shown() {
        let key = format!("sk-proj-{}", "K9".repeat(200));
        let vault = Vault::new("s");
        vault.put(SecretRef::Leaked, Secret::new(&Zeroizing::new(key.as_bytes().to_vec())).unwrap());
        let mut output = Tail::default();
        // Nothing but keys: scrubbed, they shrink to less than what is shown.
        for _ in 0..=KEPT / key.len() {
            output.push(key.as_bytes());
        }
        assert!(output.cut && output.bytes.len() == KEPT && !output.bytes.starts_with(b"sk-"));
        let ran = Ran { ended: Ended::TimedOut, output };
        let said = ran.said(100_000, &vault);
        assert!(!said.contains("K9"), "{said}");
    }
}
