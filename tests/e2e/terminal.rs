//! The real program in all sorts of terminals, and on every way out of them: what was taken is given back.

use rustix::process::Signal;

use crate::home::Home;
use crate::person::{Person, Wants};
use crate::pty::Pty;

const DRILL: [&str; 6] = ["drill", "friday-push", "--seed", "1", "--pace", "60"];

/// A drill with its story on the screen.
fn drill(home: &Home, env: &[(&str, &str)], size: (u16, u16)) -> Pty {
    let pty = home.start(&DRILL, env, size);
    pty.wait_for("DRILL  Friday push");
    assert!(pty.is_raw() && pty.screen(vt100::Screen::alternate_screen));
    pty
}

/// Everything that was announced is on disk and whole: a resume takes it up.
fn resumes(home: &Home) {
    let pty = home.start(&["resume", &home.incident()], &[], (80, 24));
    pty.wait_for(". Goal: ");
    assert!(pty.contents().contains("DRILL"));
}

#[test]
fn signals_end_it_with_their_number_and_the_terminal_back() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let home = Home::new();
        let mut pty = drill(&home, &[], (80, 24));
        pty.signal(signal);
        let status = pty.wait_exit();
        assert_eq!(status.exit_code(), code, "{signal:?} {status:?}\n{}", pty.contents());
        pty.assert_restored();
        assert!(pty.contents().contains("stanch resume"), "how to go on: {}", pty.contents());
        resumes(&home);
    }
}

#[test]
fn a_signal_in_the_linear_view_ends_it_with_its_number() {
    let home = Home::new();
    let mut pty = home.start(&DRILL, &[("TERM", "dumb")], (80, 24));
    pty.wait_for("Enter goes on.");
    pty.signal(Signal::TERM);
    assert_eq!(pty.wait_exit().exit_code(), 143);
    pty.assert_restored();
    resumes(&home);
}

#[test]
fn the_start_screen_too() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let home = Home::new();
        let mut pty = home.start(&[], &[], (80, 24));
        pty.wait_for("friday-push");
        pty.signal(signal);
        assert_eq!(pty.wait_exit().exit_code(), code);
        pty.assert_restored();
    }
    let home = Home::new();
    let mut pty = home.start(&[], &[], (80, 24));
    pty.wait_for("friday-push");
    pty.send("\x1a");
    pty.wait_stopped();
    pty.wait_until("the alternate screen left", |screen| !screen.alternate_screen());
    pty.assert_restored();
    pty.signal(Signal::CONT);
    pty.wait_for("friday-push");
    pty.send("q");
    assert!(pty.wait_exit().success());
    pty.assert_restored();
}

#[test]
fn ctrl_z_and_fg_and_a_stop_from_outside() {
    let home = Home::new();
    let mut pty = drill(&home, &[], (80, 24));
    let mut person = Person::at(pty);
    person.enter();
    person.wait_wants("the intake", |wants| matches!(wants, Wants::Key('a', _)));
    pty = person.pty;
    pty.send("\x1a");
    pty.wait_stopped();
    pty.wait_until("the alternate screen left", |screen| !screen.alternate_screen());
    pty.assert_restored();
    pty.signal(Signal::CONT);
    pty.wait_until("the screen again", |screen| screen.alternate_screen() && screen.contents().contains("INTAKE"));
    assert!(pty.is_raw());
    pty.signal(Signal::TSTP);
    pty.wait_stopped();
    pty.wait_until("the alternate screen left", |screen| !screen.alternate_screen());
    pty.assert_restored();
    pty.signal(Signal::CONT);
    pty.wait_until("the screen again", |screen| screen.alternate_screen() && screen.contents().contains("INTAKE"));
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 3, "steps are open");
    pty.assert_restored();
}

#[test]
fn a_panic_in_the_interface_gives_the_terminal_back_and_says_so() {
    let home = Home::new();
    let file = home.path().join("break");
    let told = format!("ui:{}", file.display());
    let mut pty = drill(&home, &[("STANCH_PANIC", &told)], (80, 24));
    std::fs::write(&file, "").unwrap();
    let status = pty.wait_exit();
    assert!(!status.success());
    pty.assert_restored();
    let shown = pty.contents();
    assert!(shown.contains("the ui was told to break") && shown.contains("stanch resume"), "{shown}");
    resumes(&home);
}

