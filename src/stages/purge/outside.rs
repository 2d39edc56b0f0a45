//! The world outside after a push: what the remotes still serve, whether the old history came back, and the papers for
//! those who must act.
//!
//! Must not know: how a remote is asked, how a paper reads.

use std::path::{Path, PathBuf};

use crate::base::SecretRef;
use crate::base::words::count;
use crate::effect::git::{Aftermath, Fork, RemoteAfter, Serves};
use crate::effect::{GitOp, Risk};
use crate::incident::RepoFacts;
use crate::stages::{Act, Action, Ask, Block, Kind, Text, Then, Tone, View};

use super::actions::quiet;
use super::body::short;
use super::evidence::line;
use super::next::{Next, chosen, wants};
use super::{git, name, step};

/// Lines of one kind; the rest is counted.
const SHOWN: usize = 6;

pub(super) const LOOK: Action = Action {
    id: "purge.after",
    key: 'i',
    label: "look at the remotes again",
    why: "Old ids they still hand out, refs that lead back to the old history, forks on this disk. A read, at any time.",
    risk: Risk::Read,
    ready: |at| {
        let (repo, _) = asked(at)?;
        quiet(at, repo)
    },
    go: |at| {
        let Ok((repo, facts)) = asked(at) else { return Act::Now(Vec::new()) };
        let plan = facts.applied.as_ref().map(|(_, plan)| plan.clone()).unwrap_or_default();
        Act::perform(step("after", repo), git(repo, GitOp::After { plan }))
    },
};

pub(super) const PAPERS: Action = Action {
    id: "purge.papers",
    key: 'W',
    label: "write the papers for others",
    why: "Request to the host's support, letter and script for colleagues, ban hook. Into a folder you name; no key in them.",
    risk: Risk::Read,
    ready: |at| {
        let (repo, _) = told(at)?;
        quiet(at, repo)
    },
    go: |at| {
        let Ok((repo, facts)) = told(at) else { return Act::Now(Vec::new()) };
        let plan = facts.plan.as_ref().map(|(_, plan)| plan.id.clone()).unwrap_or_default();
        let before = facts.papers.as_ref().map(|(_, filed)| filed.dir.clone());
        let folder = before.unwrap_or_else(|| beside(repo)).display().to_string();
        let body = vec![
            "For the host's support, for everybody with a clone, for owners of forks; and a hook.".into(),
            "The folder is made if it is not there; papers of the same names in it are replaced.".into(),
        ];
        let kind = Kind::Line { label: "Folder".into(), initial: folder, needed: true };
        let ask = Ask::new(format!("Papers about {}", name(repo)), body, kind);
        Act::Ask { asks: vec![ask], then: Then::Papers { step: step("papers", repo), repo: repo.clone(), plan } }
    },
};

type One<'a> = (&'a PathBuf, &'a RepoFacts);

fn held(at: &View<'_>) -> Result<(), String> {
    let held = at.held.contains(&SecretRef::Leaked);
    held.then_some(()).ok_or_else(|| "the leaked key is not in the vault; resume with a key source".into())
}

/// The repository a look at the remotes is about: one that waits for it, else the one under the cursor.
fn asked<'a>(at: &'a View<'_>) -> Result<One<'a>, String> {
    held(at)?;
    let pushed = |(_, facts): &One<'_>| facts.applied.is_some() && facts.push.is_some();
    let waits = wants(at, |n| matches!(n, Next::Look | Next::Back(_)));
    waits.or_else(|| chosen(at)).filter(pushed).ok_or_else(|| "nothing was pushed yet".into())
}

/// The repository others are told about.
fn told<'a>(at: &'a View<'_>) -> Result<One<'a>, String> {
    held(at)?;
    let planned = |(_, facts): &One<'_>| facts.plan.as_ref().is_some_and(|(_, plan)| !plan.nothing_to_do);
    let waits = wants(at, |n| *n == Next::Papers);
    waits.or_else(|| chosen(at)).filter(planned).ok_or_else(|| "there is no plan to tell others about".into())
}

/// A folder beside the repository: nothing of ours goes into it.
fn beside(repo: &Path) -> PathBuf {
    repo.with_file_name(format!("{}-papers", name(repo).trim_end_matches(".git")))
}

/// What was seen outside: the last look at the remotes, the papers.
pub(super) fn evidence(facts: &RepoFacts) -> Vec<Text> {
    let mut seen = Vec::new();
    match facts.seen_after() {
        Some((when, after)) => {
            seen.push(Text::tone(Tone::Dim, format!("the remotes, as they answered at {}:", when.time())));
            seen.extend(aftermath(after));
        }
        None if facts.push.as_ref().is_some_and(|(_, push)| push.refs.iter().any(|r| r.ok)) => {
            let what = "not seen yet: does the host still serve old commits by their id?";
            seen.push(Text::tone(Tone::Dim, what));
        }
        None => {}
    }
    if let Some((when, filed)) = &facts.papers {
        let said = format!("{} in {} at {}", count(filed.files.len(), "paper"), filed.dir.display(), when.time());
        seen.push(line(Tone::Good, "written", said));
    }
    seen
}

