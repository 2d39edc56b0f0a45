//! Places that a key stands in, and the list of what is looked in.

use stanch::app::{Msg, Order};
use stanch::base::SecretRef;
use stanch::effect::Verdict;
use stanch::effect::git::{CopyMap, GitOp, GitReply};
use stanch::effect::target::{Found, Holds, Hook, TargetOp, TargetRef, TargetReply};
use stanch::incident::{Event, StepRef, StepState};
use stanch::ui::Key;

use super::driver::Walk;
use super::facts::{ALL, found, g, git, place, put, read_back, t, target};
use super::plans::{applied, purged};

#[test]
fn a_new_write_makes_a_new_backup_to_destroy() {
    let mut walk = Walk::new(&ALL);
    walk.discover(vec![found(Holds::Leaked)]);
    let written = || t(TargetReply::Written { at: place(), now: "n".into(), spots: 1 });
    walk.did("targets", "write:/srv/app/.env", put(), written());
    walk.did("close", "backups", target(TargetOp::DropBackups), t(TargetReply::BackupsDropped { files: 1 }));
    assert!(walk.ready("close.backups").is_err());
    assert!(walk.ready("targets.undo").is_err(), "there is no backup to undo from");
    walk.did("targets", "write:/srv/app/.env", put(), written());
    assert_eq!(walk.ready("close.backups"), Ok(()));
    assert!(walk.open().iter().any(|line| line.starts_with("Backups")), "{:?}", walk.open());
}

#[test]
fn a_file_edited_by_hand_counts_once_a_look_saw_it_and_a_claim_falls_to_what_a_look_saw() {
    let mut walk = Walk::new(&ALL);
    walk.discover(vec![found(Holds::Leaked)]);
    let (look, saw) = read_back(Holds::Replacement);
    walk.saw("targets", "read:/srv/app/.env", look, saw);
    assert!(matches!(walk.step("targets", "place"), StepState::Verifying(_)), "{:?}", walk.step("targets", "place"));
    assert_eq!(walk.ready("targets.by_hand"), Ok(()));
    walk.rec(Event::ByHand { step: StepRef::new("targets", "place:/srv/app/.env"), answer: "restarted".into() });
    assert!(matches!(walk.step("targets", "place"), StepState::ByHand(_)));
    walk.discover(vec![found(Holds::Leaked)]);
    assert!(matches!(walk.step("targets", "place"), StepState::Failed(_)), "the leaked key stands there");
}

#[test]
fn a_place_named_by_mistake_comes_off_the_list_unless_something_was_done_to_it() {
    let mut walk = Walk::new(&ALL);
    walk.pass(1);
    walk.discover(vec![found(Holds::Leaked)]);
    let drop = |path: &str| Event::Decided {
        topic: "drop".into(),
        choice: path.into(),
        facts: std::collections::BTreeMap::new(),
        reason: String::new(),
    };
    walk.orders.clear();
    walk.rec(drop("/srv/repo"));
    assert!(walk.app.incident.repos.is_empty());
    assert!(walk.orders.iter().any(|o| matches!(o, Order::Cancel(_))), "nobody waits for that look: {:?}", walk.orders);
    walk.saw("purge", "find:/srv/repo", git(GitOp::Find), g(GitReply::Found(CopyMap::default())));
    assert!(walk.app.incident.repos.is_empty(), "a late answer does not bring it back");
    walk.rec(drop("/srv/app"));
    assert!(walk.app.incident.roots.is_empty() && walk.app.incident.targets.is_empty());

    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    walk.did("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p1".into() }), applied());
    walk.rec(drop("/srv/repo"));
    assert_eq!(walk.app.incident.repos.len(), 1, "what was done to it stays in the story");
    assert!(walk.ready("purge.drop").is_err());
}

#[test]
fn while_commands_run_the_one_next_thing_is_to_wait() {
    let mut walk = Walk::new(&ALL);
    let other = TargetRef { kind: "dotenv".into(), place: "/srv/worker/.env".into() };
    let hooked = |at: TargetRef| Found { at, can_prove: true, ..found(Holds::Leaked) };
    walk.issue("b2c4");
    walk.probe(SecretRef::Replacement, Verdict::Live);
    walk.discover(vec![hooked(place()), hooked(other.clone())]);
    walk.app.update(Msg::Do { id: "targets.write".into(), hand: walk.hand });
    walk.press(Key::char('y'));
    let writes = walk.app.running.iter().filter(|r| r.effect.writes()).count();
    assert_eq!(writes, 2, "{:?}", walk.app.said);
    let written = |at: &TargetRef, walk: &mut Walk| {
        let put = target(TargetOp::Put { at: at.clone(), expect: "c".into(), with: SecretRef::Replacement });
        let reply = TargetReply::Written { at: at.clone(), now: "d".into(), spots: 1 };
        walk.did("targets", &format!("write:{}", at.place), put, t(reply));
        let holds = t(TargetReply::ReadBack { at: at.clone(), holds: Holds::Replacement });
        walk.saw("targets", &format!("read:{}", at.place), target(TargetOp::ReadBack { at: at.clone() }), holds);
    };
    written(&place(), &mut walk);
    assert!(walk.app.holds(), "the other one is not written yet: {:?}", walk.do_now("targets"));
    written(&other, &mut walk);
    walk.app.running.clear();
    assert_eq!(walk.do_now("targets").action, Some("targets.prove"));
    walk.app.update(Msg::Do { id: "targets.prove".into(), hand: walk.hand });
    let waits = |walk: &Walk| {
        let now = walk.do_now("targets");
        assert_eq!((now.action, now.what.as_str()), (None, "Wait: your check commands run"));
        assert!(walk.app.holds() && walk.app.advised().is_none());
        assert!(walk.ready("targets.prove").unwrap_err().starts_with("running: "));
    };
    waits(&walk);
    for (n, at) in [place(), other].into_iter().enumerate() {
        let ran = TargetReply::Ran { at: at.clone(), what: Hook::Check, ok: true, said: "exit 0".into() };
        walk.saw("targets", &format!("prove:{}", at.place), target(TargetOp::Prove { at }), t(ran));
        if n == 0 {
            waits(&walk);
        }
    }
    assert!(!walk.app.holds());
    assert_eq!(walk.do_now("targets").what, "Nothing. Every place runs on the new key.");
}
