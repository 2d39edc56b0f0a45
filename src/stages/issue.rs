//! Stage 3: a new key exists, works, is not the leaked one, and its value is in the vault only.
//!
//! Must not know: how a provider makes keys.

use std::collections::BTreeSet;

use crate::base::{KeyKind, SecretRef, Stamp, id};
use crate::effect::provider::{Issued, Probe};
use crate::effect::{Effect, ProviderOp, Risk, TargetOp, Verdict};
use crate::incident::{Mode, Step, StepRef, StepState};
use crate::providers::Support;

use super::revoke::{self, provider};
use super::{Act, Action, Ask, Consequence, DoNow, Due, Kind, Sheet, Stage, Text, Then, Tone, View};

pub static ISSUE: Issue = Issue;

#[derive(Debug)]
pub struct Issue;

fn step(id: &str) -> StepRef {
    StepRef::new("issue", id)
}

impl Stage for Issue {
    fn id(&self) -> &'static str {
        "issue"
    }

    fn title(&self) -> &'static str {
        "New key"
    }

    fn goal(&self) -> &'static str {
        "a new key works, and only the vault knows it"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        vec![Step::new("issue", "issue a key", issue_state(at)), Step::new("probe", "see it work", probe_state(at))]
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at)
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        let mut sheet = Sheet { do_now: do_now(at), way_out: way_out(at), ..Sheet::default() };
        if let Some((when, issued)) = &at.incident.issued {
            sheet.see.push(Text::plain(format!("{} {} \"{}\"", when.time(), issued.key_id, issued.name)));
        }
        if let Some(print) = at.incident.taken.get(&SecretRef::Replacement) {
            sheet.see.push(
                Text::plain("New key: ")
                    .and(Tone::Strong, print.to_string())
                    .and(Tone::Dim, format!("  {}", print.kind.words())),
            );
            let leaked = &at.incident.opened.key;
            if print.hash == leaked.hash {
                sheet.see.push(Text::tone(Tone::Bad, "That is the leaked key itself. Make another one."));
            }
        }
        if !at.incident.taken.contains_key(&SecretRef::Replacement) {
            sheet.see.push(Text::tone(Tone::Dim, "There is no new key yet."));
        }
        if lost(at) {
            sheet.see.push(Text::tone(
                Tone::Bad,
                "The vault does not hold its value any more (the program ended in between).",
            ));
        }
        for orphan in &at.incident.orphans {
            sheet.see.push(Text::tone(
                Tone::Warn,
                format!("Orphan: {} \"{}\" is alive, its value is lost", orphan.key_id, orphan.name),
            ));
        }
        if let Some((_, fault)) = at.incident.faults.get(&step("issue")) {
            sheet.see.push(Text::tone(Tone::Bad, format!("{}: {}", fault.what, fault.why)));
            sheet.see.extend(fault.hints.iter().map(|hint| Text::tone(Tone::Dim, format!("try: {hint}"))));
        }
        if let Some((when, probe)) = last_probe(at) {
            let tone = if probe.verdict == Verdict::Live { Tone::Good } else { Tone::Warn };
            sheet.evidence.push(Text::tone(
                tone,
                format!("{} probe: {} ({}, {})", when.time(), probe.verdict.word(), probe.short(), probe.why),
            ));
        }
        sheet
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    /// One probe of the new key as soon as it is there; again a little later while it is not live.
    fn reads(&self, at: &View<'_>) -> Vec<Due> {
        let mut due = Vec::new();
        let last = last_probe(at);
        if at.held.contains(&SecretRef::Replacement) && !is_leaked(at) {
            match last {
                None => due.push(Due { step: step("probe"), effect: probe(at), at: at.now }),
                Some((when, probe_)) if probe_.verdict != Verdict::Live => {
                    due.push(Due { step: step("probe"), effect: probe(at), at: when.plus_secs(9) });
                }
                Some(_) => {}
            }
        }
        due
    }
}

/// The new key's name carries the incident, so that an orphan can be found by it.
pub fn name(at: &View<'_>) -> String {
    let tries = at.incident.intents.values().filter(|i| i.step == step("discard") && i.happened()).count();
    let suffix = if tries == 0 { String::new() } else { format!("-{}", tries + 1) };
    format!("stanch-{}{suffix}", id::short(&at.incident.opened.incident))
}

