//! The commands that work in every stage: one table that feeds keys, footer, `?`, palette, man page and `print keys`.
//!
//! Must not know: what a stage offers; its actions stand beside these.

use crate::incident::{Event, StageMark, StepState};
use crate::stages::{self, Act, Ask, Consequence, Kind, Then};
use crate::ui::{Code, Key};

use super::{App, Order, Overlay, Palette};

/// A command and its keys.
pub struct Command {
    pub id: &'static str,
    pub keys: &'static [Key],
    pub label: &'static str,
    pub why: &'static str,
    /// Can it be done now? If not, why not.
    pub ready: fn(&App) -> Result<(), String>,
    pub go: Go,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command({})", self.id)
    }
}

/// What it does: change the view, or act like a stage's action.
pub enum Go {
    View(fn(&mut App, &mut Vec<Order>)),
    Act(fn(&App) -> Act),
}

impl std::fmt::Debug for Go {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::View(_) => "View",
            Self::Act(_) => "Act",
        })
    }
}

const fn key(c: char) -> Key {
    Key { code: Code::Char(c), ctrl: false, repeat: false }
}

const fn ctrl(c: char) -> Key {
    Key { code: Code::Char(c), ctrl: true, repeat: false }
}

const fn code(code: Code) -> Key {
    Key { code, ctrl: false, repeat: false }
}

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

fn can_put_aside(app: &App) -> Result<(), String> {
    let stage = app.here();
    if matches!(stage.id(), "intake" | "close") {
        return Err("this one can't be put aside".into());
    }
    match stages::state(stage, &app.view(stage.id())) {
        StepState::Running => Err("something runs here".into()),
        StepState::Done(_) | StepState::ByHand(_) => Err("it is done".into()),
        StepState::Unknown(_) => Err("something here may have happened: check it first (c)".into()),
        _ => match app.incident.marks.get(stage.id()) {
            Some(StageMark::Skipped { .. } | StageMark::Deferred { .. }) => {
                Err("it is put aside; R takes it up again".into())
            }
            None => Ok(()),
        },
    }
}

fn defer(app: &App) -> Act {
    let title = format!("Defer {}", app.here().title());
    let tomorrow = app.now.plus_secs(86_400).date();
    let due =
        Ask::new(title.clone(), Vec::new(), Kind::Line { label: "Due when?".into(), initial: tomorrow, needed: true });
    let asks = vec![
        Ask::line(&title, "Who does it?", vec!["It stays in the closing list.".into()]),
        due,
        Ask::line(&title, "Why?", Vec::new()),
    ];
    Act::Ask { asks, then: Then::Defer { stage: app.here().id().into() } }
}

fn todo(app: &App) -> Act {
    let id = format!("todo-{}", app.incident.todos.len() + 1);
    Act::Ask { asks: vec![Ask::line("Follow-up", "What, by whom, until when?", Vec::new())], then: Then::Todo { id } }
}

fn copy(app: &App) -> Act {
    let here = app.here();
    let mut things = vec![
        (app.incident.opened.incident.clone(), "the incident's id".to_owned()),
        (app.incident.opened.key.to_string(), "the leaked key's fingerprint".to_owned()),
        (super::linear::status(app).join("\n"), "the status in lines, for a chat".to_owned()),
    ];
    for line in here.sheet(&app.view(here.id())).way_out {
        let line = line.flat();
        if let Some(at) = line.find("https://") {
            let page: String =
                line.chars().skip(line[..at].chars().count()).take_while(|c| !c.is_whitespace()).collect();
            things.push((page, "the provider's page".to_owned()));
        }
    }
    let choices = things.into_iter().map(|(value, name)| {
        let first = value.lines().next().unwrap_or_default().to_owned();
        (value, format!("{name}: {first}"))
    });
    Act::Ask { asks: vec![Ask::new("Copy", Vec::new(), Kind::Choice(choices.collect()))], then: Then::Copy }
}

/// The new key's print, when this program's memory is the one place that has its value.
fn only_in_memory(app: &App) -> Option<&crate::base::Fingerprint> {
    let role = crate::base::SecretRef::Replacement;
    let stands = app.incident.targets.values().any(|t| t.written.is_some() || t.is_read_back());
    let over = app.incident.closed.is_some() || stands || !app.held.contains(&role);
    app.incident.taken.get(&role).filter(|_| !over)
}

pub(super) fn quit(app: &App) -> Act {
    let writes: Vec<String> = app.running.iter().filter(|r| r.effect.writes()).map(|r| r.effect.words()).collect();
    let only_here = only_in_memory(app);
    if writes.is_empty() && only_here.is_none() {
        return Act::Now(vec![Consequence::Quit]);
    }
    let mut body = Vec::new();
    if let Some(print) = only_here {
        body.push(format!("The new key {print} is in memory only: no place was written with it yet."));
        body.push("Leaving loses it; you must make another, and delete this one.".into());
    }
    if !writes.is_empty() {
        body.push("These run now; leaving makes them unknown until you resume and check:".to_owned());
        body.extend(writes);
    }
    Act::Ask { asks: vec![Ask::new("Leave?", body, Kind::Confirm)], then: Then::Do(vec![Consequence::Quit]) }
}
