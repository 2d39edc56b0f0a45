//! The engine every front end runs on: one inbox, one order of events. Messages go into the app, orders come out and are
//! carried out here, apart from those only a front end can do.
//!
//! Must not know: whether somebody looks at a screen, reads lines, or is a script.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::app::report::Report;
use crate::app::{App, Msg, Order};
use crate::base::fault::Result;
use crate::base::{Clock, Fault, FaultKind, Secret, SecretRef, Stamp};
use crate::effect::{LogLine, Outcome, Progress};
use crate::incident::{Event, Record};
use crate::stages::Tone;

use super::exec::Hands;
use super::finish::{Finish, Wire};
use super::journal::{Armed, Journal, Tail};
use super::vault::Vault;
use super::writer::{Command, Writer, Written};

/// What an effect costs of a clock that only moves when somebody waits, milliseconds.
const STEP_MS: i64 = 400;

/// What a person of a drill is doing.
pub type Deed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What stands beside an incident in a drill: the world and the people in it.
pub trait Beside: Send {
    /// A record was written. What somebody does about it comes back, to be waited for.
    fn recorded(&mut self, record: &Record) -> Option<Deed<()>>;
    /// The person has read the story, and begins: time passes from now on.
    fn begin(&mut self) -> Result<()>;
    /// A colleague makes a key: the value a person would paste.
    fn made_key(&mut self, name: String) -> Deed<Result<Option<Secret>>>;
    /// What reached the person since the last call, and when the next thing does.
    fn news(&mut self, now: Stamp) -> (Vec<String>, Option<Stamp>);
}

/// Everything that comes in.
#[derive(Debug)]
pub enum In {
    Written(Box<Written>),
    Progress(u64, Progress),
    Log(LogLine),
    Over {
        run: u64,
        end: Box<(Armed, Finish)>,
    },
    /// A key made by a colleague, or why there is none.
    Made(Result<Option<Secret>>),
    /// A colleague did what they were told.
    Helped,
}

/// What only a front end can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrontOrder {
    Quit,
    Suspend,
    Redraw,
    Copy(String),
    /// The hidden line is complete: give it to [`Engine::took`].
    Take(SecretRef),
    DropTyped,
}

pub struct Engine {
    pub app: App,
    pub clock: Clock,
    pub vault: Vault,
    hands: Hands,
    writer: Option<Writer>,
    inbox: UnboundedReceiver<In>,
    sender: UnboundedSender<In>,
    /// One for each run that was asked for and has not ended: a run is cancelled before it starts, too.
    cancels: BTreeMap<u64, CancellationToken>,
    /// With a stepped clock one effect runs at a time, in order: the same run is the same everywhere.
    queue: VecDeque<(u64, Armed)>,
    busy: bool,
    /// Colleagues at work. With a stepped clock effects wait for them too.
    helpers: usize,
    /// Commands the journal has not answered yet.
    pending: usize,
    beside: Option<Box<dyn Beside>>,
    next_news: Option<Stamp>,
    /// Where reports go.
    folder: PathBuf,
    asked: Vec<FrontOrder>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What an engine is built from.
#[derive(Debug)]
pub struct Parts {
    pub app: App,
    pub clock: Clock,
    pub vault: Vault,
    pub hands: Hands,
    /// `None`: only looking.
    pub journal: Option<Journal>,
    /// What another process writes meanwhile, when only looking.
    pub tail: Option<Tail>,
    pub folder: PathBuf,
}

impl Engine {
    pub fn new(parts: Parts, beside: Option<Box<dyn Beside>>) -> Result<Self> {
        let (sender, inbox) = unbounded_channel();
        let writer = match parts.journal {
            Some(journal) => {
                let (out, mut written) = unbounded_channel();
                let forward = sender.clone();
                tokio::spawn(async move {
                    while let Some(answer) = written.recv().await {
                        if forward.send(In::Written(Box::new(answer))).is_err() {
                            break;
                        }
                    }
                });
                Some(Writer::start(journal, out)?)
            }
            None => None,
        };
        if let Some(tail) = parts.tail {
            follow(tail, sender.clone());
        }
        let Parts { app, clock, vault, hands, folder, .. } = parts;
        let cancels = BTreeMap::new();
        let (queue, asked) = (VecDeque::new(), Vec::new());
        Ok(Self {
            app,
            clock,
            vault,
            hands,
            writer,
            inbox,
            sender,
            cancels,
            queue,
            busy: false,
            helpers: 0,
            pending: 0,
            beside,
            next_news: None,
            folder,
            asked,
        })
    }

