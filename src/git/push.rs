//! Pushes the clean history, ref by ref, each only if the remote still has what the plan was made from. Never a
//! mirror, never a ref the remote does not have, never work that was not pushed before.
//!
//! Must not know: how the clean history was made.

use std::collections::BTreeMap;

use super::cli::Said;
use super::plan::{Details, Stage};
use super::repo::Repo;
use super::{raw, say, shelf, switch};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::{PushReport, PushedRef};

/// Namespaces that forges write themselves and refuse from anybody else.
const FORGES: [&str; 7] = [
    "refs/pull/",
    "refs/pull-requests/",
    "refs/merge-requests/",
    "refs/changes/",
    "refs/keep-around/",
    "refs/pipelines/",
    "refs/environments/",
];

pub(super) fn push(repo: &mut Repo<'_>, plan: &str) -> Result<PushReport> {
    if shelf::under_way(repo)?.is_some() {
        return Err(switch::interrupted());
    }
    let details = shelf::need(repo, plan)?;
    if !matches!(details.stage, Stage::Applied | Stage::Finished) {
        return Err(Fault::refused("there is nothing to push yet", "this plan is not applied here")
            .hint("apply it first, prove it, then push"));
    }
    let remotes = remotes(repo)?;
    if remotes.is_empty() {
        return Err(Fault::refused("there is nowhere to push to", "this repository has no remote")
            .hint("`git remote add origin <url>` if its remote was removed"));
    }
    let mut report = PushReport { remote: remotes.join(", "), ..PushReport::default() };
    for remote in &remotes {
        one_remote(repo, &details, remote, remotes.len() > 1, &mut report)?;
    }
    Ok(report)
}

fn remotes(repo: &Repo<'_>) -> Result<Vec<String>> {
    let listed = repo.git.run(&["remote"])?;
    Ok(String::from_utf8_lossy(&listed).lines().map(str::to_owned).collect())
}

/// What the remotes hold of an applied plan, without pushing: after a push whose end nobody saw. `None` when the plan
/// is not applied, there is no remote, or one does not answer.
pub(super) fn look(repo: &Repo<'_>, plan: &str) -> Result<Option<PushReport>> {
    let details = shelf::need(repo, plan)?;
    let remotes = remotes(repo)?;
    if !matches!(details.stage, Stage::Applied | Stage::Finished) || remotes.is_empty() {
        return Ok(None);
    }
    let mut report = PushReport { remote: remotes.join(", "), ..PushReport::default() };
    for remote in &remotes {
        let Ok(there) = ls_remote(repo, remote) else { return Ok(None) };
        for (name, id) in there {
            let shown = if remotes.len() > 1 { format!("{remote} {name}") } else { name.clone() };
            let old = details.map.contains_key(&id);
            if old && FORGES.iter().any(|forge| name.starts_with(forge)) {
                report.needs_support.push(shown);
            } else if old {
                report.refs.push(PushedRef { name: shown, ok: false, said: "still the old history".into() });
            } else if details.map.values().any(|clean| *clean == id) {
                report.refs.push(PushedRef { name: shown, ok: true, said: "seen to be clean".into() });
            }
        }
    }
    Ok(Some(report))
}

fn one_remote(repo: &Repo<'_>, details: &Details, remote: &str, several: bool, report: &mut PushReport) -> Result<()> {
    let shown = |name: &str| if several { format!("{remote} {name}") } else { name.to_owned() };
    say(repo.ask, "asking the remote", 0, 0);
    let there = ls_remote(repo, remote)?;
    let (mut unknown, total) = (0, there.len() as u64);
    for (n, (name, id)) in there.iter().enumerate() {
        repo.go_on()?;
        say(repo.ask, "pushing", n as u64, total);
        let forge = FORGES.iter().any(|f| name.starts_with(f));
        let Some(new) = details.map.get(id) else {
            if knows(repo, id)? {
                if details.map.values().any(|clean| clean == id) {
                    report.refs.push(PushedRef { name: shown(name), ok: true, said: "clean already".into() });
                    follow(repo, remote, name, id)?;
                }
            } else if forge {
                unknown += 1;
            } else {
                let said = "refused: the remote has commits that are not here. `git fetch`, then plan and apply again";
                report.refs.push(PushedRef { name: shown(name), ok: false, said: said.into() });
            }
            continue;
        };
        if forge {
            report.needs_support.push(shown(name));
            continue;
        }
        let said = push_one(repo, remote, name, id, new)?;
        let words = verdict(&said);
        if !said.ok && (words.contains("hidden ref") || words.contains("read-only")) {
            report.needs_support.push(shown(name));
        } else {
            report.refs.push(PushedRef { name: shown(name), ok: said.ok, said: words });
        }
        if said.ok {
            follow(repo, remote, name, new)?;
        }
    }
    if unknown > 0 {
        report.needs_support.push(shown(&format!(
            "{unknown} refs of pull requests that were never fetched here: they may build on the old commits"
        )));
    }
    Ok(())
}

