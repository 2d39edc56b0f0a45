//! Stage 4: every place that held the leaked key holds the new one, and what uses it runs on it.
//!
//! Must not know: what kinds of place there are, or how they are written.

use crate::base::SecretRef;
use crate::base::words::count;
use crate::effect::target::{Holds, Hook, TargetRef};
use crate::effect::{Effect, Risk, TargetOp};
use crate::incident::{Step, StepRef, StepState, TargetFacts};

use super::sheet::Table;
use super::{Act, Action, Ask, Block, Consequence, DoNow, Due, Kind, Sheet, Stage, Text, Then, Tone, View, intake};

pub static TARGETS: Targets = Targets;

#[derive(Debug)]
pub struct Targets;

fn step(id: &str) -> StepRef {
    StepRef::new("targets", id)
}

/// One step per place and column, so that a crash leaves exactly one of them unknown.
fn at_place(what: &str, place: &TargetRef) -> StepRef {
    step(&format!("{what}:{}", place.place))
}

fn effect(op: TargetOp) -> Effect {
    Effect::Target { op }
}

impl Stage for Targets {
    fn id(&self) -> &'static str {
        "targets"
    }

    fn title(&self) -> &'static str {
        "Targets"
    }

    fn goal(&self) -> &'static str {
        "every place holds the new key, and what uses it runs on it"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        let find = match at.incident.discovered {
            Some((when, files)) => StepState::Done(format!(
                "{} of {files} files hold it, looked at {}",
                at.incident.targets.len(),
                when.time()
            )),
            // Nothing was looked into: that is no finding.
            None if at.incident.roots.is_empty() => StepState::Ready,
            None if at.is_running(&step("find")) => StepState::Running,
            None => at.fault(&step("find")).unwrap_or(StepState::Ready),
        };
        let mut steps = vec![Step::new("find", "find the places", find)];
        for (place, facts) in &at.incident.targets {
            steps.push(Step::new(&format!("place:{}", place.place), &place.short(), place_state(at, place, facts)));
        }
        steps
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at)
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        Sheet { do_now: do_now(at), see: see(at), evidence: evidence(at), way_out: way_out(at), body: body(at) }
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    /// Looks once for the places, reads back after each write, takes the new key back after a crash.
    fn reads(&self, at: &View<'_>) -> Vec<Due> {
        let mut due = Vec::new();
        if at.incident.discovered.is_none() && !at.incident.roots.is_empty() && at.held.contains(&SecretRef::Leaked) {
            let op = TargetOp::Discover { roots: at.incident.roots.clone() };
            due.push(Due { step: step("find"), effect: effect(op), at: at.now });
        }
        let both = at.held.contains(&SecretRef::Leaked) && at.held.contains(&SecretRef::Replacement);
        for (place, facts) in &at.incident.targets {
            if both
                && facts.written.is_some_and(|written| facts.read_back.as_ref().is_none_or(|(read, _)| *read < written))
            {
                due.push(Due {
                    step: at_place("read", place),
                    effect: effect(TargetOp::ReadBack { at: place.clone() }),
                    at: at.now,
                });
            }
            let lost = !at.held.contains(&SecretRef::Replacement);
            let may_hold = facts.written.is_some() || unknown_write(at, place);
            if let Some(print) = at.incident.taken.get(&SecretRef::Replacement).filter(|_| lost && may_hold) {
                let op = TargetOp::Recover { at: place.clone(), print: print.clone() };
                due.push(Due { step: at_place("recover", place), effect: effect(op), at: at.now });
            }
        }
        due
    }

    fn rows(&self, at: &View<'_>) -> usize {
        at.incident.targets.len()
    }

    fn not_looked_into(&self, at: &View<'_>) -> Option<&'static str> {
        at.incident.roots.is_empty().then_some("no folder with env files was given")
    }
}

/// A write whose end nobody saw: the new key may stand there.
fn unknown_write(at: &View<'_>, place: &TargetRef) -> bool {
    matches!(at.common(&at_place("write", place)), Some(StepState::Unknown(_)))
}

