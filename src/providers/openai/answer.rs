//! Reading answers: the JSON that was asked for, or a fault that says what happened and what to do.
//!
//! Must not know: endpoints. Error bodies are read leniently: proxies answer HTML or `{"error":"text"}`.

use serde_json::Value;

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::providers::Answer;

/// Where organisation owners make admin keys (from memory).
pub(super) const ADMIN_PAGE: &str = "https://platform.openai.com/settings/organization/admin-keys";

/// The vendor's error object (`ErrorResponse` in its spec): message, type, param, code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ApiError {
    pub(super) message: String,
    pub(super) kind: String,
    pub(super) code: Option<String>,
    /// It has the vendor's form: an object with a message, not just text.
    pub(super) formed: bool,
}

impl ApiError {
    pub(super) fn of(answer: &Answer) -> Self {
        match answer.json.as_ref().and_then(|json| json.get("error")) {
            Some(Value::String(message)) => Self { message: shorten(message), ..Self::default() },
            Some(Value::Object(error)) => {
                let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
                let code = match error.get("code") {
                    Some(Value::String(code)) if !code.is_empty() => Some(code.clone()),
                    Some(Value::Number(code)) => Some(code.to_string()),
                    _ => None,
                };
                Self {
                    message: shorten(text("message")),
                    kind: text("type").to_owned(),
                    code,
                    formed: error.contains_key("message"),
                }
            }
            _ => Self::default(),
        }
    }

    /// The missing permission, if that is what it says.
    pub(super) fn missing_scopes(&self) -> bool {
        let low = self.message.to_lowercase();
        low.contains("missing scopes") || low.contains("insufficient permissions")
    }
}

/// At most 300 characters of a message that came from outside.
pub(super) fn shorten(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(300) {
        Some((cut, _)) => format!("{}...", text.get(..cut).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The JSON of a good answer. `what` completes "could not …": `list the projects`.
pub(super) fn good<'a>(answer: &'a Result<Answer>, what: &str) -> Result<&'a Value> {
    let answer = answer.as_ref().map_err(|fault| Fault { what: format!("could not {what}"), ..fault.clone() })?;
    match &answer.json {
        Some(json) if (200..300).contains(&answer.status) => Ok(json),
        _ => Err(refusal(answer, what)),
    }
}

/// True when OpenAI itself says that the object does not exist. A 404 of anybody else (a proxy, a wrong base URL) is not that,
/// and neither is one about the project.
pub(super) fn gone(answer: &Result<Answer>) -> bool {
    answer.as_ref().is_ok_and(|answer| {
        let error = ApiError::of(answer);
        let message = error.message.to_lowercase();
        let of_project =
            message.contains("project") && !message.contains("key") && !message.contains("service account");
        answer.status == 404 && error.formed && !of_project
    })
}

/// An answer that is not the good one, as a fault.
pub(super) fn refusal(answer: &Answer, what: &str) -> Fault {
    let error = ApiError::of(answer);
    let what = format!("could not {what}");
    let status = answer.status;
    let said = match (&error.code, error.message.is_empty()) {
        (Some(code), false) => format!("OpenAI says {status} {code}: {}", error.message),
        (None, false) => format!("OpenAI says {status}: {}", error.message),
        (Some(code), true) => format!("OpenAI says {status} {code}"),
        (None, true) => match &answer.snippet {
            Some(text) => format!("the answer was {status} with \"{text}\" instead of JSON"),
            None => format!("the answer was {status} without a reason"),
        },
    };
    match status {
        401 if error.code.as_deref() == Some("invalid_api_key") => Fault::refused(
            what,
            "OpenAI refused the admin key (401 invalid_api_key): it is mistyped, deleted or not an admin key",
        )
        .hint(format!("an organisation owner can make a new admin key at {ADMIN_PAGE}"))
        .hint("or do this step by hand in the dashboard"),
        401 | 403 if error.missing_scopes() => Fault::refused(what, said)
            .hint(format!(
                "give the admin key the permission named above, or make a new one with all of them, at {ADMIN_PAGE}"
            ))
            .hint("or do this step by hand in the dashboard"),
        401 | 403 => Fault::refused(what, said).hint("do this step by hand in the dashboard, as an organisation owner"),
        404 => Fault::refused(what, said).hint("find the key's row again: it may have moved or be gone"),
        429 => Fault::new(FaultKind::Busy, what, said).hint("wait a minute, then repeat; nothing was changed"),
        500.. => Fault::new(FaultKind::Unreachable, what, said)
            .hint("OpenAI has trouble; repeat in a minute, or look at https://status.openai.com"),
        300..=399 => Fault::new(
            FaultKind::Malformed,
            what,
            format!("the answer was a redirect ({status}), which is never followed with a key"),
        )
        .hint("check the base URL in the config, and whether a proxy or login page stands in between"),
        200..=299 => Fault::new(FaultKind::Malformed, what, format!("expected JSON; {said}"))
            .hint("check the base URL in the config, and whether a proxy stands in between"),
        _ => Fault::refused(what, said),
    }
}

/// A good status whose JSON is not what was expected.
pub(super) fn misshapen(what: &str, expected: &str, status: u16) -> Fault {
    Fault::new(
        FaultKind::Malformed,
        format!("could not {what}"),
        format!("expected {expected}, and the answer ({status}) has none"),
    )
    .hint("OpenAI may have changed its API; do this step by hand and tell the authors")
}

/// A text field; missing and null are empty.
pub(super) fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json.get(name).and_then(Value::as_str).unwrap_or_default()
}
