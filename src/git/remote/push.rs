//! Pushes the clean history, ref by ref, each only if the remote still has what the plan was made from. Never a
//! mirror, never a ref the remote does not have, never work that was not pushed before. What counts as pushed is what
//! a second look at the remote sees.
//!
//! Must not know: how the clean history was made.

use std::collections::{BTreeMap, HashMap};

use git2::Oid;

use super::super::plan::{Details, Stage};
use super::super::repo::Repo;
use super::super::{say, shelf, switch};
use super::send::Job;
use super::strange::{self, Strange};
use super::there::{self, Is, There};
use super::verdict::Verdict;
use super::{after, ask, outline};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::git::{PushOutcome, PushReport, PushedRef};

const BEHIND: &str =
    "not pushed: the remote has commits that are not here. `git fetch`, then plan, apply and push again";
/// Another's work, which a rewrite has nothing to do with.
const OTHERS: &str = "not here, and looked into: neither the old history nor the key";

pub(in super::super) fn push(repo: &mut Repo<'_>, plan: &str) -> Result<PushReport> {
    if shelf::under_way(repo)?.is_some() {
        return Err(switch::interrupted());
    }
    let details = shelf::need(repo, plan)?;
    if !matches!(details.stage, Stage::Applied | Stage::Finished) {
        return Err(Fault::refused("there is nothing to push yet", "this plan is not applied here")
            .hint("apply it first, prove it, then push"));
    }
    let remotes = ask::remotes(repo)?;
    if remotes.is_empty() {
        return Err(Fault::refused("there is nowhere to push to", "this repository has no remote")
            .hint("`git remote add origin <url>` if its remote was removed"));
    }
    let told = outline::load(repo.ask.backup_root, plan)?.unwrap_or_default();
    let starts = told.first_changed;
    let mut report = PushReport { remote: remotes.join(", "), ..PushReport::default() };
    let (mut silent, mut answered) = (None, false);
    for remote in &remotes {
        say(repo.ask, "asking the remote", 0, 0);
        match there::there(repo, &details, remote) {
            Ok(listed) => {
                answered = true;
                One { repo, details: &details, starts: &starts, remote, several: remotes.len() > 1 }
                    .all(&listed, &mut report)?;
            }
            Err(fault) if fault.kind == FaultKind::Unreachable => {
                report.refs.push(row(remote.clone(), PushOutcome::Failed, format!("{}: {}", fault.what, fault.why)));
                silent = Some(fault);
            }
            // What was pushed before stays in the table.
            Err(fault) if fault.kind == FaultKind::Cancelled && !report.refs.is_empty() => {
                report.refs.push(row(remote.clone(), PushOutcome::Failed, "not asked: it was stopped; push again"));
            }
            Err(fault) => return Err(fault),
        }
    }
    repo.no_way_back();
    if let (Some(fault), false) = (silent, answered) {
        return Err(fault);
    }
    report.came_back = after::came_back(repo, &details)?;
    Ok(report)
}

fn row(name: String, outcome: PushOutcome, said: impl Into<String>) -> PushedRef {
    let ok = matches!(outcome, PushOutcome::Pushed | PushOutcome::CleanAlready | PushOutcome::Deleted);
    PushedRef { name, ok, said: said.into(), outcome }
}

/// What the remotes hold of an applied plan, without pushing: after a push whose end nobody saw. `None` when the plan
/// is not applied, there is no remote, or one does not answer.
pub(in super::super) fn look(repo: &Repo<'_>, plan: &str) -> Result<Option<PushReport>> {
    let details = shelf::need(repo, plan)?;
    let remotes = ask::remotes(repo)?;
    if !matches!(details.stage, Stage::Applied | Stage::Finished) || remotes.is_empty() {
        return Ok(None);
    }
    let mut report = PushReport { remote: remotes.join(", "), ..PushReport::default() };
    for remote in &remotes {
        let Ok(listed) = there::there(repo, &details, remote) else { return Ok(None) };
        for at in listed {
            let shown = if remotes.len() > 1 { format!("{remote} {}", at.name) } else { at.name };
            match at.is {
                Is::Old(_) if at.forge => report.needs_support.push(shown),
                Is::Old(_) => report.refs.push(row(shown, PushOutcome::Old, "still the old history")),
                Is::Clean => report.refs.push(row(shown, PushOutcome::CleanAlready, "seen to be clean")),
                Is::Untouched | Is::Unknown => {}
            }
        }
    }
    Ok(Some(report))
}

