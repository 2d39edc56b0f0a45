//! What can be done: plan, switch, prove, push, finish, undo, check, or say that it was done by hand.
//!
//! Must not know: how the pane looks.

use std::path::{Path, PathBuf};

use crate::base::SecretRef;
use crate::base::words::count;
use crate::effect::{GitOp, Risk};
use crate::incident::{Event, RepoFacts};
use crate::stages::{Act, Action, Ask, Consequence, Kind, Then, View, intake};

use super::advice::cost;
use super::next::{Next, busy, chosen, next, topic, wants};
use super::weigh::{costs, weigh};
use super::{choose, emptied, git, lists, name, outside, policy, single, step};

/// Nothing runs in this repository.
pub(super) fn quiet(at: &View<'_>, repo: &Path) -> Result<(), String> {
    busy(at, repo).map_or(Ok(()), |r| Err(format!("running: {} (x stops it)", r.effect.words())))
}

/// Ready when some repository wants this step and nothing runs in it.
pub(super) fn ready(at: &View<'_>, test: fn(&Next) -> bool, why: &str) -> Result<(), String> {
    if !at.held.contains(&SecretRef::Leaked) {
        return Err("the leaked key is not in the vault; resume with a key source".into());
    }
    wants(at, test).map_or_else(|| Err(why.to_owned()), |(repo, _)| quiet(at, repo))
}

pub(super) fn plan_of(facts: &RepoFacts) -> (String, String) {
    facts.plan.as_ref().map(|(_, p)| (p.id.clone(), p.phrase.clone())).unwrap_or_default()
}

/// A write of one repository behind its name.
pub(super) fn phrase(
    at: &View<'_>,
    test: fn(&Next) -> bool,
    what: &str,
    title: &str,
    body: fn(&Path, &RepoFacts) -> Vec<String>,
    op: fn(String) -> GitOp,
) -> Act {
    let Some((repo, facts)) = wants(at, test) else { return Act::Now(Vec::new()) };
    let (plan, phrase) = plan_of(facts);
    let ask = Ask::new(format!("{title} {}", name(repo)), body(repo, facts), Kind::Phrase(phrase));
    Act::guarded(ask, step(what, repo), git(repo, op(plan)))
}

/// The clean history stands, and can be proven again.
fn switched(n: &Next) -> bool {
    let pushed = matches!(n, Next::Look | Next::Back(_) | Next::Papers);
    pushed || matches!(n, Next::Prove | Next::Accept | Next::Push | Next::Finish)
}

/// Nothing is left that the backup would be needed for. What others must do can take days.
fn can_finish(n: &Next) -> bool {
    matches!(n, Next::Look | Next::Papers | Next::Finish)
}

fn can_switch(n: &Next) -> bool {
    matches!(n, Next::Apply | Next::Kept(_))
}

/// The repository whose plan a switch would apply.
fn planned<'a>(at: &'a View<'_>) -> Result<(&'a PathBuf, &'a RepoFacts), String> {
    let (repo, facts) = wants(at, |n| *n == Next::Apply)
        .or_else(|| wants(at, can_switch))
        .ok_or("no repository has a plan that can be applied")?;
    match &facts.plan {
        Some((_, plan)) if plan.policy != policy::chosen(at, repo) => {
            Err("you chose otherwise since it was planned: plan again (p)".into())
        }
        Some((_, plan)) if plan.refusals.is_empty() => Ok((repo, facts)),
        Some(_) => Err("its plan can't be applied safely: see why, then plan again (p)".into()),
        None => Err("there is no plan of it yet: p makes one".into()),
    }
}

