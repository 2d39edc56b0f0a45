//! What can be done: write, reload, check, undo, look again, or say that it was done by hand.
//!
//! Must not know: how the pane looks.

use crate::base::SecretRef;
use crate::base::words::count;
use crate::effect::target::{Hook, TargetRef};
use crate::effect::{Effect, Risk, TargetOp};
use crate::incident::{StepState, TargetFacts};
use crate::stages::{Act, Action, Ask, Consequence, Kind, Running, Then, View, intake};

use super::state::{by_hand, place_state, to_run, to_write};
use super::{at_place, effect, not_all_read, step};

pub(super) fn selected<'a>(at: &'a View<'_>) -> Option<(&'a TargetRef, &'a TargetFacts)> {
    at.incident.targets.iter().nth(at.cursor)
}

pub(super) fn holds_new_key(at: &View<'_>) -> Result<(), String> {
    let held = at.held.contains(&SecretRef::Replacement);
    held.then_some(()).ok_or_else(|| "there is no new key in the vault yet (stage New key)".into())
}

/// The new key is there, and its stage is passed.
pub(super) fn can_write(at: &View<'_>) -> Result<(), String> {
    holds_new_key(at)?;
    crate::stages::locked("targets", at).map_or(Ok(()), |why| Err(format!("{why}, or it was not seen to work")))
}

/// No command of a place runs: one that was begun is waited for before the next.
fn idle(at: &View<'_>) -> Result<(), String> {
    let hook = |r: &Running| {
        matches!(
            &r.effect,
            Effect::Target { op: TargetOp::Reload { .. } | TargetOp::Prove { .. } | TargetOp::Put { .. } }
        )
    };
    match at.running_in("targets").find(|r| hook(r)) {
        Some(running) => Err(format!("running: {} (x stops it)", running.effect.words())),
        None => Ok(()),
    }
}

/// Places of a write of this kind whose end nobody saw.
pub(super) fn unseen<'a>(at: &'a View<'_>, what: &str) -> Vec<&'a TargetRef> {
    let unknown = |place: &&TargetRef| at.incident.unknowns().any(|i| i.step == at_place(what, place));
    at.incident.targets.keys().filter(unknown).collect()
}

/// The vault lost the new key, and it may stand where a write's end was not seen: it is looked for there, by its print.
pub(super) fn recoveries(at: &View<'_>) -> Vec<Consequence> {
    let lost = !at.held.contains(&SecretRef::Replacement);
    let Some(print) = at.incident.taken.get(&SecretRef::Replacement).filter(|_| lost) else { return Vec::new() };
    let look = |place: &TargetRef| Consequence::Perform {
        step: at_place("recover", place),
        effect: effect(TargetOp::Recover { at: place.clone(), print: print.clone() }),
    };
    unseen(at, "write").into_iter().map(look).collect()
}

pub(super) fn each(places: Vec<&TargetRef>, what: &str, op: fn(TargetRef) -> TargetOp) -> Vec<Consequence> {
    places
        .into_iter()
        .map(|place| Consequence::Perform { step: at_place(what, place), effect: effect(op(place.clone())) })
        .collect()
}

