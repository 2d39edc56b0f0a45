//! L5: the whole program minus input and output. `update` takes what happened and answers with orders; `view` and
//! `linear` turn the state into cells and lines. Pure: no clock, no file, no socket.
//!
//! Must not know: tokio, the disk, the terminal.
//!
//! To add a command for all stages: one entry in `commands/mod.rs`; keys, footer, `?`, palette, man page and
//! `print keys` follow from it.

mod answered;
mod ask;
mod auto;
pub mod commands;
mod docs;
mod keys;
pub mod linear;
mod msg;
mod order;
mod overlay;
mod pages;
mod palette;
mod reading;
pub mod report;
mod scene;
mod setup;
mod standing;
pub mod start;
mod telling;
mod update;
pub mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::base::{Fault, SecretRef, Stamp};
use crate::effect::LogLine;
use crate::incident::{Incident, StepRef};
use crate::stages::{self, Running, Stage, Tone, View};
use crate::ui::Key;

pub use ask::Asking;
pub use docs::{keys_markdown, keys_table};
pub use msg::Msg;
pub use order::Order;
pub use overlay::Overlay;
pub use palette::Palette;
pub use reading::Reading;
pub use setup::Setup;
pub(crate) use telling::TOLD_S;

/// Lines of the request log that are kept.
const LOG_LINES: usize = 2000;

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
}
