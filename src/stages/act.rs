//! What pressing a key leads to: work that starts at once, or questions first. Plain data, so that a test can read it.
//!
//! Must not know: how a question is drawn.

use crate::base::SecretRef;
use crate::effect::{Effect, GitOp};
use crate::incident::{Event, StepRef};

use super::sheet::Listing;

/// What an action does.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// No friction: reads, and words into the journal.
    Now(Vec<Consequence>),
    /// Questions in order, then what follows from the answers.
    Ask { asks: Vec<Ask>, then: Then },
}

/// One thing that follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Consequence {
    Perform {
        step: StepRef,
        effect: Effect,
    },
    Record(Event),
    /// Show this stage.
    Visit(&'static str),
    /// End the program.
    Quit,
    /// Write the report to a file beside the journal.
    Export,
    /// Something long to read, in a pane of its own.
    Show(Listing),
    /// Put text on the clipboard through the terminal (never a secret).
    Copy(String),
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub title: String,
    /// What will happen, to what, by whom.
    pub body: Vec<String>,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `y` or no; Cancel is focused.
    Confirm,
    /// The phrase must be typed.
    Phrase(String),
    /// Free text; `needed`: may not stay empty. `initial` stands there already.
    Line { label: String, initial: String, needed: bool },
    /// One of these: value and its line.
    Choice(Vec<(String, String)>),
    /// A hidden value for the vault.
    Secret(SecretRef),
    /// Only read and closed.
    Info,
}

/// What a question was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Yes,
    Text(String),
    /// The vault took it.
    Took,
}

impl Answer {
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Yes | Self::Took => "",
        }
    }
}

/// What follows from the answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Then {
    /// These, whatever was answered.
    Do(Vec<Consequence>),
    /// The last text answer becomes the step's challenge answer.
    ByHand(StepRef),
    Skip {
        stage: String,
    },
    /// Answers: owner, due, reason.
    Defer {
        stage: String,
    },
    /// The last answer is the choice; the one before, if any, is not used. `reason` or the next answer.
    Decide {
        topic: String,
        reason: String,
        facts: std::collections::BTreeMap<String, String>,
    },
    /// Answers: the choice, and why.
    DecideBecause {
        topic: String,
    },
    /// Answers: reason. The choice stands fixed.
    DecideFor {
        topic: String,
        choice: String,
        facts: std::collections::BTreeMap<String, String>,
    },
    /// The answers pick what follows: the answers, with line feeds between them, and these.
    Each(Vec<(String, Vec<Consequence>)>),
    Note,
    Todo {
        id: String,
    },
    /// The last answer is the folder for the papers of this plan.
    Papers {
        step: StepRef,
        repo: std::path::PathBuf,
        plan: String,
    },
    /// The last answer goes to the clipboard.
    Copy,
    /// Answers: to whom, what to know.
    Handover,
    Nothing,
}

impl Then {
    pub fn follow(&self, answers: &[Answer]) -> Vec<Consequence> {
        let text = |n: usize| answers.get(n).map(|a| a.text().trim().to_owned()).unwrap_or_default();
        let last = || text(answers.len().saturating_sub(1));
        let record = |event| vec![Consequence::Record(event)];
        match self {
            Self::Do(consequences) => consequences.clone(),
            Self::ByHand(step) => record(Event::ByHand { step: step.clone(), answer: last() }),
            Self::Skip { stage } => record(Event::Skipped { stage: stage.clone(), reason: last() }),
            Self::Defer { stage } => {
                record(Event::Deferred { stage: stage.clone(), owner: text(0), due: text(1), reason: text(2) })
            }
            Self::Decide { topic, reason, facts } => record(Event::Decided {
                topic: topic.clone(),
                choice: last(),
                facts: facts.clone(),
                reason: reason.clone(),
            }),
            Self::DecideBecause { topic } => record(Event::Decided {
                topic: topic.clone(),
                choice: text(0),
                facts: std::collections::BTreeMap::new(),
                reason: text(1),
            }),
            Self::DecideFor { topic, choice, facts } => record(Event::Decided {
                topic: topic.clone(),
                choice: choice.clone(),
                facts: facts.clone(),
                reason: last(),
            }),
            Self::Each(ways) => {
                let given: Vec<String> = (0..answers.len()).map(text).collect();
                let answer = given.join("\n");
                ways.iter().find(|(of, _)| *of == answer).map(|(_, then)| then.clone()).unwrap_or_default()
            }
            Self::Todo { id } => record(Event::Todo { id: id.clone(), text: last(), due: None }),
            Self::Papers { step, repo, plan } => {
                let op = GitOp::Papers { plan: plan.clone(), dir: last().into() };
                vec![Consequence::Perform { step: step.clone(), effect: Effect::Git { repo: repo.clone(), op } }]
            }
            Self::Copy => vec![Consequence::Copy(answers.last().map(|a| a.text().to_owned()).unwrap_or_default())],
            Self::Note => record(Event::Note { text: last() }),
            Self::Handover => record(Event::Handover { to: text(0), text: text(1) }),
            Self::Nothing => Vec::new(),
        }
    }
}

impl Act {
    /// One read or write without questions.
    pub fn perform(step: StepRef, effect: Effect) -> Self {
        Self::Now(vec![Consequence::Perform { step, effect }])
    }

    pub fn record(event: Event) -> Self {
        Self::Now(vec![Consequence::Record(event)])
    }

    /// A write behind one question.
    pub fn guarded(ask: Ask, step: StepRef, effect: Effect) -> Self {
        Self::Ask { asks: vec![ask], then: Then::Do(vec![Consequence::Perform { step, effect }]) }
    }
}

impl Ask {
    pub fn new(title: impl Into<String>, body: Vec<String>, kind: Kind) -> Self {
        Self { title: title.into(), body, kind }
    }

    pub fn line(title: &str, label: &str, body: Vec<String>) -> Self {
        Self::new(title, body, Kind::Line { label: label.into(), initial: String::new(), needed: true })
    }
}
