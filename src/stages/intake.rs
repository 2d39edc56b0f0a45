//! Stage 0: the three facts that settle the order, and the decision.
//!
//! Must not know: how the key came in; that was before the journal opened.

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::stamp::span_text;
use crate::base::words::count;
use crate::effect::Risk;
use crate::incident::advice::{Advice, Fact, Facts, QUESTIONS, advise};
use crate::incident::{Event, Mode, Step, StepState};

use super::{Act, Action, Ask, Consequence, DoNow, Due, Kind, Sheet, Stage, Text, Then, Tone, View};

pub static INTAKE: Intake = Intake;

#[derive(Debug)]
pub struct Intake;

impl Stage for Intake {
    fn id(&self) -> &'static str {
        "intake"
    }

    fn title(&self) -> &'static str {
        "Intake"
    }

    fn goal(&self) -> &'static str {
        "the order is decided, with its reason"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        let state = at
            .incident
            .decision("order")
            .map_or(StepState::Ready, |d| StepState::Done(format!("{}: {}", d.choice, d.reason)));
        vec![Step::new("order", "decide the order", state)]
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        if at.incident.decision("order").is_some() {
            return DoNow { what: "The order is decided. Go on with the next stage.".into(), ..DoNow::default() };
        }
        let advice = advice(at);
        DoNow {
            action: Some("intake.accept"),
            what: format!("Take the order \"{}\": {}", title(at, advice.playbook), advice.reason),
            effect: format!("Price: {}.", price(at, advice.playbook)),
            check: "Answer what you know with p, b, d; unknown is an honest answer.".into(),
        }
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        let decided = at.incident.decision("order");
        let evidence = decided
            .map(|d| Text::plain(format!("{} by {}: {} ({})", d.at.time(), d.by, d.choice, d.reason)))
            .into_iter()
            .collect();
        Sheet {
            do_now: self.do_now(at),
            see: questions(at).into_iter().chain(see(at)).collect(),
            evidence,
            way_out: vec!["o takes the other order, with your reason".into()],
            body: Vec::new(),
        }
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    fn reads(&self, _: &View<'_>) -> Vec<Due> {
        Vec::new()
    }
}

static ACTIONS: [Action; 10] = [
    Action {
        id: "intake.accept",
        key: 'a',
        label: "accept the recommended order",
        why: "Journals the order, the facts and the reason, and shows the first stage.",
        risk: Risk::Read,
        ready: undecided,
        go: |at| {
            let advice = advice(at);
            Act::Now(decide(at, advice.playbook, advice.reason))
        },
    },
    Action {
        id: "intake.other",
        key: 'o',
        label: "take the other order",
        why: "The rule can be wrong about your case; your reason is journaled.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |at| {
            let now = at.incident.decision("order").map_or(advice(at).playbook, |d| d.choice.as_str());
            let Some(other) = at.playbooks.iter().find(|book| book.id != now) else { return Act::Now(Vec::new()) };
            let body = vec![format!("{}: {}.", other.title, other.why), format!("Price: {}.", other.price)];
            let then = Then::DecideFor { topic: "order".into(), choice: other.id.clone(), facts: facts(at) };
            Act::Ask { asks: vec![Ask::line(&format!("Take \"{}\"", other.title), "Why?", body)], then }
        },
    },
    turn("intake.public", 'p', "exposed publicly? (turns yes, no, unknown)", |at| turned(at, "public")),
    turn("intake.burning", 'b', "being spent on now? (turns)", |at| turned(at, "burning")),
    turn("intake.production", 'd', "does production depend on it? (turns)", |at| turned(at, "production")),
    Action {
        id: "intake.exposed",
        key: 'e',
        label: "since when is it exposed?",
        why: "Sets the start of the exposure clock and of the usage window.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |at| {
            let kind = Kind::Line {
                label: "UTC, e.g. 2026-11-20 13:52".into(),
                initial: at.incident.exposed_since().date_minute().trim_end_matches('Z').to_owned(),
                needed: true,
            };
            let body = vec!["The push, post or mail that showed it first. If unsure, take the earlier time.".into()];
            Act::Ask { asks: vec![Ask::new("Exposed since", body, kind)], then: told("exposed_since") }
        },
    },
    Action {
        id: "intake.found_by",
        key: 'w',
        label: "how was it found?",
        why: "Stands in the report.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |at| {
            let known = at.incident.decision("found_by").map_or(at.incident.opened.found_by.as_str(), |d| &d.choice);
            let mut ways = WAYS.map(|way| (way.to_owned(), way.to_owned())).to_vec();
            ways.sort_by_key(|(way, _)| way != known);
            let ask = Ask::new("How was it found?", Vec::new(), Kind::Choice(ways));
            Act::Ask { asks: vec![ask], then: told("found_by") }
        },
    },
    Action {
        id: "intake.repo",
        key: 'r',
        label: "add a repository to look through",
        why: REPO_WHY,
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |_| add_repo(),
    },
    Action {
        id: "intake.root",
        key: 'v',
        label: "add a folder with env files",
        why: ROOT_WHY,
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |_| add_root(),
    },
    Action {
        id: "intake.drop",
        key: 't',
        label: "take a repository or folder off the list",
        why: DROP_WHY,
        risk: Risk::Read,
        ready: |at| droppable(at, true, true),
        go: |at| drop_one(at, true, true),
    },
];

