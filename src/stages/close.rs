//! The last stage: what is still open, the late probe, the backups, the report, the close.
//!
//! Must not know: where the report is written.

use crate::base::SecretRef;
use crate::base::words::count;
use crate::effect::{Effect, ProviderOp, Risk, TargetOp};
use crate::incident::death::{self, Death};
use crate::incident::{Event, Step, StepRef, StepState};

use super::revoke::provider;
use super::{Act, Action, Ask, Block, Consequence, DoNow, Due, Kind, Sheet, Stage, Text, Then, Tone, View, state};

pub static CLOSE: Close = Close;

#[derive(Debug)]
pub struct Close;

fn step(id: &str) -> StepRef {
    StepRef::new("close", id)
}

impl Stage for Close {
    fn id(&self) -> &'static str {
        "close"
    }

    fn title(&self) -> &'static str {
        "Close"
    }

    fn goal(&self) -> &'static str {
        "what is open has an owner, the report is written"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        let walking = walking(at);
        let late = late(at);
        let backups = match (at.incident.backups_dropped, wrote(at)) {
            (Some(when), _) => StepState::Done(format!("seen to be gone at {}", when.time())),
            (None, false) => StepState::Done("there are none".into()),
            (None, true) => at.common(&step("backups")).or_else(|| at.fault(&step("backups"))).unwrap_or_else(|| {
                if walking { StepState::Locked("a write can still be undone".into()) } else { StepState::Ready }
            }),
        };
        let close = match &at.incident.closed {
            Some((when, open)) if open.is_empty() => StepState::Done(format!("closed at {}", when.time())),
            Some((when, open)) => {
                StepState::Done(format!("closed at {} with {}", when.time(), count(open.len(), "open point")))
            }
            None if walking => StepState::Locked("the walk goes on; z closes with what is open".into()),
            None => StepState::Ready,
        };
        // Closed is closed: what was not done by then stands in the report, and nobody is kept waiting for it.
        let [late, backups] = [late, backups].map(|state| match state {
            StepState::Locked(why) if at.incident.closed.is_some() => StepState::Deferred(why),
            StepState::Ready if at.incident.closed.is_some() => StepState::Deferred("left in place".into()),
            other => other,
        });
        vec![
            Step::new("late", "late probe", late),
            Step::new("backups", "destroy the env file backups", backups),
            Step::new("close", "close", close),
        ]
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at, &open(at))
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        let open = open(at);
        let mut sheet = Sheet { do_now: do_now(at, &open), ..Sheet::default() };
        let closed = at.incident.closed.is_some();
        sheet.see.push(if open.is_empty() {
            Text::tone(Tone::Good, "Nothing is open.")
        } else {
            Text::tone(
                Tone::Warn,
                format!("{}{}", count(open.len(), "open point"), if closed { ", carried by the report" } else { "" }),
            )
        });
        let death = Death::of(at.incident, SecretRef::Leaked);
        if let (None, Some(proven)) = (death.late_at, death.proven_at) {
            sheet.see.push(Text::plain(format!(
                "Late probe (does the key stay dead?) due at {}; c asks before that too, but only from then on it counts.",
                proven.plus_secs(death::LATE_S).time()
            )));
        }
        sheet.evidence = self
            .steps(at)
            .iter()
            .filter(|s| s.state.settled())
            .map(|s| Text::plain(format!("{}: {}", s.label, s.state.detail())))
            .collect();
        sheet.way_out = vec![Text::plain("e writes the report now; T adds a follow-up; H hands over to a colleague")];
        sheet.body = vec![
            Block::Lines { title: "Open".into(), lines: open_lines(&open) },
            Block::Lines {
                title: "Keep it from happening again".into(),
                lines: PREVENTION.iter().map(|line| Text::plain(format!("- {line}"))).collect(),
            },
        ];
        sheet
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    fn reads(&self, _: &View<'_>) -> Vec<Due> {
        Vec::new()
    }
}

fn open_lines(open: &[String]) -> Vec<Text> {
    if open.is_empty() {
        return vec![Text::tone(Tone::Dim, "nothing")];
    }
    open.iter().map(|line| Text::tone(Tone::Warn, format!("- {line}"))).collect()
}

