//! `find` and `purge`: the history engine without an incident. Plans and backups of a repository stand together in the
//! state folder, so that a later call finds them.
//!
//! Must not know: how history is rewritten. A write wants the phrase its plan names, never a bare yes.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use crate::base::fault::Result;
use crate::base::id::hex;
use crate::base::words::count;
use crate::base::{Fault, SecretRef};
use crate::effect::git::{Archives, Binaries, CopyMap, Plan, Policy, Proof, PushReport};
use crate::effect::{GitOp, GitReply, Outcome, Reply};
use crate::shell::finish::{Finish, Wire};
use crate::shell::git::GitJobs;
use crate::shell::vault::Vault;

use super::args::{ArchiveChoice, BinaryChoice, Find, KeySource, Purge};
use super::{Context, exit, respond, say, say_json};

pub(super) fn find(args: &Find, context: &Context) -> Result<u8> {
    let vault = vault(&args.key)?;
    let mut found = Vec::new();
    for repo in &args.repo {
        let repo = full(repo)?;
        let map = match run(&vault, &repo, &GitOp::Find, context)? {
            GitReply::Found(map) => map,
            _ => CopyMap::default(),
        };
        found.push((repo, map));
    }
    let copies: usize = found.iter().map(|(_, map)| map.copies.len()).sum();
    if args.json {
        let rows: Vec<_> = found.iter().map(|(repo, map)| serde_json::json!({"repo": repo, "found": map})).collect();
        say_json(&rows)?;
    } else {
        for (repo, map) in &found {
            say(&format!("{}: {} in {} objects", repo.display(), count(map.copies.len(), "copy"), map.objects))?;
            for copy in &map.copies {
                let path = copy.path.as_deref().unwrap_or("-");
                say(&format!("  {:?} {} {path} ({}): {}", copy.what, copy.id, copy.form, copy.remedy))?;
            }
            for not in &map.not_looked_into {
                say(&format!("  not looked into: {not}"))?;
            }
        }
    }
    Ok(if copies == 0 { exit::DONE } else { exit::OPEN })
}

pub(super) fn purge(args: &Purge, context: &Context) -> Result<u8> {
    let vault = vault(&args.key)?;
    let repo = full(&args.repo)?;
    let desk = Desk { vault: &vault, repo: &repo, policy: policy(args), context };
    match () {
        () if args.plan => desk.plan(args.json),
        () if args.apply => desk.apply(args),
        () if args.push => desk.push(args),
        () if args.undo => desk.undo(args.json),
        () => desk.finish(args),
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
    Policy { archives, binaries }
}

/// One repository and the key.
struct Desk<'a> {
    vault: &'a Vault,
    repo: &'a Path,
    policy: Policy,
    context: &'a Context,
}

impl Desk<'_> {
    fn plan(&self, json: bool) -> Result<u8> {
        let plan = self.planned()?;
        if json {
            say_json(&plan)?;
        } else {
            tell(&plan)?;
        }
        Ok(if plan.nothing_to_do { exit::DONE } else { exit::OPEN })
    }

    fn planned(&self) -> Result<Plan> {
        match run(self.vault, self.repo, &GitOp::PlanAs { policy: self.policy }, self.context)? {
            GitReply::Planned(plan) => Ok(*plan),
            _ => Err(Fault::refused("there is no plan", "the engine answered something else")),
        }
    }

    fn apply(&self, args: &Purge) -> Result<u8> {
        let plan = self.planned()?;
        if plan.nothing_to_do {
            say(if args.json { "{\"nothing_to_do\": true}" } else { "Nothing to do: no object holds the key." })?;
            return Ok(exit::DONE);
        }
        phrase(args.yes.as_deref(), &plan.phrase)?;
        if let Some(refusal) = plan.refusals.first() {
            return Err(
                Fault::refused("the history was not rewritten", refusal.why.clone()).hint(refusal.way_forward.clone())
            );
        }
        let reply = run(self.vault, self.repo, &GitOp::Apply { plan: plan.id.clone() }, self.context)?;
        self.remember(&plan)?;
        let proof = match run(self.vault, self.repo, &GitOp::Prove, self.context)? {
            GitReply::Proved(proof) => proof,
            _ => Proof { checks: Vec::new(), not_checked: Vec::new() },
        };
        if args.json {
            say_json(&serde_json::json!({"applied": reply, "proof": proof}))?;
        } else {
            for check in &proof.checks {
                say(&format!(
                    "{}  {}: {}",
                    if check.clean { "clean    " } else { "NOT CLEAN" },
                    check.what,
                    check.saw
                ))?;
            }
            say("The backup still contains the key: --finish destroys it, --undo puts it back.")?;
        }
        Ok(if proof.clean() { exit::DONE } else { exit::OPEN })
    }

    fn push(&self, args: &Purge) -> Result<u8> {
        let (plan, wanted) = self.recall()?;
        phrase(args.yes.as_deref(), &wanted)?;
        let report = match run(self.vault, self.repo, &GitOp::Push { plan }, self.context)? {
            GitReply::Pushed(report) => report,
            _ => PushReport::default(),
        };
        if args.json {
            say_json(&report)?;
        } else {
            for pushed in &report.refs {
                say(&format!(
                    "{}  {} {}",
                    if pushed.ok { "pushed    " } else { "NOT pushed" },
                    pushed.name,
                    pushed.said
                ))?;
            }
            for hidden in &report.needs_support {
                say(&format!("only the host's support can clean {hidden}"))?;
            }
        }
        Ok(if report.refs.iter().all(|r| r.ok) && report.needs_support.is_empty() { exit::DONE } else { exit::OPEN })
    }

    fn undo(&self, json: bool) -> Result<u8> {
        let (plan, _) = self.recall()?;
        let reply = run(self.vault, self.repo, &GitOp::Undo { plan }, self.context)?;
        self.forget()?;
        tell_end(json, &reply, "Undone: the old history, with the key, stands again.")?;
        Ok(exit::OPEN)
    }

    fn finish(&self, args: &Purge) -> Result<u8> {
        let (plan, wanted) = self.recall()?;
        phrase(args.yes.as_deref(), &wanted)?;
        let reply = run(self.vault, self.repo, &GitOp::Finish { plan }, self.context)?;
        self.forget()?;
        tell_end(args.json, &reply, "Finished: the backup is gone.")?;
        Ok(exit::DONE)
    }

    /// Which plan was applied: its id and its phrase, no key in it.
    fn note(&self) -> PathBuf {
        desk(self.repo, self.context).join("applied.json")
    }

    fn remember(&self, plan: &Plan) -> Result<()> {
        let text = serde_json::json!([plan.id, plan.phrase]).to_string();
        std::fs::write(self.note(), text).map_err(|e| Fault::machine("what was applied can't be noted", e))
    }

    fn recall(&self) -> Result<(String, String)> {
        let text = std::fs::read_to_string(self.note()).map_err(|_| {
            Fault::input("there is nothing to go on with", "no purge was applied to this repository from here")
                .hint("`--plan` shows what would change, `--apply --yes=PHRASE` does it")
        })?;
        serde_json::from_str(&text).map_err(|e| Fault::machine("what was applied can't be read", e))
    }

    fn forget(&self) -> Result<()> {
        std::fs::remove_file(self.note())
            .map_err(|e| Fault::machine("the note of what was applied can't be removed", e))
    }
}

