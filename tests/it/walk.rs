//! The walk, driven purely: records in, what the screen says and offers out. One test for each way it could lie.

use std::collections::BTreeSet;
use std::path::PathBuf;

use stanch::app::{App, Msg, Order, Overlay, Setup, linear};
use stanch::base::{Fault, FaultKind, Fingerprint, KeyKind, SecretRef, Stamp};
use stanch::effect::git::{
    Aftermath, Archives, Binaries, Choice, CopyMap, Emptied, Fate, FileChoice, Filed, GitOp, GitReply, Plan, Policy,
    Proof, ProofLine, PushReport, Refusal, RemoteAfter, ServedId, Serves, Standing,
};
use stanch::effect::provider::{Issued, KeyReport, KeyRow, Owner, OwnerKind, Probe, ProviderOp, ProviderReply};
use stanch::effect::target::{Found, Holds, Hook, NotRead, TargetOp, TargetRef, TargetReply};
use stanch::effect::{Effect, Outcome, Reply, Verdict};
use stanch::incident::playbook::Playbook;
use stanch::incident::{Event, Incident, IntentState, Mode, Opened, Record, StepRef, StepState};
use stanch::providers::{self, prices::Prices};
use stanch::stages;
use stanch::ui::{Code, Key};

struct Walk {
    app: App,
    at: Stamp,
    seq: u64,
    intents: u64,
    hand: Stamp,
    /// Everything asked for so far.
    orders: Vec<Order>,
}

fn print(last4: &str) -> Fingerprint {
    Fingerprint {
        prefix: "sk-proj-".into(),
        last4: last4.into(),
        hash: last4.repeat(16),
        kind: KeyKind::OpenAiProject,
        length: 60,
    }
}

fn opened() -> Opened {
    Opened {
        incident: "20261120-1400-otter-4f".into(),
        mode: Mode::Live,
        provider: "openai".into(),
        key: print("9f3a"),
        salt: "s".into(),
        found_by: "mail".into(),
        exposed_since: Stamp::from_secs(90_000),
        exposed_known: true,
        repos: vec![PathBuf::from("/srv/repo")],
        roots: vec![PathBuf::from("/srv/app")],
        has_admin: true,
        drill: None,
    }
}

fn row(id: &str) -> KeyRow {
    KeyRow {
        id: id.into(),
        name: "prod".into(),
        redacted: "sk-proj-abc...9f3a".into(),
        project_id: "proj_1".into(),
        project_name: "billing".into(),
        created: None,
        last_used: None,
        owner: Owner { kind: OwnerKind::ServiceAccount, id: "svc_1".into(), name: "svc-billing".into() },
        admin: false,
    }
}

fn provider(op: ProviderOp) -> Effect {
    Effect::Provider { provider: "openai".into(), op }
}

fn target(op: TargetOp) -> Effect {
    Effect::Target { op }
}

fn git(op: GitOp) -> Effect {
    Effect::Git { repo: PathBuf::from("/srv/repo"), op }
}

fn p(reply: ProviderReply) -> Outcome {
    Outcome::Done { reply: Reply::Provider { reply } }
}

fn t(reply: TargetReply) -> Outcome {
    Outcome::Done { reply: Reply::Target { reply } }
}

fn g(reply: GitReply) -> Outcome {
    Outcome::Done { reply: Reply::Git { reply } }
}

fn place() -> TargetRef {
    TargetRef { kind: "dotenv".into(), place: "/srv/app/.env".into() }
}

fn found(holds: Holds) -> Found {
    Found {
        at: place(),
        content: "c".into(),
        spots: Vec::new(),
        holds,
        blocked: None,
        warnings: Vec::new(),
        diff: Vec::new(),
        can_reload: false,
        can_prove: false,
    }
}

fn issued(name: &str, print: Option<Fingerprint>) -> Issued {
    Issued {
        key_id: "key_new".into(),
        account_id: "svc_new".into(),
        name: name.into(),
        project_id: "proj_1".into(),
        created: None,
        print,
    }
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
    fn new(held: &[SecretRef]) -> Self {
        Self::of(opened(), held)
    }

    fn of(opened: Opened, held: &[SecretRef]) -> Self {
        let at = Stamp::from_secs(100_000);
        let event = Event::Opened(Box::new(opened));
        let first = Record { v: 1, seq: 0, at, by: "t".into(), prev: String::new(), event };
        let held: BTreeSet<SecretRef> = held.iter().copied().collect();
        let app = App::new(Incident::fold([&first]).unwrap(), setup(), held, at);
        Self { app, at, seq: 0, intents: 0, hand: Stamp::from_secs(1), orders: Vec::new() }
    }

    /// A record, a second later; what the app wants recorded in turn is recorded too.
    fn rec(&mut self, event: Event) {
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
    fn resume(&mut self) {
        let held = self.app.view("intake").held.clone();
        self.app = App::new(self.app.incident.clone(), setup(), held, self.at);
        self.orders.clear();
    }

    /// A look that began only now, and its answer.
    fn saw(&mut self, stage: &str, step: &str, effect: Effect, outcome: Outcome) {
        self.rec(Event::Observed { step: StepRef::new(stage, step), effect, outcome });
    }

    fn intend(&mut self, stage: &str, step: &str, effect: Effect) -> u64 {
        self.intents += 1;
        self.rec(Event::Intent { id: self.intents, step: StepRef::new(stage, step), effect });
        self.intents
    }

    fn did(&mut self, stage: &str, step: &str, effect: Effect, outcome: Outcome) {
        let id = self.intend(stage, step, effect);
        self.rec(Event::Outcome { id, outcome });
    }

    fn lost(&mut self, stage: &str, step: &str, effect: Effect) -> u64 {
        let id = self.intend(stage, step, effect);
        self.rec(Event::Unknown { id, why: "cut".into() });
        id
    }

    fn hold(&mut self, held: &[SecretRef]) {
        self.orders.extend(self.app.update(Msg::Held(held.iter().copied().collect())));
    }

    fn pass(&mut self, secs: i64) {
        self.at = self.at.plus_secs(secs);
        self.orders.extend(self.app.update(Msg::Now(self.at)));
    }

    fn probe(&mut self, key: SecretRef, verdict: Verdict) {
        let (status, code) = match verdict {
            Verdict::Dead => (Some(401), Some("invalid_api_key".to_owned())),
            Verdict::Live => (Some(200), None),
            Verdict::Unknown => (None, None),
        };
        let probe = Probe { key, verdict, status, code, why: String::new(), request_id: None };
        let (stage, step) = if key == SecretRef::Leaked { ("revoke", "prove") } else { ("issue", "probe") };
        self.saw(stage, step, provider(ProviderOp::Probe { key }), p(ProviderReply::Probed(probe)));
    }

    fn locate(&mut self, matches: Vec<KeyRow>, not_searched: &[&str]) {
        let not_searched = not_searched.iter().map(|s| (*s).to_owned()).collect();
        let report = KeyReport { matches, siblings: Vec::new(), projects: 1, keys_seen: 3, not_searched };
        self.saw("revoke", "locate", provider(ProviderOp::Locate), p(ProviderReply::Located(report)));
    }

    fn discover(&mut self, found: Vec<Found>) {
        let op = TargetOp::Discover { roots: vec![PathBuf::from("/srv/app")] };
        self.saw("targets", "find", target(op), t(TargetReply::Discovered { found, skipped: Vec::new(), files: 4 }));
    }

    fn issue(&mut self, last4: &str) {
        let op = ProviderOp::Issue { project: "proj_1".into(), name: self.name() };
        let made = issued(&self.name(), Some(print(last4)));
        self.did("issue", "issue", provider(op), p(ProviderReply::Issued(made)));
        self.hold(&[SecretRef::Leaked, SecretRef::Admin, SecretRef::Replacement]);
    }

    fn name(&self) -> String {
        stages::issue::name(&self.app.view("issue"))
    }

    fn ready(&self, id: &str) -> Result<(), String> {
        let (stage, _) = id.split_once('.').unwrap();
        let stage = stages::by_id(stage).unwrap();
        let action = stage.actions().iter().find(|a| a.id == id).unwrap();
        (action.ready)(&self.app.view(stage.id()))
    }

    fn step(&self, stage: &str, step: &str) -> StepState {
        let stage = stages::by_id(stage).unwrap();
        let steps = stage.steps(&self.app.view(stage.id()));
        steps.into_iter().find(|s| s.id.starts_with(step)).unwrap().state
    }

    fn do_now(&self, stage: &str) -> stages::DoNow {
        stages::by_id(stage).unwrap().sheet(&self.app.view(stage)).do_now
    }

    fn open(&self) -> Vec<String> {
        stages::close::open(&self.app.view("close"))
    }

    fn intent(&self, id: u64) -> IntentState {
        self.app.incident.intents[&id].state.clone()
    }

    fn press(&mut self, key: Key) -> Vec<Order> {
        self.hand = self.hand.plus_secs(2);
        let orders = self.app.update(Msg::Key { key, hand: self.hand });
        self.orders.extend(orders.clone());
        orders
    }

    /// What stands beside the input of the open dialog.
    fn note(&self) -> String {
        match &self.app.overlay {
            Overlay::Asking(asking) => asking.dialog.note.clone().unwrap_or_default(),
            _ => String::new(),
        }
    }

    fn said(&self) -> &str {
        self.app.said.as_ref().map_or("", |(_, _, words)| words)
    }

    fn wanted(&self, test: impl Fn(&Effect) -> bool) -> bool {
        self.orders.iter().any(|o| matches!(o, Order::Perform { effect, .. } if test(effect)))
    }
}

const ALL: [SecretRef; 2] = [SecretRef::Leaked, SecretRef::Admin];

fn put() -> Effect {
    target(TargetOp::Put { at: place(), expect: "c".into(), with: SecretRef::Replacement })
}

fn read_back(holds: Holds) -> (Effect, Outcome) {
    (target(TargetOp::ReadBack { at: place() }), t(TargetReply::ReadBack { at: place(), holds }))
}

#[test]
fn a_key_that_an_unfinished_write_may_have_stored_is_no_orphan() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    walk.discover(vec![found(Holds::Leaked)]);
    walk.issue("b2c4");
    walk.probe(SecretRef::Replacement, Verdict::Live);
    let id = walk.lost("targets", "write:/srv/app/.env", put());
    // The program ends here; the vault forgets the new key.
    walk.rec(Event::Resumed { torn: 0 });
    walk.hold(&ALL);
    assert_eq!(walk.ready("issue.discard"), Err("there is no orphan".into()), "production may run on it");
    assert!(walk.wanted(|e| matches!(e, Effect::Target { op: TargetOp::Recover { .. } })), "it takes the key back");
    let recover = target(TargetOp::Recover { at: place(), print: print("b2c4") });
    walk.saw("targets", "recover:/srv/app/.env", recover, t(TargetReply::Recovered { at: place() }));
    assert_eq!(walk.intent(id), IntentState::Settled(true));
    assert!(walk.app.incident.targets[&place()].written.is_some());
}