pub(super) static ACTIONS: [Action; 7] = [
    Action {
        id: "targets.write",
        key: 'w',
        label: "write the new key to all places",
        why: "Shows the masked change first. Atomic, backed up, undoable.",
        risk: Risk::Write,
        ready: |at| {
            can_write(at)?;
            let running = at.running_in("targets").any(|r| r.effect.writes());
            if running {
                return Err("writing now".into());
            }
            (!to_write(at).is_empty()).then_some(()).ok_or_else(|| "nothing is left to write".into())
        },
        go: |at| {
            let writes = to_write(at);
            let mut body = vec!["Changes only the value's bytes in:".to_owned()];
            for (place, facts) in &writes {
                body.push(place.place.clone());
                body.extend(facts.found.diff.iter().map(|line| format!("  {line}")));
            }
            let perform = |(place, facts): &(&TargetRef, &TargetFacts)| Consequence::Perform {
                step: at_place("write", place),
                effect: effect(TargetOp::Put {
                    at: (*place).clone(),
                    expect: facts.found.content.clone(),
                    with: SecretRef::Replacement,
                }),
            };
            let then = Then::Do(writes.iter().map(perform).collect());
            Act::Ask {
                asks: vec![Ask::new(format!("Write {}", count(writes.len(), "place")), body, Kind::Confirm)],
                then,
            }
        },
    },
    Action {
        id: "targets.reload",
        key: 'l',
        label: "run the reload commands",
        why: "A running process keeps the old value until it is reloaded.",
        risk: Risk::Outward,
        ready: |at| {
            idle(at)?;
            (!to_run(at, Hook::Reload).is_empty())
                .then_some(())
                .ok_or_else(|| "nothing to reload: not read back yet, done, or no command declared".into())
        },
        go: |at| {
            let places = to_run(at, Hook::Reload);
            let body = std::iter::once("Runs the commands declared in your config for:".to_owned())
                .chain(places.iter().map(|p| p.short()))
                .collect();
            let then = Then::Do(each(places, "reload", |at| TargetOp::Reload { at }));
            Act::Ask { asks: vec![Ask::new("Reload", body, Kind::Confirm)], then }
        },
    },
    Action {
        id: "targets.prove",
        key: 'p',
        label: "run the check commands",
        why: "Your own check says whether what uses the place runs on the new key.",
        risk: Risk::Read,
        ready: |at| {
            idle(at)?;
            (!to_run(at, Hook::Check).is_empty())
                .then_some(())
                .ok_or_else(|| "nothing to check: not reloaded yet, proven, or no command declared".into())
        },
        go: |at| Act::Now(each(to_run(at, Hook::Check), "prove", |at| TargetOp::Prove { at })),
    },
    Action {
        id: "targets.by_hand",
        key: 'h',
        label: "I reloaded and checked it by hand",
        why: "For a place without declared commands, or one that can't be written by the program.",
        risk: Risk::Read,
        ready: |at| {
            let waits = !by_hand(at).is_empty() || not_all_read(at);
            waits.then_some(()).ok_or_else(|| "no place waits for your word".into())
        },
        go: |at| {
            let waiting = by_hand(at);
            if waiting.is_empty() && not_all_read(at) {
                let mut body = vec!["These were not read. What stands there, and how do you know?".to_owned()];
                body.extend(at.incident.not_read.iter().take(6).map(|n| format!("{} ({})", n.place, n.why)));
                let ask = Ask::line("What was not read", "What stands there?", body);
                return Act::Ask { asks: vec![ask], then: Then::ByHand(step("find")) };
            }
            let chosen = selected(at)
                .map(|(place, _)| place)
                .filter(|place| waiting.contains(place))
                .or_else(|| waiting.first().copied());
            let Some(place) = chosen else { return Act::Now(Vec::new()) };
            let body =
                vec![place.place.clone(), "What did you restart, and how do you know that it uses the new key?".into()];
            Act::Ask {
                asks: vec![Ask::line("By hand", "How do you know?", body)],
                then: Then::ByHand(at_place("place", place)),
            }
        },
    },
    Action {
        id: "targets.undo",
        key: 'u',
        label: "undo the write under the cursor",
        why: "Puts the backup back, as long as nobody changed the file since.",
        risk: Risk::Write,
        ready: |at| match selected(at) {
            Some((place, facts)) if facts.written.is_some() => match place_state(at, place, facts) {
                StepState::Running => Err("something runs on that place".into()),
                StepState::Unknown(what) => Err(format!("{what}: check first (c)")),
                _ if at.incident.backups_dropped.is_some() => Err("the backups are destroyed".into()),
                _ => Ok(()),
            },
            _ => Err("the place under the cursor was not written".into()),
        },
        go: |at| {
            let Some((place, _)) = selected(at) else { return Act::Now(Vec::new()) };
            let body = vec![place.place.clone(), "The leaked key will stand there again.".into()];
            let ask = Ask::new("Undo the write", body, Kind::Confirm);
            Act::guarded(ask, at_place("undo", place), effect(TargetOp::Undo { at: place.clone() }))
        },
    },
    Action {
        id: "targets.check",
        key: 'c',
        label: "check: look at all places again",
        why: "A read. Finds new places, settles writes whose end nobody saw.",
        risk: Risk::Read,
        ready: |at| (!at.incident.roots.is_empty()).then_some(()).ok_or_else(|| "no env roots were given".into()),
        go: |at| {
            let find = Consequence::Perform {
                step: step("find"),
                effect: effect(TargetOp::Discover { roots: at.incident.roots.clone() }),
            };
            let known: Vec<&TargetRef> = at.incident.targets.keys().collect();
            let mut reads = vec![find];
            reads.extend(recoveries(at));
            let provable = |place: &&TargetRef| at.incident.targets.get(*place).is_some_and(|t| t.found.can_prove);
            let reloads = unseen(at, "reload").into_iter().filter(provable).collect();
            reads.extend(each(reloads, "prove", |at| TargetOp::Prove { at }));
            reads.extend(each(known, "read", |at| TargetOp::ReadBack { at }));
            Act::Now(reads)
        },
    },
    Action {
        id: "targets.root",
        key: 'a',
        label: "add a folder with env files",
        why: intake::ROOT_WHY,
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |_| intake::add_root(),
    },
];
