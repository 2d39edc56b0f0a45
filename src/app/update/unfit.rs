//! Why what a person typed can't stand in the journal.
//!
//! Must not know: where it was typed.

use crate::base::Stamp;
use crate::effect::{Effect, GitOp};
use crate::incident::Event;
use crate::stages::Consequence;

use super::super::App;

impl App {
    /// Why what a person typed can't stand in the journal.
    pub(super) fn unfit(&self, event: &Event) -> Option<String> {
        if let Some(why) = typed(event).iter().find_map(|text| self.unfit_text(text)) {
            return Some(why);
        }
        let Event::Decided { topic, choice, .. } = event else { return None };
        let why = match topic.as_str() {
            "exposed_since" => match Stamp::parse(choice) {
                None => Some("that is no time. UTC, like 2026-11-20 13:52"),
                Some(told) if told > self.now => Some("that is in the future"),
                Some(_) => None,
            },
            "repo" | "root" if !std::path::Path::new(choice).is_absolute() => {
                Some("that is no absolute path: it begins with /")
            }
            "repo" if self.incident.repos.contains_key(std::path::Path::new(choice)) => {
                Some("it is on the list already")
            }
            "root" if self.incident.roots.iter().any(|root| root == std::path::Path::new(choice)) => {
                Some("it is on the list already")
            }
            _ => None,
        };
        why.map(|why| format!("not recorded: {why}"))
    }

    /// The same for one text. A known secret the journal refuses itself; this is for one that is not in the vault yet.
    pub(in crate::app) fn unfit_text(&self, text: &str) -> Option<String> {
        let spotted = !self.setup.provider.spot(text.as_bytes()).is_empty();
        let why = "not recorded: there is a key in it. A key goes into a hidden field only; say it without";
        spotted.then(|| why.to_owned())
    }

    pub(in crate::app) fn unfit_consequence(&self, consequence: &Consequence) -> Option<String> {
        match consequence {
            Consequence::Record(event) => self.unfit(event),
            Consequence::Perform { effect: Effect::Git { op: GitOp::Papers { dir, .. }, .. }, .. } => {
                (!dir.is_absolute()).then(|| "not written: that is no absolute path: it begins with /".into())
            }
            _ => None,
        }
    }
}

/// What a person typed of an event.
fn typed(event: &Event) -> Vec<&str> {
    match event {
        Event::ByHand { answer: text, .. }
        | Event::Skipped { reason: text, .. }
        | Event::Note { text }
        | Event::Todo { text, .. } => vec![text],
        Event::Deferred { owner, due, reason, .. } => vec![owner, due, reason],
        Event::Decided { choice, reason, .. } => vec![choice, reason],
        Event::Handover { to, text } => vec![to, text],
        _ => Vec::new(),
    }
}
