//! The end of a pipe that git writes into. It is wide, so that git and the search seldom wait for each other, and a wait
//! ends with a cancel, whatever git does.
//!
//! Must not know: what comes through it.

use std::io::Read;
use std::process::ChildStdout;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionread};

/// Bytes that git may be ahead.
#[cfg(target_os = "linux")]
const WIDE: usize = 1 << 20;
/// Where the pipe is wide, a reader lets so many bytes come together, but waits no longer than a nap.
const ENOUGH: usize = 1 << 18;
/// Git fills a part of the pipe in it, never all.
const NAP: Duration = Duration::from_micros(300);
/// How often a waiting reader looks whether it was cancelled.
const PULSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

pub(super) struct Pipe<'a> {
    out: ChildStdout,
    stop: &'a (dyn Fn() -> bool + Sync),
    wide: bool,
    got: u64,
    ended: bool,
}

impl<'a> Pipe<'a> {
    pub(super) fn new(out: ChildStdout, stop: &'a (dyn Fn() -> bool + Sync)) -> Self {
        #[cfg(target_os = "linux")]
        let wide = rustix::pipe::fcntl_setpipe_size(&out, WIDE).is_ok();
        #[cfg(not(target_os = "linux"))]
        let wide = false;
        Self { out, stop, wide, got: 0, ended: false }
    }

    /// Bytes that came.
    pub(super) fn got(&self) -> u64 {
        self.got
    }

    /// Whether it was read to its end.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Git writes little at a time, and to be woken for each costs more than to read it.
    fn gather(&self, wanted: usize) {
        let enough = u64::try_from(wanted.min(ENOUGH)).unwrap_or_default();
        if self.wide && ioctl_fionread(&self.out).is_ok_and(|there| there < enough) {
            std::thread::sleep(NAP);
        }
    }
}

impl Read for Pipe<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if (self.stop)() {
                return Err(std::io::Error::other("it was cancelled"));
            }
            match poll(&mut [PollFd::new(&self.out, PollFlags::IN)], Some(&PULSE)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => {
                    self.gather(to.len());
                    let got = self.out.read(to)?;
                    self.got += got as u64;
                    self.ended |= got == 0 && !to.is_empty();
                    return Ok(got);
                }
                Err(e) => return Err(e.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_cancel_ends_the_wait_for_a_program_that_says_nothing() {
        let mut child =
            Command::new("sh").args(["-c", "echo one; exec sleep 60"]).stdout(Stdio::piped()).spawn().unwrap();
        let since = Instant::now();
        let stop = || since.elapsed() > Duration::from_millis(300);
        let mut pipe = Pipe::new(child.stdout.take().unwrap(), &stop);
        let mut said = Vec::new();
        assert!(pipe.read_to_end(&mut said).is_err());
        assert_eq!(said, b"one\n");
        assert!(since.elapsed() < Duration::from_secs(30));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn all_of_it_comes_however_much_it_is() {
        let mut child =
            Command::new("head").args(["-c", "3000001", "/dev/zero"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut all = Vec::new();
        let mut pipe = Pipe::new(child.stdout.take().unwrap(), &|| false);
        pipe.read_exact(&mut [0; 10]).unwrap();
        assert_eq!((pipe.got(), pipe.ended()), (10, false));
        pipe.read_to_end(&mut all).unwrap();
        assert_eq!((all.len(), pipe.got(), pipe.ended()), (2_999_991, 3_000_001, true));
        assert!(child.wait().unwrap().success());
    }
}
