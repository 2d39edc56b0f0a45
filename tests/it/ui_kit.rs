//! The screen kit: how widgets look, that they survive every size, and that dialogs stand up to reflexes.

use std::fmt::Write as _;

use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use stanch::base::Stamp;
use stanch::ui::chart::{Chart, Mark};
use stanch::ui::dialog::{Answer, Choice, Dialog, Verdict};
use stanch::ui::layout::{self, Hint};
use stanch::ui::rail::{self, Stop};
use stanch::ui::table::{self, Column, State};
use stanch::ui::{Code, Key, Look, Palette, Role, Sign, Theme, glyph, panel, screenshot, text};

type Draw = fn(Rect, &mut Buffer, &Look);

/// Every widget with data that is long, wide and hostile. One line here for each new widget.
fn every_widget() -> Vec<(&'static str, Draw)> {
    vec![
        ("rail", |area, buf, look| rail::draw(&stops(), area, buf, look)),
        ("rail line", |area, buf, look| {
            text::put_line(buf, area, 0, &rail::line(&stops(), usize::from(area.width), look));
        }),
        ("table", |area, buf, look| draw_table(&State::default(), area, buf, look)),
        ("filtered table", |area, buf, look| draw_table(&filtered(), area, buf, look)),
        ("empty table", |area, buf, look| {
            table::draw(&columns(), &[], &State::default(), "no targets found", area, buf, look);
        }),
        ("panel", |area, buf, look| {
            panel::panel(area, buf, look, "Evidence 漢字", Role::Title);
        }),
        ("chart", |area, buf, look| draw_chart(&usage(), area, buf, look)),
        ("empty chart", |area, buf, look| draw_chart(&[], area, buf, look)),
        ("info", |area, buf, look| info().draw(area, buf, look)),
        ("confirm", |area, buf, look| confirm(None).draw(area, buf, look)),
        ("phrase", |area, buf, look| wrong_phrase().draw(area, buf, look)),
        ("prompt", |area, buf, look| Dialog::text("Owner", "Who", "Name", Stamp(0), None).draw(area, buf, look)),
        ("secret", |area, buf, look| {
            Dialog::secret("Admin key", "Read only.", "Key", Stamp(0), None).draw(area, buf, look);
        }),
        ("choice", |area, buf, look| choice(None).draw(area, buf, look)),
        ("frame", |area, buf, look| layout::frame(&layout::split(area), buf, look)),
        ("hints", |area, buf, look| {
            text::put_line(buf, area, 0, &layout::hints(&hints(), usize::from(area.width), look));
        }),
        ("paragraph", |area, buf, look| {
            text::paragraph(buf, area, 0, "漢字 and\ta very long-winded\nline\x1b[2J", look.style(Role::Text));
        }),
        ("fill", |area, buf, look| text::fill(buf, area, look.style(Role::Live))),
    ]
}

fn stops() -> Vec<Stop> {
    let stop =
        |label: &str, state: &str, sign, is_here| Stop { label: label.into(), state: state.into(), sign, is_here };
    vec![
        stop("Revoke", "done", Sign::Done, false),
        stop("Usage", "running", Sign::Running, false),
        stop("New key", "ready", Sign::Ready, true),
        stop("Targets", "unknown", Sign::Unknown, false),
        stop("Purge", "locked", Sign::Locked, false),
    ]
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("target", 12, 3).middle(),
        Column::new("written", 9, 1),
        Column::new("read back", 9, 1),
        Column::new("used", 6, 0).right(),
    ]
}

fn rows() -> Vec<table::Row> {
    let cell = |text: &str, role| table::Cell::new(text, role);
    let mut rows = vec![
        vec!["/srv/billing-api/.env".into(), cell("✓ yes", Role::Good), cell("✓ yes", Role::Good), "12".into()],
        vec!["/srv/cron/.env".into(), cell("✗ failed", Role::Bad), cell("? unknown", Role::Warn), "0".into()],
    ];
    for n in 3..=41 {
        rows.push(vec![
            format!("/srv/worker-{n}/漢字/.env").into(),
            "· no".into(),
            "· no".into(),
            n.to_string().into(),
        ]);
    }
    rows
}