fn probe(at: &View<'_>) -> Effect {
    provider(at, ProviderOp::Probe { key: SecretRef::Replacement })
}

/// The last probe of the new key that there is now, not of one before it.
fn last_probe<'a>(at: &'a View<'_>) -> Option<&'a (Stamp, Probe)> {
    let since = at.incident.replaced_at;
    let of_it = |(when, probe): &&(Stamp, Probe)| {
        probe.key == SecretRef::Replacement && since.is_none_or(|since| *when >= since)
    };
    at.incident.probes.iter().rev().find(of_it)
}

fn is_leaked(at: &View<'_>) -> bool {
    at.incident.taken.get(&SecretRef::Replacement).is_some_and(|print| print.hash == at.incident.opened.key.hash)
}

/// The journal knows a new key, the vault does not. Who only looks has no vault and can't tell.
fn lost(at: &View<'_>) -> bool {
    !at.observe && at.incident.taken.contains_key(&SecretRef::Replacement) && !at.held.contains(&SecretRef::Replacement)
}

/// It stands in a place that was written, so a resume can take it back from there.
fn stored(at: &View<'_>) -> bool {
    at.incident.targets.values().any(|t| t.written.is_some())
}

/// Nobody saw whether some place got the new key: it may be in use there, and its value can be had from there.
fn may_be_stored(at: &View<'_>) -> bool {
    at.incident.unknowns().any(|i| matches!(i.effect, Effect::Target { op: TargetOp::Put { .. } }))
}

/// A lost value that no target holds yet is useless: the key must go and another be made. Once it stands
/// somewhere, the resume takes it back from there.
fn orphaned(at: &View<'_>) -> Option<Issued> {
    if may_be_stored(at) {
        return None;
    }
    let own = at.incident.issued.as_ref().map(|(_, issued)| issued.clone()).filter(|_| lost(at) && !stored(at));
    own.or_else(|| at.incident.orphans.first().cloned())
}

fn issue_state(at: &View<'_>) -> StepState {
    let step = step("issue");
    if let Some(unknown) = at.incident.unknowns().find(|i| i.step.stage == "issue") {
        return StepState::Unknown(format!("{}: nobody saw the answer", unknown.effect.words()));
    }
    if at.running_in("issue").any(|r| r.effect.writes()) {
        return StepState::Running;
    }
    if lost(at) && may_be_stored(at) {
        return StepState::Verifying("its value may stand in a place: look there first (Targets, c)".into());
    }
    if orphaned(at).is_some() {
        return StepState::Failed("a key was made, but its value is lost: delete it and issue again".into());
    }
    if lost(at) && !stored(at) {
        return StepState::Failed("the vault lost the key with the end of the program: paste it again".into());
    }
    if is_leaked(at) {
        return StepState::Failed("the key given is the leaked one".into());
    }
    match at.incident.taken.get(&SecretRef::Replacement) {
        Some(print) => StepState::Done(print.to_string()),
        None => at.fault(&step).unwrap_or(StepState::Ready),
    }
}

fn probe_state(at: &View<'_>) -> StepState {
    let known = at.incident.taken.contains_key(&SecretRef::Replacement);
    match last_probe(at) {
        Some((when, probe)) if probe.verdict == Verdict::Live => {
            StepState::Done(format!("live at {} ({})", when.time(), probe.short()))
        }
        Some((_, probe)) => StepState::Verifying(format!("{} ({})", probe.verdict.word(), probe.short())),
        None if known => StepState::Verifying("not probed yet".into()),
        None => StepState::Locked("there is no new key yet".into()),
    }
}

