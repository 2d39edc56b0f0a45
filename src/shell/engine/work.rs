//! What goes out: orders carried out, effects queued, started and watched, reports written.
//!
//! Must not know: what an effect does.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use crate::app::report::Report;
use crate::app::{Msg, Order};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::Outcome;
use crate::incident::Event;
use crate::shell::finish::{Finish, Wire};
use crate::shell::journal::Armed;
use crate::shell::places;
use crate::shell::writer::Command;
use crate::stages::Tone;

use super::{Engine, FrontOrder, In};

/// What an effect costs of a clock that only moves when somebody waits, milliseconds.
const STEP_MS: i64 = 400;

impl Engine {
    pub(super) fn order(&mut self, order: Order) {
        match order {
            Order::Perform { run, step, effect } => {
                self.cancels.insert(run, CancellationToken::new());
                self.send(Command::Arm { run, step, effect });
            }
            Order::Record(event) => match places::named(&event) {
                Some(look) => self.look_first(event, look),
                None => self.send(Command::Append(event)),
            },
            Order::Cancel(run) => {
                if let Some(cancel) = self.cancels.get(&run) {
                    cancel.cancel();
                }
            }
            Order::Export => self.export(),
            Order::Pass => self.pass(),
            Order::Take(role) => self.asked.push(FrontOrder::Take(role)),
            Order::DropTyped => self.asked.push(FrontOrder::DropTyped),
            Order::Copy(text) => self.asked.push(FrontOrder::Copy(text)),
            Order::Suspend => self.asked.push(FrontOrder::Suspend),
            Order::Redraw => self.asked.push(FrontOrder::Redraw),
            Order::Quit => self.asked.push(FrontOrder::Quit),
        }
    }

    /// A place that a person named goes on record when it is there, by its real path.
    fn look_first(&mut self, event: Event, look: fn(&Path) -> Result<PathBuf>) {
        let out = self.sender.clone();
        self.pending += 1;
        tokio::task::spawn_blocking(move || {
            let seen = match event {
                Event::Decided { topic, choice, facts, reason } => look(Path::new(&choice)).map(|full| {
                    let choice = full.to_str().map_or(choice, ToOwned::to_owned);
                    Event::Decided { topic, choice, facts, reason }
                }),
                other => Ok(other),
            };
            let _ = out.send(In::Looked(Box::new(seen)));
        });
    }

    pub(super) fn send(&mut self, command: Command) {
        let Some(writer) = &self.writer else { return };
        match writer.send(command) {
            Ok(()) => self.pending += 1,
            Err(fault) => self.app.journal_fault = Some(fault),
        }
    }

    pub(super) fn start_queued(&mut self) {
        while let Some((run, armed)) = self.queue.pop_front() {
            // What the journal has yet to write bears the time before the next effect moves the clock.
            if self.clock.is_stepped() && (self.busy || self.pending > 0 || self.helpers > 0) {
                self.queue.push_front((run, armed));
                return;
            }
            if self.cancels.get(&run).is_some_and(CancellationToken::is_cancelled) {
                self.cancels.remove(&run);
                let why = "cancelled before it was started; nothing was changed";
                let fault = Fault::new(FaultKind::Cancelled, format!("stopped: {}", armed.effect().words()), why);
                self.send(Command::Settle { run, armed, finish: Finish::Outcome(Outcome::Failed { fault }) });
                continue;
            }
            self.busy = true;
            self.spawn(run, armed);
        }
    }

    pub(super) fn spawn(&mut self, run: u64, armed: Armed) {
        let cancel = self.cancels.entry(run).or_default().clone();
        let (progress, mut told) = unbounded_channel();
        let (log, mut lines) = unbounded_channel();
        let (out, more) = (self.sender.clone(), self.sender.clone());
        tokio::spawn(async move {
            while let Some(line) = lines.recv().await {
                let _ = more.send(In::Log(line));
            }
        });
        let says = self.sender.clone();
        tokio::spawn(async move {
            while let Some(mut latest) = told.recv().await {
                while let Ok(later) = told.try_recv() {
                    latest = later;
                }
                let _ = says.send(In::Progress(run, latest));
                // Latest wins, ten times a second at most.
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        });
        let (hands, clock) = (self.hands.clone(), self.clock.clone());
        tokio::spawn(async move {
            let end = Box::new(hands.carry_out(armed, Wire { cancel, progress, log }).await);
            if clock.is_stepped() {
                clock.sleep(STEP_MS).await;
            }
            // A receiver that is gone means the program ended: the intent stays open and resumes as unknown.
            let _ = out.send(In::Over { run, end });
        });
    }

    pub(super) fn export(&mut self) {
        let report = Report::of(&self.app);
        let said = crate::shell::report::write(&self.folder, &report, &self.vault);
        let msg = match said {
            Ok(path) => Msg::Told(Tone::Good, format!("written: {}", path.display())),
            Err(fault) => Msg::Told(Tone::Bad, fault.to_string()),
        };
        let more = self.put(msg);
        self.asked.extend(more);
    }

    /// Moves a clock that stands still on to what is due next.
    pub(super) fn pass(&mut self) {
        let more = match self.wake() {
            Some(at) => {
                self.clock.skip_to(at);
                self.tick()
            }
            None => self.put(Msg::Told(Tone::Plain, "nothing is due: time would bring nothing".into())),
        };
        self.asked.extend(more);
    }
}