fn filtered() -> State {
    let mut state = State::default();
    for c in "/worker-1".chars() {
        state.key(&Key::char(c), &rows(), 10);
    }
    state
}

fn draw_table(state: &State, area: Rect, buf: &mut Buffer, look: &Look) {
    table::draw(&columns(), &rows(), state, "no targets found", area, buf, look);
}

/// One hour by the minute; a burn begins after 20 minutes and stops after 45.
fn usage() -> Vec<(i64, f64)> {
    (0..60).map(|m| (m * 60, if (20..45).contains(&m) { 4.1 } else { 0.2 })).collect()
}

fn draw_chart(points: &[(i64, f64)], area: Rect, buf: &mut Buffer, look: &Look) {
    let mark = |at, letter, words: &str| Mark { at, letter, words: words.into(), role: Role::Mark };
    let chart = Chart {
        points,
        step: 60,
        span: (0, 3600),
        marks: &[mark(1200, 'L', "leaked 00:20Z"), mark(2700, 'R', "revoked 00:45Z"), mark(3600, 'N', "now")],
        y_label: &|amount, secs| format!("${:.2}/min", amount * 60.0 / secs.max(1.0)),
        x_label: &|at| Stamp::from_secs(at).minute(),
        role: Role::Series1,
        empty: "nothing was used",
    };
    chart.draw(area, buf, look);
}

fn info() -> Dialog {
    Dialog::info(
        "Help",
        format!("Where you are.\n{}\nThe end.", "A line of help that is long enough to wrap. ".repeat(9)),
        Stamp(0),
        None,
    )
}

fn confirm(by: Option<Key>) -> Dialog {
    let body = "Write the new key to /srv/billing-api/.env, as ana.\nThe old file is kept as .env.stanch-otter.";
    Dialog::confirm("Update target", body, "Write", Stamp(0), by)
}

fn phrase(by: Option<Key>) -> Dialog {
    Dialog::phrase("Revoke the key", "sk-proj-…9f3a stops working. This can't be undone.", "9f3a", Stamp(0), by)
}

fn wrong_phrase() -> Dialog {
    let mut dialog = phrase(None);
    press(&mut dialog, "9 f 3 b enter", 1000, 100);
    dialog
}

fn choice(by: Option<Key>) -> Dialog {
    let option = |label: &str, detail: &str| Choice { label: label.into(), detail: detail.into() };
    let options = vec![
        option("contain-first", "outage until targets are updated"),
        option("continuity-first", "the thief keeps access for about 12 min"),
    ];
    Dialog::choice("Playbook", "Which order?", options, Stamp(0), by)
}

fn hints() -> Vec<Hint> {
    let off = Hint { enabled: false, ..Hint::new("u", "undo", 3) };
    vec![
        Hint::new("r", "revoke", 0),
        Hint::new("c", "check", 2),
        Hint::new("?", "help", 1),
        Hint::new(":", "all", 4),
        off,
    ]
}

