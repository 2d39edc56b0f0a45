//! L4: one room per stage of the walk. A stage says how it stands, what to do now, what it offers, what it reads by
//! itself, and what its pane shows, all as plain data.
//!
//! Must not know: the disk, sockets, clocks, the terminal, other stages' rooms.
//!
//! To add one: 1. write `src/stages/<id>.rs` with a `static` that implements [`Stage`]; 2. add its `mod` line;
//! 3. add it to [`ALL`], in the order of the default playbook.

mod act;
pub mod close;
pub mod intake;
pub mod issue;
pub mod purge;
pub mod revoke;
mod running;
pub mod sheet;
pub mod targets;
pub mod usage;

use std::collections::BTreeSet;

use crate::base::{FaultKind, SecretRef, Stamp};
use crate::effect::{Effect, ProviderOp, Risk, TargetOp};
use crate::incident::playbook::Playbook;
use crate::incident::step::overall;
use crate::incident::{Incident, Intent, IntentState, Step, StepRef, StepState};
use crate::providers::Provider;
use crate::providers::prices::Prices;

pub use act::{Act, Answer, Ask, Consequence, Kind, Then};
pub use running::Running;
pub use sheet::{Block, DoNow, Listing, Sheet, Text, Tone};

/// Every stage, in the order of the rail.
pub static ALL: [&dyn Stage; 7] =
    [&intake::INTAKE, &revoke::REVOKE, &usage::USAGE, &issue::ISSUE, &targets::TARGETS, &purge::PURGE, &close::CLOSE];

pub fn by_id(id: &str) -> Option<&'static dyn Stage> {
    ALL.iter().copied().find(|s| s.id() == id)
}

