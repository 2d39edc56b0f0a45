//! What comes in: the journal's answers, the end of work, a colleague's deed. Each becomes messages to the app.
//!
//! Must not know: how work is done.

use crate::app::Msg;
use crate::base::SecretRef;
use crate::incident::Record;
use crate::shell::writer::{Command, Written};

use super::{Engine, FrontOrder, In};

impl Engine {
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
            In::Looked(seen) => {
                self.pending = self.pending.saturating_sub(1);
                let asked = match *seen {
                    Ok(event) => {
                        self.send(Command::Append(event));
                        Vec::new()
                    }
                    Err(fault) => self.put(Msg::Refused { run: None, fault }),
                };
                self.start_queued();
                asked
            }
            In::Made(made) => {
                self.helped();
                let asked = match made {
                    Ok(Some(secret)) => self.took(SecretRef::Replacement, secret),
                    Ok(None) => Vec::new(),
                    Err(fault) => self.put(Msg::NotTaken(fault)),
                };
                // A key that came is waited for until the journal has it.
                self.app.asked = self.app.asked.filter(|_| self.vault.has(SecretRef::Replacement));
                asked
            }
            In::Helped => {
                self.helped();
                self.put(Msg::Now(self.clock.now()))
            }
        }
    }

    pub(super) fn helped(&mut self) {
        self.helpers = self.helpers.saturating_sub(1);
        self.start_queued();
    }

    pub(super) fn written(&mut self, written: Written) -> Vec<FrontOrder> {
        if !matches!(written, Written::Broken(_) | Written::Mended) {
            self.pending = self.pending.saturating_sub(1);
        }
        let asked = self.answered(written);
        self.start_queued();
        asked
    }

    pub(super) fn answered(&mut self, written: Written) -> Vec<FrontOrder> {
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

    pub(super) fn recorded(&mut self, record: Record) -> Vec<FrontOrder> {
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
}