fn looks() -> [(&'static str, Look); 4] {
    let look = |palette, ascii| Look::new(Theme::new(palette), ascii);
    [
        ("dark", look(Palette::Dark, false)),
        ("light", look(Palette::Light, false)),
        ("mono", look(Palette::Mono, false)),
        ("ascii", look(Palette::Mono, true)),
    ]
}

// ---- every size ----

/// Draws at `area` of a buffer and checks that nothing outside changed.
fn draw_at(name: &str, draw: Draw, frame: Rect, area: Rect, look: &Look) -> Buffer {
    let sentinel = Cell::new("x");
    let mut buf = Buffer::filled(frame, sentinel.clone());
    draw(area, &mut buf, look);
    for (x, y) in (frame.top()..frame.bottom()).flat_map(|y| (frame.left()..frame.right()).map(move |x| (x, y))) {
        if !area.contains((x, y).into()) {
            assert_eq!(buf.cell((x, y)), Some(&sentinel), "{name} at {area:?} wrote to {x},{y}");
        }
    }
    buf
}

#[test]
fn small_sizes_all_of_them() {
    let (_, look) = looks()[0];
    for (name, draw) in every_widget() {
        for w in 0..=24 {
            for h in 0..=9 {
                draw_at(name, draw, Rect::new(0, 0, 26, 10), Rect::new(1, 1, w, h), &look);
            }
        }
    }
}

#[test]
fn places_beyond_the_buffer() {
    let (_, look) = looks()[3];
    let far = u16::MAX;
    for (name, draw) in every_widget() {
        for area in [
            Rect { x: far, y: far, width: far, height: far },
            Rect { x: 0, y: 0, width: far, height: 3 },
            Rect { x: 0, y: 0, width: 3, height: far },
            Rect::new(39, 19, 100, 40),
            Rect::new(40, 0, 10, 10),
            Rect::new(0, 0, 0, 0),
        ] {
            draw_at(name, draw, Rect::new(0, 0, 40, 20), area, &look);
        }
        draw_at(name, draw, Rect::new(7, 5, 0, 0), Rect::new(0, 0, 80, 24), &look);
        draw_at(name, draw, Rect::new(7, 5, 20, 4), Rect::new(0, 0, 80, 24), &look);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_size_and_place(w in 0_u16..=130, h in 0_u16..=45, x in 0_u16..140, y in 0_u16..50, which in 0_usize..4) {
        let (name, look) = looks()[which];
        for (widget, draw) in every_widget() {
            let mut buf = draw_at(widget, draw, Rect::new(0, 0, w, h), Rect::new(x % (w + 2), y % (h + 2), w, h), &look);
            if name == "ascii" {
                glyph::fold_buffer(&mut buf);
                prop_assert!(buf.content.iter().all(|cell| cell.symbol().is_ascii()));
            }
            if name != "dark" && name != "light" {
                prop_assert!(buf.content.iter().all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset)));
            }
        }
    }

    #[test]
    fn any_text_fits_after_cutting(text in "\\PC{0,40}|[\u{0}-\u{ff}漢👩‍👩‍👧e\u{301}]{0,40}", max in 0_usize..50) {
        for cut in [text::Cut::Start, text::Cut::Middle, text::Cut::End] {
            prop_assert!(text::width(&text::truncate(&text, max, cut, "…")) <= max);
            prop_assert_eq!(text::width(&text::pad(&text, max, text::Align::Centre, cut, "…")), max);
        }
        for line in text::wrap(&text, max) {
            prop_assert!(text::width(&line) <= max, "{:?}", line);
        }
    }

    #[test]
    fn no_keys_end_a_dialog_in_its_first_moments(keys in proptest::collection::vec((any::<u8>(), 0_i64..9), 0..30)) {
        for mut dialog in [confirm(None), phrase(None), choice(None), info()] {
            let mut now = 0;
            for (key, gap) in &keys {
                now += gap;
                let key = match key % 6 { 0 => Key::of(Code::Enter), 1 => Key::of(Code::Tab), 2 => Key::char('y'), _ => Key::char(char::from(key % 128)) };
                prop_assume!(!key.same(Key::of(Code::Esc)));
                prop_assert_eq!(dialog.key(&key, Stamp(now)), Verdict::Open);
            }
        }
    }
}

// ---- dialogs and reflexes ----

/// Presses keys, the first at `at` ms after opening, `gap` ms apart; the last verdict.
fn press(dialog: &mut Dialog, keys: &str, at: i64, gap: i64) -> Verdict {
    let mut verdict = Verdict::Open;
    for (label, n) in keys.split(' ').zip(0..) {
        let (label, repeat) = label.strip_suffix('!').map_or((label, false), |label| (label, true));
        let key = Key { repeat, ..Key::parse(label).unwrap() };
        verdict = dialog.key(&key, Stamp(at + n * gap));
        if verdict != Verdict::Open {
            break;
        }
    }
    verdict
}

