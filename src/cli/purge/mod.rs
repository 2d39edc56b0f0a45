//! `find` and `purge`: the history engine without an incident. Plans and backups of a repository stand together in the
//! state folder, so that a later call finds them.
//!
//! Must not know: how history is rewritten. A write wants the phrase its plan names, never a bare yes.

mod desk;
mod engine;
mod tell;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::Fault;
use crate::base::fault::Result;
use crate::base::words;
use crate::effect::git::{
    Aftermath, Archives, Binaries, CopyMap, Emptied, FileChoice, Plan, Policy, Proof, PushReport, Standing,
};
use crate::effect::{GitOp, GitReply};

use super::args::{ArchiveChoice, BinaryChoice, EmptiedChoice, FileWay, Find, Purge};
use super::{Context, exit, keys, say, say_json};
use desk::Desk;
use engine::{Ended, Engine};

pub(super) fn find(args: &Find, context: &Context) -> Result<u8> {
    let vault = keys::vault(&args.key)?;
    let mut found = Vec::new();
    for repo in &args.repo {
        let repo = full(repo)?;
        let engine = Engine::new(&vault, &repo, context);
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
    let engine = Engine::new(&vault, &repo, context);
    let (desk, policy) = (Desk::take(&repo, context)?, policy(args));
    let keys = keys::prints(&vault);
    let job = Job { engine, keys, desk, policy, files: files(args), offline: args.offline, json: args.json };
    if !args.check {
        job.settle()?;
    }
    if let Some(map) = &args.commit_map {
        let taken = crate::git::take_commit_map(&desk::root(&repo, context), map)?;
        super::warn(&format!("{} of a submodule's commits taken from {}.", words::count(taken, "pair"), map.display()));
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

/// What was chosen for files that can't be edited as text. The same options give `--plan` and `--apply` the same plan.
fn policy(args: &Purge) -> Policy {
    let archives = args.archives.map_or(Archives::Ask, |choice| match choice {
        ArchiveChoice::Repack => Archives::Repack,
        ArchiveChoice::Drop => Archives::Drop,
        ArchiveChoice::Leave => Archives::Leave,
    });
    let binaries = args.binaries.map_or(Binaries::SameLength, |choice| match choice {
        BinaryChoice::SameLength => Binaries::SameLength,
        BinaryChoice::Drop => Binaries::Drop,
        BinaryChoice::Leave => Binaries::Leave,
    });
    let emptied = args.emptied.map_or(Emptied::Keep, |choice| match choice {
        EmptiedChoice::Keep => Emptied::Keep,
        EmptiedChoice::Drop => Emptied::Drop,
    });
    Policy { archives, binaries, emptied, ..Policy::default() }
}

fn files(args: &Purge) -> Vec<(String, FileChoice)> {
    let choice = |way: &FileWay| match way {
        FileWay::Redact => FileChoice::Redact,
        FileWay::Drop => FileChoice::Drop,
        FileWay::Leave => FileChoice::Leave,
    };
    args.file.iter().map(|(path, way)| (path.clone(), choice(way))).collect()
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

/// What `--plan --json` prints.
#[derive(Debug, Serialize)]
struct Planned<'a> {
    /// Fingerprints of the keys that were looked for.
    keys: &'a [String],
    #[serde(flatten)]
    plan: &'a Plan,
}

/// What `--apply --json` prints.
#[derive(Debug, Serialize)]
struct Applied<'a> {
    nothing_to_do: bool,
    plan: &'a str,
    refs: usize,
    /// Still contains the key, until `--finish`.
    backup: &'a str,
    /// Objects that nothing needed: they are in the backup only, and go with it.
    dropped: u64,
    push_needed: bool,
    /// Refs that somebody put on the old history meanwhile.
    came_back: &'a [String],
    proof: Proof,
}

/// What `--push --json` prints.
#[derive(Debug, Serialize)]
struct Pushed {
    #[serde(flatten)]
    report: PushReport,
    /// Proven again: a fetch between switch and push brings the old objects back.
    proof: Proof,
}

/// What `--check --json` prints.
#[derive(Debug, Serialize)]
struct Checked {
    plan: String,
    at: Standing,
    finished: bool,
    /// `null` while the clean history does not stand.
    after: Option<Aftermath>,
}

impl Job<'_> {
    /// A switch that was killed is rolled to one of its ends before anything else.
    fn settle(&self) -> Result<()> {
        let Some(noted) = self.desk.read()?.filter(|noted| noted.under_way) else { return Ok(()) };
        if let Some(at) = self.stands(&noted.plan)? {
            super::warn(match at {
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

    fn plan(&self) -> Result<u8> {
        let plan = self.planned()?;
        if self.json {
            say_json(&Planned { keys: &self.keys, plan: &plan })?;
        } else {
            say(&tell::plan(&self.keys, &plan))?;
        }
        if !plan.nothing_to_do {
            self.desk.planned(&plan)?;
        }
        Ok(if plan.nothing_to_do { exit::DONE } else { exit::OPEN })
    }

    /// Paths say nothing to the engine before it looked: with choices for single files it plans twice.
    fn planned(&self) -> Result<Plan> {
        let plan = self.planned_as(self.policy.clone())?;
        let mut policy = self.policy.clone();
        for (path, choice) in &self.files {
            let blobs: Vec<&String> =
                plan.choices.iter().filter(|c| c.path.as_ref() == Some(path) || c.id == *path).map(|c| &c.id).collect();
            if blobs.is_empty() {
                let known: Vec<&str> = plan.choices.iter().filter_map(|c| c.path.as_deref()).take(5).collect();
                let known = if known.is_empty() { "none".into() } else { known.join(", ") };
                return Err(Fault::input(format!("--file {path} names no archive or binary that holds the key"), "")
                    .hint(format!("those that do: {known}; `--plan` lists each with its path and blob")));
            }
            policy.files.extend(blobs.into_iter().map(|id| (id.clone(), *choice)));
        }
        if policy == self.policy { Ok(plan) } else { self.planned_as(policy) }
    }

    fn planned_as(&self, policy: Policy) -> Result<Plan> {
        let op = if self.offline { GitOp::PlanOffline { policy } } else { GitOp::PlanAs { policy } };
        match self.engine.sure(&op)? {
            GitReply::Planned(plan) => Ok(*plan),
            _ => Err(Fault::refused("there is no plan", "the engine answered something else")),
        }
    }

    fn apply(&self, yes: Option<&str>) -> Result<u8> {
        let plan = self.planned()?;
        if plan.nothing_to_do {
            if self.json {
                let proof = Proof { checks: Vec::new(), not_checked: plan.not_looked_into.clone() };
                let (plan, backup) = (plan.id.as_str(), "");
                say_json(&Applied {
                    nothing_to_do: true,
                    plan,
                    refs: 0,
                    backup,
                    dropped: 0,
                    push_needed: false,
                    came_back: &[],
                    proof,
                })?;
            } else {
                say(&tell::plan(&self.keys, &plan))?;
            }
            return Ok(exit::DONE);
        }
        phrase(yes, &plan.phrase)?;
        if let Some(first) = plan.refusals.first() {
            let fault = Fault::refused("the history was not rewritten", first.why.clone());
            return Err(plan.refusals.iter().fold(fault, |fault, r| fault.hint(r.way_forward.clone())));
        }
        // Noted before: a process that dies in the middle leaves word of what it did.
        let before = self.desk.read()?;
        self.desk.begin(&plan)?;
        let reply = match self.engine.run(&GitOp::Apply { plan: plan.id.clone() }) {
            Ok(Ended::Done(reply)) => reply,
            Ok(Ended::Lost(why)) => return Ok(lost(&why)),
            Err(fault) => {
                self.desk.back_to(before.as_ref())?;
                return Err(fault);
            }
        };
        self.desk.reached()?;
        let (refs, backup, dropped, came_back) = match &reply {
            GitReply::Applied { refs, backup, dropped, came_back, .. } => {
                (*refs, backup.as_str(), *dropped, came_back.as_slice())
            }
            _ => (0, "", 0, &[][..]),
        };
        let proof = self.proof()?;
        let clean = proof.clean();
        let push_needed = plan.push_needed;
        let (nothing_to_do, id) = (false, &plan.id);
        let applied = Applied { nothing_to_do, plan: id, refs, backup, dropped, push_needed, came_back, proof };
        if self.json {
            say_json(&applied)?;
        } else {
            say(&tell::applied(&plan, (backup, dropped), came_back, &applied.proof))?;
        }
        Ok(if clean { exit::DONE } else { exit::OPEN })
    }

    fn proof(&self) -> Result<Proof> {
        match self.engine.sure(&GitOp::Prove)? {
            GitReply::Proved(proof) => Ok(proof),
            _ => Ok(Proof { checks: Vec::new(), not_checked: Vec::new() }),
        }
    }

    fn push(&self, yes: Option<&str>) -> Result<u8> {
        let noted = self.desk.need()?;
        phrase(yes, &noted.phrase)?;
        let report = match self.engine.run(&GitOp::Push { plan: noted.plan })? {
            Ended::Done(GitReply::Pushed(report)) => report,
            Ended::Done(_) => PushReport::default(),
            Ended::Lost(why) => return Ok(lost(&why)),
        };
        let proof = self.proof()?;
        let done = report.refs.iter().all(|r| r.ok) && report.needs_support.is_empty() && proof.clean();
        let pushed = Pushed { report, proof };
        if self.json {
            say_json(&pushed)?;
        } else {
            say(&tell::pushed(&pushed.report, &pushed.proof))?;
        }
        Ok(if done { exit::DONE } else { exit::OPEN })
    }

    fn undo(&self) -> Result<u8> {
        let noted = self.desk.need()?;
        match self.engine.run(&GitOp::Undo { plan: noted.plan })? {
            Ended::Lost(why) => Ok(lost(&why)),
            Ended::Done(reply) => {
                self.desk.undone()?;
                self.end(&reply, "Undone: the old history, with the key, stands again.")?;
                Ok(exit::OPEN)
            }
        }
    }

    fn finish(&self, yes: Option<&str>) -> Result<u8> {
        let noted = self.desk.kept()?;
        phrase(yes, &noted.phrase)?;
        match self.engine.run(&GitOp::Finish { plan: noted.plan })? {
            Ended::Lost(why) => Ok(lost(&why)),
            Ended::Done(reply) => {
                self.desk.finished()?;
                self.end(&reply, "Finished: the backup is gone. --check still looks at the remotes.")?;
                Ok(exit::DONE)
            }
        }
    }

    /// Where the repository stands, and what the remotes still serve. Rolls an interrupted switch to one of its ends.
    fn check(&self) -> Result<u8> {
        let noted = self.desk.last()?;
        let reply = self.engine.sure(&GitOp::Check { plan: noted.plan.clone() })?;
        let GitReply::Stands { at, finished, .. } = reply else {
            return Err(Fault::refused("nobody knows where it stands", "the engine answered something else"));
        };
        match at {
            Standing::Old => self.desk.is_old()?,
            _ => self.desk.reached()?,
        }
        let after = match at {
            Standing::New => match self.engine.sure(&GitOp::After { plan: noted.plan.clone() })? {
                GitReply::After(seen) => Some(seen),
                _ => None,
            },
            _ => None,
        };
        let clean = after.as_ref().is_some_and(Aftermath::clean);
        let checked = Checked { plan: noted.plan, at, finished, after };
        if self.json {
            say_json(&checked)?;
        } else {
            say(&tell::checked(at, finished, checked.after.as_ref()))?;
        }
        Ok(if clean { exit::DONE } else { exit::OPEN })
    }

    fn papers(&self, dir: &Path) -> Result<u8> {
        let noted = self.desk.last()?;
        let dir = std::path::absolute(dir).map_err(|e| Fault::input("the folder can't be used", e.to_string()))?;
        match self.engine.sure(&GitOp::Papers { plan: noted.plan, dir })? {
            GitReply::Filed(filed) if self.json => say_json(&filed)?,
            GitReply::Filed(filed) => say(&tell::filed(&filed))?,
            _ => {}
        }
        Ok(exit::DONE)
    }

    fn end(&self, reply: &GitReply, words: &str) -> Result<()> {
        if self.json { say_json(reply) } else { say(words) }
    }
}

/// Nobody saw the end of a write: said on standard error, and by the exit code.
fn lost(why: &str) -> u8 {
    super::warn(&format!("nobody knows how far it came: {why}\n  try: `stanch purge --check`, which looks"));
    exit::UNKNOWN
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
