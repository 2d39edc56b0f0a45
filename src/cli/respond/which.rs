//! Which incident is meant: the one that was named, the newest, or an open one about the same key.
//!
//! Must not know: what is done with it.

use std::path::Path;

use crate::base::fault::Result;
use crate::base::{Fault, Secret};
use crate::incident::{Mode, Opened};
use crate::shell::{front, journal};

use super::super::args::KeySource;
use super::super::{Context, tell, warn};

/// The newest open live incident about this very key.
pub(super) fn same_key(secret: &Secret, context: &Context) -> Option<(String, Opened)> {
    let mut listed = context.settings.store.list().ok()?;
    listed.sort_by_key(|l| std::cmp::Reverse(l.opened));
    let open = listed.into_iter().filter(|l| l.closed.is_none() && l.fault.is_none() && l.mode == Some(Mode::Live));
    open.filter_map(|l| Some((l.id, opened(&l.path).ok()?)))
        .find(|(_, opened)| secret.fingerprint(&opened.salt).hash == opened.key.hash)
}

/// One key, one incident: is the open one meant? Without anybody to ask, it is only told.
pub(super) fn again(id: &str, source: &KeySource) -> Result<bool> {
    let short = crate::base::id::short(id);
    if source.key_stdin || !front::stdin_is_terminal() {
        warn(&format!("incident {short} is open about the same key; `stanch resume {short}` goes on with it"));
        return Ok(false);
    }
    tell(&format!(
        "Incident {short} is open about this very key. Go on with it? Enter or y: yes; n: open a second one."
    ));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| Fault::machine("the answer can't be read", e))?;
    Ok(!line.trim().eq_ignore_ascii_case("n"))
}

/// The id that was said, or the newest incident that is not closed.
pub(in crate::cli) fn which(said: Option<&str>, context: &Context) -> Result<String> {
    let store = &context.settings.store;
    if let Some(said) = said {
        return store.resolve(said);
    }
    let listed = store.list()?;
    let open = listed.iter().filter(|l| l.fault.is_none()).max_by_key(|l| (l.closed.is_none(), l.opened));
    open.map(|l| l.id.clone()).ok_or_else(|| {
        let why = if listed.is_empty() { "none was opened yet" } else { "none that is there can be read" };
        Fault::input("there is no incident to take", why)
            .hint("`stanch status` lists what is there and what is wrong with it")
            .hint("`stanch respond` opens one, `stanch drill` trains")
    })
}

/// An incident's first record.
pub(in crate::cli) fn opened(path: &Path) -> Result<Opened> {
    let reading = journal::read(path)?;
    match reading.fault {
        // Nothing of it can be believed: why not is worth more than that it is empty.
        Some(fault) if reading.records.is_empty() => Err(fault),
        _ => Ok(crate::incident::Incident::fold(&reading.records)?.opened),
    }
}
