//! What can be copied from here, never a secret.
//!
//! Must not know: how it reaches the clipboard.

use crate::app::{App, linear};
use crate::stages::{Act, Ask, Kind, Then};

pub(super) fn copy(app: &App) -> Act {
    let here = app.here();
    let mut things = vec![
        (app.incident.opened.incident.clone(), "the incident's id".to_owned()),
        (app.incident.opened.key.to_string(), "the leaked key's fingerprint".to_owned()),
        (linear::status(app).join("\n"), "the status in lines, for a chat".to_owned()),
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