    /// Puts a message into the app and carries out what follows. What only a front end can do comes back.
    pub fn put(&mut self, msg: Msg) -> Vec<FrontOrder> {
        let waited = self.app.waits();
        let orders = self.app.update(msg);
        if waited && !self.app.waits() {
            self.begin();
        }
        for order in orders {
            self.order(order);
        }
        std::mem::take(&mut self.asked)
    }

    fn begin(&mut self) {
        self.clock.start();
        let begun = self.beside.as_mut().map_or(Ok(()), |beside| beside.begin());
        if let Err(fault) = begun {
            self.app.journal_fault = Some(fault);
        }
    }

    /// The time now, and what it brings.
    pub fn tick(&mut self) -> Vec<FrontOrder> {
        let now = self.clock.now();
        let mut asked = Vec::new();
        if let Some(beside) = &mut self.beside {
            let (news, next) = beside.news(now);
            self.next_news = next;
            for text in news {
                asked.extend(self.put(Msg::News(text)));
            }
        }
        asked.extend(self.put(Msg::Now(now)));
        asked
    }

    /// When [`Self::tick`] is wanted next, on the incident's clock.
    pub fn wake(&self) -> Option<Stamp> {
        [self.app.wake(), self.next_news].into_iter().flatten().min()
    }

    /// The next thing that comes in. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<In> {
        self.inbox.recv().await
    }

    /// Something that is there already.
    pub fn next_now(&mut self) -> Option<In> {
        self.inbox.try_recv().ok()
    }

    pub fn take(&mut self, input: In) -> Vec<FrontOrder> {
        match input {
            In::Written(written) => self.written(*written),
            In::Progress(run, progress) => self.put(Msg::Progress { run, progress }),
            In::Log(line) => self.put(Msg::Log(line)),
            In::Over { run, end } => {
                let (armed, finish) = *end;
                self.cancels.remove(&run);
                self.busy = false;
                let mut asked = self.put(Msg::Held(self.held()));
                self.send(Command::Settle { run, armed, finish });
                self.start_queued();
                asked.extend(self.put(Msg::Now(self.clock.now())));
                asked
            }
            In::Made(made) => {
                self.helped();
                match made {
                    Ok(Some(secret)) => self.took(SecretRef::Replacement, secret),
                    Ok(None) => Vec::new(),
                    Err(fault) => self.put(Msg::NotTaken(fault)),
                }
            }
            In::Helped => {
                self.helped();
                self.put(Msg::Now(self.clock.now()))
            }
        }
    }

    fn helped(&mut self) {
        self.helpers = self.helpers.saturating_sub(1);
        self.start_queued();
    }

    fn written(&mut self, written: Written) -> Vec<FrontOrder> {
        if !matches!(written, Written::Broken(_) | Written::Mended) {
            self.pending = self.pending.saturating_sub(1);
        }
        let asked = self.answered(written);
        self.start_queued();
        asked
    }

    fn answered(&mut self, written: Written) -> Vec<FrontOrder> {
        match written {
            Written::Armed { run, armed, record } => {
                let mut asked = Vec::new();
                if let Some(record) = record {
                    asked = self.recorded(record);
                }
                self.queue.push_back((run, armed));
                asked
            }
            Written::Record(record) => self.recorded(record),
            Written::Refused { run, fault } => {
                if let Some(run) = run {
                    self.cancels.remove(&run);
                }
                self.put(Msg::Refused { run, fault })
            }
            Written::Broken(fault) => self.put(Msg::Journal(Some(fault))),
            Written::Mended => self.put(Msg::Journal(None)),
        }
    }

    fn recorded(&mut self, record: Record) -> Vec<FrontOrder> {
        if let Some(deed) = self.beside.as_mut().and_then(|beside| beside.recorded(&record)) {
            let out = self.sender.clone();
            self.helpers += 1;
            tokio::spawn(async move {
                deed.await;
                let _ = out.send(In::Helped);
            });
        }
        self.put(Msg::Recorded(Box::new(record)))
    }

