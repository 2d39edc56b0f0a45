//! The screens of the README and of `assets/screenshots`, drawn by the program itself, so that they can't go stale.
//!
//! The reference script plays the first drill through the real engine. Its journal, cut off before each telling move,
//! is folded into the app again, and the app is drawn into a buffer. What differs between two runs of the same drill
//! (the folder, the port, who played) is given a fixed value in between.
//!
//! After a wanted change: `STANCH_UPDATE_SCREENS=1 cargo test --test it screens`, then look at what changed.

pub mod play;

use std::path::{Path, PathBuf};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use stanch::app::{self, App, Msg};
use stanch::base::Stamp;
use stanch::effect::{Effect, GitOp, TargetOp};
use stanch::incident::{Event, Record};
use stanch::ui::{Key, Look, Palette, Theme, screenshot};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (140, 40);
const UPDATE: &str = "STANCH_UPDATE_SCREENS";
const MARKS: (&str, &str) = ("<!-- screen: begin -->", "<!-- screen: end -->");

/// A moment of the run: its name, the record it ends before, and the keys pressed then.
struct Moment {
    name: &'static str,
    before: fn(&Event) -> bool,
    keys: &'static str,
}

const MOMENTS: [Moment; 9] = [
    Moment { name: "0-intake", before: |event| decided(event, "order"), keys: "0" },
    Moment { name: "1-revoke", before: |event| intent(event, "revoke"), keys: "1" },
    Moment { name: "1-revoke-ask", before: |event| intent(event, "revoke"), keys: "1r" },
    Moment { name: "1-revoke-proof", before: |event| intent(event, "issue"), keys: "1" },
    Moment { name: "2-usage", before: |event| decided(event, "usage.verdict"), keys: "2" },
    Moment { name: "3-issue", before: written, keys: "3" },
    Moment { name: "4-targets", before: hooked, keys: "4" },
    Moment { name: "5-purge", before: switched, keys: "5" },
    Moment { name: "6-close", before: |event| matches!(event, Event::Closed { .. }), keys: "6" },
];

fn decided(event: &Event, on: &str) -> bool {
    matches!(event, Event::Decided { topic, .. } if topic == on)
}

fn intent(event: &Event, stage: &str) -> bool {
    matches!(event, Event::Intent { step, .. } if step.stage == stage)
}

fn written(event: &Event) -> bool {
    intent(event, "targets")
}

fn hooked(event: &Event) -> bool {
    matches!(event, Event::Intent { effect: Effect::Target { op: TargetOp::Reload { .. } }, .. })
}

fn switched(event: &Event) -> bool {
    matches!(event, Event::Intent { effect: Effect::Git { op: GitOp::Apply { .. }, .. }, .. })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pictures_show_what_the_program_draws() {
    let records = play::friday_push().await;
    let mut stale = Vec::new();
    for moment in &MOMENTS {
        let app = shown(&records, moment);
        for size in [SMALL, LARGE] {
            let buf = frame(&app, size, Palette::Dark);
            let name = format!("{}-{}x{}", moment.name, size.0, size.1);
            keep(&shots().join(format!("{name}.txt")), &screenshot::plain(&buf), &mut stale);
            if size == LARGE {
                keep(
                    &shots().join(format!("{}.svg", moment.name)),
                    &screenshot::svg(&buf, "stanch drill friday-push", false),
                    &mut stale,
                );
            }
        }
        if moment.name == "1-revoke" {
            in_readme(&screenshot::plain(&frame(&app, SMALL, Palette::Dark)), &mut stale);
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?} show something else. If it is wanted: {UPDATE}=1 cargo test --test it screens"
    );
}

/// The figures lag and their newest minute is half counted; the header must not take that for a cheaper thief.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rate_in_the_header_is_what_the_thief_costs() {
    let records = play::friday_push().await;
    let app = shown(&records, &MOMENTS[1]);
    let rate = stanch::stages::usage::burn_rate(&app.view("usage")).unwrap();
    assert!((3.2..4.8).contains(&rate), "the drill's thief spends $4 a minute, the header says {rate:.2}");
}

/// The app as it stood at a moment.
fn shown(records: &[Record], moment: &Moment) -> App {
    let end = records.iter().position(|record| (moment.before)(&record.event)).expect(moment.name);
    let (past, next) = records.split_at(end);
    // A breath before the next record, as a person who is about to press a key sees it.
    let now = Stamp(next[0].at.0 - 1000).max(past[end - 1].at);
    let mut app = play::app(past, now);
    let hand = |n: usize| Stamp(now.0 + i64::try_from(n).unwrap() * 2000);
    app.update(Msg::Now(now));
    app.running.clear();
    for (n, key) in moment.keys.chars().enumerate() {
        app.update(Msg::Key { key: Key::char(key), hand: hand(n) });
    }
    app
}

pub fn frame(app: &App, (width, height): (u16, u16), palette: Palette) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    app::view::draw(app, area, &mut buf, &Look::new(Theme::new(palette), false));
    buf
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shots() -> PathBuf {
    root().join("assets/screenshots")
}

/// Compares a file with what it should hold, or writes it.
fn keep(path: &Path, wanted: &str, stale: &mut Vec<String>) {
    if std::fs::read_to_string(path).is_ok_and(|there| there == wanted) {
        return;
    }
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, wanted).unwrap();
    } else {
        stale.push(path.strip_prefix(root()).unwrap().display().to_string());
    }
}

/// The same for the text screen between the marks in the README.
fn in_readme(screen: &str, stale: &mut Vec<String>) {
    let path = root().join("README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(MARKS.0).expect("the README has a mark where the screen begins");
    let (_, tail) = rest.split_once(MARKS.1).expect("and one where it ends");
    keep(&path, &format!("{head}{}\n```text\n{screen}```\n{}{tail}", MARKS.0, MARKS.1), stale);
}
