//! The fault sweep: a purge of a repository with 2,000 commits is killed at every point it tells of (each step of the
//! journal has one before and after it), and at random instants after it began to write; its undo and its finish as well.
//! Whatever was cut, the next check ends at the old or at the new repository. Every other time the plan is made in the
//! process that applies it, so that it is not looked for anew.
//!
//! `STANCH_SWEEP` sets the number of random instants (40 without it), `STANCH_SWEEP_SEED` where they fall.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use stanch::effect::git::{Policy, Standing};
use stanch::git::{self, Ask};

use crate::gitrepo::{World, fake_key, walk};
use crate::program::executable;

const COMMITS: usize = 2_000;

// ---- the process that is killed

/// Says each step on its standard output; ends at the step named in its environment.
#[test]
fn the_process_that_is_killed() {
    let Ok(repo) = std::env::var("STANCH_SWEEP_REPO") else { return };
    let repo = Path::new(&repo);
    let plan = std::env::var("STANCH_SWEEP_PLAN").unwrap();
    let die_at: usize = std::env::var("STANCH_SWEEP_DIE").map_or(0, |at| at.parse().unwrap());
    let backup = repo.parent().unwrap().join("backup");
    let key = fake_key();
    let said = std::sync::Mutex::new((0, String::new()));
    let progress = |p: stanch::effect::Progress| {
        let mut said = said.lock().unwrap();
        if said.1 != p.words {
            said.0 += 1;
            said.1.clone_from(&p.words);
            println!("\n@{}", p.words);
            let _ = std::io::stdout().flush();
            if said.0 == die_at {
                std::process::abort();
            }
        }
    };
    let ask = Ask { repo, backup_root: &backup, keys: &[key.as_bytes()], cancel: &|| false, progress: &progress };
    match std::env::var("STANCH_SWEEP_DO").unwrap().as_str() {
        "undo" => git::undo(&ask, &plan),
        "finish" => git::finish(&ask, &plan),
        "apply kept" => {
            let memory = git::Memory::default();
            let silent = Ask { progress: &|_| {}, ..ask };
            assert_eq!(git::plan_kept(&silent, Policy::default(), &memory).unwrap().id, plan);
            git::apply_kept(&ask, &plan, &memory)
        }
        _ => git::apply(&ask, &plan),
    }
    .unwrap();
}

struct Run {
    child: Child,
    steps: mpsc::Receiver<String>,
}

fn start(world: &World, plan: &str, die_at: Option<usize>, what: &str) -> Run {
    begin(child(world, plan, die_at, what))
}

fn child(world: &World, plan: &str, die_at: Option<usize>, what: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", "git_sweep::the_process_that_is_killed"]);
    command.env("STANCH_SWEEP_REPO", &world.repo).env("STANCH_SWEEP_PLAN", plan);
    command.env("STANCH_SWEEP_DO", what);
    if let Some(at) = die_at {
        command.env("STANCH_SWEEP_DIE", at.to_string());
    }
    command
}

fn begin(mut command: Command) -> Run {
    // A group of its own: so its gits can be killed with it.
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (send, steps) = mpsc::channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(std::io::Result::ok) {
            if let Some(words) = line.strip_prefix('@') {
                let _ = send.send(words.to_owned());
            }
        }
    });
    Run { child, steps }
}

