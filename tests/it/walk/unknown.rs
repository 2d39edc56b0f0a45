//! Writes whose end nobody saw: not offered again, and settled only by a look that began after them.

use stanch::app::Msg;
use stanch::base::Stamp;
use stanch::effect::git::GitOp;
use stanch::effect::provider::{ProviderOp, ProviderReply};
use stanch::effect::target::{Holds, TargetOp, TargetReply};
use stanch::incident::{Event, IntentState, StepRef, StepState};

use super::driver::Walk;
use super::facts::{ALL, found, git, issued, p, place, provider, put, row, t, target};
use super::plans::purged;

#[test]
fn writes_of_unknown_end_are_not_offered_again() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    walk.issue("b2c4");
    walk.hold(&ALL);
    assert_eq!(walk.ready("issue.discard"), Ok(()));
    let orphan = issued(&walk.name(), None);
    let id = walk.lost(
        "issue",
        "discard",
        provider(ProviderOp::Discard { project: "proj_1".into(), issued: orphan.clone() }),
    );
    assert!(walk.ready("issue.discard").is_err(), "unknown: check first");
    // A look for another name tells nothing; one for its own name does.
    let look = |name: &str| provider(ProviderOp::FindIssued { project: "proj_1".into(), name: name.into() });
    walk.saw("issue", "issue", look("another"), p(ProviderReply::IssuedFound { found: Vec::new() }));
    assert!(matches!(walk.intent(id), IntentState::Unknown(_)));
    walk.saw("issue", "issue", look(&orphan.name), p(ProviderReply::IssuedFound { found: Vec::new() }));
    assert_eq!(walk.intent(id), IntentState::Settled(true));

    let mut walk = Walk::new(&ALL);
    walk.discover(vec![found(Holds::Leaked)]);
    walk.did(
        "targets",
        "write:/srv/app/.env",
        put(),
        t(TargetReply::Written { at: place(), now: "n".into(), spots: 1 }),
    );
    assert_eq!(walk.ready("targets.undo"), Ok(()));
    walk.lost("targets", "undo:/srv/app/.env", target(TargetOp::Undo { at: place() }));
    assert!(walk.ready("targets.undo").is_err());
}

#[test]
fn a_list_that_was_read_while_the_write_ran_settles_nothing() {
    let mut walk = Walk::new(&ALL);
    walk.locate(vec![row("key_old")], &[]);
    // The look starts, then the deletion is lost, then the look ends.
    walk.app.update(Msg::Do { id: "revoke.locate".into(), hand: Stamp::from_secs(1) });
    walk.pass(1);
    let id = walk.lost("revoke", "kill", provider(ProviderOp::Revoke { row: row("key_old") }));
    walk.locate(vec![row("key_old")], &[]);
    assert!(matches!(walk.intent(id), IntentState::Unknown(_)), "that list is from before");
    // A list with a gap is no proof of absence; a whole one is.
    walk.locate(Vec::new(), &["project p2: no permission"]);
    assert!(matches!(walk.intent(id), IntentState::Unknown(_)), "it may be in the project that was not listed");
    walk.locate(Vec::new(), &[]);
    assert_eq!(walk.intent(id), IntentState::Settled(true));
}

#[test]
fn a_word_about_a_repository_does_not_hide_an_unknown_switch() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    walk.lost("purge", "apply:/srv/repo", git(GitOp::Apply { plan: "p1".into() }));
    walk.rec(Event::ByHand { step: StepRef::new("purge", "repo:/srv/repo"), answer: "done".into() });
    assert!(matches!(walk.step("purge", "repo"), StepState::Unknown(_)), "{:?}", walk.step("purge", "repo"));
}