#[test]
fn a_place_that_does_not_hold_the_new_key_settles_the_write_and_frees_the_orphan() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    walk.discover(vec![found(Holds::Leaked)]);
    walk.issue("b2c4");
    let id = walk.lost("targets", "write:/srv/app/.env", put());
    walk.rec(Event::Resumed { torn: 0 });
    walk.hold(&ALL);
    let recover = target(TargetOp::Recover { at: place(), print: print("b2c4") });
    let fault = Fault::new(FaultKind::Changed, "not there", "no value has that print");
    walk.saw("targets", "recover:/srv/app/.env", recover, Outcome::Refused { fault });
    assert_eq!(walk.intent(id), IntentState::Settled(false));
    assert_eq!(walk.ready("issue.discard"), Ok(()));
}

#[test]
fn a_key_made_by_hand_under_our_name_is_no_orphan() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    let name = walk.name();
    walk.rec(Event::Took { role: SecretRef::Replacement, print: print("aaaa") });
    walk.hold(&[SecretRef::Leaked, SecretRef::Admin, SecretRef::Replacement]);
    let look = provider(ProviderOp::FindIssued { project: "proj_1".into(), name: name.clone() });
    walk.saw("issue", "issue", look, p(ProviderReply::IssuedFound { found: vec![issued(&name, None)] }));
    assert!(walk.app.incident.orphans.is_empty());
    assert!(walk.ready("issue.discard").is_err(), "it is the good one");
}

#[test]
fn writes_of_unknown_end_are_not_offered_again() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    walk.issue("b2c4");
    walk.hold(&ALL);
    assert_eq!(walk.ready("issue.discard"), Ok(()));
    let orphan = issued(&walk.name(), None);
    let id = walk.lost(
        "issue",
        "discard",
        provider(ProviderOp::Discard { project: "proj_1".into(), issued: orphan.clone() }),
    );
    assert!(walk.ready("issue.discard").is_err(), "unknown: check first");
    // A look for another name tells nothing; one for its own name does.
    let look = |name: &str| provider(ProviderOp::FindIssued { project: "proj_1".into(), name: name.into() });
    walk.saw("issue", "issue", look("another"), p(ProviderReply::IssuedFound { found: Vec::new() }));
    assert!(matches!(walk.intent(id), IntentState::Unknown(_)));
    walk.saw("issue", "issue", look(&orphan.name), p(ProviderReply::IssuedFound { found: Vec::new() }));
    assert_eq!(walk.intent(id), IntentState::Settled(true));

    let mut walk = Walk::new(&ALL);
    walk.discover(vec![found(Holds::Leaked)]);
    walk.did(
        "targets",
        "write:/srv/app/.env",
        put(),
        t(TargetReply::Written { at: place(), now: "n".into(), spots: 1 }),
    );
    assert_eq!(walk.ready("targets.undo"), Ok(()));
    walk.lost("targets", "undo:/srv/app/.env", target(TargetOp::Undo { at: place() }));
    assert!(walk.ready("targets.undo").is_err());
}

#[test]
fn a_list_that_was_read_while_the_write_ran_settles_nothing() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    // The look starts, then the deletion is lost, then the look ends.
    walk.app.update(Msg::Do { id: "revoke.locate".into(), hand: Stamp::from_secs(1) });
    walk.pass(1);
    let id = walk.lost("revoke", "kill", provider(ProviderOp::Revoke { row: row("key_old") }));
    walk.locate(vec![row("key_old")], &[]);
    assert!(matches!(walk.intent(id), IntentState::Unknown(_)), "that list is from before");
    // A list with a gap is no proof of absence; a whole one is.
    walk.locate(Vec::new(), &["project p2: no permission"]);
    assert!(matches!(walk.intent(id), IntentState::Unknown(_)), "it may be in the project that was not listed");
    walk.locate(Vec::new(), &[]);
    assert_eq!(walk.intent(id), IntentState::Settled(true));
}

#[test]
fn the_probe_of_an_earlier_new_key_says_nothing_about_the_next() {
    let mut walk = Walk::new(&ALL);
    walk.rec(Event::Took { role: SecretRef::Replacement, print: print("aaaa") });
    walk.hold(&[SecretRef::Leaked, SecretRef::Admin, SecretRef::Replacement]);
    walk.probe(SecretRef::Replacement, Verdict::Live);
    assert!(matches!(walk.step("issue", "probe"), StepState::Done(_)));
    walk.orders.clear();
    walk.rec(Event::Took { role: SecretRef::Replacement, print: print("bbbb") });
    assert!(matches!(walk.step("issue", "probe"), StepState::Verifying(_)), "{:?}", walk.step("issue", "probe"));
    assert!(
        walk.wanted(|e| matches!(e, Effect::Provider { op: ProviderOp::Probe { key: SecretRef::Replacement }, .. }))
    );
}

#[test]
fn nothing_is_written_before_the_new_key_was_seen_to_work() {
    let mut walk = Walk::new(&ALL);
    walk.discover(vec![found(Holds::Leaked)]);
    walk.rec(Event::Took { role: SecretRef::Replacement, print: print("aaaa") });
    walk.hold(&[SecretRef::Leaked, SecretRef::Replacement]);
    walk.probe(SecretRef::Replacement, Verdict::Dead);
    assert!(walk.ready("targets.write").is_err());
    walk.probe(SecretRef::Replacement, Verdict::Live);
    assert_eq!(walk.ready("targets.write"), Ok(()));
}

#[test]
fn a_key_that_survives_its_deletion_can_be_killed_again() {
    for by_hand in [false, true] {
        let mut walk = Walk::new(&ALL);
        walk.locate(vec![row("key_old")], &[]);
        if by_hand {
            walk.rec(Event::ByHand { step: StepRef::new("revoke", "kill"), answer: "9f3a".into() });
        } else {
            let kill = provider(ProviderOp::Revoke { row: row("key_old") });
            walk.did("revoke", "kill", kill, p(ProviderReply::Revoked { id: "key_old".into() }));
        }
        walk.probe(SecretRef::Leaked, Verdict::Live);
        assert!(walk.ready("revoke.kill").is_err(), "it may still be spreading");
        walk.pass(700);
        walk.probe(SecretRef::Leaked, Verdict::Live);
        assert!(matches!(walk.step("revoke", "kill"), StepState::Failed(_)), "{:?}", walk.step("revoke", "kill"));
        assert_eq!(walk.do_now("revoke").action, Some("revoke.locate"));
        assert_eq!((walk.ready("revoke.kill"), walk.ready("revoke.by_hand")), (Ok(()), Ok(())));
    }
}

#[test]
fn a_key_that_never_answered_is_not_called_contained() {
    let refused = |walk: &mut Walk| {
        for _ in 0..9 {
            walk.pass(8);
            walk.probe(SecretRef::Leaked, Verdict::Dead);
        }
    };
    let mut walk = Walk::new(&[SecretRef::Leaked]);
    refused(&mut walk);
    assert_eq!(linear::exposure(&walk.app), "REFUSED FROM THE START: is it the right key?");
    assert!(
        walk.do_now("revoke").what.starts_with("Make sure that it is the right key"),
        "{:?}",
        walk.do_now("revoke")
    );
    assert_eq!((walk.do_now("revoke").action, walk.ready("revoke.by_hand")), (Some("revoke.by_hand"), Ok(())));
    let report = stanch::app::report::Report::of(&walk.app);
    assert!(report.contained_at.is_none() && report.markdown().contains("is it the right key?"));
    walk.rec(Event::ByHand { step: StepRef::new("revoke", "kill"), answer: "9f3a".into() });
    assert!(matches!(walk.step("revoke", "kill"), StepState::ByHand(_)));
    assert!(!linear::exposure(&walk.app).contains("CONTAINED"), "a word makes no evidence");

    let mut walk = Walk::new(&[SecretRef::Leaked]);
    walk.probe(SecretRef::Leaked, Verdict::Live);
    refused(&mut walk);
    assert!(linear::exposure(&walk.app).starts_with("CONTAINED after"));
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    refused(&mut walk);
    assert!(linear::exposure(&walk.app).starts_with("CONTAINED after"), "its row was found");
}

