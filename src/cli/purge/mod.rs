//! `find` and `purge`: the history engine without an incident. Plans and backups of a repository stand together in the
//! state folder, so that a later call finds them.
//!
//! Must not know: how history is rewritten. A write wants the phrase its plan names, never a bare yes.

mod after;
mod apply;
mod choices;
mod desk;
mod engine;
mod plan;
mod tell;

use std::path::{Path, PathBuf};

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind, words};
use crate::effect::git::{CopyMap, FileChoice, Policy, Proof, Standing};
use crate::effect::{GitOp, GitReply};

use choices::{files, policy};
use desk::Desk;
use engine::{Ending, Engine};

use super::args::{Find, Purge};
use super::{Context, exit, keys, say, say_json, warn};

pub(super) fn find(args: &Find, context: &Context) -> Result<u8> {
    let vault = keys::vault(&args.key)?;
    let ending = Ending::listen()?;
    let mut found = Vec::new();
    for repo in &args.repo {
        let repo = full(repo)?;
        let engine = Engine::new(&vault, &repo, context, &ending);
        let map = match engine.sure(&GitOp::Find)? {
            GitReply::Found(map) => map,
            _ => CopyMap::default(),
        };
        found.push((repo, map));
    }
    let copies: usize = found.iter().map(|(_, map)| map.copies.len()).sum();
    let keys = keys::prints(&vault);
    if args.json {
        let row = |(repo, map): &(PathBuf, CopyMap)| serde_json::json!({"repo": repo, "keys": keys, "found": map});
        let rows: Vec<_> = found.iter().map(row).collect();
        say_json(&rows)?;
    } else {
        for (repo, map) in &found {
            say(&tell::found(repo, &keys, map))?;
        }
    }
    Ok(if copies == 0 { exit::DONE } else { exit::OPEN })
}

pub(super) fn purge(args: &Purge, context: &Context) -> Result<u8> {
    let vault = keys::vault(&args.key)?;
    let repo = full(&args.repo)?;
    let engine = Engine::new(&vault, &repo, context, &Ending::listen()?);
    let (desk, policy) = (Desk::take(&repo, context)?, policy(args));
    let keys = keys::prints(&vault);
    let job = Job { engine, keys, desk, policy, files: files(args), offline: args.offline, json: args.json };
    if !args.check {
        job.settle()?;
    }
    if let Some(map) = &args.commit_map {
        let taken = crate::git::take_commit_map(&desk::root(&repo, context), map)?;
        warn(&format!("{} of a submodule's commits taken from {}.", words::count(taken, "pair"), map.display()));
    }
    match () {
        () if args.plan => job.plan(),
        () if args.apply => job.apply(args.yes.as_deref()),
        () if args.push => job.push(args.yes.as_deref()),
        () if args.undo => job.undo(),
        () if args.check => job.check(),
        () => match &args.papers {
            Some(dir) => job.papers(dir),
            None => job.finish(args.yes.as_deref()),
        },
    }
}

/// One repository, the key, and what was done before.
struct Job<'a> {
    engine: Engine<'a>,
    /// Their fingerprints.
    keys: Vec<String>,
    desk: Desk,
    policy: Policy,
    offline: bool,
    /// What was chosen for single files, by path.
    files: Vec<(String, FileChoice)>,
    json: bool,
}

impl Job<'_> {
    /// A switch that was killed is rolled to one of its ends before anything else.
    fn settle(&self) -> Result<()> {
        let Some(noted) = self.desk.read()?.filter(|noted| noted.under_way) else { return Ok(()) };
        if let Some(at) = self.stands(&noted.plan)? {
            warn(match at {
                Standing::New => "An earlier switch was interrupted; it was completed: the clean history stands.",
                Standing::Old => "An earlier switch was interrupted; nothing of it is left: the old history stands.",
                Standing::Mixed => "An earlier switch was interrupted, and some refs are old, some new.",
            });
        }
        Ok(())
    }

    /// Where the repository stands; keeps the note true.
    fn stands(&self, plan: &str) -> Result<Option<Standing>> {
        match self.engine.sure(&GitOp::Check { plan: plan.to_owned() })? {
            GitReply::Stands { at: Standing::Old, .. } => {
                self.desk.is_old()?;
                Ok(Some(Standing::Old))
            }
            GitReply::Stands { at, .. } => {
                self.desk.reached()?;
                Ok(Some(at))
            }
            _ => Ok(None),
        }
    }

    /// What was done before it, as `stands` says, stays done when the command is asked to end.
    fn proof(&self, stands: &str) -> Result<Proof> {
        match self.engine.sure(&GitOp::Prove) {
            Ok(GitReply::Proved(proof)) => Ok(proof),
            Ok(_) => Ok(Proof { checks: Vec::new(), not_checked: Vec::new() }),
            Err(_) if self.engine.ending.came() => Err(unproven(stands)),
            Err(fault) => Err(fault),
        }
    }
}

/// Nobody saw the end of a write: said on standard error, and by the exit code.
fn lost(why: &str) -> u8 {
    warn(&format!("nobody knows how far it came: {why}\n  try: `stanch purge --check`, which looks"));
    exit::UNKNOWN
}

fn unproven(stands: &str) -> Fault {
    Fault::new(FaultKind::Cancelled, format!("stopped before the proof: {stands}"), "nobody looked if a copy is left")
        .hint("`stanch find` looks; `stanch purge --push` goes on, and proves; `stanch purge --undo` goes back")
}

fn phrase(given: Option<&str>, wanted: &str) -> Result<()> {
    if given == Some(wanted) {
        return Ok(());
    }
    Err(Fault::input("nothing was done", "--yes does not name the repository")
        .hint(format!("--yes={}", words::shell(wanted))))
}

fn full(repo: &Path) -> Result<PathBuf> {
    repo.canonicalize().map_err(|e| {
        Fault::input(format!("{} can't be looked into", repo.display()), e.to_string()).hint("give a path that exists")
    })
}
