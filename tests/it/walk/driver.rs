//! The app without a screen: takes records, looks and keys as the shell would hand them on.

use std::collections::BTreeSet;
use std::path::PathBuf;

use stanch::app::{App, Msg, Order, Overlay, Setup};
use stanch::base::{SecretRef, Stamp};
use stanch::effect::provider::{KeyReport, KeyRow, Probe, ProviderOp, ProviderReply};
use stanch::effect::target::{Found, TargetOp, TargetReply};
use stanch::effect::{Effect, Outcome, Verdict};
use stanch::incident::playbook::Playbook;
use stanch::incident::{Event, Incident, IntentState, Opened, Record, StepRef, StepState};
use stanch::providers::prices::Prices;
use stanch::ui::Key;
use stanch::{providers, stages};

use super::facts::{issued, opened, p, print, provider, t, target};

pub(super) struct Walk {
    pub(super) app: App,
    pub(super) at: Stamp,
    pub(super) seq: u64,
    pub(super) intents: u64,
    pub(super) hand: Stamp,
    /// Everything asked for so far.
    pub(super) orders: Vec<Order>,
}

fn setup() -> Setup {
    Setup {
        provider: providers::by_id("openai").unwrap(),
        playbooks: Playbook::built_in().unwrap(),
        prices: Prices::built_in().unwrap(),
        label: String::new(),
        pace: 1,
        observe: false,
    }
}

impl Walk {
    pub(super) fn new(held: &[SecretRef]) -> Self {
        Self::of(opened(), held)
    }

    pub(super) fn of(opened: Opened, held: &[SecretRef]) -> Self {
        let at = Stamp::from_secs(100_000);
        let event = Event::Opened(Box::new(opened));
        let first = Record { v: 1, seq: 0, at, by: "t".into(), prev: String::new(), event };
        let held: BTreeSet<SecretRef> = held.iter().copied().collect();
        let app = App::new(Incident::fold([&first]).unwrap(), setup(), held, at);
        Self { app, at, seq: 0, intents: 0, hand: Stamp::from_secs(1), orders: Vec::new() }
    }

    /// A record, a second later; what the app wants recorded in turn is recorded too.
    pub(super) fn rec(&mut self, event: Event) {
        let mut waiting = vec![event];
        while let Some(event) = waiting.pop() {
            (self.at, self.seq) = (self.at.plus_secs(1), self.seq + 1);
            let record = Record { v: 1, seq: self.seq, at: self.at, by: "t".into(), prev: String::new(), event };
            let orders = self.app.update(Msg::Recorded(Box::new(record)));
            waiting.extend(orders.iter().filter_map(|o| match o {
                Order::Record(event) => Some(event.clone()),
                _ => None,
            }));
            self.orders.extend(orders);
        }
    }

    /// Another run of the program, from what the journal told.
    pub(super) fn resume(&mut self) {
        let held = self.app.view("intake").held.clone();
        self.app = App::new(self.app.incident.clone(), setup(), held, self.at);
        self.orders.clear();
    }

    /// A look that began only now, and its answer.
    pub(super) fn saw(&mut self, stage: &str, step: &str, effect: Effect, outcome: Outcome) {
        self.rec(Event::Observed { step: StepRef::new(stage, step), effect, outcome });
    }

    pub(super) fn intend(&mut self, stage: &str, step: &str, effect: Effect) -> u64 {
        self.intents += 1;
        self.rec(Event::Intent { id: self.intents, step: StepRef::new(stage, step), effect });
        self.intents
    }

    pub(super) fn did(&mut self, stage: &str, step: &str, effect: Effect, outcome: Outcome) {
        let id = self.intend(stage, step, effect);
        self.rec(Event::Outcome { id, outcome });
    }

    pub(super) fn lost(&mut self, stage: &str, step: &str, effect: Effect) -> u64 {
        let id = self.intend(stage, step, effect);
        self.rec(Event::Unknown { id, why: "cut".into() });
        id
    }