#[test]
fn a_reflex_is_never_a_yes() {
    use Verdict::{Accepted, Cancelled, Open};
    let by = |label: &str| Key::parse(label);
    let yes = || Accepted(Answer::Yes);
    // dialog, keys ("!" is a key the terminal marks as held), first at, gap, verdict
    let table: Vec<(&str, Dialog, &str, i64, i64, Verdict)> = vec![
        ("a deliberate y", confirm(by("w")), "y", 300, 0, yes()),
        ("y too early", confirm(by("w")), "y", 299, 0, Open),
        ("n too early is not heard either", confirm(by("w")), "n", 100, 0, Open),
        ("Esc at once", confirm(by("w")), "esc", 0, 0, Cancelled),
        ("Ctrl-C at once", confirm(by("w")), "ctrl-c", 0, 0, Cancelled),
        ("Enter with Cancel focused", confirm(by("w")), "enter", 900, 0, Cancelled),
        ("Enter that opened it, later", confirm(by("enter")), "enter", 900, 0, Cancelled),
        ("Tab and Enter", confirm(by("w")), "tab enter", 900, 200, yes()),
        ("Tab twice and Enter", confirm(by("w")), "tab tab enter", 900, 200, Cancelled),
        ("Tab and Enter, opened by Enter", confirm(by("enter")), "tab enter", 900, 200, Open),
        ("y that opened it", confirm(by("y")), "y", 900, 0, Open),
        ("y that opened it, after others", confirm(by("y")), "tab tab y", 900, 200, Open),
        ("opened by y: the button works", confirm(by("y")), "tab enter", 900, 200, yes()),
        ("marked as held", confirm(by("w")), "y! y! y!", 900, 500, Open),
        ("held from the start, fast stream", confirm(by("w")), "y y y y y y y y y y y y", 250, 33, Open),
        ("held from the start, slow first repeat", confirm(by("w")), "y y y y", 250, 600, Open),
        ("opener held: stream of Enter", confirm(by("enter")), "enter enter enter", 100, 33, Open),
        ("refused, then another key, then y", confirm(by("w")), "y tab y", 250, 200, yes()),
        ("refused, then a rest, then y", confirm(by("w")), "y y", 250, 1000, yes()),
        ("the right phrase", phrase(by("r")), "9 f 3 a enter", 400, 90, Accepted(Answer::Phrase)),
        (
            "the right phrase, blanks around",
            phrase(by("r")),
            "space 9 f 3 a space enter",
            400,
            90,
            Accepted(Answer::Phrase),
        ),
        ("a wrong phrase", phrase(by("r")), "9 f 3 b enter", 400, 90, Open),
        ("corrected", phrase(by("r")), "9 f 3 b enter backspace a enter", 400, 90, Accepted(Answer::Phrase)),
        ("no phrase", phrase(by("r")), "enter", 900, 0, Open),
        ("y is no phrase", phrase(by("r")), "y", 900, 0, Open),
        ("a pasted phrase with its line end", phrase(by("r")), "9! f! 3! a! enter!", 900, 0, Open),
        ("pasted unmarked", phrase(by("r")), "9 f 3 a enter", 900, 1, Open),
        ("opened by Enter, typed, Enter", phrase(by("enter")), "9 f 3 a enter", 400, 90, Accepted(Answer::Phrase)),
        ("held Enter from before", choice(by("enter")), "enter enter enter", 500, 33, Open),
        ("Enter opened it, later Enter", choice(by("enter")), "enter", 900, 0, Open),
        ("Enter opened it, moved, Enter", choice(by("enter")), "j enter", 900, 200, Accepted(Answer::Choice(1))),
        ("a number", choice(by("enter")), "2", 900, 0, Accepted(Answer::Choice(1))),
        ("a number beyond", choice(by("enter")), "3", 900, 0, Open),
        ("info read", info(), "enter", 900, 0, Accepted(Answer::Seen)),
        ("a clock set back", confirm(by("w")), "y", -90_000, 0, Open),
    ];
    for (what, mut dialog, keys, at, gap, want) in table {
        assert_eq!(press(&mut dialog, keys, at, gap), want, "{what}: {:?}", dialog.note);
        let is_silent = dialog.note.is_none();
        assert!(want != Open || !is_silent || keys.ends_with(['3', 'y']), "{what}: refused without a word");
    }
}

