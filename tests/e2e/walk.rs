//! The whole walk by key presses: `friday-push` from the story to the score, at two sizes. Each stop is a snapshot of
//! the screen, to the cell.

use crate::home::Home;
use crate::person::{Person, Wants};
use crate::still::{still, still_text};

/// Time passes only while the program waits for something: the same keys give the same screens on any machine.
const DRILL: [&str; 6] = ["drill", "friday-push", "--seed", "1", "--pace", "0"];

#[test]
fn friday_push_by_keys_at_80x24() {
    walk((80, 24));
}

#[test]
fn friday_push_by_keys_at_140x40() {
    walk((140, 40));
}

struct Walk {
    person: Person,
    size: (u16, u16),
    stops: usize,
}

impl Walk {
    /// Looks at the screen when `text` is on it and nothing is in passing.
    fn stop(&mut self, name: &str, text: &str) {
        self.stops += 1;
        let mut shown = String::new();
        self.person.pty.wait_until(&format!("{text:?}, at rest"), |screen| {
            shown = still(screen);
            let dialog = crate::person::wants(screen);
            // the wheel alone, where a dialog covers the word
            let turns = |c: char| ('\u{2801}'..='\u{28ff}').contains(&c);
            let busy = screen.rows(0, 25).any(|rail| rail.contains(" running") || rail.contains(turns));
            let open = !matches!(dialog, Wants::Key(..) | Wants::Wait);
            flat(screen).contains(text) && !busy && open == (name == "story" || name.ends_with("dialog"))
        });
        let (w, h) = self.size;
        insta::assert_snapshot!(format!("{w}x{h}-{:02}-{name}", self.stops), shown);
    }

    fn dialog(&mut self, key: char, name: &str, title: &str) {
        self.person.press(&key.to_string());
        self.stop(name, title);
    }

    /// Lets time pass, step by step, until `text` is on the screen.
    fn wait(&mut self, text: &str) {
        let mut there = false;
        while !there {
            self.person.pty.wait_until("quiet", |screen| {
                there = flat(screen).contains(text);
                there || !screen.rows(0, 25).any(|rail| rail.contains(" running"))
            });
            if !there {
                let before = self.person.pty.contents();
                self.person.press(".");
                self.person.pty.wait_until("time to pass", |screen| screen.contents() != before);
            }
        }
    }

    fn yes(&mut self) {
        self.person.agree();
    }

    fn phrase(&mut self) {
        self.person.phrase();
    }

    /// Goes on to the stage that wants something.
    fn on(&mut self) {
        self.person.press("n");
    }
}

fn walk(size: (u16, u16)) {
    let (home, pty) = drill(size);
    let mut walk = Walk { person: Person::at(pty), size, stops: 0 };
    walk.stop("story", "DRILL Friday push");
    walk.person.enter();
    walk.stop("intake", "a accept the recommended order");
    walk.person.press("pb");
    // a second press turns what the first one has put on record
    walk.person.press("d");
    let told = |answer: &str| {
        let topic = |r: &serde_json::Value| r["event"]["topic"] == "fact.production" && r["event"]["choice"] == answer;
        home.journal().iter().any(topic)
    };
    walk.person.pty.wait_until("production: yes", |_| told("yes"));
    walk.person.press("d");
    walk.person.pty.wait_until("production: no", |_| told("no"));
    let sign = if size.0 > 80 { "Does production depend on it? no" } else { "depend on it? no" };
    walk.stop("facts", sign);
    walk.person.press("a");
    // the answer to it is on record a moment later
    walk.person.pty.wait_for("Intake   ✓ done");
    walk.stop("revoke", "r revoke the key");
    walk.dialog('r', "revoke-dialog", "Type AvvU");
    walk.phrase();
    walk.wait("Nothing. The key is dead");
    walk.stop("revoke-proven", "Nothing. The key is dead");
    walk.person.press("N");
    walk.person.pty.wait_for("Note: ");
    walk.person.words("contained first: public, burning, nobody depends on it");
    walk.person.pty.wait_gone("enter accept");
    walk.on();
    walk.stop("usage", "v ");
    walk.dialog('v', "usage-dialog", "enter choose");
    walk.person.enter();
    walk.person.pty.wait_gone("enter choose");
    walk.stop("usage-done", "n go on with New key");
    walk.on();
    walk.stop("issue", "i issue a new key");
    walk.dialog('i', "issue-dialog", "Cancel (n)");
    walk.yes();
    walk.stop("issued", "n go on with Targets");
    walk.on();
    walk.stop("targets", "w write the new key");
    walk.dialog('w', "targets-dialog", "Cancel (n)");
    walk.yes();
    walk.stop("written", "l run the reload commands");
    walk.dialog('l', "reload-dialog", "Cancel (n)");
    walk.yes();
    walk.stop("reloaded", "p run the check commands");
    walk.person.press("p");
    walk.stop("targets-proven", "Every place runs on the new key");
    walk.on();
    walk.stop("purge", "p plan the rewrite");
    walk.person.press("p");
    walk.stop("planned", "w switch to the clean history");
    walk.dialog('w', "switch-dialog", "Type prototype");
    walk.phrase();
    walk.stop("switched", "f force-push the clean history");
    walk.dialog('f', "push-dialog", "Type prototype");
    walk.phrase();
    walk.stop("pushed", "W write the papers for others");
    walk.dialog('W', "papers-dialog", "Folder");
    walk.person.enter();
    walk.stop("papers", "z finish: destroy the backup");
    walk.dialog('z', "finish-dialog", "Type prototype");
    walk.phrase();
    walk.stop("purged", "n go on with Close");
    walk.on();
    walk.wait("late probe: still refused");
    walk.stop("close", "late probe: still refused");
    walk.dialog('b', "backups-dialog", "Type AvvU");
    walk.phrase();
    walk.stop("nothing-open", "Nothing is open.");
    walk.dialog('z', "close-dialog", "Cancel (n)");
    walk.yes();
    walk.stop("closed", "Closed. e writes the report");
    walk.person.press("q");
    let status = walk.person.pty.wait_exit();
    let shown = walk.person.pty.contents();
    assert!(status.success(), "{status:?}\n{shown}");
    walk.person.pty.assert_restored();
    let (w, h) = size;
    insta::assert_snapshot!(format!("{w}x{h}-{:02}-score", walk.stops + 1), still_text(&shown));
    crate::kill::judge(&home, "walk");
    for name in ["order", "reasons", "notes", "usage review"] {
        crate::kill::full(&home.score(), name);
    }
}

/// The words beside the rail in one line, however they are wrapped.
fn flat(screen: &vt100::Screen) -> String {
    let cols: u16 = screen.size().1.into();
    let beside = |row: String| match row.char_indices().nth(25) {
        Some((at, '│')) => row[at..].to_owned(),
        _ => row,
    };
    let text: String = screen.rows(0, cols).map(|row| beside(row) + " ").collect();
    text.split(|c: char| c.is_whitespace() || c == '│').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The seed gives the incident its short name, so its length is the same every time.
fn drill(size: (u16, u16)) -> (Home, crate::pty::Pty) {
    let home = Home::new();
    let pty = home.start(&DRILL, &[], size);
    pty.wait_for("DRILL  Friday push");
    (home, pty)
}
