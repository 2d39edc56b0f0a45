//! What is measured, one function each. A person's pauses are waited out with a clock, since a person is what is played;
//! everything else is waited for on the screen or in the journal.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use stanch::base::Stamp;
use stanch::base::clock::machine_now;
use stanch::effect::{Effect, GitOp};
use stanch::incident::Event;
use stanch::shell::journal;

use crate::figures::{Table, Times};
use crate::place::{COMMITS, Place, address};
use crate::pty::Pty;
use crate::relay::Relay;

const SIZE: (u16, u16) = (120, 36);
const STARTS: u32 = 20;
/// Key presses measured.
const PRESSES: usize = 300;
/// Sessions at most: a machine on which a scan is over at once can't be measured so.
const SESSIONS: u32 = 60;
/// From one press to the next: a fast typist.
const GAP: Duration = Duration::from_millis(40);

/// From the start of the process to the first frame with its header.
pub(crate) fn first_frame(place: &Place, table: &mut Table) {
    // An address nobody answers at, so that only the program's own work is in it; with TLS, as a live incident has it.
    let nobody = "https://127.0.0.1:9/v1";
    let respond = ["respond", "--key-file", place.key_file.to_str().unwrap()];
    let resume = ["resume", "--key-file", place.key_file.to_str().unwrap()];
    let cases: [(&str, &[&str], &str); 4] = [
        ("start screen", &[], "stop the bleeding"),
        ("respond", &respond, " LIVE "),
        ("resume", &resume, " LIVE "),
        ("drill", &["drill", "--seed", "1"], " DRILL "),
    ];
    for (name, args, header) in cases {
        let mut times = Times::default();
        for n in 0..=STARTS {
            let state = place.state(&if name == "resume" { "respond-1".into() } else { format!("{name}-{n}") });
            let env = place.env(&state, nobody);
            let begun = Instant::now();
            let mut pty = Pty::stanch(args, &env, SIZE);
            pty.wait_for(header);
            let time = begun.elapsed();
            // The first one warms the caches.
            if n > 0 {
                times.add(time);
            }
            pty.kill();
            pty.wait_exit();
        }
        let more = format!("p99 {:.1}, n {}", times.at(0.99), times.len());
        table.row(&format!("first frame, {name}, p50"), times.at(0.5), Some(50.0), "ms", &more);
    }
}

/// What the machine, the terminal and this measurement take alone: a key through `cat` and back.
pub(crate) fn control(table: &mut Table) {
    let mut pty = Pty::spawn(Path::new("/bin/sh"), &["-c", "stty raw -echo; echo ready; exec cat"], &[], SIZE);
    pty.wait_for("ready");
    let mut times = Times::default();
    for digit in ["1", "2"].iter().cycle().take(PRESSES) {
        sleep(GAP);
        let begun = Instant::now();
        pty.send(&format!("\x1b[H{digit}"));
        pty.wait_until(digit, |screen| screen.contents().starts_with(digit));
        times.add(begun.elapsed());
    }
    let more = format!("p50 {:.1}, max {:.1}, n {}", times.at(0.5), times.at(1.0), times.len());
    table.row("for comparison: key through cat and back, p99", times.at(0.99), None, "ms", &more);
}

/// From a key press to its frame while `repos` repositories are being scanned.
pub(crate) fn key_to_frame(place: &Place, repos: usize, table: &mut Table) {
    let base = place.world.base_url();
    let (mut times, mut sessions) = (Times::default(), 0);
    while times.len() < PRESSES && sessions < SESSIONS {
        sessions += 1;
        let state = place.state(&format!("scan-{repos}-{sessions}"));
        times.extend(one_session(place, repos, &place.env(&state, &base), &state));
    }
    let more = format!(
        "p50 {:.1}, max {:.1}, n {}, {sessions} scans, {COMMITS} commits, {} objects",
        times.at(0.5),
        times.at(1.0),
        times.len(),
        place.objects
    );
    let many = if repos == 1 { "one repository".to_owned() } else { format!("{repos} repositories") };
    table.row(&format!("key to frame, scanning {many}, p99"), times.at(0.99), Some(16.0), "ms", &more);
}

/// Presses keys until the last repository was scanned; gives those that began before that, also
/// when their frame came after it: the slow ones must not drop out.
fn one_session(place: &Place, repos: usize, env: &[(&str, &str)], state: &str) -> Times {
    // The key, and what is then on the screen or gone from it.
    const ROUND: [(&str, &str, bool); 12] = [
        ("5", "PURGE", true),
        ("?", " Help ", true),
        ("\x1b", " Help ", false),
        ("1", "REVOKE", true),
        ("\t", "USAGE", true),
        ("J", " The story so far ", true),
        ("\x1b", " The story so far ", false),
        ("4", "TARGETS", true),
        ("L", " Requests ", true),
        ("\x1b", " Requests ", false),
        (":", " Commands ", true),
        ("\x1b", " Commands ", false),
    ];
    let mut args = vec!["respond", "--key-file", place.key_file.to_str().unwrap()];
    for repo in &place.repos[..repos] {
        args.extend(["--repo", repo.to_str().unwrap()]);
    }
    let mut pty = Pty::stanch(&args, env, SIZE);
    pty.wait_for(" LIVE ");
    let mut pressed: Vec<(Stamp, Duration)> = Vec::new();
    let mut over = None;
    for (key, text, there) in ROUND.iter().cycle() {
        sleep(GAP);
        over = over.or_else(|| scanned(state, repos));
        if over.is_some() {
            break;
        }
        let (at, begun) = (machine_now(), Instant::now());
        pty.send(key);
        pty.wait_until(text, |screen| screen.contents().contains(text) == *there);
        pressed.push((at, begun.elapsed()));
    }
    let over = over.unwrap_or_default();
    let mut times = Times::default();
    for (_, time) in pressed.iter().filter(|(at, _)| *at < over) {
        times.add(*time);
    }
    times
}

