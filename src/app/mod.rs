//! L5: the whole program minus input and output. `update` takes what happened and answers with orders; `view` and
//! `linear` turn the state into cells and lines. Pure: no clock, no file, no socket.
//!
//! Must not know: tokio, the disk, the terminal.
//!
//! To add a command for all stages: one entry in `commands.rs`; keys, footer, `?`, palette, man page and
//! `print keys` follow from it.

mod answered;
mod ask;
mod auto;
pub mod commands;
mod docs;
mod keys;
pub mod linear;
mod pages;
mod palette;
mod reading;
pub mod report;
mod scene;
pub mod start;
mod update;
pub mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::base::{Fault, SecretRef, Stamp};
use crate::effect::{Effect, LogLine, Progress};
use crate::incident::playbook::Playbook;
use crate::incident::{Event, Incident, Record, StepRef};
use crate::providers::Provider;
use crate::providers::prices::Prices;
use crate::stages::{self, Running, Stage, Tone, View};
use crate::ui::Key;

pub use ask::Asking;
pub use docs::{keys_markdown, keys_table};
pub use palette::Palette;
pub use reading::Reading;

/// How long something told stays in sight, seconds.
pub(crate) const TOLD_S: i64 = 8;
/// Lines of the request log that are kept.
const LOG_LINES: usize = 2000;

/// What does not change while the program runs.
#[derive(Debug, Clone)]
pub struct Setup {
    pub provider: &'static dyn Provider,
    pub playbooks: Vec<Playbook>,
    pub prices: Prices,
    /// What stands in the header: `friday-push`, or nothing.
    pub label: String,
    /// Only looking: another process holds the journal.
    pub observe: bool,
    /// How many of the incident's seconds pass in one of the reader's; 1 but in a drill.
    pub pace: u32,
}

impl std::fmt::Debug for dyn Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The incident's clock.
    Now(Stamp),
    /// `hand`: the machine's time of the press, for the rules that are there for hands.
    Key {
        key: Key,
        hand: Stamp,
    },
    /// A command by its name, as chosen in the palette.
    Do {
        id: String,
        hand: Stamp,
    },
    Recorded(Box<Record>),
    /// The journal would not arm it.
    Refused {
        run: Option<u64>,
        fault: Fault,
    },
    Progress {
        run: u64,
        progress: Progress,
    },
    Journal(Option<Fault>),
    Log(LogLine),
    /// What the vault holds now.
    Held(BTreeSet<SecretRef>),
    /// A hidden value was not taken: why.
    NotTaken(Fault),
    /// Something to tell the person.
    Told(Tone, String),
    /// Something that reached the person from outside, in a drill.
    News(String),
    /// The story at the start of a drill.
    Story {
        title: String,
        lines: Vec<String>,
        hand: Stamp,
    },
    /// Somebody asked the process to end.
    Ending(String),
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    Perform {
        run: u64,
        step: StepRef,
        effect: Effect,
    },
    Record(Event),
    Cancel(u64),
    /// The hidden line that was just typed goes to the vault.
    Take(SecretRef),
    /// Forget what was typed into the hidden line.
    DropTyped,
    Export,
    /// Let time pass until the next thing is due: for a clock that stands still otherwise.
    Pass,
    Copy(String),
    Suspend,
    Redraw,
    Quit,
}

/// What lies over the pane.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Overlay {
    #[default]
    None,
    Help {
        top: usize,
    },
    Palette(Palette),
    Log {
        top: usize,
    },
    Timeline {
        top: usize,
    },
    Reading(Box<Reading>),
    Asking(Box<Asking>),
}

/// The state: the fold, and a little view state.
#[derive(Debug)]
pub struct App {
    pub incident: Incident,
    pub setup: Setup,
    pub held: BTreeSet<SecretRef>,
    pub now: Stamp,
    pub running: Vec<Running>,
    pub overlay: Overlay,
    pub journal_fault: Option<Fault>,
    pub log: VecDeque<LogLine>,
    /// The last thing told, and when.
    pub said: Option<(Stamp, Tone, String)>,
    /// What reached the person from outside, newest last.
    pub news: Vec<(Stamp, String)>,
    here: &'static str,
    cursors: BTreeMap<&'static str, usize>,
    /// First line of the pane in sight, and the filter of its tables.
    top: usize,
    filter: crate::ui::input::Input,
    filtering: bool,
    next_run: u64,
    /// Reads that failed: how often, and when to try again.
    backoff: BTreeMap<StepRef, (u32, Stamp)>,
    /// Unknown writes that a look has settled, until the journal has it: a second look must not settle them again.
    settling: BTreeSet<u64>,
    /// The next instant at which something is due by itself.
    wake: Option<Stamp>,
    leaving: bool,
    /// The question whose hidden answer the vault has not taken yet.
    taking: Option<Box<Asking>>,
    /// The question whose typed answer the journal has not taken yet.
    given: Option<Box<Asking>>,
    /// What was left out around the secret that is being taken, to be told with it.
    pub took_as: Option<String>,
    /// When a drill's colleague was asked for a key that has not come yet.
    pub asked: Option<Stamp>,
    /// A read a person asked for, and that has not ended: what it says is told even when it is nothing new.
    wanted: Option<StepRef>,
    /// A drill's story is being read: nothing has begun.
    waits: bool,
    /// Records ordered that the journal has not answered yet, and the keys pressed meanwhile.
    unrecorded: usize,
    early: VecDeque<(Key, Stamp)>,
}

