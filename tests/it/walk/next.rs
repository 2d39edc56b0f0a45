//! The one next thing, where there is nothing to do but wait or go elsewhere.

use stanch::app::linear;
use stanch::base::SecretRef;
use stanch::effect::git::Plan;
use stanch::incident::{Event, StepState};
use stanch::stages;
use stanch::ui::Key;

use super::driver::Walk;
use super::facts::ALL;
use super::plans::{planned, purged, undecided};

#[test]
fn a_closed_incident_says_so_while_the_late_probe_is_booked() {
    let mut walk = Walk::new(&ALL);
    walk.rec(Event::Closed { open: vec!["Late probe booked".into()] });
    let close = stages::by_id("close").unwrap();
    let state = stages::state(close, &walk.app.view("close"));
    assert!(matches!(&state, StepState::Done(how) if how.contains("1 open point")), "{state:?}");
}

#[test]
fn a_stage_that_was_put_aside_names_nothing_to_do_there() {
    let mut walk = Walk::new(&[SecretRef::Leaked]);
    walk.press(Key::char('2'));
    walk.rec(Event::Skipped { stage: "usage".into(), reason: "no figures".into() });
    assert!(walk.app.advised().is_none());
    let said = linear::Pane::of(&walk.app).lines().join("\n");
    assert!(said.contains("Do now: Nothing: skipped, no figures\n  R takes it up again."), "{said}");
    walk.rec(Event::Reopened { stage: "usage".into() });
    assert_eq!(walk.app.advised().map(|a| a.id), Some("usage.verdict"));
}

#[test]
fn behind_a_shut_gate_the_next_thing_is_to_wait_for_it() {
    let mut walk = Walk::new(&ALL);
    purged(&mut walk);
    planned(&mut walk, Plan { refusals: Vec::new(), choices: Vec::new(), ..undecided() });
    walk.app.running.clear();
    walk.press(Key::char('5'));
    let said = linear::Pane::of(&walk.app).now;
    assert!(said[0].starts_with("Do now: Wait: revoke first"), "{said:?}");
    assert!(said[1].starts_with("  Then: Switch repo"), "{said:?}");
    let shown = stanch::ui::screenshot::plain(&crate::screens::frame(&walk.app, (80, 24), stanch::ui::Palette::Mono));
    assert_eq!(shown.matches("revoke first").count(), 1, "{shown}");
}
