//! The whole walk by key presses.
use crate::home::Home;
use crate::person::{Person, Wants};

#[test]
fn explore() {
    let home = Home::new();
    let size = if std::env::var_os("WIDE").is_some() { (140, 40) } else { (80, 24) };
    let pty = home.start(&["drill", "friday-push", "--seed", "1", "--pace", "60"], &[], size);
    let mut person = Person::at(pty);
    let mut last = String::new();
    for _ in 0..60 {
        let wants = person.wait_wants("something to do", |wants| *wants != Wants::Wait);
        let shown = person.pty.contents();
        if shown != last {
            println!("{shown}\n=== {wants:?}");
            last = shown;
        }
        match wants {
            Wants::Key('e', _) => break,
            Wants::Key(key, _) => {
                person.press(&key.to_string());
                let before = wants.clone();
                person.wait_wants("another thing", |w| *w != before);
            }
            _ => {
                person.obey();
                let before = wants.clone();
                person.wait_wants("another thing", |w| *w != before);
            }
        }
    }
    person.press("q");
    let status = person.pty.wait_exit();
    println!("{status:?}\n{}", person.pty.contents());
}