    fn start_queued(&mut self) {
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

    fn spawn(&mut self, run: u64, armed: Armed) {
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

    fn order(&mut self, order: Order) {
        match order {
            Order::Perform { run, step, effect } => {
                self.cancels.insert(run, CancellationToken::new());
                self.send(Command::Arm { run, step, effect });
            }
            Order::Record(event) => self.send(Command::Append(event)),
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

    fn send(&mut self, command: Command) {
        let Some(writer) = &self.writer else { return };
        match writer.send(command) {
            Ok(()) => self.pending += 1,
            Err(fault) => self.app.journal_fault = Some(fault),
        }
    }

    /// A hidden value was given: it goes to the vault, its print to the journal.
    pub fn took(&mut self, role: SecretRef, secret: Secret) -> Vec<FrontOrder> {
        let print = secret.fingerprint(self.vault.salt());
        if role == SecretRef::Replacement && print.hash == self.app.incident.opened.key.hash {
            let fault = Fault::input("this key was not taken", "it is the leaked one")
                .hint("make a new key on the provider's page and paste that");
            return self.put(Msg::NotTaken(fault));
        }
        let print = self.vault.put(role, secret);
        let mut asked = self.put(Msg::Held(self.held()));
        self.send(Command::Append(Event::Took { role, print }));
        asked.extend(self.put(Msg::Now(self.clock.now())));
        asked
    }

    /// Asks the colleague of a drill for a key, instead of a paste. `false`: there is nobody to ask.
    pub fn ask_colleague(&mut self) -> bool {
        let Some(beside) = &mut self.beside else { return false };
        let name = crate::stages::issue::name(&self.app.view("issue"));
        let made = beside.made_key(name);
        let out = self.sender.clone();
        self.helpers += 1;
        tokio::spawn(async move {
            let _ = out.send(In::Made(made.await));
        });
        true
    }

    pub fn held(&self) -> BTreeSet<SecretRef> {
        [SecretRef::Leaked, SecretRef::Replacement, SecretRef::Admin]
            .into_iter()
            .filter(|r| self.vault.has(*r))
            .collect()
    }

    fn export(&mut self) {
        let report = Report::of(&self.app);
        let said = super::report::write(&self.folder, &report, &self.vault);
        let msg = match said {
            Ok(path) => Msg::Told(Tone::Good, format!("written: {}", path.display())),
            Err(fault) => Msg::Told(Tone::Bad, fault.to_string()),
        };
        let more = self.put(msg);
        self.asked.extend(more);
    }

    /// Moves a clock that stands still on to what is due next.
    fn pass(&mut self) {
        let more = match self.wake() {
            Some(at) => {
                self.clock.skip_to(at);
                self.tick()
            }
            None => self.put(Msg::Told(Tone::Plain, "nothing is due: time would bring nothing".into())),
        };
        self.asked.extend(more);
    }

    /// Nothing runs, waits or is on its way to the journal.
    pub fn is_quiet(&self) -> bool {
        self.app.running.is_empty() && self.queue.is_empty() && !self.busy && self.helpers + self.pending == 0
    }

    /// Serves what was sent to the journal, then lets it go. What the disk never took is said.
    pub fn finish(mut self) -> Result<App> {
        for cancel in self.cancels.values() {
            cancel.cancel();
        }
        if let Some(writer) = self.writer.take() {
            let journal = writer.finish()?;
            if journal.owed() > 0 {
                let why = journal.broken().map(|f| f.why.clone()).unwrap_or_default();
                return Err(Fault::machine(format!("{} records were never written to disk", journal.owed()), why)
                    .hint("open writes will be checked on resume; write down by hand what you did last"));
            }
        }
        Ok(self.app)
    }
}

/// How often an observed journal is looked at.
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);

/// Brings in what another process writes to the journal. Ends with the engine, or when the journal can't be read.
fn follow(mut tail: Tail, out: UnboundedSender<In>) {
    tokio::spawn(async move {
        loop {
            match tail.poll() {
                Ok(records) => {
                    for record in records {
                        if out.send(In::Written(Box::new(Written::Record(record)))).is_err() {
                            return;
                        }
                    }
                }
                Err(fault) => {
                    let _ = out.send(In::Written(Box::new(Written::Broken(fault))));
                    return;
                }
            }
            tokio::time::sleep(LOOK).await;
            if out.is_closed() {
                return;
            }
        }
    });
}
