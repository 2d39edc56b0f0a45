//! Stage 2: what was done with the key. Figures, costs and the audit log against the week before; a verdict a person records.
//!
//! Must not know: which endpoints a provider has.

use std::collections::BTreeMap;

use crate::base::{SecretRef, Stamp};
use crate::effect::provider::{CostRow, UsageReading, Window};
use crate::effect::{ProviderOp, Risk};
use crate::incident::advice::{Fact, Facts};
use crate::incident::death::Death;
use crate::incident::usage::{Abuse, Assessment, Beside, LAG_S, as_f64, assess, in_window};
use crate::incident::{Step, StepRef, StepState};
use crate::providers::Support;
use crate::providers::prices::estimate;

use super::revoke::{self, provider};
use super::sheet::{Chart, Table};
use super::{Act, Action, Ask, Block, DoNow, Due, Kind, Sheet, Stage, Text, Then, Tone, View};

pub static USAGE: Usage = Usage;

#[derive(Debug)]
pub struct Usage;

/// Seconds between two rounds while the figures still move.
const EVERY_S: i64 = 60;
/// The baseline: the week before the exposure.
const BASELINE_S: i64 = 7 * 86_400;

fn step(id: &str) -> StepRef {
    StepRef::new("usage", id)
}

impl Stage for Usage {
    fn id(&self) -> &'static str {
        "usage"
    }

    fn title(&self) -> &'static str {
        "Usage"
    }

    fn goal(&self) -> &'static str {
        "it is known what was done with the key, or that it can't be known"
    }

    fn steps(&self, at: &View<'_>) -> Vec<Step> {
        let read = match &at.incident.usage {
            Some((when, reading)) => StepState::Done(format!("read at {}, {}", when.time(), up_to(reading))),
            None if at.is_running(&step("read")) => StepState::Running,
            None => at.fault(&step("read")).or_else(|| at.common(&step("read"))).unwrap_or_else(|| blocked(at)),
        };
        let verdict =
            at.incident.decision("usage.verdict").map(|d| StepState::Done(format!("{}: {}", d.choice, d.reason)));
        let by_hand = at.common(&step("verdict"));
        let waiting = || match &at.incident.usage {
            Some(_) => StepState::Ready,
            // Nobody waits for figures that can't be had: v takes what a person saw.
            None if !at.has_admin() => StepState::Ready,
            None => StepState::Locked("no figures yet".into()),
        };
        let verdict = verdict.or(by_hand).unwrap_or_else(waiting);
        let read = if verdict.settled() && !read.settled() {
            StepState::ByHand("figures were looked at by hand".into())
        } else {
            read
        };
        vec![Step::new("read", "read the figures", read), Step::new("verdict", "record the verdict", verdict)]
    }

    fn do_now(&self, at: &View<'_>) -> DoNow {
        do_now(at)
    }

    fn sheet(&self, at: &View<'_>) -> Sheet {
        let mut sheet = Sheet { do_now: do_now(at), way_out: way_out(at), ..Sheet::default() };
        if let Some((when, fault)) = at.incident.faults.get(&step("read")) {
            sheet.see.push(Text::tone(Tone::Bad, format!("{} {}: {}", when.time(), fault.what, fault.why)));
        }
        if let Some((_, reading)) = &at.incident.usage {
            let assessment = assess(reading, beside(at));
            sheet.see.extend(see(at, reading, &assessment));
            sheet.body = vec![chart(at, reading), table(&assessment)];
            sheet.body.extend(audit(reading));
        }
        if let Some((when, reading)) = &at.incident.usage {
            let failed = reading.parts.iter().filter(|p| p.failed.is_some()).count();
            let (read, up_to) = (reading.parts.len() - failed, up_to(reading));
            let lost = if failed == 0 { String::new() } else { format!(", {failed} not") };
            sheet.evidence.push(Text::plain(format!("{} read: {read} endpoints{lost}; {up_to}", when.time())));
        }
        if let Some(d) = at.incident.decision("usage.verdict") {
            sheet.evidence.push(Text::plain(format!(
                "{} recorded by {}: {} ({})",
                d.at.time(),
                d.by,
                d.choice,
                d.reason
            )));
        }
        sheet
    }

    fn actions(&self) -> &'static [Action] {
        &ACTIONS
    }

    /// As soon as the row is known, then every minute until the incident closes.
    fn reads(&self, at: &View<'_>) -> Vec<Due> {
        if at.incident.closed.is_some() || blocked(at) != StepState::Ready {
            return Vec::new();
        }
        let when = at.incident.usage.as_ref().map_or(at.now, |(last, _)| last.plus_secs(EVERY_S));
        // A verdict on a key that is proven dead needs no fresher figures than its late ones.
        let over = at.incident.decision("usage.verdict").is_some()
            && Death::of(at.incident, SecretRef::Leaked)
                .late_at
                .is_some_and(|late| at.incident.usage.as_ref().is_some_and(|(last, _)| *last > late));
        if over { Vec::new() } else { read(at, when).into_iter().collect() }
    }
}

