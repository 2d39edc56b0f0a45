//! What is known of the key and its row, the evidence, and the way out.
//!
//! Must not know: what to do about it.

use crate::base::words::count;
use crate::base::{SecretRef, Stamp};
use crate::effect::provider::{KeyRow, OwnerKind};
use crate::effect::{Effect, ProviderOp, Verdict};
use crate::incident::Mode;
use crate::incident::death::Death;
use crate::providers::Support;
use crate::stages::sheet::Table;
use crate::stages::{Block, Text, Tone, View};

use super::advice::{siblings, used};
use super::state::place;
use super::step;

/// What else hangs on the account that owns the key; after its deletion, what died with it.
pub(super) fn others(at: &View<'_>, row: &KeyRow) -> Option<Text> {
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

pub(super) fn see(at: &View<'_>) -> Vec<Text> {
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

pub(super) fn evidence(at: &View<'_>) -> Vec<Text> {
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

pub(super) fn way_out(at: &View<'_>) -> Vec<Text> {
    let print = &at.incident.opened.key;
    let op = at.incident.row().map_or(ProviderOp::Locate, |row| ProviderOp::Revoke { row: row.clone() });
    let mut lines = Vec::new();
    if let Support::ByHand(how) = at.provider.support(&op, false) {
        // The steps say "the leaked key's": these are the letters they mean.
        let row = Text::plain(format!("The leaked key starts {} and ends {}", print.prefix, print.last4));
        let next = how.steps.len() + 1;
        lines.extend(crate::stages::by_hand(how, Some(row)));
        if matches!(op, ProviderOp::Locate) {
            lines
                .push(Text::plain(format!("{next}. delete it there, with the bin at the end of the row, and confirm")));
        }
    }
    if at.incident.opened.mode == Mode::Drill && !at.has_admin() {
        let asks = "In this drill you have no dashboard: h asks the colleague to do it. On a real night:";
        lines.insert(0, Text::plain(asks));
    }
    lines
}

pub(super) fn body(at: &View<'_>) -> Vec<Block> {
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
