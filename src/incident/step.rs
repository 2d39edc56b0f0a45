//! The state of one step, in the words every screen, report and score uses.
//!
//! Must not know: which steps there are.

use serde::{Deserialize, Serialize};

/// How a step stands. `Unknown` is never shown as anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "with", rename_all = "snake_case")]
pub enum StepState {
    /// Can't be done yet, and why.
    Locked(String),
    Ready,
    Running,
    /// Done by its own account; a probe is still to see it.
    Verifying(String),
    /// A probe saw the wanted state. The evidence.
    Done(String),
    /// A person did it and answered the challenge.
    ByHand(String),
    Skipped(String),
    Deferred(String),
    /// It was tried and did not work; nothing was changed.
    Failed(String),
    /// It may or may not have happened.
    Unknown(String),
}

impl StepState {
    /// One word for the rail.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Locked(_) => "waiting",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Verifying(_) => "proving",
            Self::Done(_) => "done",
            Self::ByHand(_) => "by hand",
            Self::Skipped(_) => "skipped",
            Self::Deferred(_) => "deferred",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The evidence, reason or trouble behind the word.
    pub fn detail(&self) -> &str {
        match self {
            Self::Ready | Self::Running => "",
            Self::Locked(s)
            | Self::Verifying(s)
            | Self::Done(s)
            | Self::ByHand(s)
            | Self::Skipped(s)
            | Self::Deferred(s)
            | Self::Failed(s)
            | Self::Unknown(s) => s,
        }
    }

    /// Nothing more to do here tonight.
    pub fn settled(&self) -> bool {
        matches!(self, Self::Done(_) | Self::ByHand(_) | Self::Skipped(_) | Self::Deferred(_))
    }

    /// Something a closing list must carry.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Done(_) | Self::ByHand(_))
    }
}

/// One step of a stage as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub id: String,
    pub label: String,
    #[serde(flatten)]
    pub state: StepState,
}

impl Step {
    pub fn new(id: &str, label: &str, state: StepState) -> Self {
        Self { id: id.into(), label: label.into(), state }
    }
}

/// The state of a whole from its parts: the worst of them speaks, done only when all are.
pub fn overall(steps: &[Step]) -> StepState {
    let find = |test: fn(&StepState) -> bool| steps.iter().map(|s| &s.state).find(|s| test(s)).cloned();
    let all_settled = steps.iter().all(|s| s.state.settled());
    if let Some(unknown) = find(|s| matches!(s, StepState::Unknown(_))) {
        return unknown;
    }
    if all_settled {
        let said: Vec<&str> = steps.iter().map(|s| s.state.detail()).filter(|d| !d.is_empty()).collect();
        let said = said.join("; ");
        let any = |test: fn(&StepState) -> bool| steps.iter().any(|s| test(&s.state));
        // What somebody decided not to do is not done.
        return if any(|s| matches!(s, StepState::Skipped(_))) {
            StepState::Skipped(said)
        } else if any(|s| matches!(s, StepState::ByHand(_))) {
            StepState::ByHand(said)
        } else {
            StepState::Done(said)
        };
    }
    find(|s| matches!(s, StepState::Failed(_)))
        .or_else(|| find(|s| matches!(s, StepState::Running)))
        .or_else(|| find(|s| matches!(s, StepState::Verifying(_))))
        .or_else(|| find(|s| matches!(s, StepState::Ready)))
        .or_else(|| find(|s| matches!(s, StepState::Locked(_))))
        .unwrap_or(StepState::Ready)
}
