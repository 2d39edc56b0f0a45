//! What is seen: the three questions with their answers, the key, the exposure, the places to look in.
//!
//! Must not know: what follows from it.

use crate::base::stamp::span_text;
use crate::base::words::count;
use crate::incident::Mode;
use crate::incident::advice::{Fact, QUESTIONS};
use crate::stages::{Text, Tone, View};

use super::actions::ACTIONS;
use super::order::fact;

/// The three questions with their keys and answers, first in sight.
pub(super) fn questions(at: &View<'_>) -> Vec<Text> {
    let line = |(topic, question): &(&str, &str)| {
        let fact = fact(at, topic);
        let tone = if fact == Fact::Unknown { Tone::Warn } else { Tone::Strong };
        let key = ACTIONS.iter().find(|a| a.id.ends_with(topic)).map_or(' ', |a| a.key);
        Text::tone(Tone::Strong, key).and(Tone::Plain, format!("  {question}  ")).and(tone, fact.word())
    };
    QUESTIONS.iter().map(line).collect()
}

pub(super) fn see(at: &View<'_>) -> Vec<Text> {
    let o = &at.incident.opened;
    let found_by = at.incident.decision("found_by").map_or(&o.found_by, |d| &d.choice);
    let found =
        if found_by == "not told" { "how found: not told; w sets it".into() } else { format!("found by {found_by}") };
    let since = at.incident.exposed_since();
    let known = at.incident.exposed_known();
    let how_long = span_text(at.now.since(since));
    let exposed = if known {
        Text::plain(format!("Exposed since {} ({how_long})", since.date_minute()))
    } else {
        Text::tone(Tone::Warn, "Exposed since: not told; e sets it")
    };
    let admin = if at.has_admin() {
        Text::plain("Admin key at hand: the provider's API does the work")
    } else {
        Text::tone(Tone::Warn, "No admin key: revoke and issue go by hand; the proofs still work")
    };
    let (repos, roots) = (at.incident.repos.len(), at.incident.roots.len());
    let places = format!("{} and {} to look in", count(repos, "repository"), count(roots, "env root"));
    let mut see = vec![
        Text::tone(Tone::Strong, o.key.to_string()).and(Tone::Plain, format!("  {}, {found}", o.key.kind.words())),
        exposed,
        admin,
        match (repos, roots) {
            (0, _) | (_, 0) => Text::tone(Tone::Warn, format!("{places}; r and v add some, t takes one off")),
            _ => Text::plain(places),
        },
    ];
    let repos = at.incident.repos.keys().map(|path| ("repository", path));
    for (what, path) in repos.chain(at.incident.roots.iter().map(|path| ("env root  ", path))) {
        see.push(Text::tone(Tone::Dim, format!("  {what} {}", path.display())));
    }
    for (step, (_, fault)) in &at.incident.faults {
        if step.stage == "purge" && step.step.starts_with("find:") {
            see.push(Text::tone(Tone::Bad, format!("{}: {}", fault.what, fault.why)));
            see.push(Text::tone(Tone::Dim, "a wrong path? t takes it off the list"));
        }
    }
    if o.mode == Mode::Drill {
        see.push(Text::tone(Tone::Dim, "This is a drill: nothing leaves this machine."));
    }
    see
}
