//! What help, the story and the log of requests say, row by row.
//!
//! Must not know: where it is shown.

use crate::ui::{Key, Role};

use super::{App, commands};

#[derive(Debug)]
pub(super) struct Row {
    pub role: Role,
    pub text: String,
    /// The command it is about.
    pub of: Option<&'static str>,
}

impl Row {
    pub(super) fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), of: None }
    }
}

/// Every key that works here, why another does not, and the `moves` of the face that shows it.
pub(super) fn help(app: &App, moves: &[&str]) -> Vec<Row> {
    let stage = app.here();
    let view = app.view(stage.id());
    let mut rows =
        vec![Row::new(Role::Title, format!("{}: {}", stage.title(), stage.goal())), Row::new(Role::Text, "")];
    for action in stage.actions() {
        rows.push(match (action.ready)(&view) {
            Ok(()) => Row::new(Role::Text, format!(" {}   {} {}", action.key, ended(action.label), action.why)),
            Err(why) => Row::new(Role::Dim, format!("({})  {} Not now: {why}", action.key, ended(action.label))),
        });
    }
    rows.push(Row::new(Role::Text, ""));
    rows.push(Row::new(Role::Title, "Everywhere"));
    rows.extend(moves.iter().map(|row| Row::new(Role::Text, format!(" {row}."))));
    for command in commands::ALL.iter().filter(|c| !c.keys.is_empty()) {
        let keys = command.keys.iter().map(Key::label).collect::<Vec<_>>().join(" ");
        let row = match (command.ready)(app) {
            Ok(()) => Row::new(Role::Text, format!(" {keys}   {}. {}", command.label, command.why)),
            Err(why) => Row::new(Role::Dim, format!("({keys})  {}. Not now: {why}", command.label)),
        };
        rows.push(Row { of: Some(command.id), ..row });
    }
    rows
}

/// A label as a sentence: some are questions.
fn ended(label: &str) -> String {
    if label.ends_with('?') { label.to_owned() } else { format!("{label}.") }
}

pub(super) fn log(app: &App) -> Vec<Row> {
    if app.log.is_empty() {
        return vec![Row::new(Role::Dim, "nothing was asked of anybody yet")];
    }
    let row = |line: &crate::effect::LogLine| {
        // The names of a query's fields are in the journal's evidence; here they only hide the path.
        let path = line.what.split('?').next().unwrap_or_default();
        let status = line.status.map_or_else(|| "---".to_owned(), |s| s.to_string());
        let role = if line.status.is_some_and(|s| (200..300).contains(&s) || s == 0) { Role::Text } else { Role::Warn };
        let (at, verb, millis, note) = (line.at.time(), &line.verb, line.millis, &line.note);
        Row::new(role, format!("{at} {verb:6} {status:>4} {millis:>6} ms  {path}  {note}"))
    };
    app.log.iter().map(row).collect()
}

pub(super) fn timeline(app: &App) -> Vec<Row> {
    let row = |e: &crate::incident::timeline::Entry| {
        Row::new(Role::Text, format!("{} {:7} {}", e.at.time(), e.stage, e.words))
    };
    app.incident.timeline.iter().map(row).collect()
}