pub(super) const REPO_WHY: &str = "Its absolute path on this machine; it is looked through at once.";
pub(super) const ROOT_WHY: &str = "Its absolute path on this machine; it is looked through at once.";
pub(super) const DROP_WHY: &str = "For a wrong path. Nothing on disk is touched; adding it again brings it back.";

/// How a leak is commonly found.
const WAYS: [&str; 7] = ["mail", "bill", "scanner", "report from outside", "colleague", "public post", "other"];

fn told(topic: &str) -> Then {
    Then::Decide { topic: topic.into(), reason: "told by a person".into(), facts: BTreeMap::new() }
}

fn path(title: &str, topic: &str) -> Act {
    let ask = Ask::line(title, "Absolute path", vec!["Nothing is changed there by looking.".into()]);
    Act::Ask { asks: vec![ask], then: told(topic) }
}

pub(super) fn add_repo() -> Act {
    path("Add a repository", "repo")
}

pub(super) fn add_root() -> Act {
    path("Add a folder with env files", "root")
}

/// What can be taken off: not where something was changed, since that must stay in the story.
fn listed<'a>(at: &'a View<'_>, repos: bool, roots: bool) -> Vec<(&'a Path, &'static str)> {
    let untouched = |repo: &Path| at.incident.untouched_repo(repo);
    let repos = at.incident.repos.keys().filter(|r| repos && untouched(r)).map(|r| (r.as_path(), "repository"));
    let clean = |root: &Path| at.incident.untouched_root(root);
    let roots = at.incident.roots.iter().filter(|r| roots && clean(r)).map(|r| (r.as_path(), "env root"));
    repos.chain(roots).collect()
}

pub(super) fn droppable(at: &View<'_>, repos: bool, roots: bool) -> Result<(), String> {
    let none = || "there is none that nothing was done to yet".to_owned();
    (!listed(at, repos, roots).is_empty()).then_some(()).ok_or_else(none)
}

pub(super) fn drop_one(at: &View<'_>, repos: bool, roots: bool) -> Act {
    let option = |(path, what): &(&Path, &str)| {
        let path = path.display().to_string();
        (path.clone(), format!("{what} {path}"))
    };
    let options = listed(at, repos, roots).iter().map(option).collect();
    let body = vec!["It is no longer looked in. Nothing on disk is touched.".into()];
    let then = Then::Decide { topic: "drop".into(), reason: "taken off by a person".into(), facts: BTreeMap::new() };
    Act::Ask { asks: vec![Ask::new("Take off the list", body, Kind::Choice(options))], then }
}