impl App {
    /// From a fold; the first stage in sight is the recommended one.
    pub fn new(incident: Incident, setup: Setup, held: BTreeSet<SecretRef>, now: Stamp) -> Self {
        let mut app = Self {
            incident,
            setup,
            held,
            now,
            running: Vec::new(),
            overlay: Overlay::None,
            journal_fault: None,
            log: VecDeque::new(),
            said: None,
            news: Vec::new(),
            here: "intake",
            cursors: BTreeMap::new(),
            top: 0,
            filter: crate::ui::input::Input::default(),
            filtering: false,
            next_run: 1,
            backoff: BTreeMap::new(),
            settling: BTreeSet::new(),
            wake: None,
            leaving: false,
            taking: None,
            given: None,
            took_as: None,
            asked: None,
            wanted: None,
            waits: false,
            unrecorded: 0,
            early: VecDeque::new(),
        };
        app.here = app.recommended().map_or("close", |stage| stage.id());
        app
    }

    /// What stages look at. `stage` decides whose cursor it carries.
    pub fn view(&self, stage: &str) -> View<'_> {
        View {
            incident: &self.incident,
            now: self.now,
            provider: self.setup.provider,
            playbooks: &self.setup.playbooks,
            prices: &self.setup.prices,
            running: &self.running,
            held: &self.held,
            cursor: self.cursors.get(stage).copied().unwrap_or(0),
            observe: self.setup.observe,
            asked: self.asked,
        }
    }

    pub fn here(&self) -> &'static dyn Stage {
        stages::by_id(self.here).unwrap_or(stages::ALL[0])
    }

    /// When the shell must call again even if nothing happens.
    pub fn wake(&self) -> Option<Stamp> {
        self.wake
    }

    /// Something on the screen changes within a second by itself: a clock, or what was told makes room for what is next.
    pub fn has_clock(&self) -> bool {
        !self.waits && (self.incident.closed.is_none() || self.told(TOLD_S + 1).is_some())
    }

    /// What was told within the last `secs` seconds.
    pub(crate) fn told(&self, secs: i64) -> Option<(Tone, &str)> {
        let (when, tone, words) = self.said.as_ref()?;
        (self.now.since(*when) < self.reading_time(secs)).then_some((*tone, words.as_str()))
    }

    /// A hidden line is open: what is typed now goes to the vault, not here.
    pub fn wants_secret(&self) -> Option<SecretRef> {
        match &self.overlay {
            Overlay::Asking(asking) => asking.wants_secret(),
            _ => None,
        }
    }

    /// What was drawn, and how far down it goes: nobody scrolls into the void, and has to scroll back out of it.
    pub fn drawn(&mut self, extent: view::Extent) {
        self.top = self.top.min(extent.pane);
        match &mut self.overlay {
            Overlay::Help { top } | Overlay::Log { top } | Overlay::Timeline { top } => *top = (*top).min(extent.over),
            Overlay::Reading(reading) => reading.top = reading.top.min(extent.over),
            Overlay::None | Overlay::Palette(_) | Overlay::Asking(_) => {}
        }
    }

    /// Nothing runs, and nothing is due before `until`.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty() && self.wake.is_none_or(|wake| wake > self.now)
    }

    /// The journal has not answered yet what was last pressed: what is offered is about to change.
    pub fn is_recording(&self) -> bool {
        self.unrecorded > 0
    }

    /// The story is still being read: no time passes, nothing is begun.
    pub fn waits(&self) -> bool {
        self.waits
    }

    pub fn leaving(&self) -> bool {
        self.leaving
    }

    /// Why nothing may be written now, if so.
    pub fn no_writes(&self) -> Option<String> {
        if self.setup.observe {
            return Some("only looking: another process works on this incident".into());
        }
        let fault = self.journal_fault.as_ref()?;
        Some(format!("the journal can't be written: {}", fault.why))
    }

    /// Seconds of the incident's clock that give a reader `secs` of their own.
    pub(crate) fn reading_time(&self, secs: i64) -> i64 {
        secs * i64::from(self.setup.pace.max(1))
    }

    pub(crate) fn tell(&mut self, tone: Tone, words: impl Into<String>) {
        self.said = Some((self.now, tone, words.into()));
    }
}