/// Advice with a place in every report: what the articles on securing keys name, corrected where they are wrong.
pub const PREVENTION: [&str; 7] = [
    ".env belongs into .gitignore, and must not be tracked: git rm --cached .env",
    "A pre-commit scanner (gitleaks, trufflehog, detect-secrets, ggshield) with a planted fake to prove it works",
    "GitHub push protection and secret scanning on; resolve the GitGuardian or GitHub alert as revoked",
    "One key per service and per person, in its own project, with the least scopes and an expiry",
    "A monthly limit and alerts per project; limits do not stop spending at once",
    "A secret manager (AWS, GCP, Vault) or the platform's own settings instead of files and Docker ENV lines",
    "Rotate every 30 to 90 days, and run this drill once a month",
];

/// Some stage before this one is not settled.
fn walking(at: &View<'_>) -> bool {
    super::order(at).into_iter().filter(|stage| stage.id() != "close").any(|stage| !state(stage, at).settled())
}

/// The first stage before this one that wants something of a person.
fn wanting(at: &View<'_>) -> Option<&'static dyn Stage> {
    let wants = |stage: &&'static dyn Stage| {
        stage.id() != "close" && !state(*stage, at).settled() && super::do_now(*stage, at).action.is_some()
    };
    super::order(at).into_iter().find(wants)
}

fn late(at: &View<'_>) -> StepState {
    let death = Death::of(at.incident, SecretRef::Leaked);
    match (death.late_at, death.proven_at) {
        (Some(when), _) => StepState::Done(format!("still refused at {}", when.time())),
        (None, Some(proven)) => StepState::Locked(format!("due at {}", proven.plus_secs(death::LATE_S).time())),
        (None, None) => StepState::Locked("the key's death is not proven".into()),
    }
}

fn wrote(at: &View<'_>) -> bool {
    at.incident.intents.values().any(|i| matches!(&i.effect, Effect::Target { op: TargetOp::Put { .. } }))
}

/// Everything a closing list must carry: skipped, deferred, unknown, unproven, booked, to do.
pub fn open(at: &View<'_>) -> Vec<String> {
    let mut open = Vec::new();
    for stage in super::order(at).into_iter().filter(|s| s.id() != "close") {
        let state = state(stage, at);
        if let (Some(what), false) = (stage.not_looked_into(at), state.settled()) {
            open.push(format!("{}: not looked into, {what}", stage.title()));
        } else if state.is_open() {
            let detail = if state.detail().is_empty() { String::new() } else { format!(": {}", state.detail()) };
            open.push(format!("{} {}{detail}", stage.title(), state.word()));
        }
    }
    open.extend(super::order(at).into_iter().flat_map(|stage| stage.still_open(at)));
    open.extend(at.incident.unknowns().map(|i| format!("Nobody saw whether it happened: {}", i.effect.words())));
    let death = Death::of(at.incident, SecretRef::Leaked);
    if let (Some(proven), None) = (death.proven_at, death.late_at) {
        open.push(format!("Late probe (does the key stay dead?) due at {}", proven.plus_secs(death::LATE_S).time()));
    }
    for (repo, facts) in &at.incident.repos {
        let name = repo.display();
        let support = facts.push.iter().flat_map(|(_, push)| &push.needs_support);
        open.extend(support.map(|r| format!("Only the host's support can clean {r} of {name}")));
        let unseen = facts.map.iter().flat_map(|(_, map)| &map.not_looked_into);
        open.extend(unseen.map(|what| format!("Not looked into in {name}: {what}")));
    }
    if !at.incident.not_read.is_empty() {
        open.push(format!("{} below the env roots could not be read", count(at.incident.not_read.len(), "place")));
    }
    if wrote(at) && at.incident.backups_dropped.is_none() {
        open.push("Backups of the env files still contain the leaked key".into());
    }
    open.extend(at.incident.orphans.iter().map(|o| format!("Orphan key {} is alive", o.key_id)));
    open.extend(at.incident.todos.iter().filter(|t| t.done.is_none()).map(|t| {
        let due = t.due.map(|d| format!(", due {}", d.date_minute())).unwrap_or_default();
        format!("To do: {}{due}", t.text)
    }));
    open
}

