//! What can be done: close, destroy the backups, write the report, probe once more.
//!
//! Must not know: how the pane looks.

use crate::base::SecretRef;
use crate::effect::{Effect, ProviderOp, Risk, TargetOp};
use crate::incident::{Event, StepRef};
use crate::stages::revoke::provider;
use crate::stages::{Act, Action, Ask, Consequence, Kind, Then};

use super::state::wrote;
use super::{open, step};

pub(super) static ACTIONS: [Action; 4] = [
    Action {
        id: "close.close",
        key: 'z',
        label: "close the incident",
        why: "Journals what is open. The report carries it.",
        risk: Risk::Read,
        ready: |at| at.incident.closed.as_ref().map_or(Ok(()), |(when, _)| Err(format!("closed at {}", when.time()))),
        go: |at| {
            let open = open(at);
            let body = if open.is_empty() {
                vec!["Nothing is open.".into()]
            } else {
                let head = "Still open, and told in the report; `stanch resume` takes it up again:";
                std::iter::once(head.to_owned()).chain(open.iter().map(|line| format!("- {line}"))).collect()
            };
            let mut then = Vec::new();
            if at.held.contains(&SecretRef::Leaked) {
                let probe = provider(at, ProviderOp::Probe { key: SecretRef::Leaked });
                then.push(Consequence::Perform { step: StepRef::new("revoke", "prove"), effect: probe });
            }
            then.push(Consequence::Record(Event::Closed { open }));
            Act::Ask { asks: vec![Ask::new("Close the incident", body, Kind::Confirm)], then: Then::Do(then) }
        },
    },
    Action {
        id: "close.backups",
        key: 'b',
        label: "destroy the env file backups",
        why: "They contain the leaked key; after this a write can't be undone.",
        risk: Risk::Irreversible,
        ready: |at| {
            if !wrote(at) {
                return Err("there are none".into());
            }
            if at.is_running(&step("backups")) {
                return Err("they are being destroyed now".into());
            }
            at.incident.backups_dropped.map_or(Ok(()), |when| Err(format!("destroyed at {}", when.time())))
        },
        go: |at| {
            let body = vec!["Overwrites and removes every backup this incident made of env files.".into()];
            let ask = Ask::new("Destroy the backups", body, Kind::Phrase(at.incident.opened.key.last4.clone()));
            Act::guarded(ask, step("backups"), Effect::Target { op: TargetOp::DropBackups })
        },
    },
    Action {
        id: "close.export",
        key: 'e',
        label: "write the report",
        why: "Markdown and JSON beside the journal, never a secret in them.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |_| Act::Now(vec![Consequence::Export]),
    },
    Action {
        id: "close.check",
        key: 'c',
        label: "check: probe the leaked key now",
        why: "One more read; the late probe counts from ten minutes after the proof.",
        risk: Risk::Read,
        ready: |at| {
            at.held
                .contains(&SecretRef::Leaked)
                .then_some(())
                .ok_or_else(|| "the leaked key is not in the vault".into())
        },
        go: |at| {
            Act::perform(StepRef::new("revoke", "prove"), provider(at, ProviderOp::Probe { key: SecretRef::Leaked }))
        },
    },
];
