//! What can be done: delete the key or its account, choose its row, look again, or say that it was done by hand.
//!
//! Must not know: how the pane looks.

use crate::base::words::count;
use crate::base::{SecretRef, Stamp};
use crate::effect::provider::{KeyRow, OwnerKind};
use crate::effect::{ProviderOp, Risk};
use crate::incident::{Mode, StepState};
use crate::stages::{Act, Action, Ask, Consequence, Kind, Text, Then, View};

use super::advice::{holders, siblings, used};
use super::pane::way_out;
use super::state::{by_word, kill_state, place, probe, still_live};
use super::{provider, step};

pub(super) static ACTIONS: [Action; 6] = [
    Action {
        id: "revoke.kill",
        key: 'r',
        label: "revoke the key",
        why: "Deletes the key at its provider, then probes until it is refused.",
        risk: Risk::Irreversible,
        ready: |at| {
            alive(at)?;
            at.incident.row().map(|_| ()).ok_or_else(|| "the key's row is not known; l looks, h is by hand".into())
        },
        go: |at| {
            let Some(row) = at.incident.row() else { return Act::Now(Vec::new()) };
            let body = kill_preview(at, row);
            let ask = Ask::new(format!("Revoke {}", row.id), body, Kind::Phrase(at.incident.opened.key.last4.clone()));
            Act::guarded(ask, step("kill"), provider(at, ProviderOp::Revoke { row: row.clone() }))
        },
    },
    Action {
        id: "revoke.account",
        key: 'a',
        label: "delete the whole service account",
        why: "For a key the provider won't delete alone. Every key of the account dies.",
        risk: Risk::Irreversible,
        ready: |at| {
            alive(at)?;
            let row = at.incident.row().ok_or("the key's row is not known")?;
            if row.owner.kind != OwnerKind::ServiceAccount {
                return Err("a person owns the key, not a service account".into());
            }
            at.incident.account_only.as_ref().map(|_| ()).ok_or_else(|| "try r first: it kills only this key".into())
        },
        go: |at| {
            let Some(row) = at.incident.row() else { return Act::Now(Vec::new()) };
            let dies: Vec<KeyRow> = siblings(at, row).into_iter().cloned().collect();
            let mut body = kill_preview(at, row);
            body.push(format!("{} die with the account:", count(dies.len(), "other key")));
            body.extend(dies.iter().map(|s| format!("  {} \"{}\", {}", s.id, s.name, used(s, at.now))));
            let named = if row.owner.name.trim().is_empty() { &row.owner.id } else { &row.owner.name };
            let ask = Ask::new(format!("Delete account {named}"), body, Kind::Phrase(named.trim().to_owned()));
            Act::guarded(ask, step("kill"), provider(at, ProviderOp::RevokeAccount { row: row.clone(), dies }))
        },
    },
    Action {
        id: "revoke.choose",
        key: 'm',
        label: "choose the row it is",
        why: "Several rows fit the leaked value; a person must say which.",
        risk: Risk::Read,
        ready: |at| match &at.incident.located {
            Some((_, report)) if report.matches.len() > 1 => Ok(()),
            _ => Err("there are not several rows to choose from".into()),
        },
        go: |at| {
            let rows = at.incident.located.as_ref().map(|(_, r)| r.matches.clone()).unwrap_or_default();
            let line = |row: &KeyRow| {
                let created = row.created.map_or_else(|| "unknown".into(), Stamp::date);
                (
                    row.id.clone(),
                    format!("{} \"{}\" {} created {created}, {}", row.id, row.name, row.owner.name, used(row, at.now)),
                )
            };
            let body = vec!["Choosing deletes nothing. Compare owner, creation and last use.".into()];
            let ask = Ask::new("Which row is the leaked key?", body, Kind::Choice(rows.iter().map(line).collect()));
            let then = Then::Decide {
                topic: "row".into(),
                reason: "chosen by a person".into(),
                facts: std::collections::BTreeMap::new(),
            };
            Act::Ask { asks: vec![ask], then }
        },
    },
    Action {
        id: "revoke.by_hand",
        key: 'h',
        label: "deleted by hand: by me, or by the one I ask",
        why: "Without an admin key: you delete it on the page, I prove it.",
        risk: Risk::Read,
        ready: alive,
        go: |at| {
            let print = &at.incident.opened.key;
            let body = if at.incident.opened.mode == Mode::Drill && !at.has_admin() {
                vec![
                    format!("Tell your colleague which row: the one that starts {}.", print.prefix),
                    "Type its last four characters, and the colleague deletes it.".into(),
                ]
            } else {
                let mut body: Vec<String> = way_out(at).iter().map(Text::flat).collect();
                body.push("Delete it there first. Then type the last four characters of the row you deleted.".into());
                body
            };
            let ask = Ask::new("Deleted by hand", body, Kind::Phrase(at.incident.opened.key.last4.clone()));
            Act::Ask { asks: vec![ask], then: Then::ByHand(step("kill")) }
        },
    },
    Action {
        id: "revoke.check",
        key: 'c',
        label: "check: probe the key now",
        why: "A read. Also settles a deletion whose answer was lost.",
        risk: Risk::Read,
        ready: |at| {
            let can = at.held.contains(&SecretRef::Leaked) || at.has_admin();
            can.then_some(()).ok_or_else(|| "the leaked key is not in the vault; resume with a key source".into())
        },
        go: |at| {
            let mut reads = Vec::new();
            if at.held.contains(&SecretRef::Leaked) {
                reads.push(Consequence::Perform { step: step("prove"), effect: probe(at) });
            }
            if at.has_admin() {
                reads.push(Consequence::Perform { step: step("locate"), effect: provider(at, ProviderOp::Locate) });
            }
            Act::Now(reads)
        },
    },
    Action {
        id: "revoke.locate",
        key: 'l',
        label: "look for the row again",
        why: "A read through every project and page.",
        risk: Risk::Read,
        ready: |at| at.has_admin().then_some(()).ok_or_else(|| "there is no admin key to look with".into()),
        go: |at| Act::perform(step("locate"), provider(at, ProviderOp::Locate)),
    },
];

/// Not while a deletion runs, is unknown, or is done.
pub(super) fn alive(at: &View<'_>) -> Result<(), String> {
    // A word that the probes belie can be given again.
    if by_word(at) && still_live(at).is_some() {
        return Ok(());
    }
    match kill_state(at) {
        StepState::Running => Err("the deletion is running".into()),
        StepState::Unknown(_) => Err("an earlier deletion may have happened: check first (c)".into()),
        StepState::Done(how) | StepState::ByHand(how) => Err(format!("done: {how}")),
        _ => Ok(()),
    }
}

pub(super) fn kill_preview(at: &View<'_>, row: &KeyRow) -> Vec<String> {
    vec![
        format!("Key: {} \"{}\" in {}", row.id, row.name, place(row)),
        format!("Owner: {} {}; {}", row.owner.kind.words(), row.owner.name, used(row, at.now)),
        holders(at),
        "There is no way back. I read the row again first and stop if it changed.".into(),
    ]
}