#[test]
fn a_word_that_the_probes_belie_is_held_against_the_person() {
    let mut walk = Walk::of(Opened { has_admin: false, ..opened() }, &[SecretRef::Leaked]);
    walk.probe(SecretRef::Leaked, Verdict::Live);
    walk.rec(Event::ByHand { step: StepRef::new("revoke", "kill"), answer: "9f3a".into() });
    walk.pass(30);
    walk.probe(SecretRef::Leaked, Verdict::Live);
    assert!(walk.do_now("revoke").what.starts_with("Nothing here"), "it may still be spreading");
    walk.pass(30);
    walk.probe(SecretRef::Leaked, Verdict::Live);
    let now = walk.do_now("revoke");
    assert_eq!(
        now.what,
        "STILL LIVE 62 s after you said it was deleted (2 probes). Wrong row or organisation? h again"
    );
    assert_eq!((now.action, walk.ready("revoke.by_hand")), (None, Ok(())));
    walk.pass(120);
    walk.probe(SecretRef::Leaked, Verdict::Live);
    assert_eq!(walk.do_now("revoke").action, Some("revoke.by_hand"));
    walk.rec(Event::ByHand { step: StepRef::new("revoke", "kill"), answer: "9f3a".into() });
    assert!(walk.do_now("revoke").what.starts_with("Nothing here"), "it counts anew from the new word");
    let gone = Fault::new(FaultKind::Unreachable, "no answer", "connection refused");
    walk.saw(
        "revoke",
        "prove",
        provider(ProviderOp::Probe { key: SecretRef::Leaked }),
        Outcome::Failed { fault: gone },
    );
    let now = walk.do_now("revoke").what;
    assert_eq!(now, "The provider can't be reached from here (connection refused): nothing can be proven");
}

#[test]
fn what_could_not_be_read_is_no_good_news() {
    let mut walk = Walk::new(&ALL);
    let skipped = vec![NotRead { place: "/srv/app/.env".into(), why: "Permission denied".into() }];
    let op = TargetOp::Discover { roots: vec![PathBuf::from("/srv/app")] };
    walk.saw("targets", "find", target(op), t(TargetReply::Discovered { found: Vec::new(), skipped, files: 0 }));
    let state = walk.step("targets", "find");
    assert!(matches!(&state, StepState::Failed(why) if why.starts_with("not all read: 1 place")), "{state:?}");
    let now = walk.do_now("targets");
    assert!(now.what.contains("/srv/app/.env (Permission denied)") && now.action == Some("targets.check"), "{now:?}");
    assert_eq!((walk.ready("targets.by_hand"), walk.ready("targets.check")), (Ok(()), Ok(())));
    walk.rec(Event::ByHand { step: StepRef::new("targets", "find"), answer: "another service's file".into() });
    assert!(matches!(walk.step("targets", "find"), StepState::ByHand(_)));
    walk.discover(vec![found(Holds::Leaked)]);
    let (look, saw) = read_back(Holds::Replacement);
    walk.saw("targets", "read:/srv/app/.env", look, saw);
    walk.rec(Event::ByHand { step: StepRef::new("targets", "place:/srv/app/.env"), answer: "restarted".into() });
    assert_eq!(walk.do_now("targets").what, "Nothing. That 1 place uses the new key is your word");
}

#[test]
fn leaving_with_a_key_that_stands_nowhere_is_asked_about() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    walk.discover(vec![found(Holds::Leaked)]);
    assert!(walk.do_now("targets").what.contains("there is no new key"), "{:?}", walk.do_now("targets"));
    walk.issue("b2c4");
    assert_eq!(walk.press(Key::char('q')), Vec::new());
    let Overlay::Asking(asking) = &walk.app.overlay else { panic!("no question") };
    assert!(asking.dialog.body.contains("...b2c4 is in memory only"), "{}", asking.dialog.body);
    walk.press(Key::of(Code::Esc));
    let written = t(TargetReply::Written { at: place(), now: "n".into(), spots: 1 });
    walk.did("targets", "write:/srv/app/.env", put(), written);
    assert_eq!(walk.press(Key::char('q')), vec![Order::Quit]);
}

#[test]
fn a_look_that_a_person_asked_for_says_what_it_saw() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    walk.probe(SecretRef::Leaked, Verdict::Live);
    assert_eq!(walk.said(), "");
    walk.app.update(Msg::Do { id: "revoke.check".into(), hand: Stamp::from_secs(1) });
    walk.probe(SecretRef::Leaked, Verdict::Live);
    assert!(walk.said().starts_with("the leaked key answered live (200), "), "{}", walk.said());
    walk.app.update(Msg::Do { id: "issue.discard".into(), hand: Stamp::from_secs(1) });
    assert!(walk.said().starts_with("o not now: "), "{}", walk.said());
}

#[test]
fn a_new_write_makes_a_new_backup_to_destroy() {
    let mut walk = Walk::new(&ALL);
    walk.discover(vec![found(Holds::Leaked)]);
    let written = || t(TargetReply::Written { at: place(), now: "n".into(), spots: 1 });
    walk.did("targets", "write:/srv/app/.env", put(), written());
    walk.did("close", "backups", target(TargetOp::DropBackups), t(TargetReply::BackupsDropped { files: 1 }));
    assert!(walk.ready("close.backups").is_err());
    assert!(walk.ready("targets.undo").is_err(), "there is no backup to undo from");
    walk.did("targets", "write:/srv/app/.env", put(), written());
    assert_eq!(walk.ready("close.backups"), Ok(()));
    assert!(walk.open().iter().any(|line| line.starts_with("Backups")), "{:?}", walk.open());
}

#[test]
fn a_file_edited_by_hand_counts_once_a_look_saw_it_and_a_claim_falls_to_what_a_look_saw() {
    let mut walk = Walk::new(&ALL);
    walk.discover(vec![found(Holds::Leaked)]);
    let (look, saw) = read_back(Holds::Replacement);
    walk.saw("targets", "read:/srv/app/.env", look, saw);
    assert!(matches!(walk.step("targets", "place"), StepState::Verifying(_)), "{:?}", walk.step("targets", "place"));
    assert_eq!(walk.ready("targets.by_hand"), Ok(()));
    walk.rec(Event::ByHand { step: StepRef::new("targets", "place:/srv/app/.env"), answer: "restarted".into() });
    assert!(matches!(walk.step("targets", "place"), StepState::ByHand(_)));
    walk.discover(vec![found(Holds::Leaked)]);
    assert!(matches!(walk.step("targets", "place"), StepState::Failed(_)), "the leaked key stands there");
}

fn purged(walk: &mut Walk) {
    let map = CopyMap { copies: vec![copy()], objects: 9, ..CopyMap::default() };
    walk.saw("purge", "find:/srv/repo", git(GitOp::Find), g(GitReply::Found(map)));
    let (id, phrase) = ("p1".into(), "repo".into());
    let plan = Plan { id, phrase, push_needed: true, copies: vec![copy()], ..Plan::default() };
    walk.saw("purge", "plan:/srv/repo", git(GitOp::Plan), g(GitReply::Planned(Box::new(plan))));
}

fn copy() -> stanch::effect::git::Copy {
    stanch::effect::git::Copy {
        id: "a".repeat(40),
        what: stanch::effect::git::CopyKind::Blob,
        form: "plain".into(),
        path: None,
        first: None,
        last: None,
        refs: Vec::new(),
        on_remote: true,
        reachable: true,
        remedy: String::new(),
    }
}

fn applied() -> Outcome {
    g(GitReply::Applied { plan: "p1".into(), refs: 1, backup: "/b".into(), dropped: 0, came_back: vec![] })
}

fn proved() -> Outcome {
    let line = ProofLine { what: "all objects".into(), clean: true, saw: "none".into() };
    g(GitReply::Proved(Proof { checks: vec![line], not_checked: Vec::new() }))
}

#[test]
fn a_word_about_a_repository_does_not_hide_an_unknown_switch() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    walk.lost("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p1".into() }));
    walk.rec(Event::ByHand { step: StepRef::new("purge", "repo:/srv/repo"), answer: "done".into() });
    assert!(matches!(walk.step("purge", "repo"), StepState::Unknown(_)), "{:?}", walk.step("purge", "repo"));
}

#[test]
fn what_was_pushed_before_an_undo_is_pushed_again_and_refs_nobody_can_clean_stay_open() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    let apply = || git(GitOp::Apply { plan: "p1".into() });
    walk.did("purge", "apply:/srv/repo", apply(), applied());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    let push = PushReport { needs_support: vec!["refs/pull/7/head".into()], ..PushReport::default() };
    walk.did("purge", "push:/srv/repo", git(GitOp::Push { plan: "p1".into() }), g(GitReply::Pushed(push)));
    assert!(walk.open().iter().any(|line| line.contains("refs/pull/7/head")), "{:?}", walk.open());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    walk.app.running.clear();
    assert_eq!(walk.ready("purge.finish"), Ok(()));
    // An undo whose end nobody saw, found to have happened, then the same switch again.
    let undo = walk.lost("purge", "undo:/srv/repo", git(GitOp::Undo { plan: "p1".into() }));
    let check = git(GitOp::Check { plan: "p1".into() });
    walk.saw(
        "purge",
        "check:/srv/repo",
        check,
        g(GitReply::Stands { plan: "p1".into(), at: Standing::Old, remote: None, finished: false }),
    );
    assert_eq!(walk.intent(undo), IntentState::Settled(true));
    walk.did("purge", "apply:/srv/repo", apply(), applied());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    assert!(walk.ready("purge.finish").is_err(), "the remote was not looked at since");
    walk.app.running.clear();
    assert_eq!(walk.ready("purge.push"), Ok(()));
}