pub trait Stage: Sync {
    fn id(&self) -> &'static str;
    /// For the rail: `Revoke`.
    fn title(&self) -> &'static str;
    /// What is true when it is done.
    fn goal(&self) -> &'static str;
    /// How its steps stand, apart from what holds for every stage (skipped, deferred, gates, unknown writes).
    fn steps(&self, at: &View<'_>) -> Vec<Step>;
    /// The one next thing here. Asked for every stage in every frame: cheaper than the sheet, which carries it too.
    fn do_now(&self, at: &View<'_>) -> DoNow;
    fn sheet(&self, at: &View<'_>) -> Sheet;
    fn actions(&self) -> &'static [Action];
    /// Reads it wants done without being asked.
    fn reads(&self, at: &View<'_>) -> Vec<Due>;
    /// Rows that a cursor can be on.
    fn rows(&self, _: &View<'_>) -> usize {
        0
    }
    /// What stays open whatever the stage's state: a line each for the closing list.
    fn still_open(&self, _: &View<'_>) -> Vec<String> {
        Vec::new()
    }
    /// It was given nothing to look in, so that it can claim nothing: what was not looked into.
    fn not_looked_into(&self, _: &View<'_>) -> Option<&'static str> {
        None
    }
}

/// Everything a stage may look at.
#[derive(Debug)]
pub struct View<'a> {
    pub incident: &'a Incident,
    pub now: Stamp,
    pub provider: &'static dyn Provider,
    pub playbooks: &'a [Playbook],
    pub prices: &'a Prices,
    pub running: &'a [Running],
    /// Secrets the vault holds now; after a restart it may hold fewer than the journal tells of.
    pub held: &'a BTreeSet<SecretRef>,
    /// The cursor in this stage's rows.
    pub cursor: usize,
    /// Only looking: nothing may be written.
    pub observe: bool,
    /// When a drill's colleague was asked for a new key, while it has not come yet.
    pub asked: Option<Stamp>,
}

/// A read that is wanted at or after `at`.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    pub step: StepRef,
    pub effect: Effect,
    pub at: Stamp,
}

/// Something a person can do. Help, footer, palette, man page and `print keys` all come from these.
pub struct Action {
    /// `revoke.kill`: stable, for scripts and the palette.
    pub id: &'static str,
    pub key: char,
    pub label: &'static str,
    /// What it is good for, one sentence.
    pub why: &'static str,
    pub risk: Risk,
    /// Can it be done now? If not, why not.
    pub ready: fn(&View<'_>) -> Result<(), String>,
    /// What pressing its key leads to. Called only when ready.
    pub go: fn(&View<'_>) -> Act,
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Action").field("id", &self.id).field("key", &self.key).finish_non_exhaustive()
    }
}

impl View<'_> {
    pub fn playbook(&self) -> Option<&Playbook> {
        let chosen = self.incident.decision("order").map(|d| d.choice.as_str());
        self.playbooks.iter().find(|book| Some(book.id.as_str()) == chosen).or_else(|| self.playbooks.first())
    }

    pub fn is_running(&self, step: &StepRef) -> bool {
        self.running.iter().any(|r| r.step == *step)
    }

    pub fn running_in(&self, stage: &str) -> impl Iterator<Item = &Running> {
        self.running.iter().filter(move |r| r.step.stage == stage)
    }

    /// An admin key is at hand: given at the opening, or to this run of the program.
    pub fn has_admin(&self) -> bool {
        self.incident.opened.has_admin || self.held.contains(&SecretRef::Admin)
    }

    /// What to do when the next look needs the leaked key and the vault does not hold it (after a restart).
    pub fn without_leaked(&self) -> Option<DoNow> {
        if self.observe || self.held.contains(&SecretRef::Leaked) {
            return None;
        }
        Some(DoNow {
            what: "Leave (q) and resume with the leaked key: the vault lost it with the end of the program".into(),
            effect: "stanch resume asks for it, hidden. Without it nothing can be probed or looked through.".into(),
            ..DoNow::default()
        })
    }

    /// The state of one step from what every step has in common: running, unknown, by hand, failed.
    /// `None`: nothing of that; the stage decides.
    pub fn common(&self, step: &StepRef) -> Option<StepState> {
        if let Some(unknown) = self.incident.unknowns().find(|i| i.step == *step) {
            return Some(StepState::Unknown(format!("{}: nobody saw the answer", unknown.effect.words())));
        }
        // Open and not in this process's list: another process is at it, and this one only looks.
        let open = |i: &Intent| i.step == *step && i.state == IntentState::Open;
        if self.running.iter().any(|r| r.step == *step && r.effect.writes()) || self.incident.intents.values().any(open)
        {
            return Some(StepState::Running);
        }
        if let Some((_, answer)) = self.incident.by_hand.get(step) {
            return Some(StepState::ByHand(answer.clone()));
        }
        None
    }

    /// `Failed` when the last try at a step brought a fault. What a person stopped did not fail: it can be begun again.
    pub fn fault(&self, step: &StepRef) -> Option<StepState> {
        let (_, fault) = self.incident.faults.get(step)?;
        if fault.kind == FaultKind::Cancelled {
            return Some(StepState::Ready);
        }
        Some(StepState::Failed(format!("{}: {}", fault.what, fault.why)))
    }
}

/// A provider's instructions as lines: the page, then the steps, numbered.
pub(crate) fn by_hand(how: crate::providers::Instructions, between: Option<Text>) -> Vec<Text> {
    let page = Text::plain(format!("By hand: open {}", how.page));
    let steps = how.steps.into_iter().enumerate().map(|(n, step)| Text::plain(format!("{}. {step}", n + 1)));
    std::iter::once(page).chain(between).chain(steps).collect()
}

/// How a stage stands as a whole: a person's mark first, then gates, then its steps.
pub fn state(stage: &dyn Stage, at: &View<'_>) -> StepState {
    use crate::incident::StageMark;
    let steps = stage.steps(at);
    let worst = overall(&steps);
    if worst.settled() || matches!(worst, StepState::Unknown(_) | StepState::Running) {
        return worst;
    }
    match at.incident.marks.get(stage.id()) {
        Some(StageMark::Skipped { reason, .. }) => return StepState::Skipped(reason.clone()),
        Some(StageMark::Deferred { owner, due, reason, .. }) => {
            return StepState::Deferred(format!("{owner}, due {due}: {reason}"));
        }
        None => {}
    }
    if let Some(why) = locked(stage.id(), at) {
        return StepState::Locked(why);
    }
    worst
}

/// The one next thing of a stage: nothing in one that a person put aside, waiting in one whose gate is shut.
pub fn do_now(stage: &dyn Stage, at: &View<'_>) -> DoNow {
    let now = stage.do_now(at);
    let mark = || at.incident.marks.contains_key(stage.id());
    match state(stage, at) {
        StepState::Skipped(why) if mark() => aside(&format!("skipped, {why}")),
        StepState::Deferred(why) => aside(&format!("deferred to {why}")),
        StepState::Locked(why)
            if stage.actions().iter().any(|a| Some(a.id) == now.action && (a.ready)(at).is_err()) =>
        {
            DoNow { what: format!("Wait: {why}"), effect: format!("Then: {}", now.what), ..DoNow::default() }
        }
        _ => now,
    }
}

fn aside(how: &str) -> DoNow {
    DoNow { what: format!("Nothing: {how}"), effect: "R takes it up again.".into(), ..DoNow::default() }
}

/// What runs here and is waited for ends in moments, and then something may be wanted here: until then nothing else is
/// next, so that no other key comes under the finger.
pub fn holds(stage: &dyn Stage, at: &View<'_>) -> bool {
    let brief = |effect: &Effect| match effect {
        Effect::Target { op } => matches!(op, TargetOp::ReadBack { .. } | TargetOp::Prove { .. }),
        Effect::Provider { op, .. } => matches!(op, ProviderOp::Probe { key: SecretRef::Replacement }),
        Effect::Git { .. } => false,
    };
    let soon = at.running_in(stage.id()).any(|r| r.effect.writes() || brief(&r.effect));
    soon && do_now(stage, at).action.is_none()
}

/// Why a stage can't be entered yet, by the playbook's gates.
pub fn locked(stage: &str, at: &View<'_>) -> Option<String> {
    let book = at.playbook()?;
    book.gates_of(stage).find_map(|gate| {
        let needs = by_id(&gate.needs)?;
        let needed = state(needs, at);
        let passed = needed.settled() || (gate.needs == "revoke" && matches!(needed, StepState::Verifying(_)));
        (!passed).then(|| gate.why.clone())
    })
}

/// The stages in walking order: intake, the playbook's five, close.
pub fn order(at: &View<'_>) -> Vec<&'static dyn Stage> {
    let middle = at.playbook().map(|b| b.stages.clone()).unwrap_or_default();
    std::iter::once("intake")
        .chain(middle.iter().map(String::as_str))
        .chain(std::iter::once("close"))
        .filter_map(by_id)
        .collect()
}