fn read(at: &View<'_>, when: Stamp) -> Option<Due> {
    let row = at.incident.row()?.clone();
    let from = at.incident.exposed_since();
    let window = Window { baseline: from.plus_secs(-BASELINE_S), from, to: at.now };
    Some(Due { step: step("read"), effect: provider(at, ProviderOp::Usage { row, window }), at: when })
}

/// `Ready`, or why no figures can be had.
fn blocked(at: &View<'_>) -> StepState {
    if !at.has_admin() {
        return StepState::Locked("no admin key to read the figures with; v records what you saw".into());
    }
    if at.incident.row().is_none() {
        return StepState::Locked("the key's row is not known yet".into());
    }
    StepState::Ready
}

fn refused(at: &View<'_>) -> Option<Stamp> {
    Death::of(at.incident, SecretRef::Leaked).contained_at()
}

/// What is known apart from the figures: the key's end, and whether intake was told of spending.
fn beside(at: &View<'_>) -> Beside {
    let found_by = at.incident.decision("found_by").map_or(at.incident.opened.found_by.as_str(), |d| &d.choice);
    let alarm = Facts::of(at.incident).burning == Fact::Yes || found_by == "bill";
    Beside { revoked: refused(at), alarm }
}

/// Until when quiet figures are not advised to be taken for the truth: they lag, and the key may still be at work.
fn too_early(at: &View<'_>, verdict: Abuse) -> Option<Stamp> {
    let (read, _) = at.incident.usage.as_ref()?;
    let from = refused(at).unwrap_or(at.incident.opened_at);
    let until = from.plus_secs(LAG_S);
    (verdict != Abuse::Abused && *read < until).then_some(until)
}

fn up_to(reading: &UsageReading) -> String {
    reading.data_up_to.map_or_else(|| "no data yet".into(), |when| format!("data up to {}", when.minute()))
}

fn do_now(at: &View<'_>) -> DoNow {
    if at.incident.decision("usage.verdict").is_some() {
        return DoNow {
            what: "Nothing. The verdict is recorded; the figures go on.".into(),
            check: "v again records another, if they change.".into(),
            ..DoNow::default()
        };
    }
    match &at.incident.usage {
        Some((_, reading)) => {
            let assessment = assess(reading, beside(at));
            if let Some(until) = too_early(at, assessment.verdict) {
                return DoNow {
                    what: format!("Not yet: {}, {}", assessment.verdict.words(), up_to(reading)),
                    effect: format!(
                        "Figures lag by minutes. I look again every minute; judge after {}.",
                        until.minute()
                    ),
                    check: "Go on with the next stage (n) meanwhile; v records a verdict all the same.".into(),
                    ..DoNow::default()
                };
            }
            DoNow {
                action: Some("usage.verdict"),
                what: format!("Record the verdict: {}", assessment.verdict.words()),
                effect: "Figures lag by minutes to hours; you can record again later.".into(),
                check: String::new(),
            }
        }
        None if matches!(blocked(at), StepState::Ready) => DoNow {
            what: "Wait: reading usage, costs and audit log".into(),
            check: "Reads only.".into(),
            ..DoNow::default()
        },
        None if revoke::looking(at) => {
            DoNow { what: "Wait: looking for the key's row".into(), check: "Reads only.".into(), ..DoNow::default() }
        }
        None => DoNow {
            action: Some("usage.verdict"),
            what: "Look at the usage page, then record what you saw (v)".into(),
            effect: format!("Not by the program: {}.", blocked(at).detail()),
            check: "Your words go into the report as yours.".into(),
        },
    }
}