#[test]
fn without_the_leaked_key_nobody_is_told_to_wait() {
    let mut walk = Walk::new(&[SecretRef::Admin]);
    let kill = provider(ProviderOp::Revoke { row: row("key_old") });
    walk.locate(vec![row("key_old")], &[]);
    walk.did("revoke", "kill", kill, p(ProviderReply::Revoked { id: "key_old".into() }));
    for stage in ["revoke", "targets", "purge"] {
        assert!(walk.do_now(stage).what.contains("resume"), "{stage}: {}", walk.do_now(stage).what);
    }
    // A deletion of unknown end can be checked by the list alone.
    walk.lost("revoke", "kill", provider(ProviderOp::Revoke { row: row("key_old") }));
    assert_eq!(walk.ready("revoke.check"), Ok(()));
}

#[test]
fn an_admin_key_that_comes_with_the_resume_is_used() {
    let walk = Walk::of(Opened { has_admin: false, ..opened() }, &[SecretRef::Leaked]);
    assert!(walk.ready("revoke.locate").is_err());
    let mut walk = Walk::of(Opened { has_admin: false, ..opened() }, &ALL);
    walk.pass(1);
    assert!(walk.wanted(|e| *e == provider(ProviderOp::Locate)));
}

#[test]
fn a_proof_keeps_its_words_when_a_later_probe_gets_no_answer() {
    let mut walk = Walk::new(&ALL);
    for _ in 0..8 {
        walk.pass(8);
        walk.probe(SecretRef::Leaked, Verdict::Dead);
    }
    let proof = walk.step("revoke", "prove");
    assert!(proof.detail().contains("8 of 8"), "{proof:?}");
    walk.probe(SecretRef::Leaked, Verdict::Unknown);
    assert_eq!(walk.step("revoke", "prove"), proof);
    walk.probe(SecretRef::Leaked, Verdict::Dead);
    assert_eq!(walk.step("revoke", "prove"), proof, "not `1 of 8`");
}

#[test]
fn a_key_typed_into_a_note_is_not_recorded_and_that_is_said() {
    let mut walk = Walk::new(&ALL);
    walk.press(Key::char('N'));
    let key = format!("sk-{}-{}", "proj", "aB3_".repeat(10));
    for c in format!("the new one is {key}").chars() {
        walk.press(Key::char(c));
    }
    let orders = walk.press(Key::of(Code::Enter));
    assert!(!orders.iter().any(|o| matches!(o, Order::Record(_))), "{orders:?}");
    assert!(walk.note().contains("not recorded"), "{:?}", walk.app.overlay);
    // What was typed stays, to be mended.
    for _ in 0..key.len() {
        walk.press(Key::of(Code::Backspace));
    }
    let orders = walk.press(Key::of(Code::Enter));
    assert_eq!(orders, [Order::Record(Event::Note { text: "the new one is".into() })]);
}

#[test]
fn a_place_that_is_not_there_is_mended_in_its_field() {
    let mut walk = Walk::new(&ALL);
    walk.app.update(Msg::Do { id: "intake.repo".into(), hand: Stamp::from_secs(1) });
    for c in "/nope".chars() {
        walk.press(Key::char(c));
    }
    let orders = walk.press(Key::of(Code::Enter));
    assert!(matches!(&orders[..], [Order::Record(Event::Decided { choice, .. })] if choice == "/nope"), "{orders:?}");
    // A key pressed meanwhile was meant for the pane.
    walk.press(Key::char('x'));
    let fault = Fault::input("/nope can't be looked into", "no such file").hint("give a path that exists");
    walk.app.update(Msg::Refused { run: None, fault });
    assert_eq!(walk.note(), "not recorded: /nope can't be looked into: no such file; give a path that exists");
    let mut mended = walk.press(Key::char('2'));
    mended.extend(walk.press(Key::of(Code::Enter)));
    assert!(matches!(&mended[..], [Order::Record(Event::Decided { choice, .. })] if choice == "/nope2"), "{mended:?}");
}

#[test]
fn a_hidden_line_that_is_not_taken_stays_open_and_empty() {
    let mut walk = Walk::new(&ALL);
    walk.app.update(Msg::Do { id: "issue.paste".into(), hand: Stamp::from_secs(1) });
    walk.press(Key::char('x'));
    assert!(walk.press(Key::of(Code::Enter)).contains(&Order::Take(SecretRef::Replacement)));
    walk.app.update(Msg::NotTaken(Fault::input("this is not a key", "it has 1 character")));
    assert!(walk.note().contains("it has 1 character"), "{:?}", walk.app.overlay);
    assert_eq!(walk.app.wants_secret(), Some(SecretRef::Replacement));
    assert!(walk.press(Key::of(Code::Enter)).is_empty(), "it is empty again");
}

#[test]
fn an_answer_that_comes_after_a_change_does_nothing_and_says_so() {
    // The key is deleted by somebody else's hand while the question stands open.
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    walk.app.update(Msg::Do { id: "revoke.kill".into(), hand: Stamp::from_secs(1) });
    for c in "9f3a".chars() {
        walk.press(Key::char(c));
    }
    walk.rec(Event::ByHand { step: StepRef::new("revoke", "kill"), answer: "9f3a".into() });
    let orders = walk.press(Key::of(Code::Enter));
    assert!(!orders.iter().any(|o| matches!(o, Order::Perform { effect, .. } if effect.writes())), "{orders:?}");
    assert!(walk.said().starts_with("nothing was done: done"), "{}", walk.said());
    // Another row than the one that was shown.
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    walk.app.update(Msg::Do { id: "revoke.kill".into(), hand: Stamp::from_secs(1) });
    for c in "9f3a".chars() {
        walk.press(Key::char(c));
    }
    walk.locate(vec![row("key_other")], &[]);
    let orders = walk.press(Key::of(Code::Enter));
    assert!(!orders.iter().any(|o| matches!(o, Order::Perform { effect, .. } if effect.writes())), "{orders:?}");
    assert!(walk.said().contains("changed while you read"), "{}", walk.said());
}

#[test]
fn what_was_never_looked_into_is_open_until_somebody_says_why() {
    let mut walk = Walk::of(Opened { repos: Vec::new(), roots: Vec::new(), ..opened() }, &ALL);
    for (stage, action) in [("targets", "targets.root"), ("purge", "purge.repo")] {
        assert_eq!(walk.do_now(stage).action, Some(action));
        assert!(!walk.step(stage, "").settled());
    }
    assert!(walk.open().contains(&"Purge: not looked into, no repository was given".to_owned()), "{:?}", walk.open());
    walk.rec(Event::Skipped { stage: "purge".into(), reason: "it never was in git".into() });
    assert!(walk.open().contains(&"Purge skipped: it never was in git".to_owned()), "{:?}", walk.open());
}

#[test]
fn a_place_named_by_mistake_comes_off_the_list_unless_something_was_done_to_it() {
    let mut walk = Walk::new(&ALL);
    walk.pass(1);
    walk.discover(vec![found(Holds::Leaked)]);
    let drop = |path: &str| Event::Decided {
        topic: "drop".into(),
        choice: path.into(),
        facts: std::collections::BTreeMap::new(),
        reason: String::new(),
    };
    walk.orders.clear();
    walk.rec(drop("/srv/repo"));
    assert!(walk.app.incident.repos.is_empty());
    assert!(walk.orders.iter().any(|o| matches!(o, Order::Cancel(_))), "nobody waits for that look: {:?}", walk.orders);
    walk.saw("purge", "find:/srv/repo", git(GitOp::Find), g(GitReply::Found(CopyMap::default())));
    assert!(walk.app.incident.repos.is_empty(), "a late answer does not bring it back");
    walk.rec(drop("/srv/app"));
    assert!(walk.app.incident.roots.is_empty() && walk.app.incident.targets.is_empty());

    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    walk.did("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p1".into() }), applied());
    walk.rec(drop("/srv/repo"));
    assert_eq!(walk.app.incident.repos.len(), 1, "what was done to it stays in the story");
    assert!(walk.ready("purge.drop").is_err());
}

#[test]
fn a_closed_incident_says_so_while_the_late_probe_is_booked() {
    let mut walk = Walk::new(&ALL);
    walk.rec(Event::Closed { open: vec!["Late probe booked".into()] });
    let close = stages::by_id("close").unwrap();
    let state = stages::state(close, &walk.app.view("close"));
    assert!(matches!(&state, StepState::Done(how) if how.contains("1 open point")), "{state:?}");
}

