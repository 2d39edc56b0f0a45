//! What can be opened to be read, in lines: help, the story, the requests, the commands by name, a list of a stage.
//!
//! Must not know: how it looks on a screen. It is said once and is over: the next line typed is a command again.

use super::super::commands::OF_SCREEN;
use super::super::pages;
use super::super::{App, Overlay};

/// Entries of a story or a log that are said: who listens can't skip the old ones.
pub(super) const NEWEST: usize = 30;

/// `None`: nothing is open but, perhaps, a question.
pub fn page(app: &App) -> Option<Vec<String>> {
    Some(match &app.overlay {
        Overlay::None | Overlay::Asking(_) => return None,
        Overlay::Help { .. } => {
            let rows =
                pages::help(app, &["0-6   that stage, all of it", ":NAME   a command by its name; : lists them"]);
            let rows = rows.into_iter().filter(|row| row.of.is_none_or(|id| !OF_SCREEN.contains(&id)));
            std::iter::once("== Help".to_owned()).chain(rows.map(|row| row.text)).filter(|l| !l.is_empty()).collect()
        }
        Overlay::Timeline { .. } => newest("The story so far", "stanch replay tells all", pages::timeline(app)),
        Overlay::Log { .. } => newest("Requests", "the older ones are left out here", pages::log(app)),
        Overlay::Palette(palette) => {
            let line = |item: super::super::palette::Item| {
                let blocked = item.blocked.map(|why| format!(" (not now: {why})")).unwrap_or_default();
                format!("   :{}  {}{blocked}", item.id, item.label)
            };
            let items = palette.items(app).into_iter().filter(|item| !OF_SCREEN.contains(&item.id.as_str()));
            std::iter::once("== Commands: type one as it stands here".to_owned()).chain(items.map(line)).collect()
        }
        Overlay::Reading(reading) => {
            let lines = reading.listing.items.iter().flatten().map(|line| format!("   {}", line.flat()));
            std::iter::once(format!("== {}", reading.listing.title)).chain(lines).collect()
        }
    })
}

fn newest(title: &str, rest: &str, rows: Vec<pages::Row>) -> Vec<String> {
    let all = rows.len();
    let head = match all.checked_sub(NEWEST) {
        None | Some(0) => format!("== {title}"),
        Some(_) => format!("== {title}: the last {NEWEST} of {all} ({rest})"),
    };
    let last = rows.into_iter().skip(all.saturating_sub(NEWEST)).map(|row| format!("   {}", row.text));
    std::iter::once(head).chain(last).collect()
}
