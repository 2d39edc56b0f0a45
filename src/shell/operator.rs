//! The scripted operator: plays a script through the same app a person would, one command at a time. No terminal needed.
//!
//! Must not know: what a command does. It answers the dialogs it meets, with the script's text or what they ask for.

use crate::app::{App, Msg, Overlay};
use crate::base::fault::Result;
use crate::base::{Fault, Stamp};
use crate::stages::{self, Kind};
use crate::ui::{Code, Key};

use super::engine::{Engine, FrontOrder};

/// Longest the operator waits for a stage to settle, seconds of the incident's clock.
const PATIENCE_S: i64 = 7200;
/// Between two presses, milliseconds of the operator's hand: slow enough for every guard.
const HAND_MS: i64 = 2000;

/// One act of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Seconds of thinking before it.
    pub think_s: i64,
    /// A command's or action's name; `wait` waits until the stage named by `text` is settled.
    pub act: String,
    pub text: Option<String>,
}

pub struct Operator {
    engine: Engine,
    hand: Stamp,
    /// Whoever wants to see it happen.
    tell: Box<dyn FnMut(&App)>,
    left: bool,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").field("hand", &self.hand).finish_non_exhaustive()
    }
}

impl Operator {
    pub fn new(engine: Engine, tell: Box<dyn FnMut(&App)>) -> Self {
        Self { engine, hand: Stamp::default(), tell, left: false }
    }

    /// Plays all moves, lets what runs come to its end, and gives the app back.
    pub async fn play(mut self, moves: &[Move]) -> Result<App> {
        for step in moves {
            let until = self.engine.clock.now().plus_secs(step.think_s);
            self.pass(until).await;
            self.step(step).await?;
            if self.left {
                break;
            }
        }
        self.quiet().await;
        self.engine.finish()
    }

    async fn step(&mut self, step: &Move) -> Result<()> {
        if step.act == "wait" {
            return self.wait(step.text.as_deref().unwrap_or_default()).await;
        }
        self.hand = self.hand.plus_millis(HAND_MS);
        let asked = self.engine.put(Msg::Do { id: step.act.clone(), hand: self.hand });
        self.obey(&asked);
        // As many questions as an action can have, and no endless loop when one can't be answered.
        for _ in 0..8 {
            if !self.answer(step) {
                break;
            }
        }
        if let Overlay::Asking(asking) = &self.engine.app.overlay {
            return Err(Fault::input(format!("the script is stuck at {}", step.act), asking.dialog.title.clone())
                .hint("give the answer the dialog wants in `type`"));
        }
        self.quiet().await;
        self.refused(step)
    }

    /// A move that was turned down ends the script: going on would play something else than was written.
    fn refused(&self, step: &Move) -> Result<()> {
        let begins =
            |words: &str| ["can't ", "there is no command", "nothing was done: "].iter().any(|b| words.starts_with(b));
        match &self.engine.app.said {
            Some((_, _, words)) if begins(words) => {
                Err(Fault::refused(format!("the script's move {} was turned down", step.act), words.clone())
                    .hint("`stanch print keys` lists the actions; a script does what a person could do at that moment"))
            }
            _ => Ok(()),
        }
    }

    /// Answers the open question. `false`: none is open.
    fn answer(&mut self, step: &Move) -> bool {
        let Overlay::Asking(asking) = &self.engine.app.overlay else { return false };
        let text = step.text.clone().map(|text| self.fill(&text));
        let enter = Key::of(Code::Enter);
        match asking.kind().clone() {
            Kind::Confirm => self.press(&[Key::char('y')]),
            Kind::Info => self.press(&[enter]),
            Kind::Phrase(phrase) => self.write(text.as_deref().unwrap_or(&phrase)),
            Kind::Line { .. } => self.write(text.as_deref().unwrap_or("as the script says")),
            Kind::Choice(options) => {
                let wanted =
                    |text: &String| options.iter().position(|(value, line)| value == text || line.contains(text));
                let down = text.as_ref().and_then(wanted).unwrap_or(0);
                let mut keys = vec![Key::of(Code::Down); down];
                keys.push(enter);
                self.press(&keys);
            }
            Kind::Secret(_) => {
                self.engine.ask_colleague();
                self.press(&[Key::of(Code::Esc)]);
            }
        }
        true
    }

    fn fill(&self, text: &str) -> String {
        let incident = &self.engine.app.incident;
        let repo = incident.repos.keys().next().and_then(|r| r.file_name()).map(|n| n.to_string_lossy().into_owned());
        text.replace("{last4}", &incident.opened.key.last4).replace("{repo}", &repo.unwrap_or_default())
    }

    fn write(&mut self, text: &str) {
        let typed = text.chars().map(Key::char);
        let keys: Vec<Key> = std::iter::once(Key::ctrl('u')).chain(typed).chain([Key::of(Code::Enter)]).collect();
        self.press(&keys);
    }

    fn press(&mut self, keys: &[Key]) {
        for key in keys {
            self.hand = self.hand.plus_millis(HAND_MS);
            let asked = self.engine.put(Msg::Key { key: *key, hand: self.hand });
            self.obey(&asked);
        }
    }

    fn obey(&mut self, asked: &[FrontOrder]) {
        self.left |= asked.contains(&FrontOrder::Quit);
        (self.tell)(&self.engine.app);
    }

    /// Until nothing runs. Time does not pass for a clock that only moves when somebody waits.
    async fn quiet(&mut self) {
        while !self.engine.is_quiet() {
            let Some(input) = self.engine.next().await else { return };
            let asked = self.engine.take(input);
            self.obey(&asked);
        }
    }

    /// Lets the clock run to `until`, with everything that becomes due on the way.
    async fn pass(&mut self, until: Stamp) {
        loop {
            self.quiet().await;
            let asked = self.engine.tick();
            self.obey(&asked);
            if !self.engine.is_quiet() {
                continue;
            }
            let now = self.engine.clock.now();
            if now >= until {
                return;
            }
            let next = self.engine.wake().filter(|wake| *wake > now).map_or(until, |wake| wake.min(until));
            self.engine.clock.until(next).await;
        }
    }

    /// Until a stage, or a step given as `stage/step`, is settled.
    async fn wait(&mut self, what: &str) -> Result<()> {
        let end = self.engine.clock.now().plus_secs(PATIENCE_S);
        loop {
            self.quiet().await;
            if settled(&self.engine.app, what)? {
                return Ok(());
            }
            let now = self.engine.clock.now();
            if now >= end {
                return Err(Fault::refused(format!("the script waited too long for {what}"), "it did not settle")
                    .hint("the report and the journal tell how far it came"));
            }
            let next = self.engine.wake().filter(|wake| *wake > now).unwrap_or(now.plus_secs(5)).min(end);
            self.pass(next).await;
        }
    }
}

fn settled(app: &App, what: &str) -> Result<bool> {
    let (id, step) = what.split_once('/').map_or((what, None), |(stage, step)| (stage, Some(step)));
    let Some(stage) = stages::by_id(id) else {
        return Err(Fault::input(format!("the script waits for {what}"), "there is no such stage"));
    };
    let view = app.view(id);
    Ok(match step {
        None => stages::state(stage, &view).settled(),
        Some(step) => stage.steps(&view).iter().any(|s| s.id == step && s.state.settled()),
    })
}
