//! What a person types: taken, mended, sent back, or too late.

use stanch::app::{Msg, Order, Overlay};
use stanch::base::{Fault, SecretRef, Stamp};
use stanch::effect::Outcome;
use stanch::effect::provider::{KeyRow, Owner, ProviderOp};
use stanch::incident::{Event, Opened, StepRef};
use stanch::ui::{Code, Key};

use super::driver::Walk;
use super::facts::{ALL, opened, provider, row};

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
