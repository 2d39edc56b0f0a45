//! The calls of `git push`: many refs in one, alone where one refusal takes others with it, and never a name that holds
//! the key among the arguments.
//!
//! Must not know: why a ref moves, and what a person is told.

use std::collections::HashMap;
use std::io::Write as _;

use git2::Oid;
use zeroize::Zeroizing;

use super::super::cli::{self, Said};
use super::super::shelf::Passing;
use super::super::{say, store};
use super::ask;
use super::push::One;
use super::verdict::{self, Verdict};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::git::PushOutcome;

/// Refs in one call of git: few enough for its command line, many enough to save connections.
const TOGETHER: usize = 100;

/// One ref to move or delete. Zeros as `new`: delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) old: String,
    pub(super) new: String,
}

impl Job {
    pub(super) fn deletes(&self) -> bool {
        self.new == Oid::ZERO_SHA1.to_string()
    }
}

impl One<'_, '_> {
    /// Many refs in one call; those that fell together get a call of their own.
    pub(super) fn move_all(&self, jobs: &[Job]) -> Result<HashMap<String, Verdict>> {
        let mut verdicts = HashMap::new();
        for (n, part) in jobs.chunks(TOGETHER).enumerate() {
            say(self.repo.ask, "pushing", (n * TOGETHER) as u64, jobs.len() as u64);
            let Some(read) = self.call(part)? else {
                stop(jobs, &mut verdicts);
                return Ok(verdicts);
            };
            verdicts.extend(read);
            if part.len() == 1 {
                continue;
            }
            for job in part {
                if verdict::fell_together(verdicts.get(&job.name)) {
                    let Some(read) = self.call(std::slice::from_ref(job))? else {
                        stop(jobs, &mut verdicts);
                        return Ok(verdicts);
                    };
                    verdicts.extend(read);
                }
            }
        }
        Ok(verdicts)
    }

    /// One `git push`, read. `None`: somebody pressed cancel; the table still tells what the remote has by then.
    fn call(&self, jobs: &[Job]) -> Result<Option<HashMap<String, Verdict>>> {
        let said = if jobs.iter().any(|job| self.repo.search.form_in(job.name.as_bytes()).is_some()) {
            self.unnamed(jobs)
        } else {
            self.named(jobs)
        };
        let said = match said {
            Ok(said) => said,
            Err(fault) if fault.kind == FaultKind::Cancelled => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let mut read = verdict::read(&said);
        if jobs.len() == 1 && !said.ok {
            for job in jobs {
                read.entry(job.name.clone()).or_insert_with(|| verdict::nothing_said(&said));
            }
        }
        Ok(Some(read))
    }

    fn named(&self, jobs: &[Job]) -> Result<Said> {
        // A mirror's remote would push every ref and delete the others.
        let mut args = Vec::new();
        let fixed = ["push", "--porcelain", "--no-follow-tags", "--no-atomic", "--recurse-submodules=no"];
        args.extend(fixed.map(str::to_owned));
        args.extend(jobs.iter().map(|job| format!("--force-with-lease={}:{}", job.name, job.old)));
        args.extend(["--".to_owned(), self.remote.to_owned()]);
        args.extend(
            jobs.iter().map(
                |job| {
                    if job.deletes() { format!(":{}", job.name) } else { format!("{}:{}", job.new, job.name) }
                },
            ),
        );
        let mut command = ask::command(self.repo);
        cli::set(&mut command, format!("remote.{}.mirror", self.remote), "false");
        command.args(args);
        self.repo.git.finish_by(command, None, None)
    }

    /// Deletes refs whose name holds the key: the name must not stand among a process's arguments, so it goes through a
    /// file beside the backup, which is gone when this returns. Git takes leases from arguments only; what was listed a
    /// moment ago is deleted only after its work was seen under the new name.
    fn unnamed(&self, jobs: &[Job]) -> Result<Said> {
        let url = self.repo.git.run(&["remote", "get-url", "--push", "--", self.remote])?;
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let mut config = Zeroizing::new(String::from("[remote \"stanch-unnamed\"]\n"));
        config.extend(["url = ", &quoted(&String::from_utf8_lossy(url.trim_ascii())), "\n"]);
        for job in jobs {
            config.extend(["push = ", &quoted(&format!(":{}", job.name)), "\n"]);
        }
        store::private_dir(self.repo.ask.backup_root)?;
        let cant = |e: std::io::Error| Fault::machine("a note for git can't be written", e);
        // A killed process leaves it: the next one knows it by its name and removes it.
        let prefix = Passing::Push.prefix(&self.repo.dir);
        let mut file = tempfile::Builder::new().prefix(&prefix).tempfile_in(self.repo.ask.backup_root).map_err(cant)?;
        file.write_all(config.as_bytes()).map_err(cant)?;
        let include = format!("include.path={}", file.path().display());
        let args = ["-c", &include, "push", "--porcelain", "--no-follow-tags", "--no-atomic", "stanch-unnamed"];
        ask::network(self.repo, &args, None)
    }
}

/// What was not tried yet when somebody pressed cancel.
fn stop(jobs: &[Job], verdicts: &mut HashMap<String, Verdict>) {
    for job in jobs {
        let said = "not pushed: it was stopped; push again to go on";
        verdicts.entry(job.name.clone()).or_insert_with(|| Verdict::No(PushOutcome::Failed, said.into()));
    }
}