fn see(at: &View<'_>, reading: &UsageReading, assessment: &Assessment) -> Vec<Text> {
    let tone = match assessment.verdict {
        Abuse::Abused => Tone::Bad,
        Abuse::NoSign => Tone::Good,
        Abuse::CannotTell => Tone::Warn,
    };
    let mut see = vec![
        Text::plain("The figures say: ")
            .and(tone, assessment.verdict.words())
            .and(Tone::Dim, format!("  ({})", up_to(reading))),
    ];
    see.extend(assessment.reasons.iter().take(3).map(|reason| Text::plain(format!("- {reason}"))));
    see.push(Text::plain(money(at, reading)));
    for part in reading.parts.iter().filter(|p| p.failed.is_some()) {
        see.push(Text::tone(
            Tone::Warn,
            format!("{} could not be read: {}", part.part, part.failed.clone().unwrap_or_default()),
        ));
    }
    see.push(Text::tone(Tone::Dim, "Usage carries no IP address: where it came from can't be told from here."));
    see
}

/// Dollars over the window: from closed days' costs, else estimated, and said to be so.
pub fn money(at: &View<'_>, reading: &UsageReading) -> String {
    let guess = estimate(in_window(reading), at.prices);
    let in_span = |c: &&CostRow| c.day.plus_secs(86_400) <= reading.window.to && c.day >= day(reading.window.from);
    let closed: f64 = reading.costs.iter().filter(in_span).map(|c| c.usd).sum();
    let unpriced = match guess.unpriced_models.as_slice() {
        [] => String::new(),
        models => format!(", without {} (no price known)", models.join(", ")),
    };
    let estimated = match guess.usd {
        Some(usd) => format!("about ${usd:.2} in the window, estimated with prices of {}{unpriced}", at.prices.as_of),
        None if unpriced.is_empty() => "no spending seen in the window yet".to_owned(),
        None => format!("spending in the window can't be estimated{unpriced}"),
    };
    if closed > 0.0 { format!("${closed:.2} billed for closed days since the leak; {estimated}") } else { estimated }
}

fn day(at: Stamp) -> Stamp {
    Stamp::from_secs(at.secs() - at.secs().rem_euclid(86_400))
}

/// How many whole minutes the rate in the header is taken from: few, so that a thief who has just begun shows as what he
/// costs.
const BURN_MIN: u32 = 3;
/// Figures older than this say nothing about now, seconds. They lag by minutes even where they are prompt.
const STALE_S: i64 = 600;

/// Dollars a minute, for the header: over the last whole minutes with figures. The newest minute is left out, since what
/// is asked for now has only begun to be counted; taken along, it would halve the rate.
pub fn burn_rate(at: &View<'_>) -> Option<f64> {
    let (read, reading) = at.incident.usage.as_ref()?;
    let newest = in_window(reading).filter(|row| row.requests > 0).map(|row| row.start).max()?;
    if read.since(newest) > STALE_S {
        return None;
    }
    let from = newest.plus_secs(-60 * i64::from(BURN_MIN));
    let whole = in_window(reading).filter(|row| (from..newest).contains(&row.start));
    estimate(whole, at.prices).usd.map(|usd| usd / f64::from(BURN_MIN))
}

fn chart(at: &View<'_>, reading: &UsageReading) -> Block {
    let mut minutes: BTreeMap<i64, u64> = BTreeMap::new();
    for row in in_window(reading) {
        *minutes.entry(row.start.secs()).or_default() += row.requests;
    }
    let mut marks = vec![(reading.window.from.secs(), 'L', "leak".to_owned())];
    if let Some(when) = refused(at) {
        marks.push((when.secs(), 'R', "refused".to_owned()));
    }
    marks.push((at.now.secs(), 'N', "now".to_owned()));
    Block::Chart(Chart {
        title: "Requests per minute".into(),
        points: minutes.into_iter().map(|(t, n)| (t, as_f64(n))).collect(),
        from: reading.window.from.plus_secs(-120).secs(),
        to: at.now.secs(),
        marks,
        unit: "req/min".into(),
    })
}

