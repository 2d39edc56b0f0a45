//! Runs the user's own `git` for what libgit2 can't do. The key is never in its arguments or environment, and in its input
//! only where it is a part of a ref's name.
//!
//! Must not know: what the commands are for.
//!
//! Here is a repository to call git in, and what it said; `command` is how a call is made up, `run` takes it to its end.

mod command;
mod run;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Ask;
use super::needle::Search;
use super::tamed::Setting;
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};

pub(super) use command::set;
pub(super) use run::{start, wait};

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

impl Git<'_> {
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
