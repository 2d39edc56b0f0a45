//! What stands on the screen, and what is told in lines.

use stanch::app::{Msg, Overlay, linear};
use stanch::base::Stamp;
use stanch::effect::git::{CopyMap, GitOp, GitReply};
use stanch::incident::Event;
use stanch::ui::{Code, Key};

use super::driver::Walk;
use super::facts::{ALL, g, git, row};
use super::plans::copy;

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
