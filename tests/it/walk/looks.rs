//! Looks: what they say, what they do not, and what is still open when there was none.

use std::path::PathBuf;

use stanch::app::{Msg, Order, linear};
use stanch::base::{Fault, FaultKind, SecretRef, Stamp};
use stanch::effect::git::{CopyMap, GitOp, GitReply};
use stanch::effect::target::{Holds, NotRead, TargetOp, TargetReply};
use stanch::effect::{Effect, Outcome, Verdict};
use stanch::incident::{Event, Opened, StepRef, StepState};
use stanch::stages;

use super::driver::Walk;
use super::facts::{ALL, found, g, git, opened, read_back, row, t, target};
use super::plans::{copy, purged};

#[test]
fn what_could_not_be_read_is_no_good_news() {
    let mut walk = Walk::new(&ALL);
    let skipped = vec![NotRead { place: "/srv/app/.env".into(), why: "Permission denied".into() }];
    let op = TargetOp::Discover { roots: vec![PathBuf::from("/srv/app")] };
    walk.saw("targets", "find", target(op), t(TargetReply::Discovered { found: Vec::new(), skipped, files: 0 }));
    let state = walk.step("targets", "find");
    assert!(matches!(&state, StepState::Failed(why) if why.starts_with("not all read: 1 place")), "{state:?}");
    let now = walk.do_now("targets");
    assert!(now.what.contains("/srv/app/.env (Permission denied)") && now.action == Some("targets.check"), "{now:?}");
    assert_eq!((walk.ready("targets.by_hand"), walk.ready("targets.check")), (Ok(()), Ok(())));
    walk.rec(Event::ByHand { step: StepRef::new("targets", "find"), answer: "another service's file".into() });
    assert!(matches!(walk.step("targets", "find"), StepState::ByHand(_)));
    walk.discover(vec![found(Holds::Leaked)]);
    let (look, saw) = read_back(Holds::Replacement);
    walk.saw("targets", "read:/srv/app/.env", look, saw);
    walk.rec(Event::ByHand { step: StepRef::new("targets", "place:/srv/app/.env"), answer: "restarted".into() });
    assert_eq!(walk.do_now("targets").what, "Nothing. That 1 place uses the new key is your word");
}

#[test]
fn a_look_that_a_person_asked_for_says_what_it_saw() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    walk.probe(SecretRef::Leaked, Verdict::Live);
    assert_eq!(walk.said(), "");
    walk.app.update(Msg::Do { id: "revoke.check".into(), hand: Stamp::from_secs(1) });
    walk.probe(SecretRef::Leaked, Verdict::Live);
    assert!(walk.said().starts_with("the leaked key answered live (200), "), "{}", walk.said());
    walk.app.update(Msg::Do { id: "issue.discard".into(), hand: Stamp::from_secs(1) });
    assert!(walk.said().starts_with("o not now: "), "{}", walk.said());
}

#[test]
fn reads_that_came_back_are_not_asked_again_at_once() {
    let mut walk = Walk::new(&ALL);
    walk.pass(1);
    let first: Vec<(StepRef, Effect)> = walk
        .orders
        .iter()
        .filter_map(|o| match o {
            Order::Perform { step, effect, .. } => Some((step.clone(), effect.clone())),
            _ => None,
        })
        .collect();
    assert!(!first.is_empty());
    let refused = || Outcome::Failed { fault: Fault::new(FaultKind::Unreachable, "no", "down") };
    walk.orders.clear();
    for (step, effect) in &first {
        walk.saw(&step.stage, &step.step, effect.clone(), refused());
    }
    walk.pass(1);
    let again = |walk: &Walk| walk.orders.iter().filter(|o| matches!(o, Order::Perform { .. })).count();
    assert_eq!(again(&walk), 0, "{:?}", walk.orders);
    walk.pass(10);
    assert_eq!(again(&walk), first.len(), "later they are");
}