fn do_now(at: &View<'_>) -> DoNow {
    match issue_state(at) {
        StepState::Unknown(what) => DoNow {
            action: Some("issue.check"),
            what: format!("Check what happened: {what}"),
            effect: "A read: is there a key of that name?".into(),
            check: "A key found so has lost its value; I offer to delete it.".into(),
        },
        StepState::Running => DoNow {
            what: at.running_in("issue").next().map(|r| format!("Wait: {}", r.effect.words())).unwrap_or_default(),
            ..DoNow::default()
        },
        StepState::Verifying(why) => DoNow { what: format!("Wait: {why}"), ..DoNow::default() },
        _ if orphaned(at).is_some() => DoNow {
            action: Some("issue.discard"),
            what: "Delete the orphan key, then issue again".into(),
            effect: "The key works but nobody has its value.".into(),
            check: "The provider's list, by name.".into(),
        },
        StepState::Done(print) if matches!(probe_state(at), StepState::Done(_)) => {
            DoNow { what: format!("Nothing. {print} is in the vault and works."), ..DoNow::default() }
        }
        StepState::Done(_) => DoNow {
            what: "Wait: probing the new key".into(),
            check: "Done when it answers.".into(),
            ..DoNow::default()
        },
        _ if revoke::looking(at) => DoNow {
            what: "Wait: looking for the leaked key's project".into(),
            check: "Reads only.".into(),
            ..DoNow::default()
        },
        _ if can_issue(at).is_ok() => DoNow {
            action: Some("issue.issue"),
            what: format!("Issue {} in project {}", name(at), project(at).1),
            effect: "Makes a service account with one key. The value stays in this program's memory (the vault)."
                .into(),
            check: "I probe the new key until it works.".into(),
        },
        _ if at.asked.is_some() => DoNow {
            what: at
                .asked
                .map(|when| format!("Asked at {}; waiting for the colleague", when.minute()))
                .unwrap_or_default(),
            effect: "The key comes by itself. Go on with another stage (n) meanwhile.".into(),
            ..DoNow::default()
        },
        _ if at.incident.opened.mode == Mode::Drill => DoNow {
            action: Some("issue.paste"),
            what: "Ask the colleague who has the dashboard for a new key (p)".into(),
            effect: "It goes to the vault only.".into(),
            check: "I check that it works and is not the leaked one.".into(),
        },
        _ => DoNow {
            action: Some("issue.paste"),
            what: "Make a key on the provider's page, then paste it here, hidden".into(),
            effect: "It goes to the vault only.".into(),
            check: "I check that it works and is not the leaked one.".into(),
        },
    }
}

fn project(at: &View<'_>) -> (String, String) {
    at.incident.row().map(|row| (row.project_id.clone(), row.project_name.clone())).unwrap_or_default()
}

fn can_issue(at: &View<'_>) -> Result<(), String> {
    if !at.has_admin() {
        return Err("there is no admin key: make one by hand and paste it (p)".into());
    }
    if project(at).0.is_empty() {
        return Err("the leaked key's project is not known: paste a key made by hand (p)".into());
    }
    free(at)
}

/// Nothing runs, nothing is unknown, there is no good new key yet.
fn free(at: &View<'_>) -> Result<(), String> {
    match issue_state(at) {
        StepState::Running => Err("it is running".into()),
        StepState::Unknown(_) => Err("an earlier try may have made a key: check first (c)".into()),
        StepState::Done(print) => Err(format!("there is a new key already: {print}")),
        StepState::Failed(why) if orphaned(at).is_some() => Err(why),
        StepState::Verifying(why) => Err(why),
        _ => Ok(()),
    }
}

fn way_out(at: &View<'_>) -> Vec<Text> {
    // An empty project stands for the organisation's admin keys; an unknown one is not that.
    let known = project(at).0;
    let admin = at.incident.opened.key.kind == KeyKind::OpenAiAdmin;
    let project = if known.is_empty() && !admin { "unknown".to_owned() } else { known };
    let op = ProviderOp::Issue { project, name: name(at) };
    let mut lines = match at.provider.support(&op, false) {
        Support::ByHand(how) => super::by_hand(how, None),
        _ => Vec::new(),
    };
    let name = name(at);
    lines.push(Text::plain(if lines.iter().any(|line| line.flat().contains(&name)) {
        "p takes it, hidden".to_owned()
    } else {
        format!("Name it {name}, then p takes it, hidden")
    }));
    lines
}

static ACTIONS: [Action; 4] = [
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
