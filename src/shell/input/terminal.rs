//! After standard input gave its key, the person's keys come from the terminal: `stanch respond --key-stdin < FILE` is
//! as much a full screen as any other start.
//!
//! Must not know: which face the program will wear.

use std::fs::{File, OpenOptions};

use rustix::fd::AsFd;
use rustix::termios::isatty;

/// Puts the terminal in the place of a standard input that has been read to its end. Only when standard output is a
/// terminal: else nobody is there to answer, and a script wants the end of its input to stay the end.
pub fn answer_from_terminal() {
    let (input, output) = (rustix::stdio::stdin(), rustix::stdio::stdout());
    if isatty(input) || !isatty(output) {
        return;
    }
    // Without a terminal all is as it was: the linear view, and why.
    if let Some(tty) = terminal(output) {
        let _ = rustix::stdio::dup2_stdin(tty);
    }
}

/// The controlling terminal. On macOS by its real name, since there `/dev/tty` can't be waited for (kqueue).
fn terminal(output: impl AsFd) -> Option<File> {
    let open = |path: &std::path::Path| OpenOptions::new().read(true).write(true).open(path).ok();
    if cfg!(target_os = "macos") {
        use std::os::unix::ffi::OsStrExt as _;
        let name = rustix::termios::ttyname(output, Vec::new()).ok()?;
        return open(std::ffi::OsStr::from_bytes(name.to_bytes()).as_ref());
    }
    open("/dev/tty".as_ref())
}
