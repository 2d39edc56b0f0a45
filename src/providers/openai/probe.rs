//! Is a key alive? One request, and a table that reads the answer.
//!
//! Must not know: earlier probes. A single answer proves nothing for good: a deleted key may keep answering for a while.
//! A 401 alone does not mean dead: OpenAI has four kinds of it, and only `invalid_api_key` is the dead one.

use super::answer::{ApiError, shorten};
use super::ask::{ADMIN_KEYS, get};
use super::replay::{Replay, Step};
use crate::base::fault::Result;
use crate::base::{KeyKind, SecretRef};
use crate::effect::provider::Probe;
use crate::effect::{ProviderReply, Verdict};
use crate::providers::{Answer, Auth, Request};

/// Costs nothing and needs no body.
const MODELS: &str = "/models";

/// What an answer must look like for a rule to hold. The first rule that holds decides.
struct Rule {
    statuses: &'static [u16],
    /// The vendor's error code is one of these; empty: not looked at.
    codes: &'static [&'static str],
    /// The message has one of these in it, lower case; empty: not looked at.
    says: &'static [&'static str],
    verdict: Verdict,
    why: &'static str,
}

const ANY: &[&str] = &[];

/// From the vendor's error guide and spec of 2026-08-21, and users' reports of the messages. `401 invalid_api_key` stands
/// first: nothing in a message may overrule it.
const RULES: &[Rule] = &[
    Rule { statuses: &[401], codes: &["invalid_api_key"], says: ANY, verdict: Verdict::Dead, why: "key refused" },
    Rule {
        statuses: &[401, 403],
        codes: ANY,
        says: &["missing scopes", "insufficient permissions"],
        verdict: Verdict::Live,
        why: "works, restricted: it lacks the permission to list models, not others",
    },
    Rule {
        statuses: &[401, 403],
        codes: &["ip_not_authorized"],
        says: ANY,
        verdict: Verdict::Live,
        why: "works, but not from this address: an IP allowlist is in force",
    },
    Rule {
        statuses: &[401, 403],
        codes: ANY,
        says: &["ip not authorized", "ip address is not authorized", "ip allowlist"],
        verdict: Verdict::Live,
        why: "works, but not from this address: an IP allowlist is in force",
    },
    Rule {
        statuses: &[401, 403],
        codes: ANY,
        says: &["admin api keys cannot be used"],
        verdict: Verdict::Unknown,
        why: "this is an admin key: it has to be probed at the admin endpoints",
    },
    Rule {
        statuses: &[401, 403],
        codes: ANY,
        says: &["must be a member of an organization"],
        verdict: Verdict::Unknown,
        why: "its owner is in no organisation now: not usable, but not a revocation either",
    },
    Rule {
        statuses: &[401, 403],
        codes: &["account_deactivated"],
        says: ANY,
        verdict: Verdict::Unknown,
        why: "its account is deactivated: not usable, but not a revocation either",
    },
    Rule {
        statuses: &[403],
        codes: &["unsupported_country_region_territory"],
        says: ANY,
        verdict: Verdict::Unknown,
        why: "OpenAI does not serve this country: probe from elsewhere",
    },
    Rule {
        statuses: &[403],
        codes: ANY,
        says: &["country, region, or territory not supported"],
        verdict: Verdict::Unknown,
        why: "OpenAI does not serve this country: probe from elsewhere",
    },
    Rule {
        statuses: &[429],
        codes: &["rate_limit_exceeded", "slow_down"],
        says: ANY,
        verdict: Verdict::Live,
        why: "works, rate limited right now",
    },
    Rule {
        statuses: &[429],
        codes: &[
            "insufficient_quota",
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
        ],
        says: ANY,
        verdict: Verdict::Live,
        why: "works, but its budget is used up",
    },
    Rule {
        statuses: &[401, 403],
        codes: ANY,
        says: ANY,
        verdict: Verdict::Unknown,
        why: "refused, but not as an invalid key: that does not prove it dead",
    },
    Rule {
        statuses: &[429],
        codes: ANY,
        says: ANY,
        verdict: Verdict::Unknown,
        why: "too many requests, and not in OpenAI's words",
    },
];

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

/// The whole table. Only an answer in OpenAI's own form can make a key live or dead; all else is unknown.
fn classify(answer: &Answer, error: &ApiError) -> (Verdict, String) {
    let message = error.message.to_lowercase();
    let holds = |rule: &&Rule| {
        rule.statuses.contains(&answer.status)
            && (rule.codes.is_empty() || error.code.as_deref().is_some_and(|code| rule.codes.contains(&code)))
            && (rule.says.is_empty() || rule.says.iter().any(|text| message.contains(text)))
            && (error.formed || rule.verdict == Verdict::Unknown)
    };
    if let Some(rule) = RULES.iter().find(holds) {
        return (rule.verdict, rule.why.to_owned());
    }
    let listed = answer.json.as_ref().is_some_and(|json| json.get("data").is_some_and(serde_json::Value::is_array));
    let why = match answer.status {
        200 if listed => return (Verdict::Live, "works".into()),
        200..=299 => "an answer that is not OpenAI's: something stands in between",
        300..=399 => "a redirect: something stands in between",
        500.. => "OpenAI has trouble: that says nothing about the key",
        _ if error.formed => return (Verdict::Unknown, format!("unexpected answer: {}", shorten(&error.message))),
        _ => "an answer that is not OpenAI's: something stands in between",
    };
    (Verdict::Unknown, why.to_owned())
}

#[cfg(test)]
mod tests {
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
            let dead =
                json!({"error":{"message":"Incorrect API key","type":"x","param":null,"code":"invalid_api_key"}});
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
}
