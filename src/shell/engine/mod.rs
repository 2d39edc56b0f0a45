//! The engine every front end runs on: one inbox, one order of events. Messages go into the app, orders come out and are
//! carried out here, apart from those only a front end can do.
//!
//! Must not know: whether somebody looks at a screen, reads lines, or is a script.

mod follow;
mod hidden;
mod inbox;
mod work;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::app::{App, Msg};
use crate::base::fault::Result;
use crate::base::{Clock, Fault, Secret, SecretRef, Stamp};
use crate::effect::{LogLine, Progress};
use crate::incident::{Event, Record};
use crate::shell::exec::Hands;
use crate::shell::finish::Finish;
use crate::shell::input::Taken;
use crate::shell::journal::{Armed, Journal, Tail};
use crate::shell::vault::Vault;
use crate::shell::writer::{Writer, Written};

use follow::follow;

pub use hidden::ASKED;

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
    /// A place that a person named was looked at: what is to be recorded, or what is wrong with it.
    Looked(Box<Result<Event>>),
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
    /// A key that was given and does not look like one: a person may insist.
    doubted: Option<(SecretRef, Taken)>,
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
            doubted: None,
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
