//! Every kind of answer a probe can meet, and what is read from it.
//!
//! Must not know: the table's rules; only what they must lead to.

use serde_json::{Value, json};

use super::super::testing::{answer, drive, failed, ok};
use super::*;
use crate::base::{Fault, FaultKind};
use crate::effect::ProviderOp;
use crate::providers::Turn;

fn probed(turn: Turn) -> Probe {
    let Turn::Done(ProviderReply::Probed(probe)) = turn else { panic!("{turn:?}") };
    probe
}

fn of(answer: &Result<Answer>) -> Probe {
    probed(drive(&ProviderOp::Probe { key: SecretRef::Leaked }, |_| answer.clone()))
}

#[test]
fn every_row_of_the_table() {
    use Verdict::{Dead, Live, Unknown};
    let none = Value::Null;
    let code = |code: &str| Value::String(code.into());
    let scopes = "You have insufficient permissions for this operation. Missing scopes: api.model.read.";
    let table = [
        (401, "Incorrect API key provided: sk-proj-****dead.", code("invalid_api_key"), Dead),
        (401, "Missing scopes, IP not authorized, anything", code("invalid_api_key"), Dead),
        (401, "Incorrect API key provided: sk-proj-****dead.", none.clone(), Unknown),
        (403, "Incorrect API key provided", code("invalid_api_key"), Unknown),
        (401, scopes, none.clone(), Live),
        (403, scopes, none.clone(), Live),
        (401, "IP not authorized", none.clone(), Live),
        (401, "Your IP address is not authorized to use this project", none.clone(), Live),
        (401, "no", code("ip_not_authorized"), Live),
        (401, "You must be a member of an organization to use the API", none.clone(), Unknown),
        (
            401,
            "The OpenAI account associated with this API key has been deactivated.",
            code("account_deactivated"),
            Unknown,
        ),
        (403, "Country, region, or territory not supported", none.clone(), Unknown),
        (403, "no", code("unsupported_country_region_territory"), Unknown),
        (403, "You are not allowed to do this", none.clone(), Unknown),
        (429, "Rate limit reached", code("rate_limit_exceeded"), Live),
        (429, "You exceeded your current quota", code("insufficient_quota"), Live),
        (429, "x", code("credit_balance_exhausted"), Live),
        (429, "x", code("organization_spend_limit_exceeded"), Live),
        (429, "x", code("project_spend_limit_exceeded"), Live),
        (429, "x", code("slow_down"), Live),
        (429, "something new", code("no_idea"), Unknown),
        (500, "The server had an error", none.clone(), Unknown),
        (503, "The server is overloaded", code("invalid_api_key"), Unknown),
        (400, "bad request", none.clone(), Unknown),
        (404, "not found", none.clone(), Unknown),
    ];
    for (status, message, code, verdict) in table {
        let probe = of(&failed(status, message, &code));
        assert_eq!(probe.verdict, verdict, "{status} {code} {message}: {probe:?}");
        assert!(!probe.why.is_empty());
    }
    assert_eq!(of(&ok(json!({"object":"list","data":[]}))).verdict, Live);
}

#[test]
fn whatever_is_not_openai_proves_nothing() {
    let odd = [
        answer(200, None),
        answer(200, Some(json!({"ok":true}))),
        answer(301, None),
        answer(302, None),
        answer(401, None),
        answer(401, Some(json!({"error":"invalid_api_key"}))),
        answer(401, Some(json!({"code":"invalid_api_key"}))),
        answer(401, Some(json!({"error":{"code":"invalid_api_key"}}))),
        answer(403, Some(json!("<html>"))),
        answer(407, None),
        answer(429, None),
        answer(429, Some(json!({"error":"rate_limit_exceeded"}))),
        answer(502, None),
    ];
    for odd in odd {
        assert_eq!(of(&Ok(odd.clone())).verdict, Verdict::Unknown, "{odd:?}");
    }
    let probe = of(&Err(Fault::new(FaultKind::Unreachable, "no answer", "timed out after 30 s")));
    assert_eq!((probe.verdict, probe.status, probe.why.as_str()), (Verdict::Unknown, None, "timed out after 30 s"));
}

#[test]
fn an_admin_key_is_probed_where_it_can_be_used() {
    let mut asked = Vec::new();
    let op = ProviderOp::Probe { key: SecretRef::Leaked };
    let probe = probed(drive(&op, |request| {
        asked.push(request.path.clone());
        let dead = json!({"error":{"message":"Incorrect API key","type":"x","param":null,"code":"invalid_api_key"}});
        match request.path.as_str() {
            MODELS => Ok(Answer { signer: KeyKind::OpenAiAdmin, ..answer(401, Some(dead)) }),
            _ => ok(json!({"data":[]})),
        }
    }));
    assert_eq!((probe.verdict, asked.as_slice()), (Verdict::Live, &[MODELS.to_owned(), ADMIN_KEYS.to_owned()][..]));

    let probe = probed(drive(&ProviderOp::Probe { key: SecretRef::Admin }, |request| {
        assert_eq!((request.path.as_str(), request.auth), (ADMIN_KEYS, Auth::Bearer(SecretRef::Admin)));
        failed(401, "Incorrect API key provided", &json!("invalid_api_key"))
    }));
    assert_eq!((probe.verdict, probe.short().as_str()), (Verdict::Dead, "401 invalid_api_key"));
}