fn tell_end(json: bool, reply: &GitReply, words: &str) -> Result<()> {
    if json { say_json(reply) } else { say(words) }
}

fn tell(plan: &Plan) -> Result<()> {
    if plan.nothing_to_do {
        return say("Nothing to do: no object holds the key.");
    }
    say(&format!(
        "{} of {} commits and {} change; {} lost.",
        plan.commits_changed,
        plan.commits_total,
        count(plan.refs.len(), "ref"),
        count(plan.signatures_lost.len(), "signature")
    ))?;
    for line in &plan.diff {
        say(&format!("  {line}"))?;
    }
    for r in &plan.refs {
        say(&format!("  {} {} -> {}", r.name, r.old, r.new))?;
    }
    for choice in &plan.choices {
        let path = choice.path.as_deref().unwrap_or(&choice.id);
        say(&format!("  {} {path} ({}): {}", choice.what, choice.holds.join("; "), choice.way))?;
    }
    for refusal in &plan.refusals {
        say(&format!("Refused: {}; {}", refusal.why, refusal.way_forward))?;
    }
    let push = if plan.push_needed {
        "A force push is needed afterwards."
    } else {
        "It was never pushed: no force push is needed."
    };
    say(&format!("{push} To apply: --apply --yes={}", plan.phrase))
}

fn phrase(given: Option<&str>, wanted: &str) -> Result<()> {
    if given == Some(wanted) {
        return Ok(());
    }
    Err(Fault::input("nothing was done", "--yes does not name the repository").hint(format!("--yes={wanted}")))
}

fn vault(source: &KeySource) -> Result<Vault> {
    let vault = Vault::new("purge");
    vault.put(SecretRef::Leaked, respond::key(source, "openai", "purge")?);
    Ok(vault)
}

fn full(repo: &Path) -> Result<PathBuf> {
    repo.canonicalize().map_err(|e| {
        Fault::input(format!("{} can't be looked into", repo.display()), e.to_string()).hint("give a path that exists")
    })
}

/// Where a repository's plans and backups are: by the hash of its path.
fn desk(repo: &Path, context: &Context) -> PathBuf {
    let root = context.settings.store.root();
    let name = hex(&Sha256::digest(repo.as_os_str().as_encoded_bytes()));
    root.parent().unwrap_or(root).join("purges").join(name.get(..16).unwrap_or(&name))
}

fn run(vault: &Vault, repo: &Path, op: &GitOp, context: &Context) -> Result<GitReply> {
    let (progress, _said) = unbounded_channel();
    let (log, _lines) = unbounded_channel();
    let wire = Wire { cancel: CancellationToken::new(), progress, log };
    match GitJobs::new(vault.clone(), desk(repo, context)).run(repo, op, &wire) {
        Finish::Outcome(Outcome::Done { reply: Reply::Git { reply } }) => Ok(reply),
        Finish::Outcome(Outcome::Refused { fault } | Outcome::Failed { fault }) => Err(fault),
        Finish::Outcome(Outcome::Done { .. }) => Err(Fault::refused("no answer", "it was of another kind")),
        Finish::Lost(why) => Err(Fault::machine("nobody knows how far it came", why)
            .hint("run the same command again: an interrupted switch is first rolled to one of its ends")),
    }
}
