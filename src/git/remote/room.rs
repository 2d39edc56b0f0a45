//! A throw-away repository outside of ours, for what must be fetched to be looked at and must not stay: old commits,
//! and the heads of pull requests. It is gone when it drops.
//!
//! Must not know: what is looked for.

use std::path::PathBuf;
use std::time::Duration;

use super::super::cli::{self, Said, plain};
use super::super::repo::Repo;
use super::super::shelf::Passing;
use super::super::store;
use super::ask;
use crate::base::Fault;
use crate::base::fault::Result;

/// How long one fetch may take. Without trees and files, 100,000 commits are about 15 MB.
const PATIENCE: Duration = Duration::from_mins(2);

/// Commits only, where the server can do that.
pub(super) const COMMITS: &str = "--filter=tree:0";

pub(super) struct Room<'r, 'a> {
    repo: &'r Repo<'a>,
    temp: tempfile::TempDir,
}

impl<'r, 'a> Room<'r, 'a> {
    /// `borrow`: what our repository has need not be fetched again. Never for the question what a server hands out.
    pub(super) fn new(repo: &'r Repo<'a>, borrow: bool) -> Result<Self> {
        store::private_dir(repo.ask.backup_root)?;
        let temp = tempfile::Builder::new()
            .prefix(&Passing::Look.prefix(&repo.dir))
            .tempdir_in(repo.ask.backup_root)
            .map_err(|e| Fault::machine("a folder for a look at the remote can't be made", e))?;
        let room = Self { repo, temp };
        let mut command = repo.git.bare();
        command.args(["init", "--quiet", "--bare", "--template=", "-b", "none"]).arg(plain(&room.dir()));
        let said = repo.git.finish(command, None)?;
        if !said.ok {
            return Err(Fault::machine("a throw-away repository can't be made", said.err));
        }
        if borrow {
            let objects = repo.git2.commondir().join("objects");
            let objects = std::fs::canonicalize(&objects).unwrap_or(objects);
            store::put(
                &room.dir().join("objects/info/alternates"),
                &[objects.as_os_str().as_encoded_bytes(), b"\n"].concat(),
            )?;
        }
        Ok(room)
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.temp.path().join("room.git")
    }

    /// Fetches `what` from our repository's remote of that name, with its configuration. `options`: [`COMMITS`] where
    /// no more is wanted.
    pub(super) fn fetch(&self, remote: &str, what: &[String], options: &[&str]) -> Result<Said> {
        let mut command = self.repo.git.bare();
        ask::quiet(self.repo, &mut command);
        let mut include = std::ffi::OsString::from("include.path=");
        include.push(self.repo.git2.commondir().join("config"));
        command.arg("-c").arg(include).args(["-c", "core.bare=true", "-c", "fetch.writeCommitGraph=false"]);
        cli::set(&mut command, format!("remote.{remote}.mirror"), "false");
        cli::set(&mut command, format!("remote.{remote}.tagOpt"), "");
        command.args(["-c", "core.hooksPath=/dev/null", "-c", "fetch.fsckObjects=false"]);
        command.arg("-C").arg(self.repo.git.stands()).arg("--git-dir").arg(self.dir());
        command.args(["fetch", "--quiet", "--no-tags", "--refmap=", "--no-write-fetch-head"]);
        command.args(ask::upload_pack(self.repo, remote));
        command.args(options).args(["--", remote]).args(what);
        self.repo.git.finish_by(command, None, Some(PATIENCE))
    }

    /// A git that only reads what was fetched.
    pub(super) fn read(&self, args: &[&str], input: Option<&[u8]>) -> Result<Said> {
        let mut command = self.repo.git.bare();
        command.env("GIT_NO_LAZY_FETCH", "1").arg("--git-dir").arg(self.dir()).args(args);
        self.repo.git.finish(command, input)
    }
}
