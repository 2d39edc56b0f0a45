//! What came of an effect, as facts of the past: by the account of whoever did it, or as it was seen.
//!
//! Must not know: the journal. A write's own account is no proof, and the sentence says whose word it is.

use crate::base::words::count;
use crate::effect::git::{GitReply, Outside};
use crate::effect::target::Hook;
use crate::effect::{Effect, GitOp, ProviderOp, ProviderReply, Reply, TargetOp, TargetReply, Verdict};

use super::{Incident, death, settle};

/// A write that was answered.
pub(super) fn done(effect: &Effect, reply: &Reply) -> String {
    match (effect, reply) {
        (Effect::Provider { provider, op }, Reply::Provider { reply }) => by_provider(provider, op, reply),
        (Effect::Target { op }, Reply::Target { reply }) => to_target(op, reply),
        (Effect::Git { op, .. }, Reply::Git { reply }) => to_git(&repo(effect), op, reply),
        _ => format!("Ended the attempt to {}", effect.words()),
    }
}

fn by_provider(provider: &str, op: &ProviderOp, reply: &ProviderReply) -> String {
    match (op, reply) {
        (ProviderOp::Revoke { row }, _) => format!("{provider} said that it deleted the key {}", row.id),
        (ProviderOp::RevokeAccount { row, .. }, ProviderReply::AccountRevoked { died, .. }) => {
            let keys = count(died.len(), "key");
            format!("{provider} said that it deleted the service account {} with {keys}", row.owner.name)
        }
        (ProviderOp::Discard { issued, .. }, _) => format!("{provider} said that it deleted {}", issued.name),
        (ProviderOp::Issue { name, .. }, _) => format!("{provider} issued the key {name}"),
        _ => format!("{provider} answered the attempt to {}", op.words()),
    }
}

fn to_target(op: &TargetOp, reply: &TargetReply) -> String {
    match (op, reply) {
        (TargetOp::Put { at, .. }, TargetReply::Written { spots, .. }) => {
            format!("Wrote the new key to {} ({})", at.short(), count(*spots, "spot"))
        }
        (TargetOp::Undo { at }, _) => format!("Put the backup of {} back", at.short()),
        (_, TargetReply::Ran { at, what, ok, said }) => ran(&at.short(), *what, *ok, said),
        (_, TargetReply::BackupsDropped { files }) => {
            format!("Destroyed {}", count(usize::try_from(*files).unwrap_or(usize::MAX), "backup"))
        }
        _ => format!("Ended the attempt to {}", op.words()),
    }
}

fn ran(place: &str, what: Hook, ok: bool, said: &str) -> String {
    let ok = if ok { "it succeeded" } else { "it failed" };
    let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
    match what {
        Hook::Reload => format!("Ran the reload command of {place}: {ok}{said}"),
        Hook::Check => format!("Ran the check command of {place}: {ok}{said}"),
    }
}

fn to_git(repo: &str, op: &GitOp, reply: &GitReply) -> String {
    match reply {
        GitReply::Applied { refs, dropped, came_back, .. } => {
            let dropped = match usize::try_from(*dropped).unwrap_or(usize::MAX) {
                0 => String::new(),
                n => format!(", {} that nothing needed left out", count(n, "object")),
            };
            let back = match came_back.as_slice() {
                [] => String::new(),
                names => format!("; somebody brought the old history back meanwhile: {}", names.join(", ")),
            };
            format!("Switched {repo} to the clean history: {} moved{dropped}{back}", count(*refs, "ref"))
        }
        GitReply::Pushed(report) => {
            let ok = report.refs.iter().filter(|r| r.ok).count();
            format!("Pushed the clean history of {repo}: {ok} of {} taken", count(report.refs.len(), "ref"))
        }
        GitReply::Undone { .. } => format!("Undid the rewrite of {repo}"),
        GitReply::Finished { .. } => format!("Destroyed the backup of {repo}"),
        _ => format!("Ended the attempt to {} in {repo}", op.words()),
    }
}

/// A read, if it brought something new.
pub(super) fn seen(effect: &Effect, reply: &Reply, after: &Incident) -> Option<String> {
    match reply {
        Reply::Provider { reply } => provider(reply, after),
        Reply::Target { reply } => target(reply),
        Reply::Git { reply } => git(&repo(effect), reply),
    }
}

fn repo(effect: &Effect) -> String {
    match effect {
        Effect::Git { repo, .. } => {
            repo.file_name().map_or_else(|| repo.display().to_string(), |n| n.to_string_lossy().into())
        }
        _ => String::new(),
    }
}