impl Run {
    /// Waits for the step, then so long, then kills: the process alone, or all of its group.
    fn kill(mut self, step: &str, after: Duration, group: bool) {
        while self.steps.recv_timeout(Duration::from_mins(1)).is_ok_and(|words| words != step) {}
        let until = Instant::now() + after;
        // An end of its steps is its end; otherwise its time is up.
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match self.steps.recv_timeout(left) {
                Err(RecvTimeoutError::Disconnected) => break,
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
        if group && let Some(pid) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Every step to the end, and how long it took from `step` on.
    fn steps(mut self, step: &str) -> (Vec<String>, Duration) {
        let mut all = Vec::new();
        let mut since = Instant::now();
        while let Ok(words) = self.steps.recv_timeout(Duration::from_mins(1)) {
            if words == step {
                since = Instant::now();
            }
            all.push(words);
        }
        self.child.wait().unwrap();
        (all, since.elapsed())
    }
}

// ---- the repository

/// 2,000 commits in one stream: two branches with merges between them, the key in one file for a while and in the
/// newest version of another, in messages, in a tag; files that come and go.
fn stream(key: &str) -> String {
    let mut text = String::from("feature done\n");
    let data = |text: &mut String, body: &str| write!(text, "data {}\n{body}\n", body.len()).unwrap();
    for n in 1..=COMMITS {
        let side = n % 7 == 0;
        let branch = if side { "refs/heads/side" } else { "refs/heads/main" };
        let when = 1_600_000_000 + n * 60;
        writeln!(text, "commit {branch}\nmark :{n}\ncommitter Ann <ann@example.com> {when} +0000").unwrap();
        data(&mut text, &if n % 501 == 0 { format!("number {n} {key}") } else { format!("number {n}") });
        if n == 7 {
            writeln!(text, "from :6").unwrap();
        }
        if n % 50 == 1 && n > 50 && !side {
            writeln!(text, "merge :{}", n - n % 7).unwrap();
        }
        let lines = (0..40).map(|line| format!("line {line} of {}\n", if line == n % 40 { n } else { 0 }));
        let mut body = lines.collect::<Vec<_>>().concat();
        if (400..900).contains(&n) && n % 3 == 0 || n > COMMITS - 30 {
            writeln!(body, "token = {key}").unwrap();
        }
        writeln!(text, "M 100644 inline src/part{}/file{}.txt", n % 5, n % 11).unwrap();
        data(&mut text, &body);
        if n % 90 == 0 {
            writeln!(text, "D src/part{}/file{}.txt", (n + 3) % 5, (n + 3) % 11).unwrap();
        }
    }
    writeln!(text, "tag v1\nfrom :1500\ntagger Ann <ann@example.com> 1700000000 +0000").unwrap();
    data(&mut text, &format!("first {key}"));
    text.push_str("done\n");
    text
}

/// The repository as it was, kept beside the one that is hurt.
struct Bench {
    world: World,
    plan: String,
    before: String,
    objects: BTreeMap<String, String>,
}

impl Bench {
    fn new() -> Self {
        let world = World::empty(&[]);
        world.pipe(&["fast-import", "--quiet"], stream(&world.key).as_bytes());
        world.git(&["checkout", "-q", "main"]);
        world.git(&["pack-refs", "--all"]);
        world.git(&["commit-graph", "write", "--reachable"]);
        world.git(&["notes", "add", "-m", &format!("note {}", world.key)]);
        world.write("src/part1/file1.txt", format!("stashed {}\n", world.key));
        world.git(&["stash", "-q"]);
        fs::write(world.repo.join(".git/COMMIT_EDITMSG"), format!("draft {}\n", world.key)).unwrap();
        let plan = world.plan();
        assert!(plan.refusals.is_empty() && plan.commits_changed > 1_000, "{:?}", plan.refusals);
        let before = world.dump();
        let objects = objects(&world);
        copy(&world.repo, &world.temp().join("kept"));
        copy(&world.backup(), &world.temp().join("kept-backup"));
        Self { world, plan: plan.id, before, objects }
    }

    fn reset(&self) {
        for (kept, place) in [("kept", self.world.repo.clone()), ("kept-backup", self.world.backup())] {
            fs::remove_dir_all(&place).unwrap();
            copy(&self.world.temp().join(kept), &place);
        }
        self.world.git(&["update-index", "-q", "--refresh"]);
    }

    /// After a kill: one of the two ends, all of it, and the way on is open.
    fn settle(&self, what: &str, go_on: bool) -> Standing {
        let world = &self.world;
        let at = world.check(&self.plan);
        match at {
            Standing::Old => self.is_old(what),
            Standing::New => is_clean(world, what),
            Standing::Mixed => panic!("{what}: between old and new"),
        }
        assert!(!world.repo.join(".git/stanch-switch.json").exists(), "{what}");
        if go_on {
            world.apply(&self.plan);
            is_clean(world, what);
            world.undo(&self.plan);
            self.is_old(what);
        }
        at
    }

    fn is_old(&self, what: &str) {
        assert_eq!(self.world.dump(), self.before, "{what}");
        assert_eq!(objects(&self.world), self.objects, "{what}");
        assert_fsck(&self.world, what);
        let left: Vec<_> = walk(&self.world.repo.join(".git"))
            .into_iter()
            .filter(|path| path.to_string_lossy().contains("stanch") || path.extension().is_some_and(|e| e == "keep"))
            .collect();
        assert!(left.is_empty(), "{what}: {left:?}");
    }
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(done.success());
}

/// Every object git knows, with its kind and size.
fn objects(world: &World) -> BTreeMap<String, String> {
    let all = world.git(&["cat-file", "--batch-all-objects", "--batch-check", "--unordered"]);
    all.lines().filter_map(|line| line.split_once(' ')).map(|(id, rest)| (id.to_owned(), rest.to_owned())).collect()
}

/// Git reads every object out, and every other file of the git directory and each tracked file is read: no key.
fn is_clean(world: &World, what: &str) {
    let holds = |bytes: &[u8]| memchr::memmem::find(bytes, world.key.as_bytes()).is_some();
    let args = ["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"];
    let out = world.command(&world.repo, &args).output().unwrap();
    assert!(out.status.success() && out.stdout.len() > 100_000, "{what}");
    assert!(!holds(&out.stdout), "{what}: the key is in an object");
    for file in walk(&world.repo) {
        assert!(!holds(&fs::read(&file).unwrap()), "{what}: {}", file.display());
    }
    assert_eq!(world.git(&["status", "--porcelain"]), "", "{what}");
    assert_eq!(world.git(&["rev-list", "--count", "--all"]), (COMMITS + 3).to_string(), "{what}");
    assert_eq!(world.git(&["stash", "list"]).lines().count(), 1, "{what}");
    assert_fsck(world, what);
}

fn assert_fsck(world: &World, what: &str) {
    let out = world.command(&world.repo, &["fsck", "--full", "--strict"]).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{what}: {said}");
}

// ---- the sweep

/// From where a purge writes.
const FIRST: &str = "backing up";

/// What the steps of a journalled write are named after: each must be among the points of a kill.
const JOURNALLED: [&str; 9] = [
    "backing up",
    "switching",
    "putting the new pack in place",
    "moving the refs",
    "switched refs",
    "cleaning leftover files",
    "dropping the old objects",
    "closing the switch",
    "clearing the journal",
];

#[test]
fn a_purge_killed_at_any_point_ends_old_or_new() {
    let bench = Bench::new();
    let (looked, _) = start(&bench.world, &bench.plan, None, "apply").steps(FIRST);
    is_clean(&bench.world, "uncut");
    let (back, _) = start(&bench.world, &bench.plan, None, "undo").steps("undoing");
    bench.is_old("undone");
    bench.reset();
    let (kept, _) = start(&bench.world, &bench.plan, None, "apply kept").steps(FIRST);
    is_clean(&bench.world, "uncut, with the plan kept");
    assert!(kept.first().is_some_and(|words| words == FIRST), "{kept:?}");
    let from = |steps: &[String]| steps.iter().position(|words| words == FIRST).unwrap();
    assert_eq!(looked[from(&looked)..], kept, "both ways write the same");
    assert!(JOURNALLED.iter().all(|point| kept.iter().any(|words| words == point)), "{kept:?}");
    let mut ends = Vec::new();
    for at in 1..=kept.len() {
        bench.reset();
        let (what, at) = if at % 2 == 0 { ("apply kept", at) } else { ("apply", from(&looked) + at) };
        let mut run = start(&bench.world, &bench.plan, Some(at), what);
        assert!(!run.child.wait().unwrap().success());
        ends.push(bench.settle(&format!("{what} cut at {at}"), false));
    }
    assert!(ends.contains(&Standing::Old) && ends.contains(&Standing::New) && ends.len() > 10, "{kept:?} {ends:?}");
    bench.reset();
    for at in 1..=back.len() {
        bench.world.apply(&bench.plan);
        let mut run = start(&bench.world, &bench.plan, Some(at), "undo");
        assert!(!run.child.wait().unwrap().success());
        if bench.settle(&format!("undo cut at {:?}", back[at - 1]), false) == Standing::New {
            bench.world.undo(&bench.plan);
            bench.is_old("undone after all");
        }
    }
}

#[test]
fn a_finish_killed_at_any_point_is_done_again_or_undone_whole() {
    let bench = Bench::new();
    bench.world.apply(&bench.plan);
    let (steps, _) = start(&bench.world, &bench.plan, None, "finish").steps("noting that it is finished");
    assert!(steps.len() > 2, "{steps:?}");
    for at in 1..=steps.len() {
        for half in [false, true] {
            let what = format!("finish cut at {:?}, half gone: {half}", steps[at - 1]);
            bench.reset();
            bench.world.apply(&bench.plan);
            let mut run = start(&bench.world, &bench.plan, Some(at), "finish");
            assert!(!run.child.wait().unwrap().success());
            let backup = bench.world.backup().join(&bench.plan);
            let whole = backup.join("whole").exists();
            if half && !whole && backup.exists() {
                // As if it had been cut in the middle of removing.
                fs::remove_dir_all(backup.join("git/objects")).unwrap();
            }
            assert_eq!(bench.settle(&what, false), Standing::New, "{what}");
            let undone = bench.world.ask(|ask| git::undo(ask, &bench.plan));
            // Once its end is noted there is no way back, whatever is left of the backup.
            assert!(whole || undone.is_err(), "{what}: {undone:?}");
            assert_eq!(undone.is_ok(), at == 1, "{what}: {undone:?}");
            if undone.is_ok() {
                bench.is_old(&what);
            } else {
                is_clean(&bench.world, &what);
                bench.world.finish(&bench.plan);
                assert!(!backup.exists(), "{what}");
            }
        }
    }
}

#[test]
fn a_purge_killed_at_any_instant_ends_old_or_new() {
    let number = |name: &str, or: u64| std::env::var(name).map_or(or, |text| text.parse().unwrap());
    let (count, mut seed) = (number("STANCH_SWEEP", 40), number("STANCH_SWEEP_SEED", 1));
    let bench = Bench::new();
    let (_, whole) = start(&bench.world, &bench.plan, None, "apply").steps(FIRST);
    let mut ends = [0; 2];
    for n in 0..count {
        bench.reset();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let permille = u32::try_from((seed >> 33) % 1_000).unwrap();
        let after = whole * permille / 1_000;
        let what = if n % 4 < 2 { "apply" } else { "apply kept" };
        start(&bench.world, &bench.plan, None, what).kill(FIRST, after, n % 2 == 0);
        let end = bench.settle(&format!("{what}, instant {n}, {permille} permille of {whole:?}"), n % 8 == 7);
        ends[usize::from(end == Standing::New)] += 1;
    }
    println!("{count} instants within {whole:?}: {} old, {} new", ends[0], ends[1]);
    assert!(count < 20 || ends.iter().all(|n| *n > 0), "{ends:?}");
}

/// A `git` before the real one that counts its calls. At the call `STANCH_SWEEP_CALL` it lets the real one work for a
/// moment; then all of the process group is gone, as in a power cut.
fn counting_git(world: &World) -> (std::ffi::OsString, std::path::PathBuf) {
    let path = std::env::var_os("PATH").unwrap();
    let real = std::env::split_paths(&path).map(|dir| dir.join("git")).find(|git| git.is_file()).unwrap();
    let (bin, calls) = (world.temp().join("bin"), world.temp().join("calls"));
    fs::create_dir_all(&bin).unwrap();
    let (real, counted) = (real.display(), calls.display());
    let text = format!(
        "#!/bin/sh\necho >> '{counted}'\nif [ \"$(wc -l < '{counted}')\" -eq \"${{STANCH_SWEEP_CALL:-0}}\" ]; then\n\
        '{real}' \"$@\" <&0 &\nsleep \"$STANCH_SWEEP_WAIT\"; kill -9 0\nfi\nexec '{real}' \"$@\"\n"
    );
    executable(&bin.join("git"), text);
    (std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&path))).unwrap(), calls)
}

#[test]
fn a_purge_whose_git_dies_with_it_ends_old_or_new() {
    let bench = Bench::new();
    let (path, calls) = counting_git(&bench.world);
    let run = |call: usize, wait: &str| {
        bench.reset();
        let _ = fs::remove_file(&calls);
        let mut command = child(&bench.world, &bench.plan, None, "apply");
        command.env("PATH", &path).env("STANCH_SWEEP_CALL", call.to_string()).env("STANCH_SWEEP_WAIT", wait);
        begin(command).child.wait().unwrap().success()
    };
    assert!(run(0, "0"));
    let total = fs::read_to_string(&calls).unwrap().lines().count();
    let mut ends = Vec::new();
    // From the end, so that what comes after the refs moved is among them, and what comes before.
    for (n, call) in (1..=total).rev().step_by(7).enumerate() {
        let wait = ["0", "0.002", "0.004", "0.008", "0.015"][n % 5];
        assert!(!run(call, wait), "call {call} of {total} was to kill it");
        ends.push(bench.settle(&format!("group killed in call {call} of {total}, after {wait} s"), false));
    }
    assert!(ends.contains(&Standing::Old) && ends.contains(&Standing::New), "{total} calls: {ends:?}");
}