fn place_state(at: &View<'_>, place: &TargetRef, facts: &TargetFacts) -> StepState {
    for what in ["write", "undo", "reload"] {
        if let Some(state) = at.common(&at_place(what, place))
            && matches!(state, StepState::Unknown(_) | StepState::Running)
        {
            return state;
        }
    }
    let claim = at.incident.by_hand.get(&at_place("place", place));
    let leaked = matches!(facts.found.holds, Holds::Leaked | Holds::Both);
    match claim {
        // Evidence, not claims: a look after the word that still saw the leaked key there.
        Some((when, _)) if leaked && facts.seen > *when => {
            return StepState::Failed("a person said it was done, but the leaked key still stands there".into());
        }
        Some((_, answer)) => return StepState::ByHand(answer.clone()),
        None => {}
    }
    if let Some(why) = &facts.found.blocked {
        return StepState::Failed(why.clone());
    }
    // Written by us, or by a person whose work a later look saw.
    if facts.written.is_none() && !facts.is_read_back() {
        return at.fault(&at_place("write", place)).unwrap_or(StepState::Ready);
    }
    if !facts.is_read_back() {
        return StepState::Verifying("written, not read back yet".into());
    }
    match (facts.ran_ok(Hook::Reload), facts.ran_ok(Hook::Check)) {
        (_, Some(true)) => StepState::Done(format!(
            "read back; check: {}",
            facts.proven.as_ref().map(|r| r.said.clone()).unwrap_or_default()
        )),
        (_, Some(false)) => StepState::Failed(format!(
            "the check says no: {}",
            facts.proven.as_ref().map(|r| r.said.clone()).unwrap_or_default()
        )),
        (Some(false), _) => StepState::Failed("the reload command failed".into()),
        _ => StepState::Verifying("read back; nothing has shown yet that what uses it runs on it".into()),
    }
}

/// Places that still hold the leaked key and can be written.
fn to_write<'a>(at: &'a View<'_>) -> Vec<(&'a TargetRef, &'a TargetFacts)> {
    let open = |(place, facts): &(&TargetRef, &TargetFacts)| {
        facts.written.is_none()
            && !facts.is_read_back()
            && facts.found.blocked.is_none()
            && matches!(place_state(at, place, facts), StepState::Ready | StepState::Failed(_))
    };
    at.incident.targets.iter().filter(open).collect()
}

/// Read back, and a declared command has not been run since.
fn to_run<'a>(at: &'a View<'_>, hook: Hook) -> Vec<&'a TargetRef> {
    let wanted = |facts: &TargetFacts| match hook {
        Hook::Reload => facts.found.can_reload && facts.ran_ok(Hook::Reload) != Some(true),
        Hook::Check => {
            facts.found.can_prove
                && facts.ran_ok(Hook::Check) != Some(true)
                && (!facts.found.can_reload || facts.ran_ok(Hook::Reload) == Some(true))
        }
    };
    let quiet = |place: &TargetRef| {
        !matches!(at.common(&at_place("reload", place)), Some(StepState::Unknown(_) | StepState::Running))
    };
    at.incident
        .targets
        .iter()
        .filter(|(place, f)| f.is_read_back() && wanted(f) && quiet(place))
        .map(|(place, _)| place)
        .collect()
}

/// Read back, and no declared command can show more: a person must say.
fn by_hand<'a>(at: &'a View<'_>) -> Vec<&'a TargetRef> {
    let open = |(place, facts): &(&'a TargetRef, &TargetFacts)| {
        let blocked = facts.found.blocked.is_some();
        let mute = facts.is_read_back() && !facts.found.can_prove;
        // The leaked key was taken out by hand, and no new one put in its place.
        let cleared = facts.read_back.as_ref().is_some_and(|(_, holds)| *holds == Holds::Neither);
        (blocked || mute || cleared) && !place_state(at, place, facts).settled()
    };
    at.incident.targets.iter().filter(open).map(|(place, _)| place).collect()
}