fn table(assessment: &Assessment) -> Block {
    let rows = assessment.lines.iter().map(|line| {
        let ratio = match line.ratio {
            _ if line.new && line.requests > 0 => Text::tone(Tone::Bad, "new"),
            Some(ratio) if ratio >= 3.0 => Text::tone(Tone::Bad, format!("x{ratio:.1}")),
            Some(ratio) => Text::plain(format!("x{ratio:.1}")),
            None => Text::tone(Tone::Dim, "-"),
        };
        vec![
            line.model.as_str().into(),
            line.part.as_str().into(),
            format!("{:.1}", line.baseline).into(),
            format!("{:.1}", line.window).into(),
            ratio,
            line.tokens.to_string().into(),
        ]
    });
    Block::Table(Table {
        title: "By model and endpoint (requests per hour)".into(),
        head: ["Model", "Endpoint", "Before", "Window", "Ratio", "Tokens"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        ..Table::default()
    })
}

fn audit(reading: &UsageReading) -> Option<Block> {
    let lines: Vec<Text> = reading
        .audit
        .iter()
        .rev()
        .take(12)
        .map(|row| {
            let ip = row.ip.as_ref().map(|ip| format!(" from {ip}")).unwrap_or_default();
            Text::plain(format!("{} {} by {}{ip} {}", row.at.minute(), row.what, row.actor, row.about))
        })
        .collect();
    (!lines.is_empty()).then(|| Block::Lines { title: "Audit log since the leak".into(), lines })
}

fn way_out(at: &View<'_>) -> Vec<Text> {
    let Some(row) = at.incident.row().cloned() else {
        return vec!["By hand: open the provider's usage page, filter by the key, then v".into()];
    };
    let window = Window { baseline: at.now, from: at.now, to: at.now };
    match at.provider.support(&ProviderOp::Usage { row, window }, false) {
        Support::ByHand(how) => super::by_hand(how, None),
        _ => Vec::new(),
    }
}

/// Without figures a person says what they saw, and how.
fn by_hand() -> Act {
    let choices =
        [Abuse::CannotTell, Abuse::Abused, Abuse::NoSign].map(|a| (a.words().to_owned(), a.words().to_owned()));
    let body = vec!["It can be recorded again when somebody sees more.".into()];
    let verdict = Ask::new("Was the key abused?", body, Kind::Choice(choices.to_vec()));
    let body = vec!["The page, the days, the models and amounts: it stands in the report as your word.".into()];
    let why = Ask::line("Was the key abused?", "What did you see?", body);
    Act::Ask { asks: vec![verdict, why], then: Then::DecideBecause { topic: "usage.verdict".into() } }
}

static ACTIONS: [Action; 2] = [
    Action {
        id: "usage.verdict",
        key: 'v',
        label: "record the verdict",
        why: "Puts the verdict and its reason on record; you may say otherwise than the figures.",
        risk: Risk::Read,
        ready: |_| Ok(()),
        go: |at| {
            let Some((_, reading)) = &at.incident.usage else { return by_hand() };
            let assessment = assess(reading, beside(at));
            let first = assessment.verdict;
            let reason = assessment.reasons.join("; ");
            let mut all = [Abuse::Abused, Abuse::NoSign, Abuse::CannotTell];
            all.sort_by_key(|a| *a != first);
            let choices = all.iter().map(|a| {
                let says =
                    if *a == first { format!("{}  (the figures say so)", a.words()) } else { a.words().to_owned() };
                (a.words().to_owned(), says)
            });
            let body =
                vec![format!("Reason: {reason}"), "It can be recorded again when newer figures say otherwise.".into()];
            let ask = Ask::new("Was the key abused?", body, Kind::Choice(choices.collect()));
            Act::Ask {
                asks: vec![ask],
                then: Then::Decide { topic: "usage.verdict".into(), reason, facts: BTreeMap::new() },
            }
        },
    },
    Action {
        id: "usage.check",
        key: 'c',
        label: "read the figures again now",
        why: "They also refresh by themselves every minute.",
        risk: Risk::Read,
        ready: |at| match blocked(at) {
            StepState::Ready => Ok(()),
            other => Err(other.detail().to_owned()),
        },
        go: |at| read(at, at.now).map_or(Act::Now(Vec::new()), |due| Act::perform(due.step, due.effect)),
    },
];