#[test]
fn a_wrong_phrase_says_so_and_keeps_the_text() {
    let dialog = wrong_phrase();
    let note = dialog.note.clone().unwrap();
    assert!(note.contains("wrong phrase") && note.contains("9f3b") && note.contains("9f3a"), "{note}");
    assert!(format!("{:?}", dialog.kind).contains("'b'"), "the text is kept");
}

#[test]
fn help_closes_with_the_key_that_opened_it() {
    let mut dialog = Dialog::info("Help", "", Stamp(0), Some(Key::char('?')));
    assert_eq!(press(&mut dialog, "?", 100, 0), Verdict::Open);
    assert_eq!(press(&mut dialog, "?!", 600, 0), Verdict::Open);
    assert_eq!(press(&mut dialog, "?", 2000, 0), Verdict::Cancelled);
}

#[test]
fn prompts_answer_what_was_typed() {
    let mut owner = Dialog::text("Owner", "", "Name", Stamp(0), None);
    assert_eq!(press(&mut owner, "enter", 500, 0), Verdict::Open);
    assert!(owner.note.clone().unwrap().contains("Name is empty"));
    assert_eq!(press(&mut owner, "A n a enter", 1500, 90), Verdict::Accepted(Answer::Text("Ana".into())));
    let mut secret = Dialog::secret("Key", "", "Key", Stamp(0), None);
    assert_eq!(press(&mut secret, "enter", 500, 0), Verdict::Open);
    assert_eq!(press(&mut secret, "a b backspace c enter", 1500, 90), Verdict::Accepted(Answer::Secret(2)));
}

// ---- looks ----

/// The frame as text, and under it what each styled run is: `row:col-col style`.
fn shown(draw: Draw, w: u16, h: u16, look: &Look) -> String {
    let mut buf = Buffer::empty(Rect::new(0, 0, w, h));
    draw(buf.area, &mut buf, look);
    let mut out = screenshot::plain(&buf);
    for y in 0..h {
        let mut x = 0;
        while x < w {
            let style = |x| buf.cell((x, y)).map(|c| (c.fg, c.bg, c.modifier));
            let from = x;
            while x < w && style(x) == style(from) {
                x += 1;
            }
            let (fg, bg, modifier) = style(from).unwrap();
            let mut words = Vec::new();
            words.extend((fg != Color::Reset).then(|| format!("{fg}")));
            words.extend((bg != Color::Reset).then(|| format!("on {bg}")));
            words.extend((modifier != Modifier::empty()).then(|| format!("{modifier:?}")));
            if !words.is_empty() {
                writeln!(out, "{y}:{from}-{} {}", x - 1, words.join(" ")).unwrap();
            }
        }
    }
    out
}

#[test]
fn looks_are_as_recorded() {
    let wanted: [(&str, &[(u16, u16)]); 10] = [
        ("rail", &[(26, 6), (14, 5)]),
        ("rail line", &[(60, 1), (24, 1)]),
        ("table", &[(72, 8), (30, 6)]),
        ("filtered table", &[(50, 6)]),
        ("chart", &[(70, 14), (40, 8), (10, 3)]),
        ("empty chart", &[(40, 8)]),
        ("confirm", &[(80, 24), (36, 8)]),
        ("phrase", &[(60, 14)]),
        ("secret", &[(60, 10)]),
        ("choice", &[(72, 12)]),
    ];
    for (name, sizes) in wanted {
        let (_, draw) = every_widget().into_iter().find(|(n, _)| *n == name).unwrap();
        for (variant, look) in looks().into_iter().filter(|(v, _)| *v != "light") {
            let all: Vec<String> =
                sizes.iter().map(|(w, h)| format!("--- {w}x{h}\n{}", shown(draw, *w, *h, &look))).collect();
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(format!("ui_{}_{variant}", name.replace(' ', "_")), all.join("\n"));
            });
        }
    }
}