#[test]
fn what_is_no_time_and_no_path_is_said_and_not_recorded() {
    for (id, typed, word) in [
        ("intake.exposed", "yesterday", "no time"),
        ("intake.exposed", "2099-01-01 00:00", "future"),
        ("intake.repo", "my-repo", "absolute"),
    ] {
        let mut walk = Walk::new(&ALL);
        walk.app.update(Msg::Do { id: id.into(), hand: Stamp::from_secs(1) });
        walk.press(Key::ctrl('u'));
        for c in typed.chars() {
            walk.press(Key::char(c));
        }
        let orders = walk.press(Key::of(Code::Enter));
        assert!(!orders.iter().any(|o| matches!(o, Order::Record(_))), "{orders:?}");
        assert!(walk.note().contains(word), "{:?}", walk.app.overlay);
    }
}

#[test]
fn one_refusal_is_no_containment_in_the_report() {
    let mut walk = Walk::new(&ALL);
    walk.probe(SecretRef::Leaked, Verdict::Dead);
    let report = stanch::app::report::Report::of(&walk.app);
    assert_eq!((report.contained_at, report.time_to_contain_s), (None, None));
}

#[test]
fn a_phrase_without_words_is_never_met_by_enter() {
    let mut walk = Walk::new(&ALL);
    let nameless = KeyRow { owner: Owner { name: String::new(), ..row("k").owner }, ..row("key_old") };
    walk.locate(vec![nameless.clone()], &[]);
    let fault = Fault::refused("not deleted", "an account owns it").hint("delete the service account");
    walk.did("revoke", "kill", provider(ProviderOp::Revoke { row: nameless }), Outcome::Refused { fault });
    walk.app.update(Msg::Do { id: "revoke.account".into(), hand: Stamp::from_secs(1) });
    assert!(matches!(walk.app.overlay, Overlay::Asking(_)), "{:?}", walk.app.said);
    let orders = walk.press(Key::of(Code::Enter));
    assert!(orders.is_empty(), "{orders:?}");
    assert!(matches!(walk.app.overlay, Overlay::Asking(_)));
}

#[test]
fn reads_that_came_back_are_not_asked_again_at_once() {
    let mut walk = Walk::new(&ALL);
    walk.pass(1);
    let first: Vec<(StepRef, Effect)> = walk
        .orders
        .iter()
        .filter_map(|o| match o {
            Order::Perform { step, effect, .. } => Some((step.clone(), effect.clone())),
            _ => None,
        })
        .collect();
    assert!(!first.is_empty());
    let refused = || Outcome::Failed { fault: Fault::new(FaultKind::Unreachable, "no", "down") };
    walk.orders.clear();
    for (step, effect) in &first {
        walk.saw(&step.stage, &step.step, effect.clone(), refused());
    }
    walk.pass(1);
    let again = |walk: &Walk| walk.orders.iter().filter(|o| matches!(o, Order::Perform { .. })).count();
    assert_eq!(again(&walk), 0, "{:?}", walk.orders);
    walk.pass(10);
    assert_eq!(again(&walk), first.len(), "later they are");
}

#[test]
fn whether_a_history_is_rewritten_is_a_decision_on_record() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    purged(&mut walk);
    walk.app.update(Msg::Do { id: "purge.keep".into(), hand: Stamp::from_secs(1) });
    let Overlay::Asking(asking) = &walk.app.overlay else { panic!("{:?}", walk.app.said) };
    assert!(asking.dialog.body.contains("force push"), "{}", asking.dialog.body);
    for c in "private, rotated".chars() {
        walk.press(Key::char(c));
    }
    let orders = walk.press(Key::of(Code::Enter));
    let Some(Order::Record(event)) = orders.first().cloned() else { panic!("{orders:?}") };
    assert!(
        matches!(&event, Event::Decided { choice, reason, facts, .. }
            if choice == "no" && reason == "private, rotated" && facts["copies"] == "1"),
        "{event:?}"
    );
    walk.rec(event);
    assert!(matches!(walk.step("purge", "repo"), StepState::Skipped(_)), "{:?}", walk.step("purge", "repo"));
    let open = walk.open();
    assert!(open.iter().any(|line| line == "Purge skipped: left as it is: private, rotated"), "{open:?}");
    assert_eq!(walk.do_now("purge").action, None);
    // A change of mind, behind the same phrase as ever. Revoked first.
    for _ in 0..8 {
        walk.pass(9);
        walk.probe(SecretRef::Leaked, Verdict::Dead);
    }
    assert_eq!(walk.ready("purge.switch"), Ok(()));
    walk.app.update(Msg::Do { id: "purge.switch".into(), hand: walk.hand });
    for c in "repo".chars() {
        walk.press(Key::char(c));
    }
    let orders = walk.press(Key::of(Code::Enter));
    let decided = |o: &Order| matches!(o, Order::Record(Event::Decided { choice, .. }) if choice == "yes");
    let applies = |o: &Order| matches!(o, Order::Perform { effect, .. } if effect.writes());
    assert!(orders.iter().any(decided) && orders.iter().any(applies), "{orders:?}");
}

#[test]
fn a_scan_of_one_repository_holds_no_other_up() {
    let big = PathBuf::from("/srv/big");
    let mut walk = Walk::of(Opened { repos: vec![PathBuf::from("/srv/repo"), big.clone()], ..opened() }, &ALL);
    walk.pass(1);
    let scanned = |walk: &Walk| walk.app.running.iter().filter(|r| matches!(r.effect, Effect::Git { .. })).count();
    assert_eq!(scanned(&walk), 2, "both are looked through from intake on");
    let map = CopyMap { copies: vec![copy()], objects: 9, ..CopyMap::default() };
    walk.saw("purge", "find:/srv/repo", git(GitOp::Find), g(GitReply::Found(map)));
    assert_eq!(scanned(&walk), 1);
    assert_eq!(walk.do_now("purge").action, Some("purge.plan"));
    assert_eq!(walk.ready("purge.plan"), Ok(()));
}

#[test]
fn what_a_person_stopped_says_so_and_did_not_fail() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    let stopped = Fault::new(FaultKind::Cancelled, "stopped", "it was cancelled in time; nothing was changed");
    let apply = git(GitOp::Apply { plan: "p1".into() });
    walk.did("purge", "apply:/srv/repo", apply, Outcome::Failed { fault: stopped });
    assert_eq!(walk.said(), "stopped: switch to the clean history. repo is as it was before");
    assert_eq!(walk.step("purge", "repo"), StepState::Ready);
}

#[test]
fn the_map_of_copies_is_read_alone_and_filtered() {
    let mut walk = Walk::new(&ALL);
    let pushed = stanch::effect::git::Copy { path: Some(".env".into()), remedy: "rewrite".into(), ..copy() };
    let local = stanch::effect::git::Copy { path: Some("notes.md".into()), on_remote: false, ..copy() };
    let map = CopyMap { copies: vec![pushed, local], objects: 9, ..CopyMap::default() };
    walk.saw("purge", "find:/srv/repo", git(GitOp::Find), g(GitReply::Found(map)));
    walk.app.update(Msg::Do { id: "purge.map".into(), hand: Stamp::from_secs(1) });
    for c in "/env".chars() {
        walk.press(Key::char(c));
    }
    let area = ratatui::layout::Rect::new(0, 0, 80, 24);
    let mut buf = ratatui::buffer::Buffer::empty(area);
    let look = stanch::ui::Look::new(stanch::ui::Theme::default(), false);
    stanch::app::view::draw(&walk.app, area, &mut buf, &look);
    let shown = stanch::ui::screenshot::plain(&buf);
    assert!(shown.contains("Copies in repo: 1 of 2") && shown.contains("to remove it: rewrite"), "{shown}");
    assert!(!shown.contains("notes.md"), "{shown}");
    walk.press(Key::of(Code::Esc));
    walk.press(Key::of(Code::Esc));
    assert_eq!(walk.app.overlay, Overlay::None);
}

#[test]
fn what_a_person_saw_of_the_usage_is_recorded_in_their_words() {
    let mut walk = Walk::of(Opened { has_admin: false, ..opened() }, &[SecretRef::Leaked]);
    walk.app.update(Msg::Do { id: "usage.verdict".into(), hand: Stamp::from_secs(1) });
    walk.press(Key::char('2'));
    for c in "gpt-5 on Sunday".chars() {
        walk.press(Key::char(c));
    }
    let orders = walk.press(Key::of(Code::Enter));
    let said = |o: &Order| {
        matches!(o, Order::Record(Event::Decided { choice, reason, .. })
        if choice == "abused" && reason == "gpt-5 on Sunday")
    };
    assert!(orders.iter().any(said), "{orders:?}");
}

#[test]
fn the_same_failure_again_is_no_news() {
    let mut walk = Walk::new(&ALL);
    let no = || Outcome::Refused { fault: Fault::input("/srv/repo can't be opened", "there is no git repository") };
    let told = |walk: &Walk| walk.app.incident.timeline.iter().filter(|e| e.stage == "purge").count();
    for _ in 0..3 {
        walk.saw("purge", "find:/srv/repo", git(GitOp::Find), no());
    }
    assert_eq!(told(&walk), 1);
    assert_eq!(walk.do_now("purge").action, Some("purge.check"), "nobody is told to wait for it");
}

