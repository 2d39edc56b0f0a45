//! The one next thing of the stage.
//!
//! Must not know: the rest of the pane.

use crate::base::words::count;
use crate::effect::target::Hook;
use crate::effect::{Effect, TargetOp};
use crate::incident::StepState;
use crate::stages::{DoNow, View};

use super::actions::can_write;
use super::not_all_read;
use super::state::{by_hand, place_state, to_run, to_write};

pub(super) fn do_now(at: &View<'_>) -> DoNow {
    let unknown = at.incident.targets.iter().find(|(p, f)| matches!(place_state(at, p, f), StepState::Unknown(_)));
    let (writes, reloads, checks, hand) =
        (to_write(at), to_run(at, Hook::Reload), to_run(at, Hook::Check), by_hand(at));
    if let Some((place, _)) = unknown {
        return DoNow {
            action: Some("targets.check"),
            what: format!("Look again: nobody saw whether {} was written", place.short()),
            effect: "A read.".into(),
            check: "The place itself tells which key it holds.".into(),
        };
    }
    if at.incident.discovered.is_none() && !at.incident.roots.is_empty() {
        if let Some(first) = at.without_leaked() {
            return first;
        }
        return DoNow {
            what: "Wait: looking for places that hold the key".into(),
            check: "Reads only.".into(),
            ..DoNow::default()
        };
    }
    // Each place that is through would name another thing to do, and change what stands under the finger.
    if let Some((what, check)) = at_work(at) {
        return DoNow { what: format!("Wait: {what}"), check: check.into(), ..DoNow::default() };
    }
    if let (false, Err(why)) = (writes.is_empty(), can_write(at)) {
        return DoNow {
            what: format!("Wait: {} to be written, but {why}", count(writes.len(), "place")),
            effect: "The new key goes there as soon as that is done.".into(),
            ..DoNow::default()
        };
    }
    if !writes.is_empty() {
        return DoNow {
            action: Some("targets.write"),
            what: format!("Write the new key to {}", count(writes.len(), "place")),
            effect: "Only the value's bytes change. Backed up outside the tree; u undoes it.".into(),
            check: "Each is read back.".into(),
        };
    }
    if !reloads.is_empty() {
        return DoNow {
            action: Some("targets.reload"),
            what: format!("Reload what uses {}: a running process keeps the old key", count(reloads.len(), "place")),
            effect: "Runs the commands you declared.".into(),
            check: "Then your check command tells.".into(),
        };
    }
    if !checks.is_empty() {
        return DoNow {
            action: Some("targets.prove"),
            what: format!("Check {}: does what uses it run on the new key?", count(checks.len(), "place")),
            effect: "Runs the check commands you declared; changes nothing.".into(),
            check: "Exit 0 is a yes.".into(),
        };
    }
    if let Some(place) = hand.first() {
        return DoNow {
            action: Some("targets.by_hand"),
            what: format!("Restart what uses {}, then say how you know", place.short()),
            effect: "No check command is declared for it in the config.".into(),
            check: "Your words go into the report as yours.".into(),
        };
    }
    if at.incident.roots.is_empty() && at.incident.targets.is_empty() {
        return DoNow {
            action: Some("targets.root"),
            what: "Give a folder with env files to look in (a), or skip this with a reason (s)".into(),
            effect: "None was given, so nothing was looked into: the key may stand anywhere.".into(),
            check: "It is looked through at once; a read.".into(),
        };
    }
    if not_all_read(at) {
        let first = at.incident.not_read.first();
        return DoNow {
            action: Some("targets.check"),
            what: format!(
                "Not all was read: {} may hold the key{}",
                count(at.incident.not_read.len(), "place"),
                first.map(|n| format!(", the first is {} ({})", n.place, n.why)).unwrap_or_default()
            ),
            effect: "Let this user read it (or start again with sudo), then c looks again; a adds a folder.".into(),
            check: "Or look yourself, and say with h what stands there.".into(),
        };
    }
    if at.incident.targets.is_empty() {
        return DoNow {
            what: "Nothing: no place below the env roots holds the key.".into(),
            effect: "Other platforms: update them by hand and note it (N).".into(),
            ..DoNow::default()
        };
    }
    let all = at.incident.targets.iter().all(|(p, f)| place_state(at, p, f).settled());
    let word = |(p, f): &(&_, &_)| matches!(place_state(at, p, f), StepState::ByHand(_));
    let by_word = at.incident.targets.iter().filter(word).count();
    let what = match (all, by_word, at.incident.targets.len()) {
        (false, ..) => "Wait: reading back".into(),
        (true, 0, _) => "Nothing. Every place runs on the new key.".into(),
        (true, some, all) if some == all => {
            format!("Nothing. That {} uses the new key is your word", count(all, "place"))
        }
        (true, some, all) => {
            format!("Nothing. {} of {} proven by its check, {some} by your word", all - some, count(all, "place"))
        }
    };
    DoNow { what, ..DoNow::default() }
}

/// What runs at the places, in words that stay the same from the first place to the last, and what follows.
fn at_work(at: &View<'_>) -> Option<(&'static str, &'static str)> {
    let runs = |test: fn(&View<'_>, &TargetOp) -> bool| {
        at.running_in("targets").any(|r| matches!(&r.effect, Effect::Target { op } if test(at, op)))
    };
    let unread = |at: &View<'_>, op: &TargetOp| match op {
        TargetOp::ReadBack { at: place } => {
            at.incident.targets.get(place).is_some_and(|facts| facts.written.is_some() && !facts.is_read_back())
        }
        _ => matches!(op, TargetOp::Put { .. }),
    };
    if runs(|_, op| matches!(op, TargetOp::Undo { .. })) {
        return Some(("putting the backup back", "Then the place is looked at."));
    }
    if runs(unread) {
        return Some(("writing the new key, and reading it back", "Each place is read back."));
    }
    if runs(|_, op| matches!(op, TargetOp::Reload { .. })) {
        return Some(("your reload commands run", "Then your check command tells."));
    }
    runs(|_, op| matches!(op, TargetOp::Prove { .. })).then_some(("your check commands run", "Exit 0 is a yes."))
}