const fn turn(id: &'static str, key: char, label: &'static str, go: fn(&View<'_>) -> Act) -> Action {
    let why = "One of the three facts that settle the order; journaled.";
    Action { id, key, label, why, risk: Risk::Read, ready: |_| Ok(()), go }
}

fn undecided(at: &View<'_>) -> Result<(), String> {
    at.incident.decision("order").map_or(Ok(()), |d| Err(format!("decided already: {}", d.choice)))
}

fn advice(at: &View<'_>) -> Advice {
    advise(Facts::of(at.incident))
}

fn fact(at: &View<'_>, topic: &str) -> Fact {
    at.incident.decision(&format!("fact.{topic}")).map_or(Fact::Unknown, |d| Fact::parse(&d.choice))
}

fn turned(at: &View<'_>, topic: &str) -> Act {
    Act::record(Event::Decided {
        topic: format!("fact.{topic}"),
        choice: fact(at, topic).turn().word().into(),
        facts: BTreeMap::new(),
        reason: String::new(),
    })
}

fn facts(at: &View<'_>) -> BTreeMap<String, String> {
    QUESTIONS.iter().map(|(topic, _)| ((*topic).to_owned(), fact(at, topic).word().to_owned())).collect()
}

fn decide(at: &View<'_>, playbook: &str, reason: &str) -> Vec<Consequence> {
    let event =
        Event::Decided { topic: "order".into(), choice: playbook.into(), facts: facts(at), reason: reason.into() };
    let first = at.playbooks.iter().find(|b| b.id == playbook).and_then(|b| b.stages.first());
    let visit = first.and_then(|id| super::by_id(id)).map(|stage| Consequence::Visit(stage.id()));
    std::iter::once(Consequence::Record(event)).chain(visit).collect()
}

fn title(at: &View<'_>, id: &str) -> String {
    at.playbooks.iter().find(|b| b.id == id).map_or_else(|| id.to_owned(), |b| b.title.clone())
}

fn price(at: &View<'_>, id: &str) -> String {
    at.playbooks.iter().find(|b| b.id == id).map(|b| b.price.clone()).unwrap_or_default()
}

fn see(at: &View<'_>) -> Vec<Text> {
    let o = &at.incident.opened;
    let found_by = at.incident.decision("found_by").map_or(&o.found_by, |d| &d.choice);
    let found =
        if found_by == "not told" { "how found: not told; w sets it".into() } else { format!("found by {found_by}") };
    let since = at.incident.exposed_since();
    let known = at.incident.exposed_known();
    let how_long = span_text(at.now.since(since));
    let exposed = if known {
        Text::plain(format!("Exposed since {} ({how_long})", since.date_minute()))
    } else {
        Text::tone(Tone::Warn, "Exposed since: not told; e sets it")
    };
    let admin = if at.has_admin() {
        Text::plain("Admin key at hand: the provider's API does the work")
    } else {
        Text::tone(Tone::Warn, "No admin key: revoke and issue go by hand; the proofs still work")
    };
    let (repos, roots) = (at.incident.repos.len(), at.incident.roots.len());
    let places = format!("{} and {} to look in", count(repos, "repository"), count(roots, "env root"));
    let mut see = vec![
        Text::tone(Tone::Strong, o.key.to_string()).and(Tone::Plain, format!("  {}, {found}", o.key.kind.words())),
        exposed,
        admin,
        match (repos, roots) {
            (0, _) | (_, 0) => Text::tone(Tone::Warn, format!("{places}; r and v add some, t takes one off")),
            _ => Text::plain(places),
        },
    ];
    let repos = at.incident.repos.keys().map(|path| ("repository", path));
    for (what, path) in repos.chain(at.incident.roots.iter().map(|path| ("env root  ", path))) {
        see.push(Text::tone(Tone::Dim, format!("  {what} {}", path.display())));
    }
    for (step, (_, fault)) in &at.incident.faults {
        if step.stage == "purge" && step.step.starts_with("find:") {
            see.push(Text::tone(Tone::Bad, format!("{}: {}", fault.what, fault.why)));
            see.push(Text::tone(Tone::Dim, "a wrong path? t takes it off the list"));
        }
    }
    if o.mode == Mode::Drill {
        see.push(Text::tone(Tone::Dim, "This is a drill: nothing leaves this machine."));
    }
    see
}

/// The three questions with their keys and answers, first in sight.
fn questions(at: &View<'_>) -> Vec<Text> {
    let line = |(topic, question): &(&str, &str)| {
        let fact = fact(at, topic);
        let tone = if fact == Fact::Unknown { Tone::Warn } else { Tone::Strong };
        let key = ACTIONS.iter().find(|a| a.id.ends_with(topic)).map_or(' ', |a| a.key);
        Text::tone(Tone::Strong, key).and(Tone::Plain, format!("  {question}  ")).and(tone, fact.word())
    };
    QUESTIONS.iter().map(line).collect()
}