fn do_now(at: &View<'_>) -> DoNow {
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
    // What waits behind a write that runs is no thing to do yet.
    if let Some(running) = at.running_in("targets").find(|r| r.effect.writes()) {
        return DoNow {
            what: format!("Wait: {}", running.effect.words()),
            check: "It is looked at when it is over.".into(),
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
    if at.incident.targets.is_empty() {
        return DoNow {
            what: "Nothing: no place below the env roots holds the key.".into(),
            effect: "Other platforms: update them by hand and note it (N).".into(),
            ..DoNow::default()
        };
    }
    let all = at.incident.targets.iter().all(|(p, f)| place_state(at, p, f).settled());
    let what = if all { "Nothing. Every place runs on the new key." } else { "Wait: reading back" };
    DoNow { what: what.into(), ..DoNow::default() }
}

fn see(at: &View<'_>) -> Vec<Text> {
    let mut see = Vec::new();
    if let Some((_, files)) = at.incident.discovered {
        see.push(Text::plain(format!(
            "{} looked at, {} found with the key",
            count(usize::try_from(files).unwrap_or(usize::MAX), "file"),
            count(at.incident.targets.len(), "place")
        )));
    }
    for not_read in at.incident.not_read.iter().take(3) {
        see.push(Text::tone(Tone::Warn, format!("not read: {} ({})", not_read.place, not_read.why)));
    }
    for (stage_step, (_, fault)) in at.incident.faults.iter().filter(|(s, _)| s.stage == "targets") {
        let place = stage_step.step.rsplit('/').next().unwrap_or_default();
        see.push(Text::tone(Tone::Bad, format!("{place}: {}: {}", fault.what, fault.why)));
        see.extend(fault.hints.iter().map(|hint| Text::tone(Tone::Dim, format!("try: {hint}"))));
    }
    if let Some((place, facts)) = at.incident.targets.iter().nth(at.cursor) {
        let spots: Vec<String> = facts.found.spots.iter().map(|s| format!("{} (line {})", s.name, s.line)).collect();
        see.push(Text::plain(format!("Under the cursor: {}, {}", place.short(), spots.join(", "))));
        see.extend(facts.found.warnings.iter().map(|w| Text::tone(Tone::Warn, w.clone())));
    }
    see
}

fn evidence(at: &View<'_>) -> Vec<Text> {
    let done = |test: fn(&TargetFacts) -> bool| at.incident.targets.values().filter(|f| test(f)).count();
    let all = at.incident.targets.len();
    if all == 0 {
        return Vec::new();
    }
    vec![Text::plain(format!(
        "of {all}: {} written, {} read back, {} reloaded, {} proven",
        done(|f| f.written.is_some()),
        done(TargetFacts::is_read_back),
        done(|f| f.ran_ok(Hook::Reload) == Some(true)),
        done(|f| f.ran_ok(Hook::Check) == Some(true)),
    ))]
}

fn way_out(at: &View<'_>) -> Vec<Text> {
    let mut lines = vec![Text::plain("By hand: edit the file yourself, then c looks again")];
    let mute = at.incident.targets.values().any(|f| !f.found.can_prove);
    if mute {
        lines.push(Text::tone(Tone::Dim, "Declare [[targets]] place, reload, check in the config to have it proven"));
    }
    lines
}

fn body(at: &View<'_>) -> Vec<Block> {
    let head = ["Place", "Wrote", "Read", "Loaded", "Proven"].map(str::to_owned).to_vec();
    let rows = at.incident.targets.iter().map(|(place, facts)| row(at, place, facts)).collect();
    let table = Block::Table(Table { title: "Places".into(), head, rows, picks: true, leads: true });
    let diff = at.incident.targets.values().nth(at.cursor).filter(|f| f.written.is_none()).map(|facts| Block::Lines {
        title: format!("What a write changes in {}", facts.found.at.short()),
        lines: facts.found.diff.iter().map(|line| diff_line(line)).collect(),
    });
    std::iter::once(table).chain(diff).collect()
}

pub(super) fn diff_line(line: &str) -> Text {
    match line.as_bytes().first() {
        Some(b'-') => Text::tone(Tone::Bad, line),
        Some(b'+') => Text::tone(Tone::Good, line),
        _ => Text::plain(line),
    }
}

fn row(at: &View<'_>, place: &TargetRef, facts: &TargetFacts) -> Vec<Text> {
    let cell = |state: Option<bool>| match state {
        Some(true) => Text::tone(Tone::Good, "yes"),
        Some(false) => Text::tone(Tone::Bad, "no"),
        None => Text::tone(Tone::Dim, "-"),
    };
    let by_hand = at.incident.by_hand.contains_key(&at_place("place", place));
    let unknown = matches!(place_state(at, place, facts), StepState::Unknown(_));
    let hook = |can: bool, ran: Option<bool>| match (ran, can) {
        _ if by_hand => Text::plain("by hand"),
        (None, false) => Text::tone(Tone::Dim, "not declared"),
        (ran, _) => cell(ran),
    };
    let written = if unknown { Text::tone(Tone::Warn, "unknown") } else { cell(facts.written.map(|_| true)) };
    vec![
        Text::plain(place.short()),
        written,
        cell(facts.read_back.as_ref().map(|(_, holds)| *holds == Holds::Replacement)),
        hook(facts.found.can_reload, facts.ran_ok(Hook::Reload)),
        hook(facts.found.can_prove, facts.ran_ok(Hook::Check)),
    ]
}

fn selected<'a>(at: &'a View<'_>) -> Option<(&'a TargetRef, &'a TargetFacts)> {
    at.incident.targets.iter().nth(at.cursor)
}

fn holds_new_key(at: &View<'_>) -> Result<(), String> {
    let held = at.held.contains(&SecretRef::Replacement);
    held.then_some(()).ok_or_else(|| "there is no new key in the vault yet (stage New key)".into())
}

/// Places of a write of this kind whose end nobody saw.
fn unseen<'a>(at: &'a View<'_>, what: &str) -> Vec<&'a TargetRef> {
    let unknown = |place: &&TargetRef| at.incident.unknowns().any(|i| i.step == at_place(what, place));
    at.incident.targets.keys().filter(unknown).collect()
}

/// The vault lost the new key, and it may stand where a write's end was not seen: it is looked for there, by its print.
fn recoveries(at: &View<'_>) -> Vec<Consequence> {
    let lost = !at.held.contains(&SecretRef::Replacement);
    let Some(print) = at.incident.taken.get(&SecretRef::Replacement).filter(|_| lost) else { return Vec::new() };
    let look = |place: &TargetRef| Consequence::Perform {
        step: at_place("recover", place),
        effect: effect(TargetOp::Recover { at: place.clone(), print: print.clone() }),
    };
    unseen(at, "write").into_iter().map(look).collect()
}

fn each(places: Vec<&TargetRef>, what: &str, op: fn(TargetRef) -> TargetOp) -> Vec<Consequence> {
    places
        .into_iter()
        .map(|place| Consequence::Perform { step: at_place(what, place), effect: effect(op(place.clone())) })
        .collect()
}

static ACTIONS: [Action; 7] = [
    Action {
        id: "targets.write",
        key: 'w',
        label: "write the new key to all places",
        why: "Shows the masked change first. Atomic, backed up, undoable.",
        risk: Risk::Write,
        ready: |at| {
            holds_new_key(at)?;
            if let Some(why) = super::locked("targets", at) {
                return Err(format!("{why}, or it was not seen to work"));
            }
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
        ready: |at| (!by_hand(at).is_empty()).then_some(()).ok_or_else(|| "no place waits for your word".into()),
        go: |at| {
            let waiting = by_hand(at);
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
