//! Stage 2: what was done with the key. Figures, costs and the audit log against the week before; a verdict a person records.
//!
//! Must not know: which endpoints a provider has.

mod actions;
mod advice;
mod money;
mod pane;
mod state;

use crate::base::{SecretRef, Stamp};
use crate::effect::ProviderOp;
use crate::effect::provider::Window;
use crate::incident::death::Death;
use crate::incident::usage::assess;
use crate::incident::{Step, StepRef, StepState};

use actions::ACTIONS;
use advice::do_now;
use pane::{audit, chart, see, table, way_out};
use state::{beside, blocked, up_to};

use super::revoke::provider;
use super::{Action, DoNow, Due, Sheet, Stage, Text, Tone, View};

pub use money::{burn_rate, money};

pub static USAGE: Usage = Usage;

#[derive(Debug)]
pub struct Usage;

/// Seconds between two rounds while the figures still move.
const EVERY_S: i64 = 60;
/// The baseline: the week before the exposure.
const BASELINE_S: i64 = 7 * 86_400;

fn step(id: &str) -> StepRef {
    StepRef::new("usage", id)
}

impl Stage for Usage {
    fn id(&self) -> &'static str {
        "usage"
    }

    fn title(&self) -> &'static str {
        "Usage"
    }

    fn goal(&self) -> &'static str {
        "it is known what was done with the key, or that it can't be known"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        let read = match &at.incident.usage {
            Some((when, reading)) => StepState::Done(format!("read at {}, {}", when.time(), up_to(reading))),
            None if at.is_running(&step("read")) => StepState::Running,
            None => at.fault(&step("read")).or_else(|| at.common(&step("read"))).unwrap_or_else(|| blocked(at)),
        };
        let verdict =
            at.incident.decision("usage.verdict").map(|d| StepState::Done(format!("{}: {}", d.choice, d.reason)));
        let by_hand = at.common(&step("verdict"));
        let waiting = || match &at.incident.usage {
            Some(_) => StepState::Ready,
            // Nobody waits for figures that can't be had: v takes what a person saw.
            None if !at.has_admin() => StepState::Ready,
            None => StepState::Locked("no figures yet".into()),
        };
        let verdict = verdict.or(by_hand).unwrap_or_else(waiting);
        let read = if verdict.settled() && !read.settled() {
            StepState::ByHand("figures were looked at by hand".into())
        } else {
            read
        };
        vec![Step::new("read", "read the figures", read), Step::new("verdict", "record the verdict", verdict)]
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at)
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        let mut sheet = Sheet { do_now: do_now(at), way_out: way_out(at), ..Sheet::default() };
        if let Some((when, fault)) = at.incident.faults.get(&step("read")) {
            sheet.see.push(Text::tone(Tone::Bad, format!("{} {}: {}", when.time(), fault.what, fault.why)));
        }
        if let Some((_, reading)) = &at.incident.usage {
            let assessment = assess(reading, beside(at));
            sheet.see.extend(see(at, reading, &assessment));
            sheet.body = vec![chart(at, reading), table(&assessment)];
            sheet.body.extend(audit(reading));
        }
        if let Some((when, reading)) = &at.incident.usage {
            let failed = reading.parts.iter().filter(|p| p.failed.is_some()).count();
            let (read, up_to) = (reading.parts.len() - failed, up_to(reading));
            let lost = if failed == 0 { String::new() } else { format!(", {failed} not") };
            sheet.evidence.push(Text::plain(format!("{} read: {read} endpoints{lost}; {up_to}", when.time())));
        }
        if let Some(d) = at.incident.decision("usage.verdict") {
            sheet.evidence.push(Text::plain(format!(
                "{} recorded by {}: {} ({})",
                d.at.time(),
                d.by,
                d.choice,
                d.reason
            )));
        }
        sheet
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    /// As soon as the row is known, then every minute until the incident closes.
    fn reads(&self, at: &View<'_>) -> Vec<Due> {
        if at.incident.closed.is_some() || blocked(at) != StepState::Ready {
            return Vec::new();
        }
        let when = at.incident.usage.as_ref().map_or(at.now, |(last, _)| last.plus_secs(EVERY_S));
        // A verdict on a key that is proven dead needs no fresher figures than its late ones.
        let over = at.incident.decision("usage.verdict").is_some()
            && Death::of(at.incident, SecretRef::Leaked)
                .late_at
                .is_some_and(|late| at.incident.usage.as_ref().is_some_and(|(last, _)| *last > late));
        if over { Vec::new() } else { read(at, when).into_iter().collect() }
    }
}

fn read(at: &View<'_>, when: Stamp) -> Option<Due> {
    let row = at.incident.row()?.clone();
    let from = at.incident.exposed_since();
    let window = Window { baseline: from.plus_secs(-BASELINE_S), from, to: at.now };
    Some(Due { step: step("read"), effect: provider(at, ProviderOp::Usage { row, window }), at: when })
}
