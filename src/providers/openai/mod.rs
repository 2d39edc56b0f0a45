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
            Ok(done) => Turn::Done(done),
            Err(stop) => stop.into_turn(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::testing::{answer, every_op};
    use super::*;
    use crate::base::{Fault, FaultKind};

    /// JSON of any shape, with the names that are read.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-z_/. é…*]{0,8}".prop_map(Value::from),
        ];
        let names = prop::sample::select(vec![
            "data",
            "id",
            "has_more",
            "last_id",
            "next_page",
            "name",
            "owner",
            "user",
            "service_account",
            "type",
            "results",
            "start_time",
            "end_time",
            "api_key_id",
            "project_id",
            "amount",
            "value",
            "effective_at",
            "actor",
            "session",
            "error",
            "message",
            "code",
            "deleted",
            "api_key",
            "created_at",
            "input_tokens",
            "num_model_requests",
        ]);
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(names.clone(), inner, 0..6).prop_map(|members| json!(members)),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_is_answered_nothing_panics_and_it_ends(
            world in prop::collection::vec((prop_oneof![Just(200u16), Just(404), Just(400), 100u16..600], any_json()), 1..6),
            silent in any::<bool>(),
        ) {
            for op in every_op() {
                let mut so_far = Vec::new();
                while let Turn::Send(request) = OPENAI.turn(&op, &so_far) {
                    prop_assert!(so_far.len() < 600, "{op:?}");
                    let (status, json) = world[so_far.len() % world.len()].clone();
                    let mut answer = Ok(answer(status, Some(json)));
                    if silent && so_far.len() % 3 == 2 {
                        answer = Err(Fault::new(FaultKind::Unreachable, "no answer came", "timed out"));
                    }
                    so_far.push(Exchange { request, answer });
                }
            }
        }
    }
}
