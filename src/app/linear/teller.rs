//! What is new since the last line: the story, what was told, the question or the stage. What was said and still holds is
//! not said again, and every line that was typed is answered.
//!
//! Must not know: where the lines go.

use std::collections::HashSet;

use crate::base::Stamp;

use super::super::App;
use super::page::{NEWEST, page};
use super::{Pane, prompt, question};

/// What was said so far.
#[derive(Debug, Default)]
pub struct Teller {
    /// Entries of the timeline, and news.
    told: usize,
    news: usize,
    said: Option<(Stamp, String)>,
    /// The gist of the question that is open.
    question: Option<Vec<String>>,
    pane: Pane,
    also: String,
    /// A line was read, and nothing was said since that tells what can be typed now.
    owed: bool,
    /// All of the stage is wanted, said before or not.
    whole: bool,
}

/// Figures don't count: an age is another one every minute.
fn gist(line: &str) -> String {
    line.chars().filter(|c| !c.is_ascii_digit()).collect()
}

impl Teller {
    /// What happened before is not told whole: it may be days.
    pub fn new(app: &App) -> Self {
        let told = app.incident.timeline.len().saturating_sub(NEWEST);
        Self { told, ..Self::default() }
    }

    /// A line was typed: it is owed an answer, the same words again if it earns them.
    pub fn typed(&mut self) {
        self.owed = true;
        self.said = None;
    }

    /// The stage is asked for by its number: all of it is said.
    pub fn whole(&mut self) {
        self.whole = true;
    }

    /// What is to be said now. A page that is in it is over with that: the caller closes it.
    pub fn fresh(&mut self, app: &App) -> Vec<String> {
        let mut fresh: Vec<String> =
            app.incident.timeline.iter().skip(self.told).map(|e| format!("{} {}", e.at.time(), e.words)).collect();
        self.told = app.incident.timeline.len();
        fresh.extend(app.news.iter().skip(self.news).map(|(at, text)| format!("{} news: {text}", at.time())));
        self.news = app.news.len();
        let said = app.said.as_ref().map(|(at, _, words)| (*at, words.clone()));
        if said != self.said {
            fresh.extend(said.iter().map(|(_, words)| format!("! {words}")));
            self.said = said;
        }
        if let Some(page) = page(app) {
            fresh.extend(page);
        } else if let Some(lines) = question(app) {
            self.ask(app, lines, &mut fresh);
        } else if !app.is_recording() {
            self.question = None;
            self.stage(Pane::of(app), &mut fresh);
        }
        fresh
    }

    fn ask(&mut self, app: &App, lines: Vec<String>, fresh: &mut Vec<String>) {
        let gist: Vec<String> = lines.iter().take(2).chain(lines.last()).map(|line| gist(line)).collect();
        if self.question.as_ref() != Some(&gist) {
            fresh.extend(lines);
            self.question = Some(gist);
            self.owed = false;
        } else if std::mem::take(&mut self.owed) {
            fresh.extend(prompt(app));
        }
    }

    /// All of it when it comes into sight; then only what became another, once there is another thing to do or a line to
    /// be answered.
    fn stage(&mut self, pane: Pane, fresh: &mut Vec<String>) {
        if std::mem::take(&mut self.whole) || pane.stage != self.pane.stage {
            fresh.extend(pane.lines());
            fresh.extend([pane.also.clone(), pane.next.clone()]);
            self.also.clone_from(&pane.also);
        } else {
            let first = |pane: &Pane| pane.now.first().map(|line| gist(line));
            let moved = first(&pane) != first(&self.pane) || pane.next != self.pane.next;
            if !moved && !self.owed {
                return;
            }
            let waits = pane.next.starts_with("NEXT: wait");
            let working = moved && waits && pane.next == self.pane.next;
            if moved {
                let said = |line: &&String| working && self.pane.now.contains(line);
                fresh.extend(pane.now.iter().filter(|line| !said(line)).cloned());
            }
            fresh.extend(self.others(&pane));
            if self.owed && !waits && pane.also != self.also {
                fresh.push(pane.also.clone());
                self.also.clone_from(&pane.also);
            }
            if self.owed || !working {
                fresh.push(pane.next.clone());
            }
        }
        self.pane = pane;
        self.owed = false;
    }

    /// Lines of the stage that were not in it when it was last said, below their title.
    fn others(&self, pane: &Pane) -> Vec<String> {
        let before: HashSet<String> = self.pane.parts.iter().flat_map(|(_, lines)| lines).map(|l| gist(l)).collect();
        let mut others = Vec::new();
        for (title, lines) in &pane.parts {
            let mut new = lines.iter().filter(|line| !before.contains(&gist(line))).peekable();
            if new.peek().is_some() {
                others.extend(title.iter().chain(new).cloned());
            }
        }
        others
    }
}
