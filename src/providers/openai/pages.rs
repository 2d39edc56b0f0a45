//! Lists of many pages: all of them, or as many as came before trouble.
//!
//! Must not know: what is listed. A server that answers "there is more" for ever is stopped twice: when a cursor comes
//! again, and after a number of pages.

use std::collections::BTreeSet;

use serde_json::Value;

use super::answer::{good, misshapen};
use super::replay::{Replay, Step};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::providers::{Answer, Request};

/// How the next page is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cursor {
    /// `after` = the last object's id.
    After,
    /// `page` = the answer's `next_page`.
    Page,
}

/// The pages that came, and what stopped the rest.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    pub(super) got: Vec<&'a Answer>,
    pub(super) fault: Option<Fault>,
    /// The fault is silence: no answer came at all.
    pub(super) silent: bool,
}

impl<'a> Pages<'a> {
    /// All pages or none.
    pub(super) fn whole(self) -> Result<Vec<&'a Answer>> {
        self.fault.map_or(Ok(self.got), Err)
    }
}

/// Items of one page; never fails after [`walk`] took the page.
pub(super) fn items(answer: &Answer) -> &[Value] {
    answer.json.as_ref().and_then(|json| json.get("data")).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Asks for `first` and what follows it, at most `most` pages. Only the cursors are read here: this runs again each turn.
pub(super) fn walk<'a>(
    replay: &mut Replay<'a>,
    first: &Request,
    cursor: Cursor,
    most: usize,
    what: &str,
) -> Step<Pages<'a>> {
    let mut pages = Pages { got: Vec::new(), fault: None, silent: false };
    let mut seen = BTreeSet::new();
    let mut at: Option<&'a str> = None;
    loop {
        if pages.got.len() >= most {
            pages.fault = Some(endless(what, &format!("there are more than {most} pages")));
            break;
        }
        let request = match (at, cursor) {
            (None, _) => first.clone(),
            (Some(at), Cursor::After) => first.clone().with("after", at),
            (Some(at), Cursor::Page) => first.clone().with("page", at),
        };
        let answer = replay.ask(request)?;
        match next(answer, cursor, what) {
            Ok((page, next)) => {
                pages.got.push(page);
                match next {
                    None => break,
                    Some(next) if seen.insert(next) => at = Some(next),
                    Some(_) => {
                        pages.fault = Some(endless(what, "the same page was announced twice"));
                        break;
                    }
                }
            }
            Err(fault) => {
                pages.silent = answer.is_err();
                pages.fault = Some(fault);
                break;
            }
        }
    }
    Ok(pages)
}

/// One page and the cursor of the next.
fn next<'a>(answer: &'a Result<Answer>, cursor: Cursor, what: &str) -> Result<(&'a Answer, Option<&'a str>)> {
    let json = good(answer, what)?;
    let answer = answer.as_ref().map_err(Clone::clone)?;
    let Some(data) = json.get("data").and_then(Value::as_array) else {
        return Err(misshapen(what, "a list under \"data\"", answer.status));
    };
    if json.get("has_more").and_then(Value::as_bool) != Some(true) {
        return Ok((answer, None));
    }
    let named = match cursor {
        Cursor::After => json.get("last_id").or_else(|| data.last().and_then(|item| item.get("id"))),
        Cursor::Page => json.get("next_page"),
    };
    match named.and_then(Value::as_str) {
        Some(named) if !named.is_empty() => Ok((answer, Some(named))),
        _ => Err(misshapen(what, "the name of the next page, since there is more", answer.status)),
    }
}

fn endless(what: &str, why: &str) -> Fault {
    Fault::new(FaultKind::Malformed, format!("could not {what} to the end"), format!("{why}: the list has no end"))
        .hint("repeat once; if it stays, use the dashboard and tell the authors")
}