pub(super) static ACTIONS: [Action; 20] = [
    Action {
        id: "purge.plan",
        key: 'p',
        label: "plan the rewrite",
        why: "Works the new history out and shows exactly what a switch would change. Changes nothing itself.",
        risk: Risk::Read,
        ready: |at| {
            let fits = |n: &Next| {
                let open = matches!(n, Next::Plan | Next::Choose | Next::Apply | Next::Refused(_));
                open || matches!(n, Next::Kept(_) | Next::Back(_))
            };
            ready(at, fits, "no repository waits for a plan")
        },
        go: |at| {
            let Some((repo, _)) = wants(at, |n| matches!(n, Next::Plan | Next::Refused(_) | Next::Back(_)))
                .or_else(|| wants(at, |n| matches!(n, Next::Choose | Next::Apply | Next::Kept(_))))
            else {
                return Act::Now(Vec::new());
            };
            Act::perform(step("plan", repo), git(repo, policy::op(policy::chosen(at, repo))))
        },
    },
    choose::ARCHIVES,
    choose::BINARIES,
    emptied::EMPTIED,
    single::FILE,
    Action {
        id: "purge.switch",
        key: 'w',
        label: "switch to the clean history",
        why: "Backs up outside the repository, moves all refs at once, expires and prunes. Undo until finish.",
        risk: Risk::Irreversible,
        ready: |at| {
            if let Some(why) = crate::stages::locked("purge", at) {
                return Err(why);
            }
            ready(at, can_switch, "no repository has a plan that can be applied")?;
            planned(at).map(|_| ())
        },
        go: |at| {
            let Ok((repo, facts)) = planned(at) else { return Act::Now(Vec::new()) };
            let (plan, phrase) = plan_of(facts);
            let files = facts.plan.iter().flat_map(|(_, plan)| policy::lines(plan)).map(|line| format!("{line}."));
            let head = [repo.display().to_string(), cost(facts)].into_iter().chain(files);
            let pushed = facts.plan.as_ref().is_some_and(|(_, plan)| plan.push_needed);
            let others = if pushed { " Colleagues must rebase, never merge." } else { "" };
            let tail = [
                format!("Backed up first; u undoes it until you finish.{others}"),
                "If a ref moved since the plan, nothing is done.".into(),
            ];
            let body = head.chain(tail).collect();
            let ask = Ask::new(format!("Rewrite {}", name(repo)), body, Kind::Phrase(phrase));
            let decided = Event::Decided {
                topic: topic(repo),
                choice: "yes".into(),
                facts: costs(at, facts),
                reason: String::new(),
            };
            let perform = Consequence::Perform { step: step("apply", repo), effect: git(repo, GitOp::Apply { plan }) };
            Act::Ask { asks: vec![ask], then: Then::Do(vec![Consequence::Record(decided), perform]) }
        },
    },
    Action {
        id: "purge.keep",
        key: 'o',
        label: "leave the history as it is",
        why: "A dead key opens nothing. Your reason goes on record, with what a rewrite would have cost.",
        risk: Risk::Read,
        ready: |at| {
            let open = |n: &Next| matches!(n, Next::Plan | Next::Choose | Next::Apply | Next::Refused(_));
            wants(at, open).map(|_| ()).ok_or_else(|| "no repository waits for that decision".into())
        },
        go: |at| {
            let open = |n: &Next| matches!(n, Next::Plan | Next::Choose | Next::Apply | Next::Refused(_));
            let Some((repo, facts)) = wants(at, open) else { return Act::Now(Vec::new()) };
            let body = std::iter::once(repo.display().to_string()).chain(weigh(at, facts)).collect();
            let ask = Ask::line(&format!("Leave {} as it is", name(repo)), "Why?", body);
            let then = Then::DecideFor { topic: topic(repo), choice: "no".into(), facts: costs(at, facts) };
            Act::Ask { asks: vec![ask], then }
        },
    },
    Action {
        id: "purge.map",
        key: 'm',
        label: "the map of copies, one by one",
        why: "Where each copy is, who holds it, and the smallest act that removes it. / filters.",
        risk: Risk::Read,
        ready: |at| {
            let mapped = chosen(at).and_then(|(_, facts)| facts.map.as_ref());
            mapped.map(|_| ()).ok_or_else(|| "the repository was not looked through yet".into())
        },
        go: |at| {
            let Some((repo, facts)) = chosen(at) else { return Act::Now(Vec::new()) };
            Act::Now(vec![Consequence::Show(lists::copies(&name(repo), facts))])
        },
    },
    Action {
        id: "purge.preview",
        key: 'l',
        label: "the plan, line by line",
        why: "Every distinct line that changes, every ref that moves, every signature that is lost. / filters.",
        risk: Risk::Read,
        ready: |at| {
            let planned = chosen(at).and_then(|(_, facts)| facts.plan.as_ref());
            planned.map(|_| ()).ok_or_else(|| "there is no plan of this repository yet (p)".into())
        },
        go: |at| {
            let Some((repo, facts)) = chosen(at) else { return Act::Now(Vec::new()) };
            Act::Now(vec![Consequence::Show(lists::preview(&name(repo), facts))])
        },
    },
    Action {
        id: "purge.prove",
        key: 'v',
        label: "prove it again",
        why: "git's own enumeration of all objects, a fresh clone, fsck: independent of the program's reader.",
        risk: Risk::Read,
        ready: |at| ready(at, switched, "nothing was switched yet"),
        go: |at| {
            wants(at, switched)
                .map_or(Act::Now(Vec::new()), |(repo, _)| Act::perform(step("prove", repo), git(repo, GitOp::Prove)))
        },
    },
    choose::ACCEPT,
    Action {
        id: "purge.push",
        key: 'f',
        label: "force-push the clean history",
        why: "Ref by ref with leases, through your own git: a colleague's newer commit is never overwritten.",
        risk: Risk::Irreversible,
        ready: |at| ready(at, |n| *n == Next::Push, "no repository waits for a push"),
        go: |at| {
            let body = |repo: &Path, facts: &RepoFacts| {
                let refs = facts.plan.as_ref().map(|(_, p)| p.refs.len()).unwrap_or_default();
                vec![
                    format!("{}: up to {refs} refs to its remote", repo.display()),
                    "Everybody with a clone is affected. A ref that moved on the remote is not touched.".into(),
                ]
            };
            phrase(at, |n| *n == Next::Push, "push", "Push", body, |plan| GitOp::Push { plan })
        },
    },
    Action {
        id: "purge.finish",
        key: 'z',
        label: "finish: destroy the backup",
        why: "The backup still contains the key. After this there is no undo.",
        risk: Risk::Irreversible,
        ready: |at| ready(at, can_finish, "not proven or not pushed yet"),
        go: |at| {
            let body = |repo: &Path, facts: &RepoFacts| {
                let earlier = facts.earlier.len();
                let more = format!("The backups of {} go with it.", count(earlier, "earlier switch"));
                let end = "The old history is gone for good after this.".to_owned();
                [repo.display().to_string(), end].into_iter().chain((earlier > 0).then_some(more)).collect()
            };
            phrase(at, can_finish, "finish", "Finish", body, |plan| GitOp::Finish { plan })
        },
    },
    outside::LOOK,
    outside::PAPERS,
    Action {
        id: "purge.undo",
        key: 'u',
        label: "undo the switch",
        why: "Puts refs, HEAD, index, stashes and reflogs back from the backup.",
        risk: Risk::Write,
        ready: |at| {
            if let Some((repo, _)) = chosen(at) {
                quiet(at, repo)?;
            }
            match chosen(at) {
                Some((_, facts)) if facts.finished.is_some() => Err("the backup is destroyed already".into()),
                Some((_, facts)) if facts.applied.is_some() => Ok(()),
                _ => Err("nothing was switched in this repository".into()),
            }
        },
        go: |at| {
            let Some((repo, facts)) = chosen(at) else { return Act::Now(Vec::new()) };
            let plan = facts.applied.as_ref().map(|(_, plan)| plan.clone()).unwrap_or_default();
            let body = vec![repo.display().to_string(), "The key will be in the history again.".into()];
            Act::guarded(
                Ask::new("Undo the switch", body, Kind::Confirm),
                step("undo", repo),
                git(repo, GitOp::Undo { plan }),
            )
        },
    },
    Action {
        id: "purge.check",
        key: 'c',
        label: "check: where does it stand?",
        why: "A read. Settles a switch, push or undo whose end nobody saw; else looks again.",
        risk: Risk::Read,
        ready: |at| ready(at, |_| true, "no repository was given"),
        go: |at| {
            let Some((repo, facts)) = wants(at, |n| matches!(n, Next::Settle(_))).or_else(|| chosen(at)) else {
                return Act::Now(Vec::new());
            };
            let plan = plan_of(facts).0;
            // Nothing was switched, so there is no end to look for: the objects are looked through anew.
            let began = facts.applied.is_some() || matches!(next(at, repo, facts), Next::Settle(_));
            let op = if began && !plan.is_empty() { GitOp::Check { plan } } else { GitOp::Find };
            let what = if op == GitOp::Find { "find" } else { "check" };
            Act::perform(step(what, repo), git(repo, op))
        },
    },
    Action {
        id: "purge.by_hand",
        key: 'h',
        label: "I purged it by hand",
        why: "With filter-repo, BFG or by deleting the repository; say how you know that no copy is left.",
        risk: Risk::Read,
        ready: |at| chosen(at).map(|_| ()).ok_or_else(|| "no repository was given".into()),
        go: |at| {
            let Some((repo, _)) = chosen(at) else { return Act::Now(Vec::new()) };
            let body = vec![
                repo.display().to_string(),
                "BFG protects HEAD: clean the tip first. filter-branch is not advised by git itself.".into(),
            ];
            let asks = vec![Ask::line("Purged by hand", "How do you know that no copy is left?", body)];
            Act::Ask { asks, then: Then::ByHand(step("repo", repo)) }
        },
    },
    Action {
        id: "purge.repo",
        key: 'a',
        label: "add a repository to look through",
        why: intake::REPO_WHY,
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |_| intake::add_repo(),
    },
    Action {
        id: "purge.drop",
        key: 't',
        label: "take a repository off the list",
        why: intake::DROP_WHY,
        risk: Risk::Read,
        ready: |at| intake::droppable(at, true, false),
        go: |at| intake::drop_one(at, true, false),
    },
];
