//! No reflex does harm: a key held down or typed too soon confirms nothing, Esc always leads back, a wrong phrase says so.

use crate::home::Home;
use crate::person::{Person, Wants, beat, read};

/// Walks to the revocation.
fn at_revoke(home: &Home) -> Person {
    let pty = home.start(&["drill", "friday-push", "--seed", "1", "--pace", "60"], &[], (80, 24));
    pty.wait_for("DRILL  Friday push");
    let mut person = Person::at(pty);
    person.enter();
    person.wait_wants("the intake", |wants| matches!(wants, Wants::Key('a', _)));
    person.press("a");
    person.wait_wants("the revocation", |wants| matches!(wants, Wants::Key('r', _)));
    person
}

/// Walks to the new key: the first thing that only needs a `y`.
fn at_issue(home: &Home) -> Person {
    let mut person = at_revoke(home);
    person.press("3");
    person.wait_wants("the new key", |wants| matches!(wants, Wants::Key('i', _)));
    person
}

fn intents(home: &Home) -> usize {
    home.journal().iter().filter(|r| r["event"]["event"] == "intent").count()
}

/// A key held down: what terminals without key marks send, one press every few milliseconds.
fn hold(person: &mut Person, key: &str) {
    for _ in 0..60 {
        person.press(key);
        beat();
    }
}

fn leave(mut person: Person, home: &Home) {
    person.press("\x1b");
    // right behind Esc a key is Alt and that key
    read();
    person.wait_wants("no dialog", |wants| matches!(wants, Wants::Key(..)));
    person.press("q");
    person.pty.wait_exit();
    person.pty.assert_restored();
    assert_eq!(intents(home), 0, "nothing was announced, so nothing was done");
}

#[test]
fn a_held_y_or_enter_confirms_nothing() {
    for held in ["y", "\r"] {
        let home = Home::new();
        let mut person = at_issue(&home);
        person.open('i', "Cancel (n)");
        hold(&mut person, held);
        // held, too quick or not rested: each note says to let go
        person.pty.wait_for("let go");
        leave(person, &home);
    }
}

#[test]
fn held_enter_never_gets_past_a_phrase() {
    let home = Home::new();
    let mut person = at_revoke(&home);
    person.open('r', "Type AvvU");
    hold(&mut person, "\r");
    person.pty.wait_for("let go");
    leave(person, &home);
}

#[test]
fn a_held_opener_does_not_accept_what_it_opened() {
    let home = Home::new();
    let mut person = at_issue(&home);
    hold(&mut person, "i");
    person.pty.wait_for("Cancel (n)");
    assert_eq!(person.wants(), Wants::Confirm);
    leave(person, &home);
}

#[test]
fn a_yes_typed_before_it_was_read_is_refused() {
    let home = Home::new();
    let mut person = at_issue(&home);
    person.press("iy");
    person.pty.wait_for("too quick");
    leave(person, &home);
}

#[test]
fn pasted_text_confirms_nothing() {
    let home = Home::new();
    let mut person = at_issue(&home);
    person.open('i', "Cancel (n)");
    read();
    person.press("\x1b[200~y\ry\r\x1b[201~");
    person.pty.wait_for("doesn't count");
    leave(person, &home);
}

#[test]
fn a_wrong_phrase_says_so_and_the_right_one_works_after_it() {
    let home = Home::new();
    let mut person = at_revoke(&home);
    person.open('r', "Type AvvU");
    person.words("avvu");
    person.pty.wait_for("wrong phrase: you typed \"avvu\"");
    assert_eq!(intents(&home), 0);
    person.press("\x15");
    person.pty.wait_until("an empty line", |screen| screen.contents().contains("Type AvvU:  "));
    person.press("AvvU");
    // a refused key must rest a second; the note says so, and the person does
    person.enter();
    person.pty.wait_gone("Type AvvU");
    person.pty.wait_for("401 invalid_api_key");
    person.press("q");
    person.pty.wait_exit();
    assert_eq!(intents(&home), 1);
}

#[test]
fn esc_leads_back_from_everywhere_at_once() {
    let home = Home::new();
    let mut person = at_revoke(&home);
    for (key, shown) in [
        ("r", "Type AvvU"),
        ("?", "Everywhere"),
        (":", " Commands "),
        ("L", " Requests "),
        ("J", " The story so far "),
        ("N", "Note: "),
        ("H", "To whom?"),
        ("y", "Copy"),
        ("s", "Why?"),
        ("/", "filter:"),
    ] {
        person.press(key);
        person.pty.wait_for(shown);
        person.press("\x1b");
        person.pty.wait_until(&format!("back from {key}"), |screen| {
            !screen.contents().contains(shown) && matches!(crate::person::wants(screen), Wants::Key('r', _))
        });
    }
    leave(person, &home);
}
