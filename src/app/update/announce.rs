//! What a person should hear about without looking for it.
//!
//! Must not know: where it is shown.

use crate::effect::Effect;
use crate::incident::{Event, Record};
use crate::stages::Tone;

use super::super::App;

impl App {
    /// What a person should hear about without looking for it.
    pub(super) fn announce(&mut self, record: &Record) {
        use crate::effect::Outcome::{Failed, Refused};
        match &record.event {
            Event::Outcome { outcome: Failed { fault }, .. } | Event::Observed { outcome: Failed { fault }, .. }
                if fault.kind == crate::base::FaultKind::Cancelled =>
            {
                self.tell(Tone::Warn, self.stopped(&record.event));
            }
            Event::Outcome { outcome: Refused { fault } | Failed { fault }, .. } => {
                self.tell(Tone::Bad, format!("{}: {}", fault.what, fault.why));
            }
            Event::Unknown { .. } => self.tell(Tone::Warn, "nobody saw whether it happened: c checks"),
            Event::Settled { happened, evidence, .. } => {
                let did = if *happened { "it happened" } else { "it did not happen" };
                self.tell(Tone::Plain, format!("{did}: {evidence}"));
            }
            Event::Took { role, print } => {
                let cut = self.took_as.take().map(|cut| format!("; {cut}")).unwrap_or_default();
                self.tell(Tone::Good, format!("{} is in memory: {print}{cut}", role.words()));
            }
            Event::Closed { .. } if self.incident.opened.drill.is_some() => {
                self.tell(Tone::Good, "closed; q leaves and shows the score, e writes the report");
            }
            Event::Closed { .. } => self.tell(Tone::Good, "closed; e writes the report, q leaves"),
            _ => {}
        }
    }

    /// What was stopped in time, and that nothing came of it.
    fn stopped(&self, event: &Event) -> String {
        let effect = match event {
            Event::Outcome { id, .. } => self.incident.intents.get(id).map(|i| &i.effect),
            Event::Observed { effect, .. } => Some(effect),
            _ => None,
        };
        match effect {
            Some(Effect::Git { repo, op }) => {
                let name = repo.file_name().map_or_else(|| repo.display().to_string(), |n| n.to_string_lossy().into());
                format!("stopped: {}. {name} is as it was before", op.words())
            }
            Some(effect) => format!("stopped: {}. Nothing was changed", effect.words()),
            None => "stopped. Nothing was changed".into(),
        }
    }
}