/// What the last look saw, a line each; what is well is said as well.
fn aftermath(after: &Aftermath) -> Vec<Text> {
    let mut lines = Vec::new();
    lines.extend(some(&after.here).map(|what| line(Tone::Bad, "BACK HERE", what)));
    if !after.came_back.is_empty() {
        let what = count(after.came_back.len(), "object");
        lines.push(line(
            Tone::Bad,
            "BACK HERE",
            format!("{what} that held the key: something fetched the old history"),
        ));
    }
    lines.extend(after.remotes.iter().flat_map(remote));
    lines.extend(some(&after.not_checked).map(|what| Text::tone(Tone::Dim, format!("not checked: {what}"))));
    lines
}

fn remote(remote: &RemoteAfter) -> Vec<Text> {
    let name = &remote.name;
    if let Some(why) = &remote.silent {
        return vec![line(Tone::Warn, "unknown", format!("{name}: {why}"))];
    }
    let mut lines: Vec<Text> =
        some(&remote.old).map(|r| line(Tone::Bad, "OLD", format!("{name} {r}: push again"))).collect();
    let back = |r| line(Tone::Bad, "BACK", format!("{name} {r}: leads to the old history again"));
    lines.extend(some(&remote.again).map(back));
    let anew = |r| line(Tone::Bad, "KEY", format!("{name} {r}: its newer commits bring the key again"));
    lines.extend(some(&remote.anew).map(anew));
    if remote.old.is_empty() && remote.again.is_empty() && remote.anew.is_empty() {
        lines.push(line(
            Tone::Good,
            "clean",
            format!("{name}: none of its branches and tags leads to the old history"),
        ));
    }
    if !remote.pull_requests.is_empty() {
        let what = count(remote.pull_requests.len(), "pull request");
        let numbers: Vec<String> = remote.pull_requests.iter().take(SHOWN).map(|n| format!("#{n}")).collect();
        let said = format!("{name}: {what} ({}): only the host's support can clean them", numbers.join(", "));
        lines.push(line(Tone::Warn, "old", said));
    }
    lines.extend(served(remote));
    lines.extend(remote.forks.iter().take(SHOWN).map(fork));
    lines
}

/// What the remote hands out to somebody who knows an old id.
fn served(remote: &RemoteAfter) -> Option<Text> {
    let (name, all) = (&remote.name, remote.served.len());
    let of = |answer: Serves| remote.served.iter().filter(move |s| s.answer == answer);
    let (yes, no) = (of(Serves::Yes).count(), of(Serves::No).count());
    if let Some(first) = of(Serves::Yes).next() {
        let said = format!("{name} hands out {yes} of {all} old ids, {} for one: ask its support", short(&first.id));
        return Some(line(Tone::Bad, "SERVED", said));
    }
    match (all, no) {
        (0, _) => None,
        (all, no) if all == no => {
            Some(line(Tone::Good, "gone", format!("{name} hands out none of {}", count(all, "old id"))))
        }
        _ => {
            let why = of(Serves::Unknown).next().map(|s| s.said.as_str()).unwrap_or_default();
            Some(line(Tone::Warn, "unknown", format!("{name}, {} of {all} old ids: {why}", all - no)))
        }
    }
}

fn fork(fork: &Fork) -> Text {
    let (tone, word) = match fork.holds {
        Some(true) => (Tone::Bad, "FORK"),
        Some(false) => (Tone::Good, "fork"),
        None => (Tone::Warn, "fork?"),
    };
    line(tone, word, format!("{}: {}", fork.place, fork.said))
}

/// The first few, and how many more there are.
fn some(all: &[String]) -> impl Iterator<Item = String> + '_ {
    let more = all.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!("and {more} more"));
    all.iter().take(SHOWN).cloned().chain(more)
}

/// The papers, one by one, with the folder above them.
pub(super) fn papers(facts: &RepoFacts) -> Option<Block> {
    let (_, filed) = facts.papers.as_ref().filter(|(_, filed)| !filed.files.is_empty())?;
    let place = Text::tone(Tone::Strong, filed.dir.display().to_string());
    let line = |(name, what): &(String, String)| Text::plain(format!("{name}: {what}"));
    let lines = std::iter::once(place).chain(filed.files.iter().map(line)).collect();
    Some(Block::Lines { title: "Papers (none holds the key)".into(), lines })
}

/// What others have yet to do, for the closing list.
pub(super) fn open(repo: &Path, facts: &RepoFacts) -> Vec<String> {
    let Some((_, after)) = facts.seen_after().filter(|_| facts.applied.is_some()) else { return Vec::new() };
    let mut lines = Vec::new();
    for remote in &after.remotes {
        let (name, repo) = (&remote.name, repo.display());
        let served = remote.served.iter().filter(|s| s.answer == Serves::Yes).count();
        if served > 0 {
            let ids = count(served, "old commit");
            lines.push(format!("For the support of {name}'s host: it still hands out {ids} of {repo} by id"));
        }
        if !remote.pull_requests.is_empty() {
            let n = count(remote.pull_requests.len(), "pull request");
            lines.push(format!("For the support of {name}'s host: {n} of {repo} still on the old history"));
        }
        if let Some(why) = &remote.silent {
            lines.push(format!("Nobody saw what {name} of {repo} still serves: {why}"));
        }
        let forks = remote.forks.iter().filter(|fork| fork.holds == Some(true));
        lines.extend(forks.map(|fork| format!("For its owner: the fork {} of {repo} has the old history", fork.place)));
    }
    lines
}