    pub(super) fn hold(&mut self, held: &[SecretRef]) {
        self.orders.extend(self.app.update(Msg::Held(held.iter().copied().collect())));
    }

    pub(super) fn pass(&mut self, secs: i64) {
        self.at = self.at.plus_secs(secs);
        self.orders.extend(self.app.update(Msg::Now(self.at)));
    }

    pub(super) fn probe(&mut self, key: SecretRef, verdict: Verdict) {
        let (status, code) = match verdict {
            Verdict::Dead => (Some(401), Some("invalid_api_key".to_owned())),
            Verdict::Live => (Some(200), None),
            Verdict::Unknown => (None, None),
        };
        let probe = Probe { key, verdict, status, code, why: String::new(), request_id: None };
        let (stage, step) = if key == SecretRef::Leaked { ("revoke", "prove") } else { ("issue", "probe") };
        self.saw(stage, step, provider(ProviderOp::Probe { key }), p(ProviderReply::Probed(probe)));
    }

    pub(super) fn locate(&mut self, matches: Vec<KeyRow>, not_searched: &[&str]) {
        let not_searched = not_searched.iter().map(|s| (*s).to_owned()).collect();
        let report = KeyReport { matches, siblings: Vec::new(), projects: 1, keys_seen: 3, not_searched };
        self.saw("revoke", "locate", provider(ProviderOp::Locate), p(ProviderReply::Located(report)));
    }

    pub(super) fn discover(&mut self, found: Vec<Found>) {
        let op = TargetOp::Discover { roots: vec![PathBuf::from("/srv/app")] };
        self.saw("targets", "find", target(op), t(TargetReply::Discovered { found, skipped: Vec::new(), files: 4 }));
    }

    pub(super) fn issue(&mut self, last4: &str) {
        let op = ProviderOp::Issue { project: "proj_1".into(), name: self.name() };
        let made = issued(&self.name(), Some(print(last4)));
        self.did("issue", "issue", provider(op), p(ProviderReply::Issued(made)));
        self.hold(&[SecretRef::Leaked, SecretRef::Admin, SecretRef::Replacement]);
    }

    pub(super) fn name(&self) -> String {
        stages::issue::name(&self.app.view("issue"))
    }

    pub(super) fn ready(&self, id: &str) -> Result<(), String> {
        let (stage, _) = id.split_once('.').unwrap();
        let stage = stages::by_id(stage).unwrap();
        let action = stage.actions().iter().find(|a| a.id == id).unwrap();
        (action.ready)(&self.app.view(stage.id()))
    }

    pub(super) fn step(&self, stage: &str, step: &str) -> StepState {
        let stage = stages::by_id(stage).unwrap();
        let steps = stage.steps(&self.app.view(stage.id()));
        steps.into_iter().find(|s| s.id.starts_with(step)).unwrap().state
    }

    pub(super) fn do_now(&self, stage: &str) -> stages::DoNow {
        stages::by_id(stage).unwrap().sheet(&self.app.view(stage)).do_now
    }

    pub(super) fn open(&self) -> Vec<String> {
        stages::close::open(&self.app.view("close"))
    }

    pub(super) fn intent(&self, id: u64) -> IntentState {
        self.app.incident.intents[&id].state.clone()
    }

    pub(super) fn press(&mut self, key: Key) -> Vec<Order> {
        self.hand = self.hand.plus_secs(2);
        let orders = self.app.update(Msg::Key { key, hand: self.hand });
        self.orders.extend(orders.clone());
        orders
    }

    /// What stands beside the input of the open dialog.
    pub(super) fn note(&self) -> String {
        match &self.app.overlay {
            Overlay::Asking(asking) => asking.dialog.note.clone().unwrap_or_default(),
            _ => String::new(),
        }
    }

    pub(super) fn said(&self) -> &str {
        self.app.said.as_ref().map_or("", |(_, _, words)| words)
    }

    pub(super) fn wanted(&self, test: impl Fn(&Effect) -> bool) -> bool {
        self.orders.iter().any(|o| matches!(o, Order::Perform { effect, .. } if test(effect)))
    }
}
