//! Brings in what another process writes to the journal, for who only looks.
//!
//! Must not know: what is done with it.

use tokio::sync::mpsc::UnboundedSender;

use crate::shell::journal::Tail;
use crate::shell::writer::Written;

use super::In;

/// How often an observed journal is looked at.
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);

/// Brings in what another process writes to the journal. Ends with the engine, or when the journal can't be read.
pub(super) fn follow(mut tail: Tail, out: UnboundedSender<In>) {
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
