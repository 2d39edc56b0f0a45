//! The report: the incident in the order of a postmortem, as data, as Markdown and as JSON.
//!
//! Must not know: where it is written. Every line comes from the fold; nothing in it is a secret, because nothing in
//! the fold is.

use std::fmt::Write as _;

use serde::Serialize;

use crate::base::stamp::span_text;
use crate::base::{SecretRef, Stamp};
use crate::effect::Verdict;
use crate::incident::death::Death;
use crate::incident::timeline::Entry;
use crate::incident::{Mode, Step, StepState};
use crate::stages;
use crate::stages::close::{PREVENTION, open};

use super::App;

/// How one stage stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageReport {
    pub id: &'static str,
    pub title: &'static str,
    #[serde(flatten)]
    pub state: StepState,
    /// What was seen that proves it, a line each.
    pub evidence: Vec<String>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Version of this shape.
    pub version: u32,
    pub mode: Mode,
    pub incident: String,
    pub provider: String,
    pub key: String,
    pub key_kind: &'static str,
    pub found_by: String,
    pub opened_at: Stamp,
    pub exposed_since: Stamp,
    pub exposed_known: bool,
    /// When a probe first saw the key refused, in the run that proved it.
    pub contained_at: Option<Stamp>,
    pub proven_at: Option<Stamp>,
    pub time_to_contain_s: Option<i64>,
    pub verdict: Verdict,
    pub order: Option<String>,
    pub order_reason: Option<String>,
    pub usage_verdict: Option<String>,
    pub usage_reason: Option<String>,
    pub money: Option<String>,
    pub new_key: Option<String>,
    pub stages: Vec<StageReport>,
    pub open: Vec<String>,
    pub closed_at: Option<Stamp>,
    pub timeline: Vec<Entry>,
}

