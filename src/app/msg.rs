//! What can happen: everything the program learns comes in as one of these.
//!
//! Must not know: what follows from it.

use std::collections::BTreeSet;

use crate::base::{Fault, SecretRef, Stamp};
use crate::effect::{LogLine, Progress};
use crate::incident::Record;
use crate::stages::Tone;
use crate::ui::Key;

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