fn provider(reply: &ProviderReply, after: &Incident) -> Option<String> {
    match reply {
        ProviderReply::Located(report) => {
            let ids: Vec<&str> = report.matches.iter().map(|row| row.id.as_str()).collect();
            let seen = format!(
                "Looked through {} in {}",
                count(report.keys_seen as usize, "key"),
                count(report.projects as usize, "project")
            );
            Some(match ids.len() {
                0 => format!("{seen}: none was the leaked one"),
                1 => format!("{seen}: {} fitted", ids.join("")),
                n => format!("{seen}: {n} fitted, {}", ids.join(", ")),
            })
        }
        ProviderReply::Probed(probe) => {
            let mut same = after.probes.iter().rev().filter(|(_, p)| p.key == probe.key).skip(1);
            let before = same.next().map(|(_, p)| p.verdict);
            let death = death::Death::of(after, probe.key);
            let proven_now = death.proven_at == Some(after.last_at) || death.late_at == Some(after.last_at);
            (before != Some(probe.verdict) || proven_now).then(|| {
                let (word, shown) = match probe.verdict {
                    // One refusal is no death.
                    Verdict::Dead if death.proven_at.is_none() => ("refused", death.words()),
                    Verdict::Dead => ("dead", death.words()),
                    other => (other.word(), probe.short()),
                };
                format!("Probed {}: {word} ({shown})", probe.key.words())
            })
        }
        ProviderReply::Usage(reading) => {
            let failed = reading.parts.iter().filter(|p| p.failed.is_some()).count();
            // It is read every minute: only the first round and a change of fortune are a story.
            if after.usage_rounds.0 > 1 && after.usage_rounds.1 == failed {
                return None;
            }
            let up_to = reading
                .data_up_to
                .map_or_else(|| "there were no figures yet".into(), |at| format!("figures went up to {}", at.minute()));
            let failed = if failed == 0 { String::new() } else { format!(", {} failed", count(failed, "part")) };
            Some(format!("Read the usage: {up_to}{failed}"))
        }
        ProviderReply::IssuedFound { found } => Some(format!("Found {} of that name", count(found.len(), "key"))),
        _ => None,
    }
}

fn target(reply: &TargetReply) -> Option<String> {
    Some(match reply {
        TargetReply::Discovered { found, files, .. } => {
            let files = count(usize::try_from(*files).unwrap_or(usize::MAX), "file");
            format!("Looked at {files}: {} held the leaked key", found.len())
        }
        TargetReply::ReadBack { at, holds } => {
            format!("Read {} back: it held {}", at.short(), settle::words(*holds))
        }
        TargetReply::Ran { at, what, ok, said } => ran(&at.short(), *what, *ok, said),
        TargetReply::Recovered { at } => format!("Took the new key back from {}", at.short()),
        _ => return None,
    })
}

fn git(repo: &str, reply: &GitReply) -> Option<String> {
    Some(match reply {
        GitReply::Found(map) => {
            let objects = count(usize::try_from(map.objects).unwrap_or(usize::MAX), "object");
            format!("Looked through {objects} of {repo}: {} of the key found", count(map.copies.len(), "copy"))
        }
        GitReply::Planned(plan) if plan.nothing_to_do => format!("Planned the rewrite of {repo}: nothing to do"),
        GitReply::Planned(plan) => format!(
            "Planned the rewrite of {repo}: {} and {} would change",
            count(usize::try_from(plan.commits_changed).unwrap_or(usize::MAX), "commit"),
            count(plan.refs.len(), "ref")
        ),
        GitReply::Proved(proof) => {
            let bad = proof.checks.iter().filter(|c| !c.clean).count();
            let found = if bad == 0 { "clean".into() } else { format!("{bad} not clean") };
            format!("Asked git itself about {repo}, {}: {found}", count(proof.checks.len(), "check"))
        }
        GitReply::After(after) => {
            let seen = match after.outside() {
                Outside::Gone => "the old history was not seen",
                Outside::Unknown => "the old history was not seen, but not everything was answered",
                Outside::Seen => "the old history is still, or again, there",
            };
            format!("Looked at the remotes of {repo}: {seen}")
        }
        GitReply::Filed(filed) => {
            format!("Wrote {} about {repo} to {}", count(filed.files.len(), "paper"), filed.dir.display())
        }
        GitReply::Stands { at, .. } => {
            let stands = match at {
                crate::effect::git::Standing::Old => "the old history",
                crate::effect::git::Standing::New => "the clean history",
                crate::effect::git::Standing::Mixed => "a mixture of old and clean",
            };
            format!("Looked where {repo} stood: at {stands}")
        }
        _ => return None,
    })
}
