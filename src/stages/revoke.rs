//! Stage 1: the leaked key stops working, and a sustained, classified probe saw it.
//!
//! Must not know: any provider's addresses. The row, its owner and its siblings are on record before the kill.

use crate::base::stamp::span_text;
use crate::base::words::count;
use crate::base::{SecretRef, Stamp};
use crate::effect::provider::{KeyRow, OwnerKind};
use crate::effect::{Effect, ProviderOp, Risk, Verdict};
use crate::incident::death::{self, Death};
use crate::incident::{Mode, Step, StepRef, StepState};
use crate::providers::Support;

use super::sheet::Table;
use super::{Act, Action, Ask, Block, Consequence, DoNow, Due, Kind, Sheet, Stage, Text, Then, Tone, View};

pub static REVOKE: Revoke = Revoke;

#[derive(Debug)]
pub struct Revoke;

pub(super) fn step(id: &str) -> StepRef {
    StepRef::new("revoke", id)
}

pub(super) fn provider(at: &View<'_>, op: ProviderOp) -> Effect {
    Effect::Provider { provider: at.incident.opened.provider.clone(), op }
}

/// The key's row is being looked for, or is about to be: what needs it is not advised otherwise meanwhile.
pub(super) fn looking(at: &View<'_>) -> bool {
    let can = at.incident.opened.has_admin && at.held.contains(&SecretRef::Admin);
    can && at.incident.located.is_none() && !at.incident.faults.contains_key(&step("locate"))
}

impl Stage for Revoke {
    fn id(&self) -> &'static str {
        "revoke"
    }

    fn title(&self) -> &'static str {
        "Revoke"
    }

    fn goal(&self) -> &'static str {
        "the leaked key stops working"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        vec![
            Step::new("locate", "find the key's row", locate_state(at)),
            Step::new("kill", "delete the key", kill_state(at)),
            Step::new("prove", "prove that it is refused", prove_state(at)),
        ]
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at)
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        Sheet { do_now: do_now(at), see: see(at), evidence: evidence(at), way_out: way_out(at), body: body(at) }
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    /// Looks for the row at once, asks the key once whether it lives, then probes on until death is proven, and late.
    fn reads(&self, at: &View<'_>) -> Vec<Due> {
        let mut due = Vec::new();
        if at.has_admin() && at.held.contains(&SecretRef::Admin) && at.incident.located.is_none() {
            due.push(Due { step: step("locate"), effect: provider(at, ProviderOp::Locate), at: at.now });
        }
        if let Some(when) = next_probe(at) {
            due.push(Due { step: step("prove"), effect: probe(at), at: when });
        }
        due
    }

    fn rows(&self, at: &View<'_>) -> usize {
        at.incident
            .located
            .as_ref()
            .map_or(0, |(_, report)| if report.matches.len() > 1 { report.matches.len() } else { 0 })
    }
}

fn probe(at: &View<'_>) -> Effect {
    provider(at, ProviderOp::Probe { key: SecretRef::Leaked })
}

/// Once at the start; then, when the key was killed or looks dead, until it is proven; then the late one.
fn next_probe(at: &View<'_>) -> Option<Stamp> {
    if !at.held.contains(&SecretRef::Leaked) {
        return None;
    }
    let death = Death::of(at.incident, SecretRef::Leaked);
    let Some((last, verdict)) = death.last else { return Some(at.now) };
    if let Some(proven) = death.proven_at {
        return death.late_at.is_none().then(|| proven.plus_secs(death::LATE_S).max(last.plus_secs(death::EVERY_S)));
    }
    let killed = killed_at(at);
    match (verdict, killed) {
        (Verdict::Live, None) => None,
        // A key that keeps answering long after its deletion is watched at a slower pace.
        (Verdict::Live, Some(when)) if at.now.since(when) > death::LATE_S => Some(last.plus_secs(60)),
        (Verdict::Unknown, None) => Some(last.plus_secs(60)),
        _ => Some(last.plus_secs(death::EVERY_S)),
    }
}

fn killed_at(at: &View<'_>) -> Option<Stamp> {
    at.incident.revoked_at.max(at.incident.by_hand.get(&step("kill")).map(|(when, _)| *when))
}

/// It still answers so long after its deletion that spreading can't be the reason: another row was deleted, or a row in
/// another organisation.
fn survived(at: &View<'_>) -> Option<String> {
    let killed = killed_at(at)?;
    match Death::of(at.incident, SecretRef::Leaked).last {
        Some((seen, Verdict::Live)) if seen.since(killed) >= death::LATE_S => Some(format!(
            "it still answers {} after its deletion: was it another key's row?",
            span_text(seen.since(killed))
        )),
        _ => None,
    }
}

