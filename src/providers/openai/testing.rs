//! A mini interpreter for unit tests: plays `turn` against a function from requests to answers.

use serde_json::{Value, json};

use super::OPENAI;
use crate::base::{Fault, KeyKind, SecretRef, Stamp};
use crate::effect::ProviderOp;
use crate::effect::provider::{Issued, KeyRow, Owner, OwnerKind, Window};
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

/// One of each operation, about a key of a service account in project `p`.
pub(super) fn every_op() -> Vec<ProviderOp> {
    let text = |text: &str| text.to_owned();
    let owner = Owner { kind: OwnerKind::ServiceAccount, id: text("s"), name: text("bot") };
    let row = KeyRow {
        id: text("k"),
        name: text("n"),
        redacted: text("r"),
        project_id: text("p"),
        project_name: text("P"),
        created: None,
        last_used: None,
        owner,
        admin: false,
    };
    let (project, name, account_id) = (text("p"), text("n"), text("s"));
    let issued = Issued {
        key_id: text(""),
        account_id,
        name: name.clone(),
        project_id: project.clone(),
        created: None,
        print: None,
    };
    let window = Window { baseline: Stamp(0), from: Stamp(86_400_000), to: Stamp(90_000_000) };
    vec![
        ProviderOp::Locate,
        ProviderOp::Probe { key: SecretRef::Leaked },
        ProviderOp::Probe { key: SecretRef::Admin },
        ProviderOp::Revoke { row: row.clone() },
        ProviderOp::RevokeAccount { row: row.clone(), dies: vec![] },
        ProviderOp::Usage { row, window },
        ProviderOp::FindIssued { project: project.clone(), name: name.clone() },
        ProviderOp::Issue { project: project.clone(), name },
        ProviderOp::Discard { project, issued },
    ]
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