/// When the last of `repos` scans ended, by the journal.
fn scanned(state: &str, repos: usize) -> Option<Stamp> {
    let folder = std::fs::read_dir(Path::new(state).join("incidents")).ok()?.flatten().find(|e| e.path().is_dir())?;
    let records = journal::read_only(&folder.path().join("journal.jsonl")).ok()?;
    let find = |event: &Event| matches!(event, Event::Observed { effect: Effect::Git { op: GitOp::Find, .. }, .. });
    let mut over: Vec<Stamp> = records.iter().filter(|r| find(&r.event)).map(|r| r.at).collect();
    over.sort_unstable();
    over.get(repos - 1).copied()
}

/// The processor's share while a drill's clocks run and nothing else.
pub(crate) fn idle(place: &Place, table: &mut Table) {
    const SETTLE: Duration = Duration::from_secs(8);
    const WATCH: Duration = Duration::from_secs(12);
    let state = place.state("idle");
    let mut pty = Pty::stanch(&["drill", "--seed", "1"], &place.env(&state, "http://127.0.0.1:9/v1"), SIZE);
    pty.wait_for(" DRILL ");
    sleep(Duration::from_millis(500));
    pty.send("\x1b");
    sleep(SETTLE);
    let frames = pty.raw().len();
    let (begun, used) = (Instant::now(), ticks(pty.pid()));
    sleep(WATCH);
    let (span, used) = (begun.elapsed().as_secs_f64(), ticks(pty.pid()) - used);
    #[allow(clippy::cast_precision_loss)]
    let share = used as f64 / rustix::param::clock_ticks_per_second() as f64 / span * 100.0;
    let more = format!("{used} ticks in {span:.1} s, {} bytes to the terminal", pty.raw().len() - frames);
    table.row("idle processor time with a clock on screen", share, Some(1.0), "%", &more);
}

/// User and system time of the process, clock ticks.
fn ticks(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name in brackets may hold blanks; user time is the 12th field after it.
    let after: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    [after[11], after[12]].iter().map(|n| n.parse::<u64>().unwrap()).sum()
}

/// From a cold start, the key on standard input, to the typed confirmation; then to the deletion at the provider.
pub(crate) fn to_the_revoke(place: &Place, runtime: &tokio::runtime::Runtime, table: &mut Table) {
    const RUNS: usize = 5;
    let (mut open, mut kill, mut sum) = (Times::default(), Times::default(), Times::default());
    let (mut presses, mut provider) = (0, Times::default());
    for n in 0..RUNS {
        let world = place.another_world(runtime, &format!("revoke-{n}"));
        let relay = Relay::to(address(&world));
        let base = format!("http://{}/v1", relay.address);
        let state = place.state(&format!("revoke-{n}"));
        let key_file = place.key_file.to_str().unwrap();
        let script = format!("exec '{}' respond --key-stdin < '{key_file}'", env!("CARGO_BIN_EXE_stanch"));
        let begun = Instant::now();
        let mut pty = Pty::spawn(Path::new("/bin/sh"), &["-c", &script], &place.env(&state, &base), SIZE);
        presses = 0;
        let mut press = |pty: &mut Pty, key: &str| {
            pty.send(key);
            presses += 1;
        };
        pty.wait_for("accept the recommended order");
        press(&mut pty, "a");
        // The order taken may be the one that starts elsewhere.
        pty.wait_for("1 REVOKE");
        if !pty.contents().contains("REVOKE") {
            press(&mut pty, "1");
        }
        pty.wait_for("Revoke key_");
        let ready = Instant::now();
        let theirs = relay.provider_had_it(begun, ready);
        let before = (ready - begun).saturating_sub(theirs);
        press(&mut pty, "r");
        pty.wait_for(&format!("Type {}", place.last4));
        // Nothing is accepted in a dialog's first 300 ms, and no Enter right after another key.
        sleep(Duration::from_millis(400));
        for key in place.last4.chars() {
            pty.send(&key.to_string());
            sleep(Duration::from_millis(60));
        }
        let entered = Instant::now();
        pty.send("\r");
        let deleted = loop {
            if let Some(turn) = relay.turns().into_iter().find(|t| t.line.starts_with("DELETE ") && t.over.is_some()) {
                break turn;
            }
            assert!(entered.elapsed() < crate::pty::LIMIT, "no deletion came\n{}", pty.contents());
            sleep(Duration::from_millis(1));
        };
        let theirs_too = relay.provider_had_it(entered, deleted.came);
        let after = (deleted.came - entered).saturating_sub(theirs_too);
        open.add(before);
        kill.add(after);
        sum.add(before + after);
        provider.add(theirs + theirs_too);
    }
    #[allow(clippy::cast_precision_loss)]
    table.row(
        "key presses from a cold start to the typed revoke",
        f64::from(presses),
        Some(8.5),
        "presses",
        "at most 8",
    );
    let more = format!("max {:.0}, n {RUNS}; the provider's {:.0} ms not counted", sum.at(1.0), provider.at(0.5));
    table.row("own time from start to the deletion, p50", sum.at(0.5), Some(1000.0), "ms", &more);
    table.row("  of it from start until the row to revoke is shown", open.at(0.5), None, "ms", "");
    table.row("  of it from Enter until DELETE is at the provider", kill.at(0.5), None, "ms", "");
}