#[test]
fn a_panic_in_a_worker_leaves_the_screen_and_the_effect_has_an_end() {
    let home = Home::new();
    let file = home.path().join("break");
    let told = format!("worker:{}", file.display());
    let pty = drill(&home, &[("STANCH_PANIC", &told)], (140, 40));
    let mut person = Person::at(pty);
    person.enter();
    person.wait_wants("the intake", |wants| matches!(wants, Wants::Key('a', _)));
    person.press("a");
    person.wait_wants("the revocation", |wants| matches!(wants, Wants::Key('r', _)));
    // the next effect is most likely the revocation itself: a write whose end is then unknown, not lost
    person.press("r");
    person.wait_wants("the phrase", |wants| matches!(wants, Wants::Phrase(_)));
    std::fs::write(&file, "").unwrap();
    person.phrase();
    person.pty.wait_for("a worker failed");
    assert!(person.pty.is_raw() && person.pty.screen(vt100::Screen::alternate_screen));
    person.wait_wants("a way on", |wants| matches!(wants, Wants::Key('c' | 'r' | 'n', _)));
    person.press("q");
    person.pty.wait_exit();
    person.pty.assert_restored();
    let journal = home.journal();
    let of = |kind: &str| journal.iter().filter(|r| r["event"]["event"] == kind).count();
    assert_eq!(of("intent"), of("outcome") + of("unknown"), "every write has an end on record");
}

#[test]
fn no_color_keeps_emphasis_and_sends_no_colour() {
    let home = Home::new();
    let pty = drill(&home, &[("NO_COLOR", "1")], (80, 24));
    let mut person = Person::at(pty);
    person.enter();
    person.wait_wants("the intake", |wants| matches!(wants, Wants::Key('a', _)));
    let raw = String::from_utf8_lossy(&person.pty.raw()).into_owned();
    let codes = raw.split("\x1b[").skip(1).filter_map(|code| code.split_once('m')).map(|(codes, _)| codes);
    let styles: Vec<&str> = codes.filter(|code| code.bytes().all(|b| b.is_ascii_digit() || b == b';')).collect();
    assert!(styles.contains(&"7"), "emphasis is there: {styles:?}");
    assert!(!styles.iter().any(|code| is_colour(code)), "{styles:?}");
    person.pty.screen(|screen| {
        let banner = screen.cell(0, 1).unwrap();
        assert!(banner.contents() == "D" && (banner.inverse() || banner.bold()), "DRILL stands out");
    });
    person.press("q");
    person.pty.wait_exit();
    person.pty.assert_restored();
}

/// A colour is set; 39, 49 and 59 take one back. An empty code wipes all emphasis.
fn is_colour(codes: &str) -> bool {
    codes.split(';').any(|n| !matches!(n.parse::<u16>(), Ok(0..=29 | 39 | 49 | 59)))
}

#[test]
fn a_dumb_or_small_terminal_gets_lines() {
    for (env, size) in [([("TERM", "dumb")], (80, 24)), ([("TERM", "xterm-256color")], (40, 12))] {
        let home = Home::new();
        let mut pty = home.start(&DRILL, &env, size);
        pty.wait_for("Enter goes on.");
        assert!(!pty.screen(vt100::Screen::alternate_screen) && !pty.is_raw());
        pty.send("\n");
        pty.wait_for("NEXT: a accept");
        pty.send("q\n");
        assert_eq!(pty.wait_exit().exit_code(), 3);
        pty.assert_restored();
    }
    let home = Home::new();
    let pty = home.start(&[&["--linear"], DRILL.as_slice()].concat(), &[], (80, 24));
    pty.wait_for("Enter goes on.");
    assert!(!pty.screen(vt100::Screen::alternate_screen));
}

#[test]
fn a_terminal_without_a_size_and_a_storm_of_sizes() {
    let home = Home::new();
    let pty = home.start(&DRILL, &[], (0, 0));
    pty.wait_raw(b"\x1b[?1049h");
    pty.resize((80, 24));
    pty.wait_for("DRILL  Friday push");
    // no two alike, down to nothing and back
    for n in 0..300_u16 {
        pty.resize((n * 37 % 211, n * 13 % 67));
    }
    for size in [(0, 0), (1, 1), (1, 60), (200, 1), (40, 12), (59, 15), (60, 16), (80, 24)] {
        pty.resize(size);
    }
    pty.wait_for("DRILL  Friday push");
    let mut person = Person::at(pty);
    person.enter();
    person.wait_wants("the intake", |wants| matches!(wants, Wants::Key('a', _)));
    person.pty.resize((40, 12));
    person.pty.wait_for("Do now");
    person.pty.resize((80, 24));
    person.pty.wait_for("INTAKE");
    person.press("q");
    assert_eq!(person.pty.wait_exit().exit_code(), 3);
    person.pty.assert_restored();
}
