//! The commands that work in every stage: one table that feeds keys, footer, `?`, palette, man page and `print keys`.
//!
//! Must not know: what a stage offers; its actions stand beside these.

mod aside;
mod command;
mod copy;
mod leave;

use crate::incident::Event;
use crate::stages::{Act, Ask, Consequence, Then};
use crate::ui::Code;

use super::{App, Order, Overlay, Palette};

use aside::{can_put_aside, defer};
use command::{code, ctrl, key};
use copy::copy;

pub use command::{Command, Go};
pub(super) use leave::quit;

pub static ALL: [Command; 20] = [
    Command {
        id: "go.next",
        keys: &[code(Code::Enter), key('n')],
        label: "go to the next thing",
        why: "Shows the stage that wants something from you. Starts nothing.",
        ready: |_| Ok(()),
        go: Go::View(|app, _| app.go_next()),
    },
    Command {
        id: "help",
        keys: &[key('?')],
        label: "help for where I am",
        why: "Every key that works here, and why a disabled one does not.",
        ready: |_| Ok(()),
        go: Go::View(|app, _| app.overlay = Overlay::Help { top: 0 }),
    },
    Command {
        id: "palette",
        keys: &[key(':')],
        label: "all commands, by name",
        why: "Type a part of the name.",
        ready: |_| Ok(()),
        go: Go::View(|app, _| app.overlay = Overlay::Palette(Palette::default())),
    },
    Command {
        id: "stage.skip",
        keys: &[key('s')],
        label: "skip this stage, with a reason",
        why: "The closing list carries it.",
        ready: can_put_aside,
        go: Go::Act(|app| Act::Ask {
            asks: vec![Ask::line(
                &format!("Skip {}", app.here().title()),
                "Why?",
                vec!["It stays in the closing list.".into()],
            )],
            then: Then::Skip { stage: app.here().id().into() },
        }),
    },
    Command {
        id: "stage.defer",
        keys: &[key('d')],
        label: "defer this stage to somebody and a date",
        why: "Purge at 3 a.m.? Plan now, run in daylight.",
        ready: can_put_aside,
        go: Go::Act(defer),
    },
    Command {
        id: "stage.reopen",
        keys: &[key('R')],
        label: "take this stage up again",
        why: "After a skip or a deferral.",
        ready: |app| app.incident.marks.get(app.here().id()).map(|_| ()).ok_or_else(|| "it was not put aside".into()),
        go: Go::Act(|app| Act::record(Event::Reopened { stage: app.here().id().into() })),
    },
    Command {
        id: "note",
        keys: &[key('N')],
        label: "write a note into the journal",
        why: "What you saw, said or decided, with its time.",
        ready: |_| Ok(()),
        go: Go::Act(|_| Act::Ask { asks: vec![Ask::line("Note", "Note", Vec::new())], then: Then::Note }),
    },
    Command {
        id: "todo",
        keys: &[key('T')],
        label: "add a follow-up",
        why: "Stands in the closing list until it is done.",
        ready: |_| Ok(()),
        go: Go::Act(todo),
    },
    Command {
        id: "handover",
        keys: &[key('H')],
        label: "hand over to a colleague",
        why: "Names who has it now and what they must know.",
        ready: |_| Ok(()),
        go: Go::Act(|_| Act::Ask {
            asks: vec![
                Ask::line("Hand over", "To whom?", Vec::new()),
                Ask::line("Hand over", "What must they know?", Vec::new()),
            ],
            then: Then::Handover,
        }),
    },
    Command {
        id: "timeline",
        keys: &[key('J')],
        label: "the story so far",
        why: "Every record of the journal, in words.",
        ready: |_| Ok(()),
        go: Go::View(|app, _| app.overlay = Overlay::Timeline { top: usize::MAX }),
    },
    Command {
        id: "log",
        keys: &[key('L')],
        label: "the log of requests",
        why: "Time, method, path, status, milliseconds of every request; no secret.",
        ready: |_| Ok(()),
        go: Go::View(|app, _| app.overlay = Overlay::Log { top: usize::MAX }),
    },
    Command {
        id: "copy",
        keys: &[key('y')],
        label: "copy something",
        why: "Through the terminal (OSC 52). Never a secret.",
        ready: |_| Ok(()),
        go: Go::Act(copy),
    },
    Command {
        id: "cancel",
        keys: &[key('x')],
        label: "cancel what runs",
        why: "A read ends; a write that was sent becomes unknown and is checked.",
        ready: |app| app.running.first().map(|_| ()).ok_or_else(|| "nothing runs".into()),
        go: Go::View(App::cancel),
    },
    Command {
        id: "report",
        keys: &[key('E')],
        label: "write the report now",
        why: "Markdown and JSON beside the journal, never a secret in them.",
        ready: |_| Ok(()),
        go: Go::Act(|_| Act::Now(vec![Consequence::Export])),
    },
    Command {
        id: "wait",
        keys: &[key('.')],
        label: "let time pass until the next thing is due",
        why: "In a drill with --pace 0 the clock stands still otherwise.",
        ready: |app| match (app.setup.pace, app.running.is_empty()) {
            (0, true) => Ok(()),
            (0, false) => Err("something runs: time passes with it".into()),
            _ => Err("the clock runs by itself".into()),
        },
        go: Go::View(|_, orders| orders.push(Order::Pass)),
    },
    Command {
        id: "filter",
        keys: &[key('/')],
        label: "filter the tables",
        why: "Every word must occur in a row.",
        ready: |_| Ok(()),
        go: Go::View(|app, _| app.filtering = true),
    },
    Command {
        id: "redraw",
        keys: &[ctrl('l')],
        label: "draw the screen again",
        why: "When another program wrote over it.",
        ready: |_| Ok(()),
        go: Go::View(|_, orders| orders.push(Order::Redraw)),
    },
    Command {
        id: "suspend",
        keys: &[ctrl('z')],
        label: "put the program to sleep",
        why: "fg brings it back; the clocks go on.",
        ready: |_| Ok(()),
        go: Go::View(|_, orders| orders.push(Order::Suspend)),
    },
    Command {
        id: "quit",
        keys: &[key('q'), ctrl('c')],
        label: "leave; nothing is lost",
        why: "stanch resume takes it up again.",
        ready: |_| Ok(()),
        go: Go::Act(quit),
    },
    Command {
        id: "stage.close",
        keys: &[],
        label: "show the closing list",
        why: "What is still open.",
        ready: |_| Ok(()),
        go: Go::View(|app, _| app.visit("close")),
    },
];

/// Commands that mean something only where a screen is drawn.
pub(crate) const OF_SCREEN: [&str; 3] = ["filter", "redraw", "suspend"];

fn todo(app: &App) -> Act {
    let id = format!("todo-{}", app.incident.todos.len() + 1);
    Act::Ask { asks: vec![Ask::line("Follow-up", "What, by whom, until when?", Vec::new())], then: Then::Todo { id } }
}
