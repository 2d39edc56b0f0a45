//! The death of the leaked key: what proves it, what does not, and what is said while it is not proven.

use stanch::app::linear;
use stanch::base::{Fault, FaultKind, SecretRef};
use stanch::effect::provider::{ProviderOp, ProviderReply};
use stanch::effect::{Outcome, Verdict};
use stanch::incident::{Event, Opened, StepRef, StepState};

use super::driver::Walk;
use super::facts::{ALL, opened, p, provider, row};

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
fn one_refusal_is_no_containment_in_the_report() {
    let mut walk = Walk::new(&ALL);
    walk.probe(SecretRef::Leaked, Verdict::Dead);
    let report = stanch::app::report::Report::of(&walk.app);
    assert_eq!((report.contained_at, report.time_to_contain_s), (None, None));
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
