//! The new key: what makes one an orphan, what must be seen of it before it is used, and that it is not lost.

use stanch::app::{Order, Overlay};
use stanch::base::{Fault, FaultKind, SecretRef};
use stanch::effect::provider::{ProviderOp, ProviderReply};
use stanch::effect::target::{Holds, TargetOp, TargetReply};
use stanch::effect::{Effect, Outcome, Verdict};
use stanch::incident::{Event, IntentState, Mode, Opened, StepState};
use stanch::ui::{Code, Key};

use super::driver::Walk;
use super::facts::{ALL, found, issued, opened, p, place, print, provider, put, row, t, target};

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
