//! The table that reads an answer: live, dead or unknown, and why.
//!
//! Must not know: how the answer was asked for.

use crate::effect::Verdict;
use crate::providers::Answer;
use crate::providers::openai::answer::{ApiError, shorten};

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

/// The whole table. Only an answer in OpenAI's own form can make a key live or dead; all else is unknown.
pub(super) fn classify(answer: &Answer, error: &ApiError) -> (Verdict, String) {
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