fn do_now(at: &View<'_>, open: &[String]) -> DoNow {
    if at.incident.closed.is_some() {
        let leave = if at.incident.opened.drill.is_some() { "leaves and shows the score" } else { "leaves" };
        let what = format!("Closed. e writes the report, q {leave}.");
        return DoNow { action: Some("close.export"), what, ..DoNow::default() };
    }
    if at.is_running(&step("backups")) {
        return DoNow { what: "Wait: destroying the backups of the env files".into(), ..DoNow::default() };
    }
    if let Some(wait) = waiting(at) {
        return wait;
    }
    if wrote(at)
        && at.incident.backups_dropped.is_none()
        && !walking(at)
        && matches!(state(&super::targets::TARGETS, at), StepState::Done(_) | StepState::ByHand(_))
    {
        return DoNow {
            action: Some("close.backups"),
            what: "Destroy the backups of the env files: they contain the leaked key".into(),
            effect: "After that, a write of an env file can't be undone.".into(),
            check: "They are seen to be gone.".into(),
        };
    }
    if let Some(first) = wanting(at) {
        return DoNow {
            what: format!("Not yet: go on with {} (n)", first.title()),
            effect: "z closes all the same; the report then carries what is open.".into(),
            ..DoNow::default()
        };
    }
    DoNow {
        action: Some("close.close"),
        what: if open.is_empty() {
            "Close the incident".into()
        } else {
            let them = if open.len() == 1 { "it" } else { "them" };
            format!("Close with {}, or settle {them} first", count(open.len(), "open point"))
        },
        effect: if open.is_empty() {
            "A closed incident can be resumed.".into()
        } else {
            "What is open stands in the report. A closed incident can be resumed.".into()
        },
        check: "One probe of the leaked key goes first.".into(),
    }
}

/// Every stage that is not settled waits for time to pass: closing now would only lose what is about to be seen.
fn waiting(at: &View<'_>) -> Option<DoNow> {
    let unsettled = |stage: &&'static dyn Stage| stage.id() != "close" && !state(*stage, at).settled();
    let mut left = super::order(at).into_iter().filter(unsettled).peekable();
    let first = *left.peek()?;
    if left.any(|stage| stage.do_now(at).action.is_some()) {
        return None;
    }
    let state = state(first, at);
    let detail = if state.detail().is_empty() { String::new() } else { format!(" ({})", state.detail()) };
    Some(DoNow {
        what: format!("Wait: {} is {}{detail}", first.title(), state.word()),
        effect: "z closes all the same; the report then carries it as open.".into(),
        ..DoNow::default()
    })
}

static ACTIONS: [Action; 4] = [
    Action {
        id: "close.close",
        key: 'z',
        label: "close the incident",
        why: "Journals what is open. The report carries it.",
        risk: Risk::Read,
        ready: |at| at.incident.closed.as_ref().map_or(Ok(()), |(when, _)| Err(format!("closed at {}", when.time()))),
        go: |at| {
            let open = open(at);
            let body = if open.is_empty() {
                vec!["Nothing is open.".into()]
            } else {
                let head = "Still open, and told in the report; `stanch resume` takes it up again:";
                std::iter::once(head.to_owned()).chain(open.iter().map(|line| format!("- {line}"))).collect()
            };
            let mut then = Vec::new();
            if at.held.contains(&SecretRef::Leaked) {
                let probe = provider(at, ProviderOp::Probe { key: SecretRef::Leaked });
                then.push(Consequence::Perform { step: StepRef::new("revoke", "prove"), effect: probe });
            }
            then.push(Consequence::Record(Event::Closed { open }));
            Act::Ask { asks: vec![Ask::new("Close the incident", body, Kind::Confirm)], then: Then::Do(then) }
        },
    },
    Action {
        id: "close.backups",
        key: 'b',
        label: "destroy the env file backups",
        why: "They contain the leaked key; after this a write can't be undone.",
        risk: Risk::Irreversible,
        ready: |at| {
            if !wrote(at) {
                return Err("there are none".into());
            }
            if at.is_running(&step("backups")) {
                return Err("they are being destroyed now".into());
            }
            at.incident.backups_dropped.map_or(Ok(()), |when| Err(format!("destroyed at {}", when.time())))
        },
        go: |at| {
            let body = vec!["Overwrites and removes every backup this incident made of env files.".into()];
            let ask = Ask::new("Destroy the backups", body, Kind::Phrase(at.incident.opened.key.last4.clone()));
            Act::guarded(ask, step("backups"), Effect::Target { op: TargetOp::DropBackups })
        },
    },
    Action {
        id: "close.export",
        key: 'e',
        label: "write the report",
        why: "Markdown and JSON beside the journal, never a secret in them.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |_| Act::Now(vec![Consequence::Export]),
    },
    Action {
        id: "close.check",
        key: 'c',
        label: "check: probe the leaked key now",
        why: "One more read; the late probe counts from ten minutes after the proof.",
        risk: Risk::Read,
        ready: |at| {
            at.held
                .contains(&SecretRef::Leaked)
                .then_some(())
                .ok_or_else(|| "the leaked key is not in the vault".into())
        },
        go: |at| {
            Act::perform(StepRef::new("revoke", "prove"), provider(at, ProviderOp::Probe { key: SecretRef::Leaked }))
        },
    },
];