impl Report {
    pub fn of(app: &App) -> Self {
        let incident = &app.incident;
        let death = Death::of(incident, SecretRef::Leaked);
        // A run of refusals that is no proof yet is no containment; nor is one of a key that never lived.
        let contained_at = death.contained_at().filter(|_| death.proven_at.is_some() && !death.doubtful());
        let (order, usage) = (incident.decision("order"), incident.decision("usage.verdict"));
        let stage = |stage: &'static dyn stages::Stage| {
            let view = app.view(stage.id());
            let sheet = stage.sheet(&view);
            StageReport {
                id: stage.id(),
                title: stage.title(),
                state: stages::state(stage, &view),
                evidence: sheet.evidence.iter().map(stages::Text::flat).collect(),
                steps: stage.steps(&view),
            }
        };
        Self {
            version: 1,
            mode: incident.opened.mode,
            incident: incident.opened.incident.clone(),
            provider: incident.opened.provider.clone(),
            key: incident.opened.key.to_string(),
            key_kind: incident.opened.key.kind.words(),
            found_by: incident.decision("found_by").map_or(&incident.opened.found_by, |d| &d.choice).clone(),
            opened_at: incident.opened_at,
            exposed_since: incident.exposed_since(),
            exposed_known: incident.exposed_known(),
            contained_at,
            proven_at: death.proven_at,
            time_to_contain_s: contained_at.map(|at| at.since(incident.opened_at)),
            verdict: death.verdict(),
            order: order.map(|d| d.choice.clone()),
            order_reason: order.map(|d| d.reason.clone()),
            usage_verdict: usage.map(|d| d.choice.clone()),
            usage_reason: usage.map(|d| d.reason.clone()),
            money: incident.usage.as_ref().map(|(_, reading)| stages::usage::money(&app.view("usage"), reading)),
            new_key: incident.taken.get(&SecretRef::Replacement).map(ToString::to_string),
            stages: stages::order(&app.view("")).into_iter().map(stage).collect(),
            open: open(&app.view("close")),
            closed_at: incident.closed.as_ref().map(|(at, _)| *at),
            timeline: incident.timeline.clone(),
        }
    }

    /// A postmortem in Markdown: summary, impact, timeline, what was done with evidence, what is open, prevention,
    /// questions for the room.
    pub fn markdown(&self) -> String {
        let mut md = String::new();
        self.summary(&mut md);
        self.impact(&mut md);
        self.response(&mut md);
        let _ = write!(md, "\n## Open points\n\n");
        if self.open.is_empty() {
            md.push_str("None.\n");
        }
        for line in &self.open {
            let _ = writeln!(md, "- [ ] {}", plain(line));
        }
        let _ = write!(md, "\n## Timeline (UTC)\n\n| time | by | stage | what |\n|---|---|---|---|\n");
        for e in &self.timeline {
            let _ = writeln!(md, "| {} | {} | {} | {} |", e.at.rfc3339(), cell(&e.by), e.stage, cell(&e.words));
        }
        let _ = write!(md, "\n## Keep it from happening again\n\n");
        for line in PREVENTION {
            let _ = writeln!(md, "- [ ] {line}");
        }
        md.push_str("\n## Questions for the room\n\n");
        for question in QUESTIONS {
            let _ = writeln!(md, "- {question}");
        }
        md
    }

    fn summary(&self, md: &mut String) {
        let _ = write!(md, "# {} {}: leaked {} {}\n\n", self.mode.word(), self.incident, self.provider, self.key);
        if self.mode == Mode::Drill {
            md.push_str("**This was a drill.** Nothing in it happened outside one machine.\n\n");
        }
        let contained = match (self.contained_at, self.time_to_contain_s) {
            (Some(at), Some(secs)) => format!("at {} ({} after opening)", at.rfc3339(), span_text(secs)),
            _ if self.proven_at.is_some() => "refused from the first probe on: is it the right key?".to_owned(),
            _ => "not seen".to_owned(),
        };
        let since = if self.exposed_known { "" } else { " (not told; at the latest)" };
        let rows = [
            ("Key", format!("{} ({})", self.key, self.key_kind)),
            ("Found by", self.found_by.clone()),
            ("Exposed since", format!("{}{since}", self.exposed_since.rfc3339())),
            ("Opened", self.opened_at.rfc3339()),
            ("Contained", contained),
            ("The key is", self.verdict.word().to_owned()),
            (
                "Order",
                format!(
                    "{} ({})",
                    self.order.clone().unwrap_or_else(|| "not decided".into()),
                    self.order_reason.clone().unwrap_or_default()
                ),
            ),
            ("New key", self.new_key.clone().unwrap_or_else(|| "none".into())),
            ("Closed", self.closed_at.map_or_else(|| "still open".into(), Stamp::rfc3339)),
        ];
        let _ = write!(md, "## Summary\n\n| | |\n|---|---|\n");
        for (name, value) in rows {
            let _ = writeln!(md, "| {name} | {} |", cell(&value));
        }
    }

    fn impact(&self, md: &mut String) {
        let verdict = self.usage_verdict.clone().unwrap_or_else(|| "not recorded".into());
        let reason = self.usage_reason.clone().unwrap_or_default();
        let _ = write!(md, "\n## Impact\n\n- Abuse: {} ({})\n", plain(&verdict), plain(&reason));
        if let Some(money) = &self.money {
            let _ = writeln!(md, "- Money: {money}");
        }
        md.push_str("- Where the requests came from can't be told: usage carries no IP address.\n");
    }

    fn response(&self, md: &mut String) {
        md.push_str("\n## What was done, and the evidence\n");
        for stage in &self.stages {
            let _ = write!(md, "\n### {}: {}\n\n", stage.title, stage.state.word());
            for step in &stage.steps {
                let detail = if step.state.detail().is_empty() {
                    String::new()
                } else {
                    format!(": {}", plain(step.state.detail()))
                };
                let _ = writeln!(md, "- {} - {}{detail}", plain(&step.label), step.state.word());
            }
            for line in &stage.evidence {
                let _ = writeln!(md, "  - seen: {}", plain(line));
            }
        }
    }
}

const QUESTIONS: [&str; 5] = [
    "When did we first know, and when could we have known?",
    "Which decision was hard, and was it reasonable with what was known then?",
    "What did the tool hide or make hard?",
    "Who else should have been awake?",
    "What would have been worse on another night?",
];

/// Text from outside, without the characters that mean something in Markdown.
fn plain(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('<', "&lt;").replace('`', "'")
}

fn cell(text: &str) -> String {
    plain(text).replace('|', "/")
}
