//! The table of cases: every hiding place, way to rewrite, state of a repository and kind of remote that a purge must
//! survive, each built with plain git and held against git's own word. The numbers are those of the list of cases the
//! engine was built from; the gaps in it are filled with cases of the same kinds.
//!
//! `cargo test --test it git_cases -- --nocapture` prints the table. `STANCH_CASE=25` runs one number, `STANCH_FULL=1` the
//! sizes in full (300 MB, 50,000 commits). What this machine can't make (another user, a small disk) says SKIPPED.

mod a_hiding;
mod b_rewriting;
mod c_state;
mod d_remote;
pub(crate) mod oracle;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use stanch::base::FaultKind;
use stanch::effect::git::{Emptied, Plan, Policy};
use stanch::git;

use crate::gitrepo::World;
use oracle::Before;

/// What stands where the key stood.
const MARK: &str = "REMOVED-BY-STANCH";

/// Start of the outcome of a case that this machine can't make.
const SKIPPED: &str = "SKIPPED: ";

struct Case {
    number: u8,
    title: &'static str,
    expect: Expect,
    /// What holds in this case only, looked at when it is purged (or refused).
    also: fn(&World, &Plan),
}

enum Expect {
    /// Purged, undone, purged again: every oracle says clean, what should not change did not.
    Clean(fn() -> World),
    /// The same, with a person's choice for archives and binaries.
    CleanAs(fn() -> World, Policy),
    /// The same, and no ref moved: nothing but a log or the object store held it.
    PrunedOnly(fn() -> World),
    /// Refused with these words and a way forward; nothing changed.
    Refused(fn() -> World, &'static str),
    /// Can't be opened, for this reason, with a way forward.
    Unopened(fn() -> World, &'static str),
    /// Found and named with these words, whether in a copy or in what was not looked into.
    Reported(fn() -> World, &'static str),
    /// Nothing to do, and no file's time changes.
    Untouched(fn() -> World),
    /// A course of its own; tells its outcome.
    Course(fn() -> String),
}

const fn case(number: u8, title: &'static str, expect: Expect) -> Case {
    Case { number, title, expect, also: |_, _| {} }
}

impl Case {
    const fn and(mut self, also: fn(&World, &Plan)) -> Self {
        self.also = also;
        self
    }

    /// Its outcome; panics when it is not as expected.
    fn run(&self) -> String {
        match &self.expect {
            Expect::Clean(build) => self.purged(&build(), false, &Policy::default()),
            Expect::CleanAs(build, policy) => self.purged(&build(), false, policy),
            Expect::PrunedOnly(build) => self.purged(&build(), true, &Policy::default()),
            Expect::Refused(build, words) => self.refused(&build(), words),
            Expect::Unopened(build, words) => {
                let world = build();
                let told = unopened(&world, words);
                (self.also)(&world, &Plan::default());
                told
            }
            Expect::Reported(build, words) => self.reported(&build(), words),
            Expect::Untouched(build) => untouched(&build()),
            Expect::Course(course) => course(),
        }
    }

    fn purged(&self, world: &World, pruned_only: bool, policy: &Policy) -> String {
        let planned = || world.hush(world.ask(|ask| git::plan_kept(ask, policy.clone(), &world.memory)).unwrap());
        let before = Before::take(world);
        let print = world.footprint();
        let plan = planned();
        assert_eq!(world.footprint(), print, "planning touched a file");
        assert!(!plan.nothing_to_do, "nothing was found");
        assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
        if pruned_only {
            assert!(plan.refs.is_empty() && plan.commits_changed == 0 && !plan.push_needed, "{:?}", plan.refs);
        }
        world.apply(&plan.id);
        oracle::clean(world);
        before.untouched(world, &plan);
        let print = world.footprint();
        let again = world.plan();
        assert!(again.nothing_to_do && again.refs.is_empty(), "a second run finds {:?}", again.copies);
        world.apply(&again.id);
        assert_eq!(world.footprint(), print, "a second run touched a file");
        world.undo(&plan.id);
        before.is_back(world);
        let again = planned();
        assert_eq!((&again.copies, &again.refs), (&plan.copies, &plan.refs), "after an undo the plan is another one");
        assert_eq!(again.id, plan.id, "after an undo the plan is another one");
        world.apply(&again.id);
        oracle::clean(world);
        (self.also)(world, &plan);
        if pruned_only && plan.lfs.is_empty() {
            return format!("pruned only: {} unreachable", plan.prune_only);
        }
        let emptied =
            if policy.emptied == Emptied::Drop { " became empty and went" } else { " became empty and stayed" };
        let mut told = format!("clean: {} of {} commits", plan.commits_changed, plan.commits_total);
        for (n, thing, words) in [
            (plan.refs.len(), "ref move", ""),
            (plan.signatures_lost.len(), "signature", " lost"),
            (plan.became_empty.len(), "commit", emptied),
            (plan.gitlinks.len(), "gitlink", " followed"),
            (plan.choices.len(), "file", " treated as chosen"),
            (plan.lfs.len(), "large file", " set aside"),
            (usize::try_from(plan.citations_followed).unwrap(), "cited id", " followed"),
            (plan.citations_left.len(), "cited id", " left"),
        ] {
            if n > 0 {
                told.extend([", ", &stanch::base::words::count(n, thing), words]);
            }
        }
        told
    }

    fn refused(&self, world: &World, words: &str) -> String {
        let (dump, print) = (world.dump(), world.footprint());
        let plan = world.plan();
        let refusal = plan.refusals.iter().find(|r| r.why.contains(words));
        let refusal = refusal.unwrap_or_else(|| panic!("no `{words}` in {:?}", plan.refusals));
        assert!(!refusal.way_forward.is_empty());
        let fault = world.ask(|ask| git::apply(ask, &plan.id)).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Refused, "{fault}");
        assert!(!fault.hints.is_empty() && !fault.to_string().contains(&world.key));
        assert_eq!(world.dump(), dump);
        assert_eq!(world.footprint(), print, "a refusal touched a file");
        (self.also)(world, &plan);
        format!("refused: {words}")
    }

    fn reported(&self, world: &World, words: &str) -> String {
        let print = world.footprint();
        let plan = world.plan();
        assert_eq!(world.footprint(), print, "planning touched a file");
        let copies =
            plan.copies.iter().map(|c| format!("{} {} {}", c.path.clone().unwrap_or_default(), c.form, c.remedy));
        let told: Vec<String> = copies.chain(plan.not_looked_into.iter().cloned()).collect();
        assert!(told.iter().any(|line| line.contains(words)), "no `{words}` in {told:?}");
        (self.also)(world, &plan);
        format!("reported: {words}")
    }
}

fn unopened(world: &World, words: &str) -> String {
    let print = world.footprint();
    for fault in [world.ask(git::find).unwrap_err(), world.ask(git::plan).unwrap_err()] {
        assert!(fault.why.contains(words) && !fault.hints.is_empty(), "no `{words}` in {fault}");
        assert!(!fault.to_string().contains(&world.key));
    }
    assert_eq!(world.footprint(), print, "it can't be opened, and yet a file was touched");
    format!("refused: {words}")
}

fn untouched(world: &World) -> String {
    let (dump, print) = (world.dump(), world.footprint());
    let plan = world.plan();
    assert!(plan.nothing_to_do && plan.refs.is_empty() && plan.copies.is_empty(), "{:?}", plan.copies);
    world.apply(&plan.id);
    assert_eq!(world.dump(), dump);
    assert_eq!(world.footprint(), print, "a file was touched");
    assert!(!world.backup().join(&plan.id).exists(), "there is nothing to back up");
    "nothing to do, nothing touched".into()
}

/// A key in an old commit and not in HEAD: the base of many cases.
fn old_leak() -> World {
    let world = World::new();
    world.old_leak();
    world
}

/// A key in HEAD.
fn leak() -> World {
    let world = World::new();
    world.leak();
    world
}

#[test]
fn every_case() {
    let mut cases = [a_hiding::cases(), b_rewriting::cases(), c_state::cases(), d_remote::cases()].concat_all();
    if let Ok(only) = std::env::var("STANCH_CASE") {
        cases.retain(|case| only.split(',').any(|n| n == case.number.to_string()));
    }
    cases.sort_by_key(|case| case.number);
    let rows: Mutex<Vec<(usize, Result<String, String>)>> = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((n, case)) =
                    Some(next.fetch_add(1, Ordering::SeqCst)).and_then(|n| Some((n, cases.get(n)?)))
                {
                    let since = std::time::Instant::now();
                    let outcome = catch_unwind(AssertUnwindSafe(|| case.run())).map_err(|panic| {
                        let text = panic.downcast_ref::<String>().cloned();
                        text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()
                    });
                    if std::env::var_os("STANCH_CASE_TIMES").is_some() {
                        eprintln!("took {:>6} ms: {} {}", since.elapsed().as_millis(), case.number, case.title);
                    }
                    rows.lock().unwrap().push((n, outcome));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(n, _)| *n);
    println!("\n  # | case {:<68}| outcome", "");
    println!("----|{}|{}", "-".repeat(74), "-".repeat(50));
    for (n, outcome) in &rows {
        let case = &cases[*n];
        let words = match outcome {
            Ok(words) => words.clone(),
            Err(why) => format!("FAILED: {}", why.lines().next().unwrap_or_default()),
        };
        println!(" {:>2} | {:<73}| {words}", case.number, case.title);
    }
    let failed: Vec<String> = rows
        .iter()
        .filter_map(|(n, outcome)| Some((&cases[*n], outcome.as_ref().err()?)))
        .map(|(case, why)| format!("{} {}: {why}", case.number, case.title))
        .collect();
    let skipped = rows.iter().filter(|(_, row)| row.as_ref().is_ok_and(|words| words.starts_with(SKIPPED))).count();
    println!("{} cases, {} not as expected, {skipped} skipped", rows.len(), failed.len());
    assert!(failed.is_empty(), "not as expected:\n{}", failed.join("\n"));
}

trait ConcatAll {
    fn concat_all(self) -> Vec<Case>;
}

impl<const N: usize> ConcatAll for [Vec<Case>; N] {
    fn concat_all(self) -> Vec<Case> {
        self.into_iter().flatten().collect()
    }
}