/// The remote's refs and their ids, without peeled tags and symbolic HEAD.
fn ls_remote(repo: &Repo<'_>, remote: &str) -> Result<BTreeMap<String, String>> {
    let said = network(repo, &["ls-remote", "--quiet", remote])?;
    if !said.ok {
        return Err(Fault::new(
            crate::base::FaultKind::Unreachable,
            format!("the remote {remote} did not answer"),
            said.err.clone(),
        )
        .hint("check the network and your credentials (`git ls-remote`), then push again: nothing was changed"));
    }
    let mut refs = BTreeMap::new();
    for line in said.out.split(|b| *b == b'\n') {
        let mut parts = line.splitn(2, |b| *b == b'\t');
        let (Some(id), Some(name)) = (parts.next().and_then(raw::oid), parts.next()) else { continue };
        let name = String::from_utf8_lossy(name).into_owned();
        if name.starts_with("refs/") && !name.ends_with("^{}") {
            refs.insert(name, id.to_string());
        }
    }
    Ok(refs)
}

fn push_one(repo: &Repo<'_>, remote: &str, name: &str, old: &str, new: &str) -> Result<Said> {
    let lease = format!("--force-with-lease={name}:{old}");
    let refspec = format!("{new}:{name}");
    let args = ["push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no", &lease, "--", remote, &refspec];
    network(repo, &args)
}

/// The user's hooks and credentials are in force; nothing may ask on the terminal, which belongs to the screen.
fn network(repo: &Repo<'_>, args: &[&str]) -> Result<Said> {
    let mut command = repo.git.with_hooks();
    if std::env::var_os("SSH_ASKPASS").is_none() && std::env::var_os("GIT_ASKPASS").is_none() {
        command.env("SSH_ASKPASS", "/bin/false").env("SSH_ASKPASS_REQUIRE", "force");
    }
    command.args(args);
    repo.git.finish(command, None)
}

/// What git said about the ref: `!\t<from>:<to>\t[rejected] (stale info)`.
fn verdict(said: &Said) -> String {
    if said.ok {
        return "pushed".into();
    }
    let out = String::from_utf8_lossy(&said.out).into_owned();
    let line = out.lines().find(|line| line.starts_with('!')).and_then(|line| line.splitn(3, '\t').nth(2));
    let words = match (line, said.err.lines().find(|l| l.starts_with("remote:") || l.starts_with("fatal:"))) {
        (Some(line), Some(remote)) => format!("{line} {remote}"),
        (Some(line), None) => line.to_owned(),
        (None, Some(fatal)) => fatal.to_owned(),
        (None, None) => said.err.lines().next_back().unwrap_or("git gave no reason").to_owned(),
    };
    if words.contains("stale info") || words.contains("fetch first") {
        return format!("{words}: somebody pushed meanwhile. `git fetch`, then plan and apply again");
    }
    if words.contains("protected") || words.contains("denied") || words.contains("deny") || words.contains("hook") {
        return format!("{words}: lift the branch's protection for the moment, then push again");
    }
    words
}

fn knows(repo: &Repo<'_>, id: &str) -> Result<bool> {
    Ok(repo.git.ask_git(&["cat-file", "-e", id], None)?.ok)
}

/// The remote-tracking ref says what the remote now has, where git did not see to it by itself.
fn follow(repo: &Repo<'_>, remote: &str, name: &str, id: &str) -> Result<()> {
    let Some(branch) = name.strip_prefix("refs/heads/") else { return Ok(()) };
    let tracking = format!("refs/remotes/{remote}/{branch}");
    let now = repo.git.ask_git(&["rev-parse", "-q", "--verify", &tracking], None)?;
    if now.ok && now.out.trim_ascii() != id.as_bytes() {
        repo.git.run(&["update-ref", "-m", "stanch: pushed", &tracking, id])?;
    }
    Ok(())
}