#[test]
fn nobody_scrolls_into_the_void() {
    let mut walk = Walk::new(&ALL);
    walk.press(Key::char('J'));
    let area = ratatui::layout::Rect::new(0, 0, 80, 6);
    let look = stanch::ui::Look::new(stanch::ui::Theme::default(), false);
    let draw = |walk: &mut Walk| {
        let mut buf = ratatui::buffer::Buffer::empty(area);
        let extent = stanch::app::view::draw(&walk.app, area, &mut buf, &look);
        walk.app.drawn(extent);
        stanch::ui::screenshot::plain(&buf)
    };
    for n in 0..20 {
        walk.rec(Event::Note { text: format!("note {n}") });
    }
    let end = draw(&mut walk);
    walk.press(Key::of(Code::PageDown));
    assert_eq!(draw(&mut walk), end);
    walk.press(Key::char('k'));
    assert_ne!(draw(&mut walk), end, "one press up is one line up");
}

fn in_file(what: &str, id: char, path: &str, fate: Fate, way: &str) -> Choice {
    Choice {
        id: id.to_string().repeat(40),
        path: Some(path.into()),
        what: what.into(),
        holds: vec!["gzip > tar > app/.env: plain".into()],
        fate,
        way: way.into(),
    }
}

/// The key in an archive and in a binary, and nobody chose yet.
fn undecided() -> Plan {
    let way = "--archives=repack, --archives=drop or --archives=leave";
    Plan {
        id: "p1".into(),
        phrase: "repo".into(),
        copies: vec![copy()],
        choices: vec![
            in_file("archive", 'a', "rel/app.tar.gz", Fate::Asked, "not decided yet"),
            in_file("binary", 'b', "bin/tool", Fate::SameLength, "the key is overwritten, every length stays"),
        ],
        refusals: vec![Refusal { why: "the key is inside of an archive".into(), way_forward: way.into(), asks: true }],
        ..Plan::default()
    }
}

fn decided_plan(archives: Archives) -> Plan {
    let policy = Policy { archives, ..Policy::default() };
    let fate = match archives {
        Archives::Ask => Fate::Asked,
        Archives::Drop => Fate::Dropped,
        Archives::Repack => Fate::Repacked,
        Archives::Leave => Fate::Left,
    };
    let mut plan = Plan { id: "p2".into(), policy, refusals: Vec::new(), ..undecided() };
    plan.choices[0].fate = fate;
    plan
}

fn planned(walk: &mut Walk, plan: Plan) {
    let op = if plan.policy == Policy::default() { GitOp::Plan } else { GitOp::PlanAs { policy: plan.policy.clone() } };
    walk.saw("purge", "plan:/srv/repo", git(op), g(GitReply::Planned(Box::new(plan))));
}

/// Until the question about archives stands.
fn asked_about_archives() -> Walk {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    planned(&mut walk, undecided());
    walk
}

fn answer(walk: &mut Walk, action: &str, pick: char) -> Vec<Order> {
    walk.app.update(Msg::Do { id: action.into(), hand: walk.hand });
    assert!(matches!(walk.app.overlay, Overlay::Asking(_)), "{:?}", walk.app.said);
    walk.press(Key::char(pick))
}

fn plans_as(orders: &[Order]) -> Option<Policy> {
    orders.iter().find_map(|o| match o {
        Order::Perform { effect: Effect::Git { op: GitOp::PlanAs { policy }, .. }, .. } => Some(policy.clone()),
        _ => None,
    })
}

fn decisions(orders: &[Order]) -> Vec<Event> {
    let decided = |o: &Order| match o {
        Order::Record(event @ Event::Decided { .. }) => Some(event.clone()),
        _ => None,
    };
    orders.iter().filter_map(decided).collect()
}

#[test]
fn a_key_in_an_archive_is_asked_about_recorded_and_planned_again() {
    let mut walk = asked_about_archives();
    let now = walk.do_now("purge");
    assert_eq!(now.action, Some("purge.archives"));
    assert!(now.what.contains("rel/app.tar.gz") && !now.effect.contains("--"), "{now:?}");
    assert!(walk.ready("purge.switch").is_err());
    walk.app.update(Msg::Do { id: "purge.archives".into(), hand: Stamp::from_secs(1) });
    let Overlay::Asking(asking) = &walk.app.overlay else { panic!("{:?}", walk.app.said) };
    assert!(asking.dialog.body.contains("rel/app.tar.gz: gzip > tar > app/.env: plain"), "{}", asking.dialog.body);
    let orders = walk.press(Key::char('1'));
    let [Event::Decided { topic, choice, facts, .. }] = &decisions(&orders)[..] else { panic!("{orders:?}") };
    assert_eq!((topic.as_str(), choice.as_str()), ("archives:/srv/repo", "repack"));
    assert_eq!((facts["files"].as_str(), facts["paths"].as_str()), ("1", "rel/app.tar.gz"));
    assert_eq!(plans_as(&orders).map(|p| p.archives), Some(Archives::Repack));
    for event in decisions(&orders) {
        walk.rec(event);
    }
    planned(&mut walk, decided_plan(Archives::Repack));
    assert_eq!(walk.do_now("purge").action, Some("purge.switch"));
    // A change of mind: both questions stay offered, and each keeps what the other answered.
    let orders = answer(&mut walk, "purge.binaries", '2');
    let policy = Policy { archives: Archives::Repack, binaries: Binaries::Drop, ..Policy::default() };
    assert_eq!(plans_as(&orders), Some(policy));
}

#[test]
fn a_choice_whose_plan_never_came_is_planned_after_a_resume() {
    let mut walk = asked_about_archives();
    let orders = answer(&mut walk, "purge.archives", '2');
    for event in decisions(&orders) {
        walk.rec(event);
    }
    walk.resume();
    let now = walk.do_now("purge");
    assert_eq!(now.action, Some("purge.plan"), "{now:?}");
    assert!(walk.ready("purge.switch").is_err());
    let orders = walk.app.update(Msg::Do { id: "purge.plan".into(), hand: walk.hand });
    assert_eq!(plans_as(&orders).map(|p| p.archives), Some(Archives::Drop), "{orders:?}");
}

#[test]
fn one_file_can_have_a_fate_of_its_own_and_lose_it_again() {
    let mut walk = asked_about_archives();
    let own = |walk: &mut Walk, way: char| {
        walk.app.update(Msg::Do { id: "purge.file".into(), hand: walk.hand });
        // bin/tool comes first: by path
        walk.press(Key::char('1'));
        let orders = walk.press(Key::char(way));
        for event in decisions(&orders) {
            walk.rec(event);
        }
        walk.app.running.clear();
        orders
    };
    let orders = own(&mut walk, '3');
    let policy = plans_as(&orders).unwrap();
    assert_eq!(policy.files, [("b".repeat(40), FileChoice::Leave)].into());
    let orders = answer(&mut walk, "purge.archives", '2');
    let both = Policy { archives: Archives::Drop, ..policy };
    assert_eq!(plans_as(&orders), Some(both), "each question keeps what the others answered");
    walk.app.running.clear();
    let orders = own(&mut walk, '4');
    let plans = |o: &Order| matches!(o, Order::Perform { effect: Effect::Git { op: GitOp::Plan, .. }, .. });
    assert!(orders.iter().any(plans), "{orders:?}");
}

#[test]
fn an_archive_that_cannot_be_packed_anew_leaves_two_answers() {
    let mut walk = asked_about_archives();
    for event in decisions(&answer(&mut walk, "purge.archives", '1')) {
        walk.rec(event);
    }
    let stuck = in_file("archive", 'a', "rel/app.tar.gz", Fate::Stuck, "can't be repacked: it is a zip64");
    planned(&mut walk, Plan { choices: vec![stuck], ..decided_plan(Archives::Repack) });
    let now = walk.do_now("purge");
    assert!(now.action == Some("purge.archives") && now.what.contains("it is a zip64"), "{now:?}");
    let orders = answer(&mut walk, "purge.archives", '1');
    assert_eq!(plans_as(&orders).map(|p| p.archives), Some(Archives::Drop), "{orders:?}");
}

#[test]
fn files_left_with_the_key_are_compared_by_a_person_and_stay_open() {
    let mut walk = asked_about_archives();
    for event in decisions(&answer(&mut walk, "purge.archives", '3')) {
        walk.rec(event);
    }
    planned(&mut walk, decided_plan(Archives::Leave));
    walk.did("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p2".into() }), applied());
    let found_in = |id: &str| {
        let saw = format!("15 objects, 1 hold the key: blob {}, …", id.repeat(40));
        let line = ProofLine { what: "all objects".into(), clean: false, saw };
        g(GitReply::Proved(Proof { checks: vec![line], not_checked: Vec::new() }))
    };
    let found = || found_in("a");
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), found_in("c"));
    assert_eq!(walk.do_now("purge").action, Some("purge.prove"), "that one was not left");
    assert!(walk.ready("purge.accept").is_err());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), found());
    assert_eq!(walk.do_now("purge").action, Some("purge.accept"));
    assert!(walk.ready("purge.finish").is_err(), "not before somebody compared");
    let left = |walk: &Walk| walk.open().iter().any(|l| l.contains("by choice: rel/app.tar.gz"));
    assert!(left(&walk), "{:?}", walk.open());
    walk.app.update(Msg::Do { id: "purge.accept".into(), hand: walk.hand });
    let orders = walk.press(Key::char('y'));
    for event in decisions(&orders) {
        walk.rec(event);
    }
    assert_eq!(walk.ready("purge.finish"), Ok(()));
    // The word is about what that proof said, and about nothing else.
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), found_in("ab"));
    assert!(walk.ready("purge.finish").is_err());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), found());
    assert_eq!(walk.ready("purge.finish"), Ok(()));
    let end = g(GitReply::Finished { plan: "p2".into(), backup: "/b".into() });
    walk.did("purge", "finish:/srv/repo", git(GitOp::Finish { plan: "p2".into() }), end);
    assert!(left(&walk), "{:?}", walk.open());
}

