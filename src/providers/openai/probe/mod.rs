//! Is a key alive? One request, and a table that reads the answer.
//!
//! Must not know: earlier probes. A single answer proves nothing for good: a deleted key may keep answering for a while.
//! A 401 alone does not mean dead: OpenAI has four kinds of it, and only `invalid_api_key` is the dead one.

mod rules;
#[cfg(test)]
mod tests;

use super::answer::ApiError;
use super::ask::{ADMIN_KEYS, get};
use super::replay::{Replay, Step};
use crate::base::fault::Result;
use crate::base::{KeyKind, SecretRef};
use crate::effect::provider::Probe;
use crate::effect::{ProviderReply, Verdict};
use crate::providers::{Answer, Auth, Request};

use rules::classify;

/// Costs nothing and needs no body.
const MODELS: &str = "/models";

/// One probe. An admin key can't be tried on the ordinary endpoints: `signer` tells, or the message does.
pub(super) fn probe(replay: &mut Replay<'_>, key: SecretRef) -> Step<ProviderReply> {
    let signed = |request: Request| Request { auth: Auth::Bearer(key), ..request };
    if key != SecretRef::Admin {
        let answer = replay.ask(signed(get(MODELS)))?;
        if !wants_admin_endpoint(answer) {
            return Ok(ProviderReply::Probed(read(key, answer)));
        }
    }
    let answer = replay.ask(signed(get(ADMIN_KEYS).with("limit", 1)))?;
    Ok(ProviderReply::Probed(read(key, answer)))
}

fn wants_admin_endpoint(answer: &Result<Answer>) -> bool {
    answer.as_ref().is_ok_and(|answer| {
        let message = ApiError::of(answer).message.to_lowercase();
        answer.signer == KeyKind::OpenAiAdmin || message.contains("admin api keys cannot be used")
    })
}

fn read(key: SecretRef, answer: &Result<Answer>) -> Probe {
    match answer {
        Err(fault) => {
            Probe { key, verdict: Verdict::Unknown, status: None, code: None, why: fault.why.clone(), request_id: None }
        }
        Ok(answer) => {
            let error = ApiError::of(answer);
            let (verdict, why) = classify(answer, &error);
            let request_id = answer.request_id.clone();
            Probe { key, verdict, status: Some(answer.status), code: error.code, why, request_id }
        }
    }
}
