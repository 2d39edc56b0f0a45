//! The one next thing to do about the new key.
//!
//! Must not know: how it looks on the screen.

use crate::base::SecretRef;
use crate::incident::{Mode, StepState};

use super::super::{DoNow, View, revoke};
use super::name;
use super::state::{can_issue, issue_state, orphaned, probe_state, project};

pub(super) fn do_now(at: &View<'_>) -> DoNow {
    match issue_state(at) {
        StepState::Unknown(what) => DoNow {
            action: Some("issue.check"),
            what: format!("Check what happened: {what}"),
            effect: "A read: is there a key of that name?".into(),
            check: "A key found so has lost its value; I offer to delete it.".into(),
        },
        StepState::Running => DoNow {
            what: at.running_in("issue").next().map(|r| format!("Wait: {}", r.effect.words())).unwrap_or_default(),
            ..DoNow::default()
        },
        StepState::Verifying(why) => DoNow { what: format!("Wait: {why}"), ..DoNow::default() },
        _ if orphaned(at).is_some() => DoNow {
            action: Some("issue.discard"),
            what: "Delete the orphan key, then issue again".into(),
            effect: "The key works but nobody has its value.".into(),
            check: "The provider's list, by name.".into(),
        },
        StepState::Done(print) if matches!(probe_state(at), StepState::Done(_)) => {
            DoNow { what: format!("Nothing. {print} is in the vault and works."), ..DoNow::default() }
        }
        StepState::Done(_) => probing(),
        _ if revoke::looking(at) => DoNow {
            what: "Wait: looking for the leaked key's project".into(),
            check: "Reads only.".into(),
            ..DoNow::default()
        },
        _ if can_issue(at).is_ok() => DoNow {
            action: Some("issue.issue"),
            what: format!("Issue {} in project {}", name(at), project(at).1),
            effect: "Makes a service account with one key. The value stays in this program's memory (the vault)."
                .into(),
            check: "I probe the new key until it works.".into(),
        },
        // It came, and goes on record.
        _ if at.asked.is_some() && at.held.contains(&SecretRef::Replacement) => probing(),
        _ if at.asked.is_some() => DoNow {
            what: at
                .asked
                .map(|when| format!("Asked at {}; waiting for the colleague", when.minute()))
                .unwrap_or_default(),
            effect: "The key comes by itself. Go on with another stage (n) meanwhile.".into(),
            ..DoNow::default()
        },
        _ if at.incident.opened.mode == Mode::Drill => DoNow {
            action: Some("issue.paste"),
            what: "Ask the colleague who has the dashboard for a new key (p)".into(),
            effect: "It goes to the vault only.".into(),
            check: "I check that it works and is not the leaked one.".into(),
        },
        _ => DoNow {
            action: Some("issue.paste"),
            what: "Make a key on the provider's page, then paste it here, hidden".into(),
            effect: "It goes to the vault only.".into(),
            check: "I check that it works and is not the leaked one.".into(),
        },
    }
}

fn probing() -> DoNow {
    DoNow { what: "Wait: probing the new key".into(), check: "Done when it answers.".into(), ..DoNow::default() }
}