/// One remote's push.
pub(super) struct One<'p, 'a> {
    pub(super) repo: &'p Repo<'a>,
    details: &'p Details,
    /// First changed commits.
    starts: &'p [String],
    pub(super) remote: &'p str,
    several: bool,
}

impl One<'_, '_> {
    fn shown(&self, name: &str) -> String {
        if self.several { format!("{} {name}", self.remote) } else { name.to_owned() }
    }

    fn all(&self, listed: &[There], report: &mut PushReport) -> Result<()> {
        let (mut moves, mut unknown) = (Vec::new(), 0);
        let names = self.renamed(listed);
        let strange: Vec<&There> =
            listed.iter().filter(|at| at.is == Is::Unknown && !there::is_merge(&at.name)).collect();
        let strange = if strange.is_empty() || self.starts.is_empty() {
            Strange::default()
        } else {
            strange::look(self.repo, self.remote, &strange, self.starts)?
        };
        for at in listed {
            let job = |new: &str| Job { name: at.name.clone(), old: at.id.clone(), new: new.into() };
            match &at.is {
                Is::Old(_) if at.forge => report.needs_support.push(self.shown(&at.name)),
                Is::Unknown if at.forge && strange.dirty(&at.name) => {
                    report.needs_support.push(self.shown(&at.name));
                }
                Is::Unknown if at.forge => {
                    unknown += usize::from(!strange.looked.contains(&at.name) && !there::is_merge(&at.name));
                }
                _ if at.forge || names.contains_key(at.name.as_str()) => {}
                Is::Old(new) => moves.push(job(new)),
                Is::Unknown if strange.clean(&at.name) => {
                    report.refs.push(row(self.shown(&at.name), PushOutcome::CleanAlready, OTHERS));
                }
                Is::Unknown => report.refs.push(row(self.shown(&at.name), PushOutcome::Behind, BEHIND)),
                Is::Clean => {
                    report.refs.push(row(self.shown(&at.name), PushOutcome::CleanAlready, "clean already"));
                    self.follow(&at.name, &at.id)?;
                }
                Is::Untouched => {}
            }
        }
        // The new name first: the old one goes only when its work is safe under the new.
        let (fresh, gone) = renames(listed, &names);
        moves.extend(fresh);
        let mut verdicts = self.move_all(&moves)?;
        let gone: Vec<Job> = gone
            .into_iter()
            .filter(|job| names.get(job.name.as_str()).is_some_and(|(to, _)| arrived(to, listed, &verdicts)))
            .collect();
        verdicts.extend(self.move_all(&gone)?);
        let jobs: Vec<Job> = moves.into_iter().chain(gone).collect();
        self.tell(&jobs, &verdicts, report)?;
        if unknown > 0 {
            report.needs_support.push(self.shown(&format!(
                "{unknown} refs of pull requests that were never fetched here: they may build on the old commits"
            )));
        }
        report.refs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    /// Refs of the remote whose name holds the key, the name they get, and the id that goes there.
    fn renamed<'l>(&self, listed: &'l [There]) -> BTreeMap<&'l str, (String, String)> {
        let mut names = BTreeMap::new();
        for at in listed.iter().filter(|at| !at.forge && self.repo.search.form_in(at.name.as_bytes()).is_some()) {
            let id = match &at.is {
                Is::Old(new) => new.clone(),
                Is::Clean | Is::Untouched => at.id.clone(),
                Is::Unknown => continue,
            };
            // As it was renamed here; else as search and replace writes it.
            let here = self.details.renames.iter().find(|r| r.old == at.name).map(|r| r.new.clone());
            let plain = || String::from_utf8(self.repo.search.replace(at.name.as_bytes(), false).ok()??).ok();
            if let Some(to) = here.or_else(plain) {
                names.insert(at.name.as_str(), (to, id));
            }
        }
        names
    }

    /// A row for each job: by what the remote has now, and by git's words where that is not the clean history.
    fn tell(&self, jobs: &[Job], verdicts: &HashMap<String, Verdict>, report: &mut PushReport) -> Result<()> {
        if jobs.is_empty() {
            return Ok(());
        }
        let seen = ask::ls_remote(self.repo, self.remote).ok();
        let zero = Oid::ZERO_SHA1.to_string();
        for job in jobs {
            let shown = self.shown(&job.name);
            let verdict = verdicts.get(&job.name);
            if verdict == Some(&Verdict::Hidden) {
                report.needs_support.push(shown);
                continue;
            }
            let arrived = seen.as_ref().map(|seen| seen.get(&job.name).unwrap_or(&zero) == &job.new);
            let outcome = if job.deletes() { PushOutcome::Deleted } else { PushOutcome::Pushed };
            report.refs.push(match (arrived, verdict) {
                (Some(true), _) => {
                    if !job.deletes() {
                        self.follow(&job.name, &job.new)?;
                    }
                    row(shown, outcome, if job.deletes() { "deleted, seen to be gone" } else { "pushed" })
                }
                (_, Some(Verdict::No(outcome, said))) => row(shown, *outcome, said),
                (None, Some(Verdict::Moved)) => {
                    row(shown, PushOutcome::Failed, "git says it is pushed, but the remote did not answer: push again")
                }
                (Some(false), Some(Verdict::Moved)) => {
                    let said = "git says it is pushed, but the remote has another id now: somebody pushed after it";
                    row(shown, PushOutcome::Behind, said)
                }
                (_, _) => row(shown, PushOutcome::Failed, "not pushed: git did not say why; push again"),
            });
        }
        Ok(())
    }

    /// The remote-tracking ref says what the remote now has, where git did not see to it by itself.
    fn follow(&self, name: &str, id: &str) -> Result<()> {
        let specs = ask::fetch_specs(self.repo, self.remote)?;
        let Some(tracking) = ask::tracking(&specs, name).filter(|to| to.starts_with("refs/remotes/")) else {
            return Ok(());
        };
        let now = self.repo.git.ask_git(&["rev-parse", "-q", "--verify", &tracking], None)?;
        if now.ok && now.out.trim_ascii() != id.as_bytes() {
            self.repo.git.run(&["update-ref", "-m", "stanch: pushed", &tracking, id])?;
        }
        Ok(())
    }
}

/// Creations and deletions for refs whose name changes.
fn renames(listed: &[There], names: &BTreeMap<&str, (String, String)>) -> (Vec<Job>, Vec<Job>) {
    let zero = Oid::ZERO_SHA1.to_string();
    let there: HashMap<&str, &str> = listed.iter().map(|at| (at.name.as_str(), at.id.as_str())).collect();
    let (mut fresh, mut gone) = (Vec::new(), Vec::new());
    for (name, (to, id)) in names {
        if !there.contains_key(to.as_str()) {
            fresh.push(Job { name: to.clone(), old: String::new(), new: id.clone() });
        }
        let old = there.get(name).map(|id| (*id).to_owned()).unwrap_or_default();
        gone.push(Job { name: (*name).to_owned(), old, new: zero.clone() });
    }
    (fresh, gone)
}

fn arrived(name: &str, listed: &[There], verdicts: &HashMap<String, Verdict>) -> bool {
    match verdicts.get(name) {
        Some(verdict) => *verdict == Verdict::Moved,
        None => listed.iter().any(|at| at.name == name),
    }
}