fn locate_state(at: &View<'_>) -> StepState {
    let step = step("locate");
    if !at.has_admin() {
        return StepState::Done("no admin key: the row is found by hand".into());
    }
    if let Some(row) = at.incident.row() {
        return StepState::Done(format!("{} in {}", row.id, place(row)));
    }
    match &at.incident.located {
        None if at.is_running(&step) => StepState::Running,
        None => at.fault(&step).unwrap_or(StepState::Ready),
        Some(_) if killed_at(at).is_some() => StepState::Done("settled by hand".into()),
        Some((_, report)) if report.matches.is_empty() => {
            StepState::Failed(format!("none of {} keys fits the leaked value", report.keys_seen))
        }
        Some((_, report)) => StepState::Failed(format!("{} keys fit; a person must choose", report.matches.len())),
    }
}

fn kill_state(at: &View<'_>) -> StepState {
    let step = step("kill");
    let survived = survived(at).map(StepState::Failed);
    match at.common(&step) {
        Some(state @ StepState::ByHand(_)) => return survived.unwrap_or(state),
        Some(state) => return state,
        None => {}
    }
    if let Some(survived) = survived {
        return survived;
    }
    if let Some(when) = at.incident.revoked_at {
        return StepState::Done(format!("deleted at {}", when.time()));
    }
    let death = Death::of(at.incident, SecretRef::Leaked);
    if death.verdict() == Verdict::Dead {
        return StepState::Done("it was refused already; nobody here deleted it".into());
    }
    at.fault(&step).unwrap_or(StepState::Ready)
}

fn prove_state(at: &View<'_>) -> StepState {
    let death = Death::of(at.incident, SecretRef::Leaked);
    match death.verdict() {
        Verdict::Dead => StepState::Done(death.words()),
        _ if death.run > 0 || killed_at(at).is_some() => StepState::Verifying(death.words()),
        _ => StepState::Locked("the key is not revoked yet".into()),
    }
}

fn place(row: &KeyRow) -> String {
    if row.admin { "the organisation's admin keys".into() } else { format!("project {}", row.project_name) }
}

fn do_now(at: &View<'_>) -> DoNow {
    let death = Death::of(at.incident, SecretRef::Leaked);
    let nothing = |what: String, check: &str| DoNow { what, check: check.into(), ..DoNow::default() };
    if let StepState::Unknown(what) = kill_state(at) {
        return DoNow {
            action: Some("revoke.check"),
            what: format!("Check what happened: {what}"),
            effect: "A read; it deletes nothing.".into(),
            check: "The provider's list and a probe tell.".into(),
        };
    }
    if death.verdict() == Verdict::Dead {
        let late = if death.late_at.is_some() {
            "The late probe agrees."
        } else {
            "A late probe follows 10 min after the proof."
        };
        return nothing(format!("Nothing. The key is dead: {}", death.words()), late);
    }
    if let Some(how) = survived(at) {
        return DoNow {
            action: Some(if at.has_admin() { "revoke.locate" } else { "revoke.by_hand" }),
            what: format!("Look for its row again: {how}"),
            effect: "Then r or h again. The key may live in another project or organisation.".into(),
            check: "I go on probing the key itself.".into(),
        };
    }
    if killed_at(at).is_some() || death.run > 0 {
        if let Some(first) = at.without_leaked() {
            return first;
        }
        let effect = "Go on with the next stage (n) meanwhile.".into();
        return DoNow {
            effect,
            ..nothing(
                format!("Nothing here: I probe until it is refused {} times ({})", death::WANTED, death.words()),
                "One refusal proves nothing: a deleted key can keep answering for a while.",
            )
        };
    }
    if !at.has_admin() {
        let drill = at.incident.opened.mode == Mode::Drill;
        return DoNow {
            action: Some("revoke.by_hand"),
            what: if drill {
                "Ask the colleague who has the dashboard to delete it (h)".into()
            } else {
                "Delete the key on the provider's page, then say so here (h)".into()
            },
            effect: "Way out, below, has the steps.".into(),
            check: "I probe the key itself until it is refused.".into(),
        };
    }
    match (at.incident.row(), &at.incident.located) {
        (Some(row), _) if at.incident.account_only.is_some() => DoNow {
            action: Some("revoke.account"),
            what: format!("Delete the service account {}: its key can't be deleted alone", row.owner.name),
            effect: format!("This can't be undone. {} die with it.", count(siblings(at, row).len(), "other key")),
            check: "I probe until the old key is refused.".into(),
        },
        (Some(row), _) => DoNow {
            action: Some("revoke.kill"),
            what: format!("Revoke {} ({})", row.id, used(row, at.now)),
            effect: format!("This can't be undone. {}", holders(at)),
            check: "I probe until the old key is refused.".into(),
        },
        (None, None) => nothing("Wait: looking for the key's row in all projects".into(), "Reads only."),
        (None, Some((_, report))) if report.matches.is_empty() => DoNow {
            action: Some("revoke.by_hand"),
            what: "No row fits the leaked key. Delete it by hand where it lives".into(),
            effect: "Another organisation, a legacy user key, or deleted already.".into(),
            check: "I probe the key itself until it is refused.".into(),
        },
        (None, Some((_, report))) => DoNow {
            action: Some("revoke.choose"),
            what: format!("Choose which of {} rows it is", report.matches.len()),
            effect: "Nothing is deleted by choosing.".into(),
            check: "Compare created, owner and last use; never guess.".into(),
        },
    }
}

