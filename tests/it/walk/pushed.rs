//! After a push: proven again, looked at, told to others, and pushed again when it was undone.

use stanch::app::{Msg, Order};
use stanch::effect::Effect;
use stanch::effect::git::{
    Aftermath, Filed, GitOp, GitReply, Plan, PushReport, RemoteAfter, ServedId, Serves, Standing,
};
use stanch::incident::{IntentState, StepState};
use stanch::ui::{Code, Key};

use super::driver::Walk;
use super::facts::{ALL, g, git};
use super::plans::{applied, copy, planned, proved, purged};

/// Until everything is pushed.
fn all_pushed() -> Walk {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    walk.did("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p1".into() }), applied());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    assert_eq!(walk.do_now("purge").action, Some("purge.push"));
    assert!(walk.ready("purge.after").is_err(), "nothing was pushed yet");
    let push = PushReport { remote: "origin".into(), ..PushReport::default() };
    walk.did("purge", "push:/srv/repo", git(GitOp::Push { plan: "p1".into() }), g(GitReply::Pushed(push)));
    walk
}

fn looked(walk: &mut Walk, remote: RemoteAfter) {
    let seen = Aftermath { remotes: vec![remote], ..Aftermath::default() };
    walk.saw("purge", "after:/srv/repo", git(GitOp::After { plan: "p1".into() }), g(GitReply::After(seen)));
}

#[test]
fn after_a_push_it_is_proven_again_looked_at_and_told_to_others() {
    let mut walk = all_pushed();
    let asks = |walk: &mut Walk, op: &GitOp| {
        let orders = walk.app.update(Msg::Now(walk.at.plus_secs(1)));
        let all = [&walk.orders[..], &orders[..]].concat();
        all.iter().any(|o| matches!(o, Order::Perform { effect: Effect::Git { op: of, .. }, .. } if of == op))
    };
    assert!(asks(&mut walk, &GitOp::Prove) && walk.ready("purge.finish").is_err(), "what was pushed is proven anew");
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    assert!(asks(&mut walk, &GitOp::After { plan: "p1".into() }), "and looked at without being asked");
    looked(&mut walk, RemoteAfter { name: "origin".into(), ..RemoteAfter::default() });
    assert_eq!(walk.do_now("purge").action, Some("purge.papers"));
    assert_eq!(walk.ready("purge.finish"), Ok(()), "nobody has to write papers");
    walk.app.running.clear();
    walk.app.update(Msg::Do { id: "purge.papers".into(), hand: walk.hand });
    let enter = |walk: &mut Walk| walk.press(Key::of(Code::Enter));
    walk.press(Key::ctrl('u'));
    walk.press(Key::char('x'));
    assert!(enter(&mut walk).is_empty(), "no path");
    assert!(walk.note().contains("absolute path"), "{}", walk.note());
    walk.press(Key::ctrl('u'));
    for c in "/tmp/p".chars() {
        walk.press(Key::char(c));
    }
    let orders = enter(&mut walk);
    let op = GitOp::Papers { plan: "p1".into(), dir: "/tmp/p".into() };
    let asked = |o: &Order| matches!(o, Order::Perform { effect: Effect::Git { op: of, .. }, .. } if *of == op);
    assert!(orders.iter().any(asked), "{orders:?}");
    let filed = Filed { dir: "/tmp/p".into(), files: vec![("ban.sh".into(), "a hook".into())] };
    walk.saw("purge", "papers:/srv/repo", git(op), g(GitReply::Filed(filed)));
    assert_eq!(walk.do_now("purge").action, Some("purge.finish"));
}

#[test]
fn what_a_host_still_serves_stays_open_and_an_old_history_that_came_back_is_the_next_thing() {
    let mut walk = all_pushed();
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    let served = vec![ServedId { id: "a".repeat(40), answer: Serves::Yes, said: "still served".into() }];
    looked(&mut walk, RemoteAfter { name: "origin".into(), served, pull_requests: vec![7], ..RemoteAfter::default() });
    let open = walk.open().join("\n");
    assert!(open.contains("still hands out 1 old commit") && open.contains("1 pull request"), "{open}");
    let end = g(GitReply::Finished { plan: "p1".into(), backup: "/b".into() });
    walk.did("purge", "finish:/srv/repo", git(GitOp::Finish { plan: "p1".into() }), end);
    assert_eq!(walk.ready("purge.after"), Ok(()), "looks go on after the end");
    looked(
        &mut walk,
        RemoteAfter { name: "origin".into(), again: vec!["refs/heads/main".into()], ..RemoteAfter::default() },
    );
    assert!(matches!(walk.step("purge", "repo"), StepState::Failed(_)), "{:?}", walk.step("purge", "repo"));
    let now = walk.do_now("purge");
    assert!(now.action == Some("purge.plan") && now.what.contains("refs/heads/main of origin"), "{now:?}");
    assert_eq!(walk.ready("purge.plan"), Ok(()));
    // Another plan is another round.
    planned(&mut walk, Plan { id: "p3".into(), copies: vec![copy()], ..Plan::default() });
    assert_eq!(walk.do_now("purge").action, Some("purge.switch"));
}

#[test]
fn what_was_pushed_before_an_undo_is_pushed_again_and_refs_nobody_can_clean_stay_open() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    let apply = || git(GitOp::Apply { plan: "p1".into() });
    walk.did("purge", "apply:/srv/repo", apply(), applied());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    let push = PushReport { needs_support: vec!["refs/pull/7/head".into()], ..PushReport::default() };
    walk.did("purge", "push:/srv/repo", git(GitOp::Push { plan: "p1".into() }), g(GitReply::Pushed(push)));
    assert!(walk.open().iter().any(|line| line.contains("refs/pull/7/head")), "{:?}", walk.open());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    walk.app.running.clear();
    assert_eq!(walk.ready("purge.finish"), Ok(()));
    // An undo whose end nobody saw, found to have happened, then the same switch again.
    let undo = walk.lost("purge", "undo:/srv/repo", git(GitOp::Undo { plan: "p1".into() }));
    let check = git(GitOp::Check { plan: "p1".into() });
    walk.saw(
        "purge",
        "check:/srv/repo",
        check,
        g(GitReply::Stands { plan: "p1".into(), at: Standing::Old, remote: None, finished: false }),
    );
    assert_eq!(walk.intent(undo), IntentState::Settled(true));
    walk.did("purge", "apply:/srv/repo", apply(), applied());
    walk.saw("purge", "prove:/srv/repo", git(GitOp::Prove), proved());
    assert!(walk.ready("purge.finish").is_err(), "the remote was not looked at since");
    walk.app.running.clear();
    assert_eq!(walk.ready("purge.push"), Ok(()));
}