#[test]
fn the_selected_row_and_the_focus_show_in_every_theme() {
    for (name, look) in looks() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 72, 8));
        draw_table(&State::default(), buf.area, &mut buf, &look);
        assert!(buf.cell((10, 1)).unwrap().modifier.contains(Modifier::REVERSED), "{name}");
        assert_eq!(buf.cell((0, 1)).unwrap().symbol(), look.glyphs.here, "{name}");
    }
}

// ---- pictures ----

/// A checker for well-formed XML, enough for what we write: tags nest, attributes are quoted, nothing is left raw.
fn check_xml(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        check_text(text);
        let end = tag.find('>').expect("a tag ends");
        let inside = &tag[1..end];
        rest = &tag[end + 1..];
        assert!(!inside.contains('<'), "{inside}");
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let body = inside.strip_suffix('/').unwrap_or(inside);
        let parts: Vec<&str> = body.split('"').collect();
        assert!(parts.len() % 2 == 1, "quotes in {body}");
        for (i, part) in parts.iter().enumerate() {
            if i % 2 == 1 {
                check_text(part);
            } else {
                assert!(!part.contains('&') && (i + 1 == parts.len() || part.ends_with('=')), "{body}");
            }
        }
        if body.len() == inside.len() {
            open.push(body.split_whitespace().next().unwrap());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
}

fn check_text(text: &str) {
    for piece in text.split('&').skip(1) {
        let entity = piece.split_once(';').expect("an entity ends").0;
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&entity), "{entity}");
    }
    assert!(!text.contains('<') && !text.chars().any(|c| c.is_control() && c != '\n'));
}

#[test]
fn pictures_are_well_formed_and_the_same_every_time() {
    for (name, look) in looks() {
        for (widget, draw) in every_widget() {
            for (w, h) in [(80, 24), (3, 2), (0, 0)] {
                let mut buf = Buffer::empty(Rect::new(0, 0, w, h));
                draw(buf.area, &mut buf, &look);
                text::put(
                    &mut buf,
                    Rect::new(0, 0, w, h),
                    0,
                    0,
                    "<a href=\"x\">&amp;'\u{7}</a>",
                    look.style(Role::Bad),
                );
                let title = format!("{widget} <&> \"{name}\"");
                let svg = screenshot::svg(&buf, &title, name == "light");
                check_xml(&svg);
                assert_eq!(svg, screenshot::svg(&buf, &title, name == "light"));
            }
        }
    }
}

#[test]
fn a_picture_shows_what_the_screen_shows() {
    let (_, look) = looks()[0];
    let mut buf = Buffer::empty(Rect::new(0, 0, 12, 2));
    text::put(&mut buf, Rect::new(0, 0, 12, 2), 0, 0, "漢字 LIVE", look.style(Role::Live));
    text::put(&mut buf, Rect::new(0, 0, 12, 2), 0, 1, "▄─", look.style(Role::Good));
    let svg = screenshot::svg(&buf, "t", false);
    assert!(
        svg.contains(">漢字</text>") && svg.contains("> LIVE</text>") && svg.contains("font-weight=\"bold\""),
        "{svg}"
    );
    assert!(
        svg.contains(r##"<rect x="12" y="46" width="81" height="19" fill="#e06c75"/>"##),
        "the ground of nine cells: {svg}"
    );
    assert!(!svg.contains('▄') && !svg.contains('─'), "blocks and lines are shapes");
    assert_eq!(screenshot::plain(&buf), "漢字 LIVE\n▄─\n");
}
