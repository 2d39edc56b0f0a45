//! A history with the key in it: the decision to rewrite it, and what is said of it before and after.

use stanch::app::{Msg, Order, Overlay};
use stanch::base::{SecretRef, Stamp};
use stanch::effect::git::{Archives, CopyMap, Fate, GitOp, GitReply, Plan};
use stanch::effect::{Effect, Verdict};
use stanch::incident::{Event, StepState};
use stanch::ui::{Code, Key};

use super::driver::Walk;
use super::facts::{ALL, g, git, row};
use super::plans::{answer, applied, asked_about_archives, copy, decided_plan, decisions, in_file, planned, purged};

#[test]
fn whether_a_history_is_rewritten_is_a_decision_on_record() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    purged(&mut walk);
    walk.app.update(Msg::Do { id: "purge.keep".into(), hand: Stamp::from_secs(1) });
    let Overlay::Asking(asking) = &walk.app.overlay else { panic!("{:?}", walk.app.said) };
    assert!(asking.dialog.body.contains("force push"), "{}", asking.dialog.body);
    for c in "private, rotated".chars() {
        walk.press(Key::char(c));
    }
    let orders = walk.press(Key::of(Code::Enter));
    let Some(Order::Record(event)) = orders.first().cloned() else { panic!("{orders:?}") };
    assert!(
        matches!(&event, Event::Decided { choice, reason, facts, .. }
            if choice == "no" && reason == "private, rotated" && facts["copies"] == "1"),
        "{event:?}"
    );
    walk.rec(event);
    assert!(matches!(walk.step("purge", "repo"), StepState::Skipped(_)), "{:?}", walk.step("purge", "repo"));
    let open = walk.open();
    assert!(open.iter().any(|line| line == "Purge skipped: left as it is: private, rotated"), "{open:?}");
    assert_eq!(walk.do_now("purge").action, None);
    // A change of mind, behind the same phrase as ever. Revoked first.
    for _ in 0..8 {
        walk.pass(9);
        walk.probe(SecretRef::Leaked, Verdict::Dead);
    }
    assert_eq!(walk.ready("purge.switch"), Ok(()));
    walk.app.update(Msg::Do { id: "purge.switch".into(), hand: walk.hand });
    for c in "repo".chars() {
        walk.press(Key::char(c));
    }
    let orders = walk.press(Key::of(Code::Enter));
    let decided = |o: &Order| matches!(o, Order::Record(Event::Decided { choice, .. }) if choice == "yes");
    let applies = |o: &Order| matches!(o, Order::Perform { effect, .. } if effect.writes());
    assert!(orders.iter().any(decided) && orders.iter().any(applies), "{orders:?}");
}

#[test]
fn the_map_follows_a_plan_and_keeps_what_is_left() {
    let mut walk = Walk::new(&ALL);
    let (one, two) = (stanch::effect::git::Copy { id: "b".repeat(40), ..copy() }, copy());
    let map = CopyMap { copies: vec![one.clone(), two], objects: 5, ..CopyMap::default() };
    walk.saw("purge", "find:/srv/repo", git(GitOp::Find), g(GitReply::Found(map)));
    let count = |walk: &Walk| walk.app.incident.repos.values().next().unwrap().map.as_ref().unwrap().1.copies.len();
    let choices = vec![in_file("archive", 'a', "x.zip", Fate::Left, "left")];
    planned(&mut walk, Plan { id: "p1".into(), copies: vec![one.clone()], choices, ..Plan::default() });
    assert_eq!(count(&walk), 2);
    planned(&mut walk, Plan { id: "p1".into(), copies: vec![one], ..Plan::default() });
    assert_eq!(count(&walk), 1, "it was cleaned by hand meanwhile");
}

#[test]
fn a_history_whose_every_copy_is_left_is_not_called_clean() {
    let mut walk = asked_about_archives();
    for event in decisions(&answer(&mut walk, "purge.archives", '3')) {
        walk.rec(event);
    }
    let all = vec![in_file("archive", 'a', "rel/app.tar.gz", Fate::Left, "left as it is: it still holds the key")];
    planned(&mut walk, Plan { nothing_to_do: true, choices: all, ..decided_plan(Archives::Leave) });
    let state = walk.step("purge", "repo");
    assert!(matches!(&state, StepState::Skipped(why) if why.contains("rel/app.tar.gz")), "{state:?}");
    assert!(walk.do_now("purge").what.contains("stays in 1 file"), "{:?}", walk.do_now("purge"));
    assert_eq!(walk.ready("purge.archives"), Ok(()), "and it can be changed");
}

#[test]
fn a_check_before_any_switch_looks_through_the_objects_anew() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    let check = |walk: &mut Walk| {
        let orders = walk.app.update(Msg::Do { id: "purge.check".into(), hand: walk.hand });
        walk.app.running.clear();
        orders.iter().find_map(|o| match o {
            Order::Perform { effect: Effect::Git { op, .. }, .. } => Some(op.clone()),
            _ => None,
        })
    };
    assert_eq!(check(&mut walk), Some(GitOp::Find));
    walk.did("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p1".into() }), applied());
    walk.app.running.clear();
    assert_eq!(check(&mut walk), Some(GitOp::Check { plan: "p1".into() }));
}
