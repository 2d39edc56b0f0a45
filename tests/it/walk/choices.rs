//! Files and commits that a rewrite asks about: archives, binaries, commits that become empty.

use stanch::app::{Msg, Order, Overlay};
use stanch::base::Stamp;
use stanch::effect::Effect;
use stanch::effect::git::{
    Archives, Binaries, Emptied, Fate, FileChoice, GitOp, GitReply, Plan, Policy, Proof, ProofLine,
};
use stanch::incident::Event;
use stanch::ui::Key;

use super::driver::Walk;
use super::facts::{ALL, g, git};
use super::plans::{
    answer, applied, asked_about_archives, decided_plan, decisions, emptying, in_file, planned, purged,
};

fn plans_as(orders: &[Order]) -> Option<Policy> {
    orders.iter().find_map(|o| match o {
        Order::Perform { effect: Effect::Git { op: GitOp::PlanAs { policy }, .. }, .. } => Some(policy.clone()),
        _ => None,
    })
}

#[test]
fn a_key_in_an_archive_is_asked_about_recorded_and_planned_again() {
    let mut walk = asked_about_archives();
    let now = walk.do_now("purge");
    assert_eq!(now.action, Some("purge.archives"));
    assert!(now.what.contains("rel/app.tar.gz") && !now.effect.contains("--"), "{now:?}");
    assert!(walk.ready("purge.switch").is_err());
    walk.app.update(Msg::Do { id: "purge.archives".into(), hand: Stamp::from_secs(1) });
    let Overlay::Asking(asking) = &walk.app.overlay else { panic!("{:?}", walk.app.said) };
    assert!(asking.dialog.body.contains("rel/app.tar.gz: gzip > tar > app/.env: plain"), "{}", asking.dialog.body);
    let orders = walk.press(Key::char('1'));
    let [Event::Decided { topic, choice, facts, .. }] = &decisions(&orders)[..] else { panic!("{orders:?}") };
    assert_eq!((topic.as_str(), choice.as_str()), ("archives:/srv/repo", "repack"));
    assert_eq!((facts["files"].as_str(), facts["paths"].as_str()), ("1", "rel/app.tar.gz"));
    assert_eq!(plans_as(&orders).map(|p| p.archives), Some(Archives::Repack));
    for event in decisions(&orders) {
        walk.rec(event);
    }
    planned(&mut walk, decided_plan(Archives::Repack));
    assert_eq!(walk.do_now("purge").action, Some("purge.switch"));
    // A change of mind: both questions stay offered, and each keeps what the other answered.
    let orders = answer(&mut walk, "purge.binaries", '2');
    let policy = Policy { archives: Archives::Repack, binaries: Binaries::Drop, ..Policy::default() };
    assert_eq!(plans_as(&orders), Some(policy));
}

#[test]
fn a_choice_whose_plan_never_came_is_planned_after_a_resume() {
    let mut walk = asked_about_archives();
    let orders = answer(&mut walk, "purge.archives", '2');
    for event in decisions(&orders) {
        walk.rec(event);
    }
    walk.resume();
    let now = walk.do_now("purge");
    assert_eq!(now.action, Some("purge.plan"), "{now:?}");
    assert!(walk.ready("purge.switch").is_err());
    let orders = walk.app.update(Msg::Do { id: "purge.plan".into(), hand: walk.hand });
    assert_eq!(plans_as(&orders).map(|p| p.archives), Some(Archives::Drop), "{orders:?}");
}

#[test]
fn one_file_can_have_a_fate_of_its_own_and_lose_it_again() {
    let mut walk = asked_about_archives();
    let own = |walk: &mut Walk, way: char| {
        walk.app.update(Msg::Do { id: "purge.file".into(), hand: walk.hand });
        // bin/tool comes first: by path
        walk.press(Key::char('1'));
        let orders = walk.press(Key::char(way));
        for event in decisions(&orders) {
            walk.rec(event);
        }
        walk.app.running.clear();
        orders
    };
    let orders = own(&mut walk, '3');
    let policy = plans_as(&orders).unwrap();
    assert_eq!(policy.files, [("b".repeat(40), FileChoice::Leave)].into());
    let orders = answer(&mut walk, "purge.archives", '2');
    let both = Policy { archives: Archives::Drop, ..policy };
    assert_eq!(plans_as(&orders), Some(both), "each question keeps what the others answered");
    walk.app.running.clear();
    let orders = own(&mut walk, '4');
    let plans = |o: &Order| matches!(o, Order::Perform { effect: Effect::Git { op: GitOp::Plan, .. }, .. });
    assert!(orders.iter().any(plans), "{orders:?}");
}

