//! What a look that a person asked for brought, told even when it is nothing new: a key that does nothing visible is pressed
//! again.
//!
//! Must not know: how it was looked.

use crate::base::Stamp;
use crate::effect::{Outcome, ProviderReply, Reply, TargetReply};
use crate::incident::{Event, Record};
use crate::stages::{Act, Consequence, Tone};

use super::{App, Overlay};

impl App {
    /// A person starts reads: the first of them is the one they wait for.
    pub(super) fn wants(&mut self, consequences: &[Consequence]) {
        let read = consequences.iter().find_map(|consequence| match consequence {
            Consequence::Perform { step, effect } if !effect.writes() => Some(step.clone()),
            _ => None,
        });
        if read.is_some() {
            self.wanted = read;
        }
    }

    /// The open question whether to leave names what runs: what has ended since is taken off it.
    pub(super) fn leave_question(&mut self) {
        let of_leaving = |o: &Overlay| matches!(o, Overlay::Asking(asking) if asking.of == Some("quit"));
        if !of_leaving(&self.overlay) {
            return;
        }
        let body = match super::commands::quit(self) {
            Act::Ask { asks, .. } => asks.first().map(|ask| ask.body.join("\n")).unwrap_or_default(),
            Act::Now(_) => "Nothing runs any more.".into(),
        };
        if let Overlay::Asking(asking) = &mut self.overlay {
            asking.dialog.body = body;
        }
    }

    pub(super) fn answered(&mut self, record: &Record) {
        let Event::Observed { step, outcome, .. } = &record.event else { return };
        if self.wanted.as_ref() != Some(step) {
            return;
        }
        self.wanted = None;
        if let Outcome::Done { reply } = outcome
            && let Some(words) = words(reply, record.at)
        {
            self.tell(Tone::Plain, words);
        }
    }
}

fn words(reply: &Reply, at: Stamp) -> Option<String> {
    let at = at.time();
    match reply {
        Reply::Provider { reply: ProviderReply::Probed(probe) } => {
            Some(format!("{} answered {} ({}), {at}", probe.key.words(), probe.verdict.word(), probe.short()))
        }
        Reply::Target { reply: TargetReply::Discovered { found, files, .. } } => {
            Some(format!("looked again at {at}: {} of {files} files hold the leaked key", found.len()))
        }
        _ => None,
    }
}
