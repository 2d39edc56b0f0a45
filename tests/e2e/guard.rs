//! The terminal guard: taken, and given back on every way out. The program under test is this test binary itself, run
//! again in a pseudo-terminal with one ignored test that plays a tiny program on the real guard.

use std::path::PathBuf;

use crossterm::event::{Event, read};
use ratatui::layout::Rect;
use stanch::shell::front::no_color;
use stanch::shell::keys;
use stanch::shell::panics::Panics;
use stanch::shell::terminal::{Modes, Screen};
use stanch::ui::{Look, Palette, Role, Theme, text};

use crate::pty::Pty;
use rustix::process::Signal;

const ALL: Modes = Modes { mouse: true, paste: true, repeats: true };

/// Not a test by itself: the tiny program. Every key is shown; some do something.
#[test]
#[ignore = "is started by the other tests, in a pseudo-terminal"]
fn program() {
    // a terminal's new size is told to whoever listens already
    crossterm::event::poll(std::time::Duration::ZERO).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let panics = Panics::install(|text| text.replace("hush", "[leaked]"));
    let mut screen = Screen::enter(ALL, &panics).unwrap();
    let theme = Theme::pick(Some(Palette::Dark), no_color(), false);
    let look = Look::new(theme, false);
    let mut said = String::from("ready");
    loop {
        screen
            .draw(false, |area: Rect, buf| {
                text::put(
                    buf,
                    area,
                    0,
                    0,
                    &format!("said {said} at {}x{}", area.width, area.height),
                    look.style(Role::Text),
                );
                text::put(buf, area, 0, 2, "selected", look.style(Role::Selection));
                // whatever the theme: a colour that slips in must not cost the emphasis
                text::put(buf, area, 0, 3, "banner", Theme::new(Palette::Dark).style(Role::Live));
            })
            .unwrap();
        let key = match read().unwrap() {
            Event::Key(event) => keys::key(&event),
            Event::Paste(pasted) => {
                said = format!("pasted {}", keys::pasted(&pasted).count());
                continue;
            }
            _ => continue,
        };
        let Some(key) = key else { continue };
        said = key.label();
        match said.as_str() {
            "q" => return screen.leave("farewell: nothing is open"),
            "p" => panic!("the key hush was in here"),
            "w" => {
                let _ = std::thread::spawn(|| panic!("worker hush")).join();
                said = panics.take().join(" ");
            }
            "e" => return,
            "h" => {
                let faults = stanch::shell::harden::harden();
                let core = rustix::process::getrlimit(rustix::process::Resource::Core);
                said = format!("{faults:?} {:?} {:?}", core.current, core.maximum);
                #[cfg(target_os = "linux")]
                said.extend([format!(" {:?}", rustix::process::dumpable_behavior().unwrap())]);
            }
            "o" => screen.copy("copied text").unwrap(),
            "ctrl-z" => {
                runtime.block_on(screen.suspend()).unwrap();
                said = "back".into();
            }
            _ => {}
        }
    }
}

fn start(env: &[(&str, &str)]) -> Pty {
    let me: PathBuf = std::env::current_exe().unwrap();
    let args = ["--exact", "guard::program", "--ignored", "--nocapture", "--test-threads=1"];
    let pty = Pty::spawn(&me, &args, env, (80, 24));
    pty.wait_for("said ready at 80x24");
    assert!(pty.is_raw() && pty.screen(vt100::Screen::alternate_screen) && pty.screen(vt100::Screen::hide_cursor));
    pty
}

#[test]
fn leaving_restores_and_says_farewell_in_the_scrollback() {
    let mut pty = start(&[]);
    pty.send("q");
    assert!(pty.wait_exit().success());
    pty.assert_restored();
    assert!(pty.contents().contains("farewell: nothing is open"));
    assert!(!pty.contents().contains("selected"), "the frame is gone");
}

#[test]
fn returning_early_restores() {
    let mut pty = start(&[]);
    pty.send("e");
    pty.wait_exit();
    pty.assert_restored();
}

#[test]
fn a_panic_restores_first_and_then_speaks_scrubbed() {
    let mut pty = start(&[]);
    pty.send("p");
    pty.wait_exit();
    pty.assert_restored();
    let shown = pty.contents();
    assert!(shown.contains("the key [leaked] was in here") && shown.contains("stanch resume"), "{shown}");
    assert!(pty.never_showed("hush"));
}

#[test]
fn a_workers_panic_leaves_the_screen_alone_and_is_kept() {
    let mut pty = start(&[]);
    pty.send("w");
    pty.wait_for("worker [leaked]");
    assert!(pty.screen(vt100::Screen::alternate_screen) && pty.is_raw());
    pty.send("q");
    pty.wait_exit();
    pty.assert_restored();
    assert!(pty.never_showed("hush"));
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_draws_anew() {
    let mut pty = start(&[]);
    pty.send("\x1a");
    pty.wait_stopped();
    pty.wait_until("the alternate screen left", |screen| !screen.alternate_screen());
    pty.assert_restored();
    pty.signal(Signal::CONT);
    pty.wait_for("said back");
    assert!(pty.is_raw() && pty.contents().contains("selected"));
    pty.send("q");
    pty.wait_exit();
    pty.assert_restored();
}

#[test]
fn the_selection_shows_without_colour() {
    let mut pty = start(&[("NO_COLOR", "1")]);
    pty.screen(|screen| {
        let selected = screen.cell(2, 0).unwrap();
        assert_eq!((selected.contents(), selected.inverse()), ("s", true));
        let banner = screen.cell(3, 0).unwrap();
        assert_eq!((banner.contents(), banner.bold()), ("b", true));
    });
    assert!(pty.never_showed("\x1b[;m"));
    pty.send("q");
    pty.wait_exit();
}

#[test]
fn a_new_size_is_drawn_and_pasted_text_is_one_event() {
    let mut pty = start(&[]);
    pty.resize((60, 16));
    pty.wait_for("at 60x16");
    pty.send("\x1b[200~y\r\x1b[201~");
    pty.wait_for("said pasted 2");
    pty.send("o");
    pty.wait_raw(b"\x1b]52;c;Y29waWVkIHRleHQ=");
    pty.send("q");
    assert!(pty.wait_exit().success());
}

#[test]
fn a_hardened_process_leaves_no_core() {
    let mut pty = start(&[]);
    pty.send("h");
    pty.wait_for("said [] Some(0) Some(0)");
    if cfg!(target_os = "linux") {
        pty.wait_for("NotDumpable");
    }
    pty.send("q");
    assert!(pty.wait_exit().success());
}
