//! What a person can set off here: issue a key, paste one, delete an orphan, check.
//!
//! Must not know: how a provider makes keys.

use std::collections::BTreeSet;

use crate::base::SecretRef;
use crate::effect::{Effect, ProviderOp, Risk};
use crate::incident::{Mode, StepState};

use super::super::revoke::provider;
use super::super::{Act, Action, Ask, Consequence, Kind, Text, Then};
use super::pane::{TAKES, way_out};
use super::state::{can_issue, free, issue_state, orphaned, project};
use super::{name, probe, step};

pub(super) static ACTIONS: [Action; 4] = [
    Action {
        id: "issue.issue",
        key: 'i',
        label: "issue a new key",
        why: "A service account of its own in the same project; nobody sees the value.",
        risk: Risk::Outward,
        ready: can_issue,
        go: |at| {
            let (id, project) = project(at);
            let body = vec![
                format!("Makes: service account {} in project {project}", name(at)),
                "By: the admin key. Its name is seen by everybody who lists the project's keys.".into(),
                "The value goes to the vault; targets are written in the next stage.".into(),
            ];
            let ask = Ask::new("Issue a new key", body, Kind::Confirm);
            Act::guarded(ask, step("issue"), provider(at, ProviderOp::Issue { project: id, name: name(at) }))
        },
    },
    Action {
        id: "issue.paste",
        key: 'p',
        label: "paste a key made by hand",
        why: "Hidden; goes to the vault only; probed at once.",
        risk: Risk::Read,
        ready: free,
        go: |at| {
            let mut body: Vec<String> = way_out(at).iter().map(Text::flat).collect();
            body.retain(|line| line != TAKES);
            if at.incident.opened.mode == Mode::Drill {
                body.push("Drill: Enter on the empty line asks your colleague for one; it takes them a while.".into());
            }
            let ask = Ask::new("The new key (hidden)", body, Kind::Secret(SecretRef::Replacement));
            Act::Ask { asks: vec![ask], then: Then::Nothing }
        },
    },
    Action {
        id: "issue.discard",
        key: 'o',
        label: "delete the orphan key",
        why: "A key whose value was lost before it was stored anywhere.",
        risk: Risk::Irreversible,
        ready: |at| {
            if !at.has_admin() {
                return Err("there is no admin key: delete it on the page".into());
            }
            match issue_state(at) {
                StepState::Running => Err("something is running here".into()),
                StepState::Unknown(what) => Err(format!("{what}: check first (c)")),
                _ => orphaned(at).map(|_| ()).ok_or_else(|| "there is no orphan".into()),
            }
        },
        go: |at| {
            let Some(orphan) = orphaned(at) else { return Act::Now(Vec::new()) };
            let body = vec![
                format!("Deletes {} \"{}\" and its account.", orphan.key_id, orphan.name),
                "Nothing uses it: its value was never stored.".into(),
            ];
            let ask = Ask::new("Delete the orphan", body, Kind::Phrase(orphan.name.clone()));
            let op = ProviderOp::Discard { project: orphan.project_id.clone(), issued: orphan };
            Act::guarded(ask, step("discard"), provider(at, op))
        },
    },
    Action {
        id: "issue.check",
        key: 'c',
        label: "check: probe the new key, look for its name",
        why: "Reads. Settles an issue whose answer was lost.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |at| {
            let mut reads = Vec::new();
            if at.held.contains(&SecretRef::Replacement) {
                reads.push(Consequence::Perform { step: step("probe"), effect: probe(at) });
            }
            // By the names of the writes in question: a later try has another name.
            let asked = |i: &crate::incident::Intent| match &i.effect {
                Effect::Provider { op: ProviderOp::Issue { project, name }, .. } => {
                    Some((project.clone(), name.clone()))
                }
                Effect::Provider { op: ProviderOp::Discard { project, issued }, .. } => {
                    Some((project.clone(), issued.name.clone()))
                }
                _ => None,
            };
            let mut names: BTreeSet<(String, String)> = at.incident.unknowns().filter_map(asked).collect();
            if names.is_empty() {
                names.insert((project(at).0, name(at)));
            }
            let names = names.into_iter().filter(|(project, _)| at.has_admin() && !project.is_empty());
            reads.extend(names.map(|(project, name)| {
                let op = ProviderOp::FindIssued { project, name };
                Consequence::Perform { step: step("issue"), effect: provider(at, op) }
            }));
            Act::Now(reads)
        },
    },
];