fn used(row: &KeyRow, now: Stamp) -> String {
    row.last_used.map_or_else(|| "never used".into(), |at| format!("last used {} ago", span_text(now.since(at))))
}

/// Who will fail when the key dies, as far as is known.
fn holders(at: &View<'_>) -> String {
    let names: Vec<String> =
        at.incident.targets.values().filter(|t| t.written.is_none()).map(|t| t.found.at.short()).collect();
    match (at.incident.discovered, names.as_slice()) {
        (None, _) => "Which targets hold it is not known yet.".into(),
        (Some(_), []) => "No target found below the env roots holds it.".into(),
        (Some(_), names) => format!("{} will fail: {}", count(names.len(), "target"), names.join(", ")),
    }
}

fn siblings<'a>(at: &'a View<'_>, row: &KeyRow) -> Vec<&'a KeyRow> {
    at.incident.located.as_ref().map_or_else(Vec::new, |(_, report)| {
        report.siblings.iter().filter(|s| s.owner.id == row.owner.id && s.id != row.id).collect()
    })
}

/// What else hangs on the account that owns the key; after its deletion, what died with it.
fn others(at: &View<'_>, row: &KeyRow) -> Option<Text> {
    let deleted = at.incident.intents.values().rev().find_map(|i| match &i.effect {
        Effect::Provider { op: ProviderOp::RevokeAccount { dies, .. }, .. } if i.happened() => Some(dies),
        _ => None,
    });
    if let Some(dies) = deleted {
        let names: Vec<&str> = dies.iter().map(|s| s.name.as_str()).collect();
        let died = if names.is_empty() { String::new() } else { format!(", and with it {}", names.join(", ")) };
        return Some(Text::plain(format!("The account was deleted{died}.")));
    }
    let names: Vec<&str> = siblings(at, row).iter().map(|s| s.name.as_str()).collect();
    if row.owner.kind != OwnerKind::ServiceAccount || names.is_empty() {
        return None;
    }
    let words = format!("The account has {}: {}", count(names.len(), "more key"), names.join(", "));
    Some(if at.incident.revoked_at.is_some() {
        Text::plain(format!("{words}; alive, the leaked key alone was deleted"))
    } else {
        Text::tone(Tone::Warn, words)
    })
}

fn see(at: &View<'_>) -> Vec<Text> {
    let mut see = Vec::new();
    if let Some((_, report)) = &at.incident.located {
        let not = report.not_searched.iter().take(3);
        see.extend(not.map(|place| Text::tone(Tone::Warn, format!("keys not listed: {place}"))));
    }
    if let Some(row) = at.incident.row() {
        see.push(
            Text::plain(format!("{} ", row.redacted))
                .and(Tone::Strong, format!("\"{}\"", row.name))
                .and(Tone::Plain, format!(" in {}", place(row))),
        );
        see.push(Text::plain(format!("Owner: {} {}", row.owner.kind.words(), row.owner.name)));
        let created = row.created.map_or_else(|| "unknown".into(), Stamp::date);
        see.push(Text::plain(format!("Created {created}, {}", used(row, at.now))));
        see.extend(others(at, row));
    } else if let Some((_, report)) = &at.incident.located {
        see.push(Text::tone(
            Tone::Warn,
            format!("{} of {} keys in {} projects fit", report.matches.len(), report.keys_seen, report.projects),
        ));
    }
    let death = Death::of(at.incident, SecretRef::Leaked);
    let tone = match death.verdict() {
        Verdict::Live => Tone::Bad,
        Verdict::Dead => Tone::Good,
        Verdict::Unknown => Tone::Warn,
    };
    let (word, seen) = match death.verdict() {
        Verdict::Live => ("live", death.seen.clone()),
        Verdict::Unknown if death.run > 0 => ("refused, not proven dead yet", death.words()),
        verdict => (verdict.word(), death.words()),
    };
    see.push(Text::plain("The key is: ").and(tone, word).and(Tone::Dim, format!(" ({seen})")));
    if let Some((_, fault)) = at.incident.faults.get(&step("locate")).or_else(|| at.incident.faults.get(&step("kill")))
    {
        see.push(Text::tone(Tone::Bad, format!("{}: {}", fault.what, fault.why)));
        see.extend(fault.hints.iter().map(|hint| Text::tone(Tone::Dim, format!("try: {hint}"))));
    }
    see
}

