//! The end of a pipe that git writes into. It is wide, so that git and the search seldom wait for each other, and a wait
//! ends with a cancel, whatever git does.
//!
//! Must not know: what comes through it.

use std::io::Read;
use std::process::ChildStdout;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Bytes that git may be ahead. Where the system allows fewer, they must do.
#[cfg(target_os = "linux")]
const WIDE: usize = 1 << 20;
/// How often a waiting reader looks whether it was cancelled.
const PULSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

pub(super) struct Pipe<'a> {
    out: ChildStdout,
    stop: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> Pipe<'a> {
    pub(super) fn new(out: ChildStdout, stop: &'a (dyn Fn() -> bool + Sync)) -> Self {
        #[cfg(target_os = "linux")]
        let _ = rustix::pipe::fcntl_setpipe_size(&out, WIDE);
        Self { out, stop }
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
                Ok(_) => return self.out.read(to),
                Err(e) => return Err(e.into()),
            }
        }
    }
}
