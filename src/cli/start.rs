//! A bare `stanch`: the start screen, then what was chosen there.
//!
//! Must not know: how the choice is carried out.

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt as _;

use crate::app::start::{Choice, Start};
use crate::app::view::start::draw;
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::base::stamp::span_text;
use crate::drill::Scenario;
use crate::incident::Mode;
use crate::shell::signals::{Sig, Signals};
use crate::shell::terminal::Screen;
use crate::shell::{front, keys, session};
use crate::ui::Key;

use super::args::{Drill, KeySource, Respond, Resume};
use super::{Context, drill, exit, respond, say};

pub(super) async fn start(context: Context) -> Result<u8> {
    let listed = context.settings.store.list()?;
    let mut open: Vec<_> = listed.into_iter().filter(|l| l.closed.is_none() && l.fault.is_none()).collect();
    open.sort_by_key(|l| std::cmp::Reverse(l.opened));
    // A drill that was left is no emergency: what is live stands first.
    open.sort_by_key(|l| l.mode != Some(Mode::Live));
    let words = |l: &crate::shell::journal::Listed| {
        let mode = l.mode.map_or("", Mode::word);
        let key = l.key.as_ref().map(ToString::to_string).unwrap_or_default();
        let opened = l.opened.filter(|_| l.mode == Some(Mode::Live));
        let age = opened.map(|at| format!(", opened {} ago", span_text(machine_now().since(at)))).unwrap_or_default();
        format!("{mode} {key}{age}")
    };
    let open = open.iter().map(|l| (l.id.clone(), words(l))).collect();
    let drills = Scenario::shipped()?.into_iter().map(|s| (s.id, s.title)).collect();
    let start = Start::new(open, drills);
    let term = std::env::var("TERM").ok();
    let tty = (front::stdin_is_terminal(), front::stdout_is_terminal());
    let choice = match front::front(context.linear, tty.0, tty.1, term.as_deref(), front::size()) {
        front::Front::Tui => match choose(start, &context).await? {
            Ok(choice) => choice,
            Err(code) => return Ok(code),
        },
        front::Front::Linear => ask(&start)?,
    };
    match choice {
        Choice::Quit => Ok(exit::DONE),
        Choice::Respond => {
            let args = Respond { provider: "openai".into(), found_by: "not told".into(), ..Respond::default() };
            respond::respond(args, context).await
        }
        Choice::Resume(id) => {
            respond::resume(Resume { id: Some(id), key: KeySource::default(), observe: false }, context).await
        }
        Choice::Drill(scenario) => drill::drill(Drill { scenario, pace: 1, ..Drill::default() }, context).await,
    }
}

/// What was chosen, or the exit code of the signal that ended it.
async fn choose(mut start: Start, context: &Context) -> Result<std::result::Result<Choice, u8>> {
    let look = session::look(&context.settings);
    let mut signals = Signals::listen()?;
    let mut events = EventStream::new();
    let mut screen = Screen::enter(look.modes, &context.panics)?;
    loop {
        screen.draw(look.look.glyphs.ascii, |area, buf| draw(&start, area, buf, &look.look))?;
        tokio::select! {
            biased;
            sig = signals.next() => {
                match sig {
                    Sig::Term | Sig::Hup | Sig::Int => return Ok(Err(sig.exit_code())),
                    Sig::Stop => screen.suspend().await?,
                    Sig::Cont => {
                        screen.give_back();
                        screen.resume()?;
                    }
                    Sig::Winch => {}
                }
            }
            event = events.next() => match event {
                Some(Ok(Event::Key(event))) => {
                    let key = keys::key(&event);
                    if key.is_some_and(|key| key.same(Key::ctrl('z'))) {
                        screen.suspend().await?;
                    } else if let Some(choice) = key.and_then(|key| start.key(&key)) {
                        return Ok(Ok(choice));
                    }
                }
                Some(Ok(_)) => {}
                // The terminal is gone: the same as a hang-up.
                Some(Err(_)) | None => return Ok(Err(Sig::Hup.exit_code())),
            },
        }
    }
}

/// Without a terminal: the same list, by number.
fn ask(start: &Start) -> Result<Choice> {
    for (n, item) in start.items.iter().enumerate() {
        say(&format!("{:2}  {:32} {}", n + 1, item.label, item.detail))?;
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| crate::base::Fault::machine("the answer can't be read", e))?;
    let at = line.trim().parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    Ok(at.and_then(|at| start.items.get(at)).map_or(Choice::Quit, |item| item.choice.clone()))
}