fn evidence(at: &View<'_>) -> Vec<Text> {
    let death = Death::of(at.incident, SecretRef::Leaked);
    let mut seen = Vec::new();
    if let (Some(when), Some(proof)) = (death.proven_at, death.proof()) {
        seen.push(Text::tone(Tone::Good, format!("{} proven: {proof}", when.time())));
    } else if death.run > 0 {
        seen.push(Text::plain(format!("so far: {}", death.words())));
    }
    if let Some(when) = death.late_at {
        seen.push(Text::tone(Tone::Good, format!("{} late probe: still refused", when.time())));
    }
    if death.came_back {
        seen.push(Text::tone(Tone::Bad, "it answered again after a refusal: the deletion was still spreading"));
    }
    seen
}

fn way_out(at: &View<'_>) -> Vec<Text> {
    let print = &at.incident.opened.key;
    let op = at.incident.row().map_or(ProviderOp::Locate, |row| ProviderOp::Revoke { row: row.clone() });
    let mut lines = Vec::new();
    if let Support::ByHand(how) = at.provider.support(&op, false) {
        // The steps say "the leaked key's": these are the letters they mean.
        let row = Text::plain(format!("The leaked key starts {} and ends {}", print.prefix, print.last4));
        let next = how.steps.len() + 1;
        lines.extend(super::by_hand(how, Some(row)));
        if matches!(op, ProviderOp::Locate) {
            lines
                .push(Text::plain(format!("{next}. delete it there, with the bin at the end of the row, and confirm")));
        }
    }
    if at.incident.opened.mode == Mode::Drill && !at.has_admin() {
        lines.push(Text::tone(
            Tone::Dim,
            "In this drill you have no dashboard: typing the four characters asks the colleague to do it",
        ));
    }
    lines
}

fn body(at: &View<'_>) -> Vec<Block> {
    let Some((_, report)) = at.incident.located.as_ref().filter(|(_, r)| r.matches.len() > 1) else {
        return Vec::new();
    };
    let row = |row: &KeyRow| {
        let created = row.created.map_or_else(|| "unknown".into(), Stamp::date);
        vec![
            row.id.as_str().into(),
            row.name.as_str().into(),
            place(row).into(),
            row.owner.name.as_str().into(),
            created.into(),
            used(row, at.now).into(),
        ]
    };
    let head = ["Key", "Name", "Where", "Owner", "Created", "Last used"].map(str::to_owned).to_vec();
    vec![Block::Table(Table {
        title: "Rows that fit".into(),
        head,
        rows: report.matches.iter().map(row).collect(),
        picks: true,
        ..Table::default()
    })]
}

static ACTIONS: [Action; 6] = [
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
        label: "I deleted it by hand",
        why: "Without an admin key: you delete it on the page, I prove it.",
        risk: Risk::Read,
        ready: alive,
        go: |at| {
            let mut body: Vec<String> = way_out(at).iter().map(Text::flat).collect();
            body.push("Delete it there first. Then type the last four characters of the row you deleted.".into());
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
fn alive(at: &View<'_>) -> Result<(), String> {
    match kill_state(at) {
        StepState::Running => Err("the deletion is running".into()),
        StepState::Unknown(_) => Err("an earlier deletion may have happened: check first (c)".into()),
        StepState::Done(how) | StepState::ByHand(how) => Err(format!("done: {how}")),
        _ => Ok(()),
    }
}

fn kill_preview(at: &View<'_>, row: &KeyRow) -> Vec<String> {
    vec![
        format!("Key: {} \"{}\" in {}", row.id, row.name, place(row)),
        format!("Owner: {} {}; {}", row.owner.kind.words(), row.owner.name, used(row, at.now)),
        holders(at),
        "There is no way back. I read the row again first and stop if it changed.".into(),
    ]
}