/// Until everything is pushed.
fn all_pushed() -> Walk {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    walk.did("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p1".into() }), applied());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    assert_eq!(walk.do_now("purge").action, Some("purge.push"));
    assert!(walk.ready("purge.after").is_err(), "nothing was pushed yet");
    let push = PushReport { remote: "origin".into(), ..PushReport::default() };
    walk.did("purge", "push:/srv/repo", git(GitOp::Push { plan: "p1".into() }), g(GitReply::Pushed(push)));
    walk
}

fn looked(walk: &mut Walk, remote: RemoteAfter) {
    let seen = Aftermath { remotes: vec![remote], ..Aftermath::default() };
    walk.saw("purge", "after:/srv/repo", git(GitOp::After { plan: "p1".into() }), g(GitReply::After(seen)));
}

#[test]
fn after_a_push_it_is_proven_again_looked_at_and_told_to_others() {
    let mut walk = all_pushed();
    let asks = |walk: &mut Walk, op: &GitOp| {
        let orders = walk.app.update(Msg::Now(walk.at.plus_secs(1)));
        let all = [&walk.orders[..], &orders[..]].concat();
        all.iter().any(|o| matches!(o, Order::Perform { effect: Effect::Git { op: of, .. }, .. } if of == op))
    };
    assert!(asks(&mut walk, &GitOp::Prove) && walk.ready("purge.finish").is_err(), "what was pushed is proven anew");
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    assert!(asks(&mut walk, &GitOp::After { plan: "p1".into() }), "and looked at without being asked");
    looked(&mut walk, RemoteAfter { name: "origin".into(), ..RemoteAfter::default() });
    assert_eq!(walk.do_now("purge").action, Some("purge.papers"));
    assert_eq!(walk.ready("purge.finish"), Ok(()), "nobody has to write papers");
    walk.app.running.clear();
    walk.app.update(Msg::Do { id: "purge.papers".into(), hand: walk.hand });
    let enter = |walk: &mut Walk| walk.press(Key::of(Code::Enter));
    walk.press(Key::ctrl('u'));
    walk.press(Key::char('x'));
    assert!(enter(&mut walk).is_empty(), "no path");
    assert!(walk.note().contains("absolute path"), "{}", walk.note());
    walk.press(Key::ctrl('u'));
    for c in "/tmp/p".chars() {
        walk.press(Key::char(c));
    }
    let orders = enter(&mut walk);
    let op = GitOp::Papers { plan: "p1".into(), dir: "/tmp/p".into() };
    let asked = |o: &Order| matches!(o, Order::Perform { effect: Effect::Git { op: of, .. }, .. } if *of == op);
    assert!(orders.iter().any(asked), "{orders:?}");
    let filed = Filed { dir: "/tmp/p".into(), files: vec![("ban.sh".into(), "a hook".into())] };
    walk.saw("purge", "papers:/srv/repo", git(op), g(GitReply::Filed(filed)));
    assert_eq!(walk.do_now("purge").action, Some("purge.finish"));
}

#[test]
fn what_a_host_still_serves_stays_open_and_an_old_history_that_came_back_is_the_next_thing() {
    let mut walk = all_pushed();
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    let served = vec![ServedId { id: "a".repeat(40), answer: Serves::Yes, said: "still served".into() }];
    looked(&mut walk, RemoteAfter { name: "origin".into(), served, pull_requests: vec![7], ..RemoteAfter::default() });
    let open = walk.open().join("\n");
    assert!(open.contains("still hands out 1 old commit") && open.contains("1 pull request"), "{open}");
    let end = g(GitReply::Finished { plan: "p1".into(), backup: "/b".into() });
    walk.did("purge", "finish:/srv/repo", git(GitOp::Finish { plan: "p1".into() }), end);
    assert_eq!(walk.ready("purge.after"), Ok(()), "looks go on after the end");
    looked(
        &mut walk,
        RemoteAfter { name: "origin".into(), again: vec!["refs/heads/main".into()], ..RemoteAfter::default() },
    );
    assert!(matches!(walk.step("purge", "repo"), StepState::Failed(_)), "{:?}", walk.step("purge", "repo"));
    let now = walk.do_now("purge");
    assert!(now.action == Some("purge.plan") && now.what.contains("refs/heads/main of origin"), "{now:?}");
    assert_eq!(walk.ready("purge.plan"), Ok(()));
    // Another plan is another round.
    planned(&mut walk, Plan { id: "p3".into(), copies: vec![copy()], ..Plan::default() });
    assert_eq!(walk.do_now("purge").action, Some("purge.switch"));
}

#[test]
fn the_map_follows_a_plan_and_keeps_what_is_left() {
    let mut walk = Walk::new(&ALL);
    let (one, two) = (stanch::effect::git::Copy { id: "b".repeat(40), ..copy() }, copy());
    let map = CopyMap { copies: vec![one.clone(), two], objects: 5, ..CopyMap::default() };
    walk.saw("purge", "find:/srv/repo", git(GitOp::Find), g(GitReply::Found(map)));
    let count = |walk: &Walk| walk.app.incident.repos.values().next().unwrap().map.as_ref().unwrap().1.copies.len();
    let choices = vec![in_file("archive", 'a', "x.zip", Fate::Left, "left")];
    planned(&mut walk, Plan { id: "p1".into(), copies: vec![one.clone()], choices, ..Plan::default() });
    assert_eq!(count(&walk), 2);
    planned(&mut walk, Plan { id: "p1".into(), copies: vec![one], ..Plan::default() });
    assert_eq!(count(&walk), 1, "it was cleaned by hand meanwhile");
}

#[test]
fn a_history_whose_every_copy_is_left_is_not_called_clean() {
    let mut walk = asked_about_archives();
    for event in decisions(&answer(&mut walk, "purge.archives", '3')) {
        walk.rec(event);
    }
    let all = vec![in_file("archive", 'a', "rel/app.tar.gz", Fate::Left, "left as it is: it still holds the key")];
    planned(&mut walk, Plan { nothing_to_do: true, choices: all, ..decided_plan(Archives::Leave) });
    let state = walk.step("purge", "repo");
    assert!(matches!(&state, StepState::Skipped(why) if why.contains("rel/app.tar.gz")), "{state:?}");
    assert!(walk.do_now("purge").what.contains("stays in 1 file"), "{:?}", walk.do_now("purge"));
    assert_eq!(walk.ready("purge.archives"), Ok(()), "and it can be changed");
}

#[test]
fn a_check_before_any_switch_looks_through_the_objects_anew() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    let check = |walk: &mut Walk| {
        let orders = walk.app.update(Msg::Do { id: "purge.check".into(), hand: walk.hand });
        walk.app.running.clear();
        orders.iter().find_map(|o| match o {
            Order::Perform { effect: Effect::Git { op, .. }, .. } => Some(op.clone()),
            _ => None,
        })
    };
    assert_eq!(check(&mut walk), Some(GitOp::Find));
    walk.did("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p1".into() }), applied());
    walk.app.running.clear();
    assert_eq!(check(&mut walk), Some(GitOp::Check { plan: "p1".into() }));
}

fn emptying(emptied: Emptied) -> Plan {
    let policy = Policy { emptied, ..Policy::default() };
    Plan { policy, choices: Vec::new(), became_empty: vec!["c".repeat(40), "d".repeat(40)], ..undecided() }
}

#[test]
fn commits_that_become_empty_are_kept_until_somebody_drops_them() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    let ready = |plan: Plan| Plan { refusals: Vec::new(), ..plan };
    planned(&mut walk, ready(Plan { became_empty: Vec::new(), ..emptying(Emptied::Keep) }));
    assert_eq!(walk.ready("purge.emptied"), Err("no plan that can still change empties a commit".into()));
    planned(&mut walk, ready(emptying(Emptied::Keep)));
    walk.app.update(Msg::Do { id: "purge.emptied".into(), hand: walk.hand });
    let Overlay::Asking(asking) = &walk.app.overlay else { panic!("{:?}", walk.app.said) };
    assert_eq!(asking.dialog.title, "Commits of repo that become empty: 2");
    assert!(asking.dialog.body.contains("commit cccccccccc") && asking.dialog.body.contains("Now: kept"));
    let orders = walk.press(Key::char('2'));
    let [Event::Decided { topic, choice, facts, .. }] = &decisions(&orders)[..] else { panic!("{orders:?}") };
    assert_eq!((topic.as_str(), choice.as_str()), ("emptied:/srv/repo", "drop"));
    assert_eq!(facts["commits"], "2");
    assert_eq!(plans_as(&orders), Some(emptying(Emptied::Drop).policy));
    for event in decisions(&orders) {
        walk.rec(event);
    }
    let told =
        walk.app.incident.timeline.iter().any(|e| e.words.ends_with("drop the commits of /srv/repo that become empty"));
    assert!(told, "{:?}", walk.app.incident.timeline);
    walk.app.running.clear();
    assert_eq!(walk.do_now("purge").action, Some("purge.plan"), "the plan on the table is another one");
    planned(&mut walk, ready(emptying(Emptied::Drop)));
    assert_eq!(walk.do_now("purge").action, Some("purge.switch"));
    walk.did("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p1".into() }), applied());
    let report = stanch::app::report::Report::of(&walk.app).markdown();
    assert!(report.contains("emptied  2 commits changed nothing but the key: dropped"), "{report}");
}