#[test]
fn an_archive_that_cannot_be_packed_anew_leaves_two_answers() {
    let mut walk = asked_about_archives();
    for event in decisions(&answer(&mut walk, "purge.archives", '1')) {
        walk.rec(event);
    }
    let stuck = in_file("archive", 'a', "rel/app.tar.gz", Fate::Stuck, "can't be repacked: it is a zip64");
    planned(&mut walk, Plan { choices: vec![stuck], ..decided_plan(Archives::Repack) });
    let now = walk.do_now("purge");
    assert!(now.action == Some("purge.archives") && now.what.contains("it is a zip64"), "{now:?}");
    let orders = answer(&mut walk, "purge.archives", '1');
    assert_eq!(plans_as(&orders).map(|p| p.archives), Some(Archives::Drop), "{orders:?}");
}

#[test]
fn files_left_with_the_key_are_compared_by_a_person_and_stay_open() {
    let mut walk = asked_about_archives();
    for event in decisions(&answer(&mut walk, "purge.archives", '3')) {
        walk.rec(event);
    }
    planned(&mut walk, decided_plan(Archives::Leave));
    walk.did("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p2".into() }), applied());
    let found_in = |id: &str| {
        let saw = format!("15 objects, 1 hold the key: blob {}, …", id.repeat(40));
        let line = ProofLine { what: "all objects".into(), clean: false, saw };
        g(GitReply::Proved(Proof { checks: vec![line], not_checked: Vec::new() }))
    };
    let found = || found_in("a");
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), found_in("c"));
    assert_eq!(walk.do_now("purge").action, Some("purge.prove"), "that one was not left");
    assert!(walk.ready("purge.accept").is_err());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), found());
    assert_eq!(walk.do_now("purge").action, Some("purge.accept"));
    assert!(walk.ready("purge.finish").is_err(), "not before somebody compared");
    let left = |walk: &Walk| walk.open().iter().any(|l| l.contains("by choice: rel/app.tar.gz"));
    assert!(left(&walk), "{:?}", walk.open());
    walk.app.update(Msg::Do { id: "purge.accept".into(), hand: walk.hand });
    let orders = walk.press(Key::char('y'));
    for event in decisions(&orders) {
        walk.rec(event);
    }
    assert_eq!(walk.ready("purge.finish"), Ok(()));
    // The word is about what that proof said, and about nothing else.
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), found_in("ab"));
    assert!(walk.ready("purge.finish").is_err());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), found());
    assert_eq!(walk.ready("purge.finish"), Ok(()));
    let end = g(GitReply::Finished { plan: "p2".into(), backup: "/b".into() });
    walk.did("purge", "finish:/srv/repo", git(GitOp::Finish { plan: "p2".into() }), end);
    assert!(left(&walk), "{:?}", walk.open());
}

#[test]
fn commits_that_become_empty_are_kept_until_somebody_drops_them() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    let ready = |plan: Plan| Plan { refusals: Vec::new(), ..plan };
    planned(&mut walk, ready(Plan { became_empty: Vec::new(), ..emptying(Emptied::Keep) }));
    assert_eq!(walk.ready("purge.emptied"), Err("no plan that can still change empties a commit".into()));
    planned(&mut walk, ready(emptying(Emptied::Keep)));
    walk.app.update(Msg::Do { id: "purge.emptied".into(), hand: walk.hand });
    let Overlay::Asking(asking) = &walk.app.overlay else { panic!("{:?}", walk.app.said) };
    assert_eq!(asking.dialog.title, "Commits of repo that become empty: 2");
    assert!(asking.dialog.body.contains("commit cccccccccc") && asking.dialog.body.contains("Now: kept"));
    let orders = walk.press(Key::char('2'));
    let [Event::Decided { topic, choice, facts, .. }] = &decisions(&orders)[..] else { panic!("{orders:?}") };
    assert_eq!((topic.as_str(), choice.as_str()), ("emptied:/srv/repo", "drop"));
    assert_eq!(facts["commits"], "2");
    assert_eq!(plans_as(&orders), Some(emptying(Emptied::Drop).policy));
    for event in decisions(&orders) {
        walk.rec(event);
    }
    let told =
        walk.app.incident.timeline.iter().any(|e| e.words.ends_with("drop the commits of /srv/repo that become empty"));
    assert!(told, "{:?}", walk.app.incident.timeline);
    walk.app.running.clear();
    assert_eq!(walk.do_now("purge").action, Some("purge.plan"), "the plan on the table is another one");
    planned(&mut walk, ready(emptying(Emptied::Drop)));
    assert_eq!(walk.do_now("purge").action, Some("purge.switch"));
    walk.did("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p1".into() }), applied());
    let report = stanch::app::report::Report::of(&walk.app).markdown();
    assert!(report.contains("emptied  2 commits changed nothing but the key: dropped"), "{report}");
}
