//! `status`, `export`, `replay`: looks at incidents. They read; they take no lock and change nothing.
//!
//! Must not know: what is being worked on elsewhere.

use std::collections::BTreeSet;

use crate::app::report::Report;
use crate::app::{App, Setup, linear};
use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::incident::playbook::Playbook;
use crate::incident::{Incident, Mode};
use crate::providers::{self, prices::Prices};
use crate::shell::journal;

use super::args::{Export, Format, Look, OneIncident};
use super::{Context, exit, respond, run, say, say_json, warn};

pub(super) fn status(args: &Look, context: &Context) -> Result<u8> {
    if args.id.is_none() {
        return list(args.json, context);
    }
    let app = app(args.id.as_deref(), context)?;
    if args.json {
        say_json(&Report::of(&app))?;
    } else {
        say(&linear::status(&app).join("\n"))?;
    }
    Ok(run::code(&app))
}

fn list(json: bool, context: &Context) -> Result<u8> {
    let listed = context.settings.store.list()?;
    if json {
        let rows: Vec<_> = listed
            .iter()
            .map(|l| {
                let fault = l.fault.as_ref().map(ToString::to_string);
                serde_json::json!({"id": l.id, "mode": l.mode, "key": l.key.as_ref().map(ToString::to_string),
                    "opened_at": l.opened, "closed": l.closed, "fault": fault})
            })
            .collect();
        say_json(&rows)?;
        return Ok(exit::DONE);
    }
    if listed.is_empty() {
        say("No incident on this machine yet. `stanch drill` is a good first one.")?;
    }
    for l in listed {
        let state = match (&l.fault, l.closed.is_some()) {
            (Some(fault), _) => format!("can't be read: {}", fault.why),
            (None, true) => "closed".into(),
            (None, false) => "open".into(),
        };
        let mode = l.mode.map_or("?", Mode::word);
        let key = l.key.as_ref().map(ToString::to_string).unwrap_or_default();
        say(&format!("{:34} {mode:5} {key:24} {state}", l.id))?;
    }
    Ok(exit::DONE)
}

pub(super) fn export(args: &Export, context: &Context) -> Result<u8> {
    let app = app(args.id.as_deref(), context)?;
    let report = Report::of(&app);
    match args.format {
        Format::Md => say(&report.markdown())?,
        Format::Json => say_json(&report)?,
    }
    Ok(exit::DONE)
}

pub(super) fn replay(args: &OneIncident, context: &Context) -> Result<u8> {
    let app = app(args.id.as_deref(), context)?;
    let mut last = app.incident.opened_at;
    for entry in &app.incident.timeline {
        let gap = entry.at.since(last);
        let gap = if gap > 0 { format!("+{}", crate::base::stamp::clock_text(gap)) } else { String::new() };
        say(&format!("{} {gap:>9} {:8} {}", entry.at.time(), entry.stage, entry.words))?;
        last = entry.at;
    }
    Ok(exit::DONE)
}

/// The incident as an app that nobody can write through.
fn app(said: Option<&str>, context: &Context) -> Result<App> {
    let id = respond::which(said, context)?;
    let reading = journal::read(&context.settings.store.journal(&id))?;
    match reading.fault {
        Some(fault) if reading.records.is_empty() => return Err(fault),
        Some(fault) => warn(&format!("shown up to the damage: {fault}")),
        None => {}
    }
    let mut incident = Incident::fold(&reading.records)?;
    // A look tells of the moment it is taken: what was running elsewhere is not known here.
    incident.last_at = incident.last_at.max(incident.opened_at);
    let now =
        if incident.opened.mode == Mode::Drill || incident.closed.is_some() { incident.last_at } else { machine_now() };
    let setup = Setup {
        provider: providers::by_id(&incident.opened.provider).unwrap_or(providers::ALL[0]),
        playbooks: Playbook::built_in()?,
        prices: Prices::built_in()?,
        label: String::new(),
        observe: true,
        pace: 1,
    };
    Ok(App::new(incident, setup, BTreeSet::new(), now))
}
