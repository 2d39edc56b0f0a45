//! OpenAI, sans-io. Facts: the vendor's spec of 2026-08-21 (openapi 3.1.0, info.version 2.3.0) and its guides.
//!
//! Must not know: sockets, clocks, secrets' bytes, incidents, screens.
//!
//! | file | what it is |
//! |---|---|
//! | `spot` | keys of this shape in bytes |
//! | `support` | what the API can do, and how a person does the rest |
//! | `ask` | requests, safe paths |
//! | `answer` | reading answers, and refusals turned into faults |
//! | `replay` | operations as straight-line code over the exchanges so far |
//! | `pages` | lists of many pages, with a guard against endless ones |
//! | `rows` | keys, owners and accounts as the API lists them |
//! | `locate`, `probe`, `revoke`, `issue`, `usage` | one operation each |

mod answer;
mod ask;
mod issue;
mod locate;
mod pages;
mod probe;
mod replay;
mod revoke;
mod rows;
mod spot;
mod support;
#[cfg(test)]
mod testing;
mod usage;

use std::ops::Range;

use super::{Exchange, Provider, Support, Turn};
use crate::effect::ProviderOp;
use replay::Replay;

pub static OPENAI: OpenAi = OpenAi;

/// The vendor; it holds nothing.
#[derive(Debug)]
pub struct OpenAi;

impl Provider for OpenAi {
    fn id(&self) -> &'static str {
        "openai"
    }

    fn name(&self) -> &'static str {
        "OpenAI"
    }

    fn spot(&self, text: &[u8]) -> Vec<Range<usize>> {
        spot::spot(text)
    }

    fn support(&self, op: &ProviderOp, has_admin: bool) -> Support {
        support::support(op, has_admin)
    }

    fn turn(&self, op: &ProviderOp, so_far: &[Exchange]) -> Turn {
        let mut replay = Replay::new(so_far);
        let result = match op {
            ProviderOp::Locate => locate::locate(&mut replay),
            ProviderOp::Probe { key } => probe::probe(&mut replay, *key),
            ProviderOp::Revoke { row } => revoke::key(&mut replay, row),
            ProviderOp::RevokeAccount { row, dies } => revoke::account(&mut replay, row, dies),
            ProviderOp::Usage { row, window } => usage::usage(&mut replay, row, *window),
            ProviderOp::FindIssued { project, name } => issue::find(&mut replay, project, name),
            ProviderOp::Issue { project, name } => issue::issue(&mut replay, project, name),
            ProviderOp::Discard { project, issued } => issue::discard(&mut replay, project, issued),
        };
        match result {
            Ok(reply) => Turn::Done(reply),
            Err(stop) => stop.into_turn(),
        }
    }
}
