//! What the key did: ten usage endpoints, costs, audit log. One review round reads them all; a part that fails says so and
//! hides nothing else.
//!
//! Must not know: what is suspicious. The API has no caller's address for model calls: nobody can read it from here.

mod audit;
mod costs;
mod parts;

use super::pages::Pages;
use super::replay::{Replay, Step};
use crate::base::fault::Result;
use crate::base::{Fault, Stamp};
use crate::effect::ProviderReply;
use crate::effect::provider::{KeyRow, PartState, UsageReading, Window};
use parts::{PARTS, Part};

/// The newest span that is read by the minute; what lies before is read by the hour. A page holds a day of minutes, so
/// this bounds the requests of a round.
const MINUTES_SPAN_S: i64 = 14 * 86_400;

/// Failures in transport, one after the other, after which the rest is not asked for: each costs minutes.
const PATIENCE: u32 = 2;

/// Walks the parts and remembers trouble.
struct Round<'r, 'a> {
    replay: &'r mut Replay<'a>,
    parts: Vec<PartState>,
    unreachable: u32,
    /// Parts of which at least one page came.
    came: usize,
    first: Option<Fault>,
}

impl<'a> Round<'_, 'a> {
    /// One list of `part`. Its trouble is written down; what came before it is kept.
    fn list(
        &mut self,
        part: &str,
        whole_project: bool,
        walk: impl FnOnce(&mut Replay<'a>) -> Step<Pages<'a>>,
    ) -> Step<Pages<'a>> {
        if self.unreachable >= PATIENCE {
            self.note(
                part,
                whole_project,
                Some("not asked for: OpenAI could not be reached for the parts before".into()),
            );
            return Ok(Pages { got: Vec::new(), fault: None, silent: false });
        }
        let pages = walk(self.replay)?;
        self.came += usize::from(!pages.got.is_empty());
        self.unreachable = if pages.silent { self.unreachable + 1 } else { 0 };
        self.note(part, whole_project, pages.fault.as_ref().map(|fault| fault.why.clone()));
        if self.first.is_none() {
            self.first.clone_from(&pages.fault);
        }
        Ok(pages)
    }

    /// Adds `trouble` to the part's state.
    fn note(&mut self, part: &str, whole_project: bool, trouble: Option<String>) {
        let at = self.parts.iter().position(|state| state.part == part);
        let known = at.and_then(|at| self.parts.get_mut(at));
        match (known, trouble) {
            (None, failed) => self.parts.push(PartState { part: part.to_owned(), failed, whole_project }),
            (Some(state), Some(trouble)) => match &mut state.failed {
                Some(failed) if !failed.contains(&trouble) => *failed = format!("{failed}; {trouble}"),
                Some(_) => {}
                none => *none = Some(trouble),
            },
            (Some(_), None) => {}
        }
    }
}

/// A list and how it is to be read once all are there.
struct Listed<'a> {
    part: &'static Part,
    seconds: u32,
    pages: Pages<'a>,
}

pub(super) fn usage(replay: &mut Replay<'_>, row: &KeyRow, window: Window) -> Step<ProviderReply> {
    let mut round = Round { replay, parts: Vec::new(), unreachable: 0, came: 0, first: None };
    let minutes_from = Stamp(window.from.0.max(window.to.plus_secs(-MINUTES_SPAN_S).0));
    let spans = [(60, minutes_from, window.to), (3600, window.baseline, minutes_from)];
    let mut lists = Vec::new();
    for (seconds, from, to) in spans {
        for part in PARTS {
            if !part.keyed && row.project_id.is_empty() {
                round.note(
                    part.name,
                    true,
                    Some("the key belongs to no project, and this can be asked by project only".into()),
                );
            } else if let Some(first) = parts::request(part, row, seconds, from, to) {
                let most = parts::most_pages(seconds, from, to);
                let pages = round.list(part.name, !part.keyed, |replay| parts::walk(replay, &first, part, most))?;
                lists.push(Listed { part, seconds, pages });
            }
        }
    }
    let cost_pages = round.list(costs::PART, false, |replay| costs::walk(replay, row, window))?;
    let audit_pages = round.list(audit::PART, false, |replay| audit::walk(replay, row, window))?;
    if round.came == 0
        && let Some(first) = round.first
    {
        return Err(Fault { what: "could not read any usage".into(), ..first }.into());
    }

    let mut reading =
        UsageReading { window, parts: Vec::new(), rows: vec![], costs: vec![], audit: vec![], data_up_to: None };
    for Listed { part, seconds, pages } in &lists {
        let mut read = parts::read(part, *seconds, pages, row);
        if part.keyed {
            // A bucket that is still running ends in the future; its figures don't.
            reading.data_up_to = reading.data_up_to.max(read.up_to.map(|up_to| up_to.min(window.to)));
        }
        reading.rows.append(&mut read.rows);
        round.note(part.name, !part.keyed, read.trouble);
    }
    let (rows, trouble) = costs::read(&cost_pages, row);
    reading.costs = rows;
    round.note(costs::PART, false, trouble);
    let (rows, trouble) = audit::read(&audit_pages);
    reading.audit = rows;
    round.note(audit::PART, false, trouble);
    reading.parts = round.parts;
    Ok(ProviderReply::Usage(Box::new(reading)))
}

/// Rows that are not of the key or project that was asked for: a misspelt or ignored filter answers with totals.
#[derive(Debug, Default)]
struct Strangers {
    others: u64,
    unnamed: u64,
}

impl Strangers {
    /// Is the row ours? `field` names the key or project in it.
    fn ours(&mut self, row: &serde_json::Value, field: &str, wanted: &str) -> bool {
        match super::answer::text(row, field) {
            named if named == wanted => return true,
            "" => self.unnamed += 1,
            _ => self.others += 1,
        }
        false
    }

    fn words(&self, what: &str) -> Option<String> {
        let mut said = Vec::new();
        if self.others > 0 {
            said.push(format!("{} rows of other {what} were left out: OpenAI ignored the filter", self.others));
        }
        if self.unnamed > 0 {
            said.push(format!(
                "{} rows that name none of the {what} were left out: whose they are can't be told",
                self.unnamed
            ));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// A whole number that may be missing or null.
fn figure(row: &serde_json::Value, field: &str) -> Result<u64, String> {
    match row.get(field) {
        _ if field.is_empty() => Ok(0),
        None | Some(serde_json::Value::Null) => Ok(0),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole figure is wanted; the cast saturates"
        )]
        Some(value) => value.as_u64().or_else(|| value.as_f64().map(|figure| figure as u64)).ok_or_else(|| {
            format!("expected a number in \"{field}\", found {}", super::answer::shorten(&value.to_string()))
        }),
    }
}

#[cfg(test)]
mod tests;