#[test]
fn while_commands_run_the_one_next_thing_is_to_wait() {
    let mut walk = Walk::new(&ALL);
    let other = TargetRef { kind: "dotenv".into(), place: "/srv/worker/.env".into() };
    let hooked = |at: TargetRef| Found { at, can_prove: true, ..found(Holds::Leaked) };
    walk.issue("b2c4");
    walk.probe(SecretRef::Replacement, Verdict::Live);
    walk.discover(vec![hooked(place()), hooked(other.clone())]);
    walk.app.update(Msg::Do { id: "targets.write".into(), hand: walk.hand });
    walk.press(Key::char('y'));
    let writes = walk.app.running.iter().filter(|r| r.effect.writes()).count();
    assert_eq!(writes, 2, "{:?}", walk.app.said);
    let written = |at: &TargetRef, walk: &mut Walk| {
        let put = target(TargetOp::Put { at: at.clone(), expect: "c".into(), with: SecretRef::Replacement });
        let reply = TargetReply::Written { at: at.clone(), now: "d".into(), spots: 1 };
        walk.did("targets", &format!("write:{}", at.place), put, t(reply));
        let holds = t(TargetReply::ReadBack { at: at.clone(), holds: Holds::Replacement });
        walk.saw("targets", &format!("read:{}", at.place), target(TargetOp::ReadBack { at: at.clone() }), holds);
    };
    written(&place(), &mut walk);
    assert!(walk.app.holds(), "the other one is not written yet: {:?}", walk.do_now("targets"));
    written(&other, &mut walk);
    walk.app.running.clear();
    assert_eq!(walk.do_now("targets").action, Some("targets.prove"));
    walk.app.update(Msg::Do { id: "targets.prove".into(), hand: walk.hand });
    let waits = |walk: &Walk| {
        let now = walk.do_now("targets");
        assert_eq!((now.action, now.what.as_str()), (None, "Wait: your check commands run"));
        assert!(walk.app.holds() && walk.app.advised().is_none());
        assert!(walk.ready("targets.prove").unwrap_err().starts_with("running: "));
    };
    waits(&walk);
    for (n, at) in [place(), other].into_iter().enumerate() {
        let ran = TargetReply::Ran { at: at.clone(), what: Hook::Check, ok: true, said: "exit 0".into() };
        walk.saw("targets", &format!("prove:{}", at.place), target(TargetOp::Prove { at }), t(ran));
        if n == 0 {
            waits(&walk);
        }
    }
    assert!(!walk.app.holds());
    assert_eq!(walk.do_now("targets").what, "Nothing. Every place runs on the new key.");
}

#[test]
fn nothing_to_look_in_is_told_as_that_and_how_to_add_some() {
    let walk = Walk::of(Opened { repos: Vec::new(), roots: Vec::new(), ..opened() }, &ALL);
    for (stage, action) in [("targets", "targets.root"), ("purge", "purge.repo")] {
        let now = walk.do_now(stage);
        assert!(now.action == Some(action) && now.what.contains("(a)"), "{now:?}");
        assert!(now.effect.contains("nothing was looked into"), "{now:?}");
        let state = stages::state(stages::by_id(stage).unwrap(), &walk.app.view(stage));
        assert!(!state.settled(), "{state:?}");
        let sheet = stages::by_id(stage).unwrap().sheet(&walk.app.view(stage));
        assert!(sheet.body.is_empty() && sheet.evidence.is_empty(), "an empty table is no finding: {sheet:?}");
    }
    assert_eq!(walk.do_now("close").what, "Not yet: go on with Intake (n)");
    let status = linear::status(&walk.app).join("\n");
    assert!(!status.contains("done"), "{status}");
    assert_eq!(status.matches("so nothing was looked into").count(), 2, "{status}");
}

#[test]
fn what_was_said_in_lines_and_still_holds_is_not_said_again() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_1")], &[]);
    walk.app.update(Msg::Do { id: "go.next".into(), hand: walk.hand });
    let mut teller = linear::Teller::new(&walk.app);
    let first = teller.fresh(&walk.app);
    assert!(first.iter().any(|l| l.starts_with("== ")) && first.last().unwrap().starts_with("NEXT: "), "{first:?}");
    assert_eq!(teller.fresh(&walk.app), Vec::<String>::new());
    let mut say = |walk: &mut Walk, key: &str| {
        teller.typed();
        walk.app.said = None;
        walk.press(Key::parse(key).unwrap());
        teller.fresh(&walk.app)
    };
    let asked = say(&mut walk, "N");
    assert!(asked[0] == "?? Note" && asked.last().unwrap().contains("goes back"), "{asked:?}");
    let back = say(&mut walk, "esc");
    assert_eq!(back, ["! nothing was done", first.last().unwrap()], "the stage was said before");
    let other = say(&mut walk, "5");
    assert!(other[0].starts_with("== Purge"), "{other:?}");
    assert!(say(&mut walk, "0").len() > 2, "a stage that comes into sight is said whole");
}

#[test]
fn what_is_opened_is_told_in_lines_and_the_end_of_it_is_named() {
    let mut walk = Walk::new(&ALL);
    for n in 0..40 {
        walk.rec(Event::Note { text: format!("note {n}") });
    }
    walk.app.running.clear();
    let mut open = |key: &str| {
        walk.press(Key::parse(key).unwrap());
        let page = linear::page(&walk.app).unwrap();
        walk.press(Key::of(Code::Esc));
        assert_eq!(walk.app.overlay, Overlay::None);
        page
    };
    let story = open("J");
    assert_eq!(story[0], "== The story so far: the last 30 of 41 (stanch replay tells all)");
    assert!(story.len() == 31 && story[30].ends_with("Noted: note 39"), "{story:?}");
    assert_eq!(open("L"), ["== Requests", "   nothing was asked of anybody yet"]);
    let help = open("?").join("\n");
    assert!(
        help.contains(" N   write a note") && help.contains("(x)  cancel what runs. Not now: nothing runs"),
        "{help}"
    );
    assert!(!help.contains("ctrl-z") && !help.contains("scroll"), "that is for a screen: {help}");
    let commands = open(":").join("\n");
    assert!(commands.contains("   :note  write a note") && !commands.contains(":suspend"), "{commands}");
}

#[test]
fn a_question_in_a_small_window_stands_alone() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_1")], &[]);
    walk.press(Key::char('1'));
    walk.press(Key::char('d'));
    "Kim".chars().for_each(|c| drop(walk.press(Key::char(c))));
    walk.press(Key::of(Code::Enter));
    for size in [(80, 24), (59, 15), (50, 12), (40, 10), (30, 8)] {
        let frame = crate::screens::frame(&walk.app, size, stanch::ui::Palette::Mono);
        let shown = stanch::ui::screenshot::plain(&frame);
        assert!(shown.contains("Due when?") && shown.contains("1970-01-03"), "{shown}");
        assert!(!shown.contains("takes") && !shown.contains("NEXT") && !shown.contains("??"), "{size:?}\n{shown}");
    }
}

#[test]
fn a_stage_that_was_put_aside_names_nothing_to_do_there() {
    let mut walk = Walk::new(&[SecretRef::Leaked]);
    walk.press(Key::char('2'));
    walk.rec(Event::Skipped { stage: "usage".into(), reason: "no figures".into() });
    assert!(walk.app.advised().is_none());
    let said = linear::Pane::of(&walk.app).lines().join("\n");
    assert!(said.contains("Do now: Nothing: skipped, no figures\n  R takes it up again."), "{said}");
    walk.rec(Event::Reopened { stage: "usage".into() });
    assert_eq!(walk.app.advised().map(|a| a.id), Some("usage.verdict"));
}

#[test]
fn behind_a_shut_gate_the_next_thing_is_to_wait_for_it() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    planned(&mut walk, Plan { refusals: Vec::new(), choices: Vec::new(), ..undecided() });
    walk.app.running.clear();
    walk.press(Key::char('5'));
    let said = linear::Pane::of(&walk.app).now;
    assert!(said[0].starts_with("Do now: Wait: revoke first"), "{said:?}");
    assert!(said[1].starts_with("  Then: Switch repo"), "{said:?}");
    let shown = stanch::ui::screenshot::plain(&crate::screens::frame(&walk.app, (80, 24), stanch::ui::Palette::Mono));
    assert_eq!(shown.matches("revoke first").count(), 1, "{shown}");
}

#[test]
fn a_key_that_a_colleague_made_is_waited_for_until_it_is_on_record() {
    let mut walk = Walk::of(Opened { has_admin: false, mode: Mode::Drill, ..opened() }, &[SecretRef::Leaked]);
    assert!(walk.do_now("issue").what.starts_with("Ask the colleague"));
    walk.app.asked = Some(walk.at);
    assert!(walk.do_now("issue").what.starts_with("Asked at "));
    walk.hold(&[SecretRef::Leaked, SecretRef::Replacement]);
    let what = walk.do_now("issue").what;
    assert_eq!(what, "Wait: probing the new key");
    walk.rec(Event::Took { role: SecretRef::Replacement, print: print("b2c4") });
    assert_eq!((walk.app.asked, walk.do_now("issue").what), (None, what));
}
