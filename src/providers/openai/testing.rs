//! A mini interpreter for unit tests: plays `turn` against a function from requests to answers.

use serde_json::{Value, json};

use super::OPENAI;
use crate::base::{Fault, KeyKind, Stamp};
use crate::effect::ProviderOp;
use crate::providers::{Answer, Exchange, Provider as _, Request, Turn};

/// Plays until the operation ends.
pub(super) fn drive(op: &ProviderOp, mut world: impl FnMut(&Request) -> Result<Answer, Fault>) -> Turn {
    let mut so_far = Vec::new();
    for _ in 0..1000 {
        match OPENAI.turn(op, &so_far) {
            Turn::Send(request) => {
                let answer = world(&request);
                so_far.push(Exchange { request, answer });
            }
            end => return end,
        }
    }
    panic!("no end after 1000 turns");
}

pub(super) fn answer(status: u16, json: Option<Value>) -> Answer {
    let signer = KeyKind::Unknown;
    Answer { status, json, snippet: None, request_id: None, matched: vec![], captured: None, signer, at: Stamp(0) }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where worlds answer")]
pub(super) fn ok(json: Value) -> Result<Answer, Fault> {
    Ok(answer(200, Some(json)))
}

/// An error in the vendor's form, without a code.
pub(super) fn refused(status: u16, message: &str) -> Result<Answer, Fault> {
    failed(status, message, &Value::Null)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where worlds answer")]
pub(super) fn failed(status: u16, message: &str, code: &Value) -> Result<Answer, Fault> {
    Ok(answer(
        status,
        Some(json!({"error":{"message":message,"type":"invalid_request_error","param":null,"code":code}})),
    ))
}