#[test]
fn a_scan_of_one_repository_holds_no_other_up() {
    let big = PathBuf::from("/srv/big");
    let mut walk = Walk::of(Opened { repos: vec![PathBuf::from("/srv/repo"), big.clone()], ..opened() }, &ALL);
    walk.pass(1);
    let scanned = |walk: &Walk| walk.app.running.iter().filter(|r| matches!(r.effect, Effect::Git { .. })).count();
    assert_eq!(scanned(&walk), 2, "both are looked through from intake on");
    let map = CopyMap { copies: vec![copy()], objects: 9, ..CopyMap::default() };
    walk.saw("purge", "find:/srv/repo", git(GitOp::Find), g(GitReply::Found(map)));
    assert_eq!(scanned(&walk), 1);
    assert_eq!(walk.do_now("purge").action, Some("purge.plan"));
    assert_eq!(walk.ready("purge.plan"), Ok(()));
}

#[test]
fn what_a_person_stopped_says_so_and_did_not_fail() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    let stopped = Fault::new(FaultKind::Cancelled, "stopped", "it was cancelled in time; nothing was changed");
    let apply = git(GitOp::Apply { plan: "p1".into() });
    walk.did("purge", "apply:/srv/repo", apply, Outcome::Failed { fault: stopped });
    assert_eq!(walk.said(), "stopped: switch to the clean history. repo is as it was before");
    assert_eq!(walk.step("purge", "repo"), StepState::Ready);
}

#[test]
fn the_same_failure_again_is_no_news() {
    let mut walk = Walk::new(&ALL);
    let no = || Outcome::Refused { fault: Fault::input("/srv/repo can't be opened", "there is no git repository") };
    let told = |walk: &Walk| walk.app.incident.timeline.iter().filter(|e| e.stage == "purge").count();
    for _ in 0..3 {
        walk.saw("purge", "find:/srv/repo", git(GitOp::Find), no());
    }
    assert_eq!(told(&walk), 1);
    assert_eq!(walk.do_now("purge").action, Some("purge.check"), "nobody is told to wait for it");
}

#[test]
fn what_was_never_looked_into_is_open_until_somebody_says_why() {
    let mut walk = Walk::of(Opened { repos: Vec::new(), roots: Vec::new(), ..opened() }, &ALL);
    for (stage, action) in [("targets", "targets.root"), ("purge", "purge.repo")] {
        assert_eq!(walk.do_now(stage).action, Some(action));
        assert!(!walk.step(stage, "").settled());
    }
    assert!(walk.open().contains(&"Purge: not looked into, no repository was given".to_owned()), "{:?}", walk.open());
    walk.rec(Event::Skipped { stage: "purge".into(), reason: "it never was in git".into() });
    assert!(walk.open().contains(&"Purge skipped: it never was in git".to_owned()), "{:?}", walk.open());
}

#[test]
fn nothing_to_look_in_is_told_as_that_and_how_to_add_some() {
    let walk = Walk::of(Opened { repos: Vec::new(), roots: Vec::new(), ..opened() }, &ALL);
    for (stage, action) in [("targets", "targets.root"), ("purge", "purge.repo")] {
        let now = walk.do_now(stage);
        assert!(now.action == Some(action) && now.what.contains("(a)"), "{now:?}");
        assert!(now.effect.contains("nothing was looked into"), "{now:?}");
        let state = stages::state(stages::by_id(stage).unwrap(), &walk.app.view(stage));
        assert!(!state.settled(), "{state:?}");
        let sheet = stages::by_id(stage).unwrap().sheet(&walk.app.view(stage));
        assert!(sheet.body.is_empty() && sheet.evidence.is_empty(), "an empty table is no finding: {sheet:?}");
    }
    assert_eq!(walk.do_now("close").what, "Not yet: go on with Intake (n)");
    let status = linear::status(&walk.app).join("\n");
    assert!(!status.contains("done"), "{status}");
    assert_eq!(status.matches("so nothing was looked into").count(), 2, "{status}");
}
