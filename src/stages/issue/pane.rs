//! What the pane shows of the new key: what is seen, what proves it, and the way out by hand.
//!
//! Must not know: where on the screen it stands.

use crate::base::{KeyKind, SecretRef};
use crate::effect::{ProviderOp, Verdict};
use crate::providers::Support;

use super::super::{Text, Tone, View, by_hand};
use super::state::{last_probe, lost, project};
use super::{name, step};

pub(super) fn see(at: &View<'_>) -> Vec<Text> {
    let mut see = Vec::new();
    if let Some((when, issued)) = &at.incident.issued {
        see.push(Text::plain(format!("{} {} \"{}\"", when.time(), issued.key_id, issued.name)));
    }
    if let Some(print) = at.incident.taken.get(&SecretRef::Replacement) {
        see.push(
            Text::plain("New key: ")
                .and(Tone::Strong, print.to_string())
                .and(Tone::Dim, format!("  {}", print.kind.words())),
        );
        let leaked = &at.incident.opened.key;
        if print.hash == leaked.hash {
            see.push(Text::tone(Tone::Bad, "That is the leaked key itself. Make another one."));
        }
    }
    if !at.incident.taken.contains_key(&SecretRef::Replacement) {
        see.push(Text::tone(Tone::Dim, "There is no new key yet."));
    }
    if lost(at) {
        see.push(Text::tone(Tone::Bad, "The vault does not hold its value any more (the program ended in between)."));
    }
    for orphan in &at.incident.orphans {
        see.push(Text::tone(
            Tone::Warn,
            format!("Orphan: {} \"{}\" is alive, its value is lost", orphan.key_id, orphan.name),
        ));
    }
    if let Some((_, fault)) = at.incident.faults.get(&step("issue")) {
        see.push(Text::tone(Tone::Bad, format!("{}: {}", fault.what, fault.why)));
        see.extend(fault.hints.iter().map(|hint| Text::tone(Tone::Dim, format!("try: {hint}"))));
    }
    see
}

pub(super) fn evidence(at: &View<'_>) -> Vec<Text> {
    let mut evidence = Vec::new();
    if let Some((when, probe)) = last_probe(at) {
        let tone = if probe.verdict == Verdict::Live { Tone::Good } else { Tone::Warn };
        evidence.push(Text::tone(
            tone,
            format!("{} probe: {} ({}, {})", when.time(), probe.verdict.word(), probe.short(), probe.why),
        ));
    }
    evidence
}

/// The last line of it, for those who are not at the hidden line yet.
pub(super) const TAKES: &str = "p takes it, hidden";

pub(super) fn way_out(at: &View<'_>) -> Vec<Text> {
    // An empty project stands for the organisation's admin keys; an unknown one is not that.
    let known = project(at).0;
    let admin = at.incident.opened.key.kind == KeyKind::OpenAiAdmin;
    let project = if known.is_empty() && !admin { "unknown".to_owned() } else { known };
    let op = ProviderOp::Issue { project, name: name(at) };
    let mut lines = match at.provider.support(&op, false) {
        Support::ByHand(how) => by_hand(how, None),
        _ => Vec::new(),
    };
    let name = name(at);
    lines.push(Text::plain(if lines.iter().any(|line| line.flat().contains(&name)) {
        TAKES.to_owned()
    } else {
        format!("Name it {name}, then p takes it, hidden")
    }));
    lines
}
